/**
 * Requests as they were made, newest first: the usage events of an organization, one for each attempt, and one for many
 * where refusals were counted. So they sum to what analytics show, and are there as long as events are kept.
 *
 * What one page reads is bounded however many events there are: it walks an index backwards from its cursor, over
 * LIMITS.requestsScannedMax events at most, and keeps those that the filter wants. Where these do not fill the page it is
 * shorter, and its cursor says where to go on: at the next quarter of an hour that can have any (request-skip.ts). The cursor is a place (settled when, and which event), so what arrives
 * meanwhile moves nothing.
 *
 * Names are looked up apart, because usage may lie in another database than people do.
 */
import type { Outcome, RefusedRequest } from '../budgets/usage-event.ts';
import { LIMITS } from '../limits.ts';
import { namesOf } from './names.ts';
import { skipped } from './request-skip.ts';

export interface RequestRow {
  seq: number;
  memberId: string;
  attemptId: string;
  requestId: string;
  projectId: string;
  keyId: string;
  endpoint: string;
  mapping: string;
  model: string;
  provider: string;
  app: string;
  outcome: Outcome;
  refusal: string | null;
  refused: RefusedRequest[];
  requests: number;
  openedAtMs: number;
  settledAtMs: number;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  cost: number;
  inputCost: number;
  outputCost: number;
  overrun: number;
  unresolved: number;
  priceVersion: string;
  estimated: 0 | 1;
  streamed: 0 | 1;
  latencyMs: number | null;
  firstTokenMs: number | null;
  providerKeyId: string | null;
}

const COLUMNS = {
  seq: 'seq',
  memberId: 'member_id',
  attemptId: 'attempt_id',
  requestId: 'request_id',
  projectId: 'project_id',
  keyId: 'key_id',
  endpoint: 'endpoint',
  mapping: 'mapping',
  model: 'canonical_model',
  provider: 'provider',
  app: 'app',
  outcome: 'outcome',
  refusal: 'refusal',
  refused: 'refused',
  requests: 'requests',
  openedAtMs: 'opened_at',
  settledAtMs: 'settled_at',
  inputTokens: 'input_tokens',
  cachedTokens: 'cached_tokens',
  outputTokens: 'output_tokens',
  reasoningTokens: 'reasoning_tokens',
  cost: 'cost',
  inputCost: 'input_cost',
  outputCost: 'output_cost',
  overrun: 'overrun',
  unresolved: 'unresolved',
  priceVersion: 'price_version',
  estimated: 'estimated',
  streamed: 'streamed',
  latencyMs: 'latency_ms',
  firstTokenMs: 'first_token_ms',
  providerKeyId: 'provider_key_id',
} as const satisfies Record<keyof RequestRow, string>;

/** Whose requests somebody may see: null for those of the whole organization. */
export interface Seen {
  memberId: string;
  /** Only in these projects; null: in all. */
  projectIds: readonly string[] | null;
}

/** What is undefined does not matter. */
export interface RequestFilter {
  /** Epoch ms: from this instant, and before that one. */
  fromMs?: number | null | undefined;
  toMs?: number | null | undefined;
  requestId?: string | undefined;
  projectId?: string | undefined;
  keyId?: string | undefined;
  memberId?: string | undefined;
  model?: string | undefined;
  mapping?: string | undefined;
  provider?: string | undefined;
  app?: string | undefined;
  endpoint?: string | undefined;
  outcome?: Outcome | undefined;
  /** Nanodollars. */
  minCost?: number | undefined;
}

/** A place in the order of requests. */
export interface Place {
  settledAtMs: number;
  seq: number;
}

/** Filters that are an equality of one column. */
const EQUAL = ['projectId', 'keyId', 'memberId', 'model', 'mapping', 'provider', 'app', 'endpoint', 'outcome'] as const;

/** Binds values by number as a statement is written. */
class Values {
  readonly all: (string | number)[] = [];

  add(value: string | number): string {
    this.all.push(value);
    return `?${this.all.length}`;
  }
}

/** At most `limit` of them behind `after`, and where the next page begins; null: there is no more. */
export async function readRequests(
  db: D1Database,
  organizationId: string,
  seen: Seen | null,
  filter: RequestFilter,
  { after, limit }: { after: Place | null; limit: number },
): Promise<{ rows: RequestRow[]; next: Place | null }> {
  const scannedMax = Math.max(LIMITS.requestsScannedMax, limit + 1);
  const values = new Values();
  const scan = scanOf(organizationId, filter, after, values);
  const wanted = wantedOf(seen, filter, values);
  const limited = values.add(limit + 1);
  const session = db.withSession('first-primary');
  const { results } = await session
    .prepare(
      `SELECT ${Object.entries(COLUMNS).map(([field, column]) => `event.${column} AS ${field}`)}
       FROM (${scan} LIMIT ${scannedMax}) AS scanned
       CROSS JOIN usage_events AS event ON event.seq = scanned.seq
       ${wanted.length > 0 ? `WHERE ${wanted.join('\n         AND ')}` : ''}
       LIMIT CAST(${limited} AS INTEGER)`,
    )
    .bind(...values.all)
    .all<Omit<RequestRow, 'refused'> & { refused: string | null }>();
  // The scan's order is the page's: an order asked for outside would have everything read before it is sorted.
  const rows = results.map((row) => ({ ...row, refused: JSON.parse(row.refused ?? '[]') as RefusedRequest[] }));
  if (rows.some((row, i) => i > 0 && !isBehind(row, rows[i - 1] ?? row)))
    throw new Error('requests out of their order');
  if (rows.length > limit) return { rows: rows.slice(0, limit), next: rows[limit - 1] ?? null };
  if (wanted.length === 0) return { rows, next: null };
  const end = await endOfScan(session, organizationId, filter, after, scannedMax);
  return { rows, next: end && (await skipped(session, organizationId, seen, filter, end)) };
}

function isBehind(row: Place, before: Place): boolean {
  return row.settledAtMs < before.settledAtMs || (row.settledAtMs === before.settledAtMs && row.seq < before.seq);
}

/**
 * The events among which a page is looked for, newest first. Each index has the organization first and the instant where the
 * order needs it, so that nothing is sorted but what was settled in the same millisecond.
 */
function scanOf(organizationId: string, filter: RequestFilter, after: Place | null, values: Values): string {
  const { fromMs, toMs, requestId, outcome } = filter;
  const index =
    requestId !== undefined
      ? 'usage_events_by_request'
      : outcome === 'refused'
        ? 'usage_events_refused'
        : 'usage_events_by_organization';
  const where = [`organization_id = ${values.add(organizationId)}`];
  if (requestId !== undefined) where.push(`request_id = ${values.add(requestId)}`);
  if (index === 'usage_events_refused') where.push(`outcome = 'refused'`);
  if (fromMs != null) where.push(`settled_at >= ${values.add(fromMs)}`);
  if (toMs != null) where.push(`settled_at < ${values.add(toMs)}`);
  if (after) {
    const at = values.add(after.settledAtMs);
    where.push(`settled_at <= ${at}`, `(settled_at < ${at} OR seq < ${values.add(after.seq)})`);
  }
  return `SELECT seq, settled_at, member_id
    FROM usage_events INDEXED BY ${index}
    WHERE ${where.join(' AND ')}
    ORDER BY settled_at DESC, seq DESC`;
}

/** What is asked of each scanned event. */
function wantedOf(seen: Seen | null, filter: RequestFilter, values: Values): string[] {
  const wanted: string[] = [];
  // The member stands in the index, so of others' requests no row is read.
  if (seen) wanted.push(`scanned.member_id = ${values.add(seen.memberId)}`);
  if (filter.memberId !== undefined) wanted.push(`scanned.member_id = ${values.add(filter.memberId)}`);
  if (seen?.projectIds) {
    wanted.push(`event.project_id IN (SELECT value FROM json_each(${values.add(JSON.stringify(seen.projectIds))}))`);
  }
  for (const name of EQUAL) {
    const value = filter[name];
    if (name !== 'memberId' && value !== undefined) wanted.push(`event.${COLUMNS[name]} = ${values.add(value)}`);
  }
  if (filter.minCost !== undefined) wanted.push(`event.cost >= ${values.add(filter.minCost)}`);
  return wanted;
}

/** The last event of a scan that was not enough; null where that came to the end. */
async function endOfScan(
  session: D1DatabaseSession,
  organizationId: string,
  filter: RequestFilter,
  after: Place | null,
  scannedMax: number,
): Promise<Place | null> {
  const values = new Values();
  const scan = scanOf(organizationId, filter, after, values);
  return session
    .prepare(`SELECT settled_at AS settledAtMs, seq FROM (${scan} LIMIT 1 OFFSET ${scannedMax - 1})`)
    .bind(...values.all)
    .first<Place>();
}

/**
 * The counted refusals among which one request's is told: only the last of each count are, and only of late. For an id that
 * no event bears.
 */
export async function findRefused(
  db: D1Database,
  organizationId: string,
  seen: Seen | null,
  requestId: string,
): Promise<RequestRow | null> {
  const values = new Values();
  const scan = scanOf(organizationId, { outcome: 'refused' }, null, values);
  const wanted = wantedOf(seen, {}, values);
  const { results } = await db
    .withSession('first-primary')
    .prepare(
      `SELECT event.seq
       FROM (${scan} LIMIT ${LIMITS.refusalsSearchedMax}) AS scanned
       CROSS JOIN usage_events AS event ON event.seq = scanned.seq
       WHERE ${[...wanted, `instr(event.refused, ${values.add(JSON.stringify(requestId))}) > 0`].join(' AND ')}
       LIMIT 1`,
    )
    .bind(...values.all)
    .all<{ seq: number }>();
  const [found] = results;
  if (!found) return null;
  const row = await db
    .withSession('first-primary')
    .prepare(
      `SELECT ${Object.entries(COLUMNS).map(([field, column]) => `${column} AS ${field}`)} FROM usage_events WHERE seq = ?1`,
    )
    .bind(found.seq)
    .first<Omit<RequestRow, 'refused'> & { refused: string }>();
  return row && { ...row, refused: JSON.parse(row.refused) as RefusedRequest[] };
}

export interface Names {
  /** By id; null: nothing was ever called by it. */
  of(id: string): string | null;
}

/** The names of all that these requests were made with and by, of what is deleted too. */
export async function namesIn(db: D1Database, organizationId: string, rows: readonly RequestRow[]): Promise<Names> {
  const ids = (of: (row: RequestRow) => string) => [...new Set(rows.map(of))];
  const found = await Promise.all([
    namesOf(
      db,
      organizationId,
      'project',
      ids(({ projectId }) => projectId),
    ),
    namesOf(
      db,
      organizationId,
      'apiKey',
      ids(({ keyId }) => keyId),
    ),
    namesOf(
      db,
      organizationId,
      'member',
      ids(({ memberId }) => memberId),
    ),
  ]);
  const names = new Map(found.flatMap((some) => [...some]));
  return { of: (id) => names.get(id) ?? null };
}
