/**
 * The range of days that all pages share, in the address: `range=30d` for a preset, `from` and `to` for chosen days, and `zone` where it
 * is not the browser's. `rangeSearch` belongs into a route's validateSearch, `rangeQuery` makes of it what analytics take.
 */

import { dayIn, oneOf, type Raw, textIn } from './search.ts';
import { BROWSER_ZONE } from './zone.ts';

export const PRESETS = ['today', '7d', '30d', 'month', 'last-month', '90d', '365d'] as const;

export type Preset = (typeof PRESETS)[number];

export const PRESET_NAMES: Record<Preset, string> = {
  today: 'Today',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  month: 'This month',
  'last-month': 'Last month',
  '90d': 'Last 90 days',
  '365d': 'Last 365 days',
};

export const USUAL: Preset = '7d';

export interface RangeSearch {
  range?: Preset;
  from?: string;
  to?: string;
  zone?: string;
}

export function rangeSearch(raw: Raw): RangeSearch {
  const from = dayIn(raw.from);
  const to = dayIn(raw.to);
  const chosen = from && to && from <= to ? { from, to } : { range: oneOf(raw.range, PRESETS) };
  return { ...chosen, zone: zoneIn(raw.zone) };
}

function zoneIn(value: unknown): string | undefined {
  const zone = textIn(value);
  try {
    new Intl.DateTimeFormat(undefined, { timeZone: zone });
    return zone;
  } catch {
    return undefined;
  }
}

/** What analytics routes take: days, both inclusive, and the zone they are days of. */
export interface RangeQuery {
  from: string;
  to: string;
  timezone: string;
}

export function rangeQuery({ range, from, to, zone }: RangeSearch, nowMs = Date.now()): RangeQuery {
  const timezone = zone ?? BROWSER_ZONE;
  if (from && to) return { from, to, timezone };
  // en-CA writes days as ISO 8601 does.
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' }).format(nowMs);
  return { ...daysOf(range ?? USUAL, today), timezone };
}

function daysOf(preset: Preset, today: string): { from: string; to: string } {
  const back = (days: number) => ({ from: addDays(today, 1 - days), to: today });
  switch (preset) {
    case 'today':
      return back(1);
    case '7d':
      return back(7);
    case '30d':
      return back(30);
    case '90d':
      return back(90);
    case '365d':
      return back(365);
    case 'month':
      return { from: `${today.slice(0, 8)}01`, to: today };
    case 'last-month': {
      const to = addDays(`${today.slice(0, 8)}01`, -1);
      return { from: `${to.slice(0, 8)}01`, to };
    }
  }
}

function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Hours for what has few days, else days. */
export function granularityOf({ from, to }: Pick<RangeQuery, 'from' | 'to'>): 'day' | 'hour' {
  return from >= addDays(to, -1) ? 'hour' : 'day';
}
