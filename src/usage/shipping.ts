/**
 * Shipping: a member's usage events travel from its object to D1, exactly once.
 *
 * A batch is events n1..n2 of one member and one D1 transaction. Its guard is inside the SQL: D1's ledger row of that
 * member says how far it has got, so a late, repeated or superseded batch adds nothing, and a batch that would leave a
 * gap adds nothing either; nor does one to a database that the organization's usage has left, or is about to. The caller
 * deletes its rows only after the answer. The member's status travels along: news for whoever warns of budgets, where there is a
 * limit to warn of. News is written three times more: into its index, off it, and of the row that it was taken off.
 *
 * The keys that these events used are told of in the main database, which may be another one: afterwards. Who dies between
 * the two has not had the answer, and ships again: the events change nothing then, and the keys are told.
 */
import type { LimitStatus, ScopeStatus } from '../budgets/protocol.ts';
import type { UsageEvent } from '../budgets/usage-event.ts';
import { eachRow } from '../database/json-rows.ts';
import { levelsOf } from '../teams/warning-levels.ts';
import { usageDatabase } from './databases.ts';
import { forJson } from './running-totals.ts';
import { plus, type Whole } from './sums.ts';

/** A member's budget as its object saw it when it shipped: what lists of members show without asking each object. */
export interface ShippedStatus {
  atMs: number;
  status: ScopeStatus;
}

/** The limits of a key, as its member's object saw them when it shipped. */
export interface ShippedKeyStatus {
  atMs: number;
  status: LimitStatus;
}

/** What an object tells of its budget as it ships: the keys are those of the events that have limits of their own, by id. */
export interface Telling {
  atMs: number;
  member: ScopeStatus;
  keys: Record<string, LimitStatus>;
}

/** SQL: whether usage of the organization (a parameter) may be added to here. */
const isOpen = (organization: string) =>
  `NOT EXISTS (SELECT 1 FROM usage_fences WHERE organization_id = ${organization} AND state <> 'open')`;

const ENSURE_LEDGER = `
  INSERT INTO member_ledgers (member_id, organization_id, shipped, cost, requests, overrun, unresolved)
  SELECT ?1, ?2, 0, 0, 0, 0, 0
  WHERE ${isOpen('?2')}
  ON CONFLICT DO NOTHING`;

/** What is of each event, and its field. A batch travels as rows of values: names would be most of its bytes. */
const OWN_COLUMNS = {
  n: 'n',
  attempt_id: 'attemptId',
  request_id: 'requestId',
  opened_at: 'openedAtMs',
  settled_at: 'settledAtMs',
  input_tokens: 'inputTokens',
  cached_tokens: 'cachedTokens',
  output_tokens: 'outputTokens',
  reasoning_tokens: 'reasoningTokens',
  cost: 'costNanos',
  input_cost: 'inputCostNanos',
  output_cost: 'outputCostNanos',
  latency_ms: 'latencyMs',
  first_token_ms: 'firstTokenMs',
} as const satisfies Record<string, keyof UsageEvent>;

/** What many events of a batch have alike: it travels and is read once for all that do, which is half of either. */
const ALIKE_COLUMNS = {
  project_id: 'projectId',
  key_id: 'keyId',
  endpoint: 'endpoint',
  mapping: 'mapping',
  canonical_model: 'canonicalModel',
  provider: 'provider',
  app: 'app',
  outcome: 'outcome',
  refusal: 'refusal',
  refused: 'refused',
  requests: 'requests',
  overrun: 'overrunNanos',
  unresolved: 'unresolvedNanos',
  price_version: 'priceVersion',
  estimated: 'estimated',
  streamed: 'streamed',
  provider_key_id: 'providerKeyId',
} as const satisfies Record<string, keyof UsageEvent>;

const OWN = Object.entries(OWN_COLUMNS);
const ALIKE = Object.entries(ALIKE_COLUMNS);

/**
 * ?1 the rows of the events, each with the place of what it has alike with others behind it, ?5 the rows of that, ?2 the member,
 * ?3 the organization, ?4 n1. Nothing is inserted where n1 would leave a gap. The CROSS JOIN keeps the order of the events.
 */
const INSERT_EVENTS = `
  WITH alike AS MATERIALIZED (
    SELECT key AS place, ${ALIKE.map(([column], i) => `value ->> ${i} AS ${column}`).join(', ')} FROM ${eachRow('?5')}
  )
  INSERT INTO usage_events (
    organization_id, member_id, ${[...OWN, ...ALIKE].map(([column]) => column).join(', ')}
  )
  SELECT
    ?3, ?2, ${OWN.map((_, i) => `event.value ->> ${i}`).join(', ')}, ${ALIKE.map(([column]) => `alike.${column}`).join(', ')}
  FROM ${eachRow('?1')} AS event
  CROSS JOIN alike ON alike.place = event.value ->> ${OWN.length}
  WHERE event.value ->> 0 > (SELECT shipped FROM member_ledgers WHERE member_id = ?2)
    AND CAST(?4 AS INTEGER) <= (SELECT shipped FROM member_ledgers WHERE member_id = ?2) + 1
    AND ${isOpen('?3')}`;

/** SQL: a sum of the events that are new, which begin behind those that were shipped; ?1, ?3 as below. */
const added = (sum: number) =>
  `CAST(json_extract(?1, '$[' || (shipped + 1 - CAST(?3 AS INTEGER)) || '][${sum}]') AS INTEGER)`;

/**
 * The sums of the same events, by the same guard; moving `shipped` in the same statement ends the guard. ?1 the sums of the batch
 * from each of its events on, ?2 the member, ?3 n1, ?4 n2, ?5 its status or null, ?6 whether that is news.
 */
const ADD_TO_LEDGER = `
  UPDATE member_ledgers
  SET
    cost = cost + ${added(0)},
    requests = requests + ${added(1)},
    overrun = overrun + ${added(2)},
    unresolved = unresolved + ${added(3)},
    shipped = CAST(?4 AS INTEGER),
    status = coalesce(?5, status),
    status_is_news = max(status_is_news, CAST(?6 AS INTEGER))
  WHERE member_id = ?2
    AND CAST(?4 AS INTEGER) > shipped
    AND CAST(?3 AS INTEGER) <= shipped + 1
    AND ${isOpen('member_ledgers.organization_id')}`;

/**
 * One write for each key of a batch, not one for each request. ?1: rows of a key, when it was last used, and its status as text or
 * null; ?3: when the object told that. What was told before is no news beside it, and what was told after that stays.
 */
const TELL_KEYS = `
  UPDATE api_keys
  SET
    last_used_at = max(used.value ->> 1, coalesce(api_keys.last_used_at, 0)),
    status_news = used.value ->> 2,
    told_at = CAST(?3 AS INTEGER)
  FROM json_each(?1) AS used
  WHERE api_keys.id = used.value ->> 0
    AND api_keys.member_id = ?2
    AND coalesce(api_keys.told_at, 0) < CAST(?3 AS INTEGER)`;

const READ_SHIPPED = `
  SELECT
    (SELECT shipped FROM member_ledgers WHERE member_id = ?1) AS shipped,
    (SELECT state FROM usage_fences WHERE organization_id = ?2 AND state <> 'open') AS fence`;

interface Shipper {
  memberId: string;
  organizationId: string;
}

/**
 * Adds the member's events to where its organization's usage lies, and tells of the keys that they used. Returns once D1 has all
 * of it, by this or an earlier call. Throws where D1 does not answer, where it is missing an event before the first of these,
 * and while the usage is being moved: then the events wait with the caller.
 */
export async function ship(env: Env, member: Shipper, events: readonly UsageEvent[], telling: Telling): Promise<void> {
  const { organizationId } = member;
  // However stale the place is that we know: it refuses what does not belong there any more.
  let fence = await shipEvents(await usageDatabase(env, organizationId, Infinity), member, events, telling);
  if (fence) fence = await shipEvents(await usageDatabase(env, organizationId, 0), member, events, telling);
  if (fence) throw new Error(`the usage of ${organizationId} is being moved (${fence}): its events wait`);
  await env.DB.prepare(TELL_KEYS)
    .bind(JSON.stringify(usedKeys(events, telling)), member.memberId, telling.atMs)
    .run();
}

/**
 * Adds the member's events to this database. Null once it has all of them, by this or an earlier call; else what closes it to
 * them. Throws where it does not answer, or is missing an event before the first of these.
 */
export async function shipEvents(
  db: D1Database,
  member: Shipper,
  events: readonly UsageEvent[],
  telling: Telling | null = null,
): Promise<string | null> {
  const first = events[0];
  const last = events.at(-1);
  if (!first || !last) return null;
  if (last.n - first.n + 1 !== events.length) {
    throw new Error(`events of ${member.memberId} from ${first.n} to ${last.n} are ${events.length}: one is missing`);
  }
  const { rows, alike } = rowsOf(events);
  const status: ShippedStatus | null = telling && { atMs: telling.atMs, status: telling.member };
  const results = await db.batch<{ shipped: number | null; fence: string | null }>([
    db.prepare(ENSURE_LEDGER).bind(member.memberId, member.organizationId),
    db
      .prepare(INSERT_EVENTS)
      .bind(JSON.stringify(rows), member.memberId, member.organizationId, first.n, `[${alike.join(',')}]`),
    db
      .prepare(ADD_TO_LEDGER)
      .bind(
        JSON.stringify(sumsFromEach(events)),
        member.memberId,
        first.n,
        last.n,
        status && JSON.stringify(status),
        telling && hasLimits(telling) ? 1 : 0,
      ),
    db.prepare(READ_SHIPPED).bind(member.memberId, member.organizationId),
  ]);
  const { shipped, fence } = results.at(-1)?.results[0] ?? { shipped: null, fence: null };
  if ((shipped ?? 0) >= last.n) return null;
  if (fence !== null) return fence;
  throw new Error(`D1 has events of ${member.memberId} up to ${shipped}, cannot take ${first.n} to ${last.n}`);
}

function hasLimits({ atMs, member, keys }: Telling): boolean {
  return [member, ...Object.values(keys)].some((status) => levelsOf({ atMs, status }).length > 0);
}

/** The rows of a batch, and as JSON what they have alike with others, by its place. */
function rowsOf(events: readonly UsageEvent[]): { rows: unknown[][]; alike: string[] } {
  const places = new Map<string, number>();
  const rows = events.map((event) => {
    const alike = JSON.stringify(ALIKE.map(([, field]) => event[field]));
    const place = places.get(alike) ?? places.size;
    places.set(alike, place);
    return [...OWN.map(([, field]) => event[field]), place];
  });
  return { rows, alike: [...places.keys()] };
}

/** What the ledger adds up, for each event: of it and all that follow. So SQL looks up what is new of a batch, and adds nothing up. */
function sumsFromEach(events: readonly UsageEvent[]): (number | string)[][] {
  let sums: Whole[] = [0, 0, 0, 0];
  return events
    .toReversed()
    .map(({ costNanos, requests, overrunNanos, unresolvedNanos }) => {
      sums = [costNanos, requests, overrunNanos, unresolvedNanos].map((value, i) => plus(value, sums[i] ?? 0));
      return sums.map(forJson);
    })
    .reverse();
}

/** For each key of these events, when the latest of its attempts began (epoch ms), and what is told of it. */
function usedKeys(events: readonly UsageEvent[], telling: Telling): [string, number, string | null][] {
  const latest = new Map<string, number>();
  for (const { keyId, openedAtMs } of events) latest.set(keyId, Math.max(latest.get(keyId) ?? 0, openedAtMs));
  return [...latest].map(([keyId, usedAtMs]) => {
    const status = telling.keys[keyId];
    const news: ShippedKeyStatus | undefined = status && { atMs: telling.atMs, status };
    return [keyId, usedAtMs, news ? JSON.stringify(news) : null];
  });
}
