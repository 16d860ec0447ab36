/**
 * The range of days that all pages share. It lives in the address: `range=30d` for a preset, `from` and `to` for chosen days, and `zone`
 * where it is not the browser's. `rangeSearch` belongs into a route's validateSearch, `rangeQuery` makes of it what analytics take.
 */
import { Button } from '@cloudflare/kumo/components/button';
import { Input } from '@cloudflare/kumo/components/input';
import { Popover } from '@cloudflare/kumo/components/popover';
import { CalendarBlankIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import { useHere } from '../shell/session.ts';
import { BROWSER_ZONE, formatDay } from './dates.tsx';
import { dayIn, oneOf, type Raw, textIn } from './search.ts';

const PRESETS = ['today', '7d', '30d', 'month', 'last-month', '90d', '365d'] as const;

type Preset = (typeof PRESETS)[number];

const PRESET_NAMES: Record<Preset, string> = {
  today: 'Today',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  month: 'This month',
  'last-month': 'Last month',
  '90d': 'Last 90 days',
  '365d': 'Last 365 days',
};

const USUAL: Preset = '7d';

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

export function DateRange({ search, onSearch }: { search: RangeSearch; onSearch: (next: RangeSearch) => void }) {
  const [open, setOpen] = useState(false);
  const { timeZone } = useHere();
  const { from, to, timezone } = rangeQuery(search);
  const [days, setDays] = useState({ from, to });
  const zones = [...new Set([BROWSER_ZONE, timeZone, 'UTC', timezone])];
  const preset = search.from ? null : (search.range ?? USUAL);
  const choose = (next: RangeSearch) => {
    onSearch({ range: undefined, from: undefined, to: undefined, zone: search.zone, ...next });
    setOpen(false);
  };
  const show = (next: boolean) => {
    if (next) setDays({ from, to });
    setOpen(next);
  };
  return (
    <Popover open={open} onOpenChange={show}>
      <Popover.Trigger
        render={
          <Button icon={CalendarBlankIcon}>
            {preset ? PRESET_NAMES[preset] : `${formatDay(from)} – ${formatDay(to)}`}
          </Button>
        }
      />
      <Popover.Content align="end" className="w-72 max-w-[calc(100vw-2rem)]">
        <Popover.Title className="sr-only">Range of days</Popover.Title>
        <div className="grid grid-cols-2 gap-1">
          {PRESETS.map((each) => (
            <Button
              key={each}
              size="sm"
              variant={each === preset ? 'secondary' : 'ghost'}
              aria-pressed={each === preset}
              className="justify-start"
              onClick={() => choose({ range: each === USUAL ? undefined : each })}
            >
              {PRESET_NAMES[each]}
            </Button>
          ))}
        </div>
        <form
          className="mt-3 flex flex-col gap-3 border-t border-kumo-hairline pt-3"
          onSubmit={(event) => {
            event.preventDefault();
            if (days.from <= days.to) choose(days);
          }}
        >
          <Input
            type="date"
            size="sm"
            label="From"
            value={days.from}
            max={days.to}
            onChange={({ target }) => setDays({ ...days, from: target.value })}
          />
          <Input
            type="date"
            size="sm"
            label="To"
            value={days.to}
            min={days.from}
            onChange={({ target }) => setDays({ ...days, to: target.value })}
          />
          <label className="flex flex-col gap-1 text-sm text-kumo-default">
            Days of
            <select
              className="h-8 rounded-md bg-kumo-control px-2 ring ring-kumo-hairline"
              value={timezone}
              onChange={({ target }) =>
                onSearch({ ...search, zone: target.value === BROWSER_ZONE ? undefined : target.value })
              }
            >
              {zones.map((zone) => (
                <option key={zone} value={zone}>
                  {zone}
                </option>
              ))}
            </select>
          </label>
          <Button type="submit" size="sm" variant="primary">
            Show these days
          </Button>
        </form>
      </Popover.Content>
    </Popover>
  );
}
