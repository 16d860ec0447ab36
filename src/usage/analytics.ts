/**
 * Analytics: usage by local day or hour, broken down by one dimension. Rows sum to the totals exactly, each day and in all:
 * what is beyond the limit is one row, `Other`. No query reads events; names are looked up by themselves, because usage
 * may lie in a database of its own.
 */
import { z } from '@hono/zod-openapi';
import { DAY, instant, like } from '../reference/fields.ts';
import { GROUP_NAMES, type GroupBy, type UsageAsked, usageIn, usageStatements } from './from-totals.ts';
import { namesOf } from './names.ts';
import type { Span } from './time-zones.ts';
import {
  addUsed,
  byCost,
  copyOf,
  isAnything,
  Measures,
  nothingUsed,
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

export const ROLLED_UP_TO = {
  rolledUpTo: instant().openapi({ description: 'Usage that had arrived by then is in it' }),
};

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
    ...ROLLED_UP_TO,
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
  const { organizationId, spans, groupBy, limit } = query;
  const { usage, rolledUpTo } = await readUsage(databases.usage, { ...query, instants: instantsOf(spans) });
  const totals = new Map([...usage.groups].map(([key, used]) => [key, sumOf(used)]));
  const dearest = ranked(totals).slice(0, limit);
  const names = await namesOf(databases.names, organizationId, groupBy, dearest);
  const more = usage.groupCount - dearest.length;
  const others = more > 0 ? `Other (${more})` : null;
  const show = (whole: Used, partOf: (key: string) => Used | undefined) => ({
    ...showUsed(whole),
    breakdown: breakdownOf(whole, dearest, partOf, (key) => names.get(key) ?? key, others),
  });
  return {
    activity: spans.map(({ label }, i) => ({
      date: label,
      ...show(usage.total[i] ?? nothingUsed(), (key) => usage.groups.get(key)?.[i]),
    })),
    totals: show(sumOf(usage.total), (key) => totals.get(key)),
    groupBy,
    rolledUpTo,
  };
}

/** Where the first span begins, and where each ends: they follow each other without a gap. */
function instantsOf(spans: readonly Span[]): number[] {
  return [spans[0]?.startMs ?? 0, ...spans.map(({ endMs }) => endMs)];
}

/** One transaction: what is read is as of `rolledUpTo`, and parts are of their whole. */
export async function readUsage(db: D1Database, asked: UsageAsked): Promise<{ usage: Usage; rolledUpTo: string }> {
  const session = db.withSession('first-unconstrained');
  const [told, ...read] = await session.batch([
    session.prepare('SELECT rolled_up_to FROM rollup_watermark'),
    ...usageStatements(session, asked),
  ]);
  const [watermark] = (told?.results ?? []) as { rolled_up_to: number }[];
  return { usage: usageIn(read, asked), rolledUpTo: new Date(watermark?.rolled_up_to ?? 0).toISOString() };
}

/** Keys, dearest first. */
function ranked(totals: ReadonlyMap<string, Used>): string[] {
  return [...totals].toSorted((a, b) => byCost(a[1], b[1]) || (a[0] < b[0] ? -1 : 1)).map(([key]) => key);
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
