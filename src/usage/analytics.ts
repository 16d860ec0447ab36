/**
 * Analytics: usage by local day or hour, broken down by one dimension. Rows sum to the totals exactly, each day and in all:
 * what is beyond the limit is one row, `Other`. No query reads events; names are looked up by themselves, because usage
 * may lie in a database of its own.
 */
import { z } from '@hono/zod-openapi';
import { DAY, instant, like } from '../reference/fields.ts';
import { GROUP_NAMES, type GroupBy, type UsageAsked, usageIn, usageStatement } from './from-totals.ts';
import { namesOf } from './names.ts';
import type { Whole } from './sums.ts';
import type { Span } from './time-zones.ts';
import {
  addUsed,
  byCost,
  copyOf,
  isAnything,
  Measures,
  nothingUsed,
  requestsOf,
  showUsed,
  takeAway,
  type Usage,
  type Used,
} from './used.ts';

export const Breakdown = z.array(
  z.object({
    key: like('openai/gpt-5.5').nullable().openapi({ description: 'Null: all the others together' }),
    label: like('openai/gpt-5.5', 'A name where there is one; of deleted keys and removed members too'),
    ...Measures.shape,
  }),
);

/** In every answer. */
export const FRESHNESS = {
  rolledUpTo: instant().openapi({ description: 'Usage that had arrived by then is in it' }),
  backfilledUpTo: instant().nullable().openapi({
    description: 'Null: nothing is missing. Else sums are being made anew, and of usage after this some may be missing',
    example: null,
  }),
};

export interface Freshness {
  rolledUpTo: string;
  backfilledUpTo: string | null;
}

/** ?1 organization. */
const READ_FRESHNESS = `
  SELECT
    rolled_up_to AS rolledUpTo,
    (SELECT next_at FROM usage_backfills WHERE organization_id = ?1 AND finished_at IS NULL) AS backfilledUpTo
  FROM rollup_watermark`;

export const Activity = z
  .object({
    activity: z.array(
      z.object({
        date: DAY.or(like('2026-11-21T09:00:00+01:00')).openapi({
          description: 'The local day, or when the hour begins',
        }),
        ...Measures.shape,
        breakdown: Breakdown,
      }),
    ),
    totals: z.object({ ...Measures.shape, breakdown: Breakdown }),
    groupBy: z.enum(GROUP_NAMES),
    ...FRESHNESS,
  })
  .openapi('Activity');

export interface ActivityQuery extends Omit<UsageAsked, 'instants' | 'groupBy'> {
  groupBy: GroupBy;
  spans: readonly Span[];
}

/** Where usage is read, and names. */
export interface Databases {
  usage: D1Database;
  names: D1Database;
}

/** Every span is present, also without usage. The `limit` dearest have rows of their own. */
export async function activity(databases: Databases, query: ActivityQuery): Promise<z.infer<typeof Activity>> {
  const [only] = await activities(databases, [query]);
  return only.told;
}

interface Told {
  told: z.infer<typeof Activity>;
  /** What has most requests in the range; where it has several spans, of those that are told. */
  mostUsed: string | null;
}

/** Several views of the same usage, as of one instant. */
export async function activities<const Queries extends readonly ActivityQuery[]>(
  databases: Databases,
  queries: Queries,
): Promise<{ [K in keyof Queries]: Told }> {
  // One span of all groups is two rows of each: of a range that is one, what was used most is known, dear or not.
  const asked = queries.map((query) => ({
    ...query,
    instants: instantsOf(query.spans),
    limit: query.spans.length === 1 ? Number.POSITIVE_INFINITY : query.limit,
  }));
  const { usages, freshness } = await readUsages(databases.usage, asked);
  const told = queries.map((query, i) => show(databases.names, query, usages[i] as Usage, freshness));
  return (await Promise.all(told)) as { [K in keyof Queries]: Told };
}

async function show(db: D1Database, query: ActivityQuery, usage: Usage, freshness: Freshness): Promise<Told> {
  const { organizationId, spans, groupBy, limit } = query;
  const totals = new Map([...usage.groups].map(([key, used]) => [key, sumOf(used)]));
  const dearest = ranked(totals).slice(0, limit);
  const names = await namesOf(db, organizationId, groupBy, dearest);
  const more = usage.groupCount - dearest.length;
  const others = more > 0 ? `Other (${more})` : null;
  const withParts = (whole: Used, partOf: (key: string) => Used | undefined) => ({
    ...showUsed(whole),
    breakdown: breakdownOf(whole, dearest, partOf, (key) => names.get(key) ?? key, others),
  });
  const told = {
    activity: spans.map(({ label }, i) => ({
      date: label,
      ...withParts(usage.total[i] ?? nothingUsed(), (key) => usage.groups.get(key)?.[i]),
    })),
    totals: withParts(sumOf(usage.total), (key) => totals.get(key)),
    groupBy,
    ...freshness,
  };
  return { told, mostUsed: mostUsedOf(totals) };
}

/** Where the first span begins, and where each ends: they follow each other without a gap. */
function instantsOf(spans: readonly Span[]): number[] {
  return [spans[0]?.startMs ?? 0, ...spans.map(({ endMs }) => endMs)];
}

/** Of one organization, in one transaction: what is read is as of `rolledUpTo`, and parts are of their whole. */
export async function readUsages(
  db: D1Database,
  asked: readonly UsageAsked[],
): Promise<{ usages: Usage[]; freshness: Freshness }> {
  const session = db.withSession('first-unconstrained');
  const [told, ...read] = await session.batch([
    session.prepare(READ_FRESHNESS).bind(asked[0]?.organizationId ?? ''),
    ...asked.map((one) => usageStatement(session, one)),
  ]);
  const usages = asked.map((one, i) => usageIn(read[i] as D1Result, one));
  return { usages, freshness: freshnessOf(told?.results[0] as FreshnessRow) };
}

interface FreshnessRow {
  rolledUpTo: number;
  backfilledUpTo: number | null;
}

function freshnessOf({ rolledUpTo, backfilledUpTo }: FreshnessRow): Freshness {
  const isoOf = (ms: number) => new Date(ms).toISOString();
  return { rolledUpTo: isoOf(rolledUpTo), backfilledUpTo: backfilledUpTo === null ? null : isoOf(backfilledUpTo) };
}

/** Keys, dearest first. */
function ranked(totals: ReadonlyMap<string, Used>): string[] {
  return [...totals].toSorted((a, b) => byCost(a[1], b[1]) || (a[0] < b[0] ? -1 : 1)).map(([key]) => key);
}

function mostUsedOf(totals: ReadonlyMap<string, Used>): string | null {
  let most: { key: string; requests: Whole } | null = null;
  for (const key of ranked(totals)) {
    const requests = requestsOf(totals.get(key) ?? nothingUsed());
    if (!most || requests > most.requests) most = { key, requests };
  }
  return most?.key ?? null;
}

function sumOf(spans: readonly (Used | undefined)[]): Used {
  const sum = nothingUsed();
  for (const used of spans) if (used) addUsed(sum, used);
  return sum;
}

/** The parts that have anything, dearest first, and last what is left of the whole. */
function breakdownOf(
  whole: Used,
  keys: readonly string[],
  partOf: (key: string) => Used | undefined,
  labelOf: (key: string) => string,
  others: string | null,
): z.infer<typeof Breakdown> {
  const rest = others === null ? null : copyOf(whole);
  const parts: { key: string; used: Used }[] = [];
  for (const key of keys) {
    const used = partOf(key);
    if (!used || !isAnything(used)) continue;
    if (rest) takeAway(rest, used);
    parts.push({ key, used });
  }
  // Keys come in the order of the totals, in which parts that are alike stay.
  parts.sort((a, b) => byCost(a.used, b.used));
  const rows: z.infer<typeof Breakdown> = parts.map(({ key, used }) => ({
    key,
    label: labelOf(key),
    ...showUsed(used),
  }));
  if (others !== null && rest && isAnything(rest)) rows.push({ key: null, label: others, ...showUsed(rest) });
  return rows;
}
