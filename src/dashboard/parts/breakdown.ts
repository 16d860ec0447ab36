/**
 * Usage broken down, as analytics, key, project and member pages have it: which measure is shown and by what (in the address), and what
 * the charts draw of an answer. Sums are computed of text, in nanodollars.
 */
import { formatUsd } from '../../money/nanos.ts';
import { nanosOf, shortMoney } from './amounts.ts';
import { formatCompact, formatCount } from './numbers.ts';
import { oneOf, type Raw } from './search.ts';

export const MEASURES = ['cost', 'requests', 'tokens'] as const;

export type Measure = (typeof MEASURES)[number];

export const MEASURE_NAMES: Record<Measure, string> = { cost: 'Cost', requests: 'Requests', tokens: 'Tokens' };

export interface BreakdownSearch {
  /** Cost, unless it says another. */
  measure?: Measure;
  /** Models as they are called at their providers; else whoever serves them. */
  models?: 'mappings';
}

export function breakdownSearch(raw: Raw): BreakdownSearch {
  return { measure: oneOf(raw.measure, MEASURES), models: oneOf(raw.models, ['mappings']) };
}

/** By what analytics are asked to group: models as the address has them, or another dimension. */
export function groupedBy<T extends string>(by: T, { models }: BreakdownSearch): T | 'mapping' {
  return by === 'model' && models === 'mappings' ? 'mapping' : by;
}

/** Rows beside "Other": as many as have a colour of their own. */
export const GROUPS_SHOWN = 9;

interface Used {
  cost: string;
  requestCount: number;
  totalTokens: number;
}

export interface Point extends Used {
  date: string;
  breakdown: (Used & { key: string | null; label: string })[];
}

export interface Group {
  key: string;
  label: string;
  /** One for each point. */
  values: (string | number)[];
  /** Of all of them. */
  total: string | number;
}

export function measured(used: Used, measure: Measure): string | number {
  switch (measure) {
    case 'cost':
      return used.cost;
    case 'requests':
      return used.requestCount;
    case 'tokens':
      return used.totalTokens;
  }
}

/** What is broken down, the largest first and all others last. */
export function groupsOf(points: readonly Point[], measure: Measure): Group[] {
  const none = measure === 'cost' ? '0' : 0;
  const groups = new Map<string | null, { label: string; values: (string | number)[] }>();
  points.forEach((point, at) => {
    for (const { key, label, ...used } of point.breakdown) {
      const group = groups.get(key) ?? { label, values: points.map(() => none) };
      group.values[at] = measured(used, measure);
      groups.set(key, group);
    }
  });
  return [...groups]
    .map(([key, { label, values }]) => ({ key: key ?? OTHERS, label, values, total: sumOf(values) }))
    .sort((a, b) => Number(a.key === OTHERS) - Number(b.key === OTHERS) || compare(b.total, a.total));
}

/** The key of all that has no row of its own. */
const OTHERS = 'others';

function sumOf(values: readonly (string | number)[]): string | number {
  return typeof values[0] === 'string'
    ? formatUsd(values.reduce((sum: bigint, value) => sum + nanosOf(String(value)), 0n))
    : values.reduce((sum: number, value) => sum + Number(value), 0);
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b);
  const difference = nanosOf(a) - nanosOf(b);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

/** Of what is largest, for what is drawn. */
export function partOf(value: string | number, largest: string | number): number {
  return Number(largest) === 0 ? 0 : Number(value) / Number(largest);
}

/** A value as short as it can be said: what is text is money. */
export function formatValue(value: string | number): string {
  return typeof value === 'string' ? shortMoney(value) : formatCount(value);
}

/** The same on an axis, whose steps are round. */
export const AXIS: Record<Measure, (value: string) => string> = {
  cost: shortMoney,
  requests: (value) => formatCompact(Number(value)),
  tokens: (value) => formatCompact(Number(value)),
};
