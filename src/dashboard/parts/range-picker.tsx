/** What opens from the button of date-range.tsx: presets, chosen days, and whose days they are. */
import { Button } from '@cloudflare/kumo/components/button';
import { Input } from '@cloudflare/kumo/components/input';
import { Popover } from '@cloudflare/kumo/components/popover';
import { CalendarBlankIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import { useHere } from '../shell/session.ts';
import { PRESET_NAMES, PRESETS, type RangeSearch, rangeQuery, USUAL } from './range.ts';
import { BROWSER_ZONE } from './zone.ts';

interface RangePickerProps {
  /** Whether it is open from the start. */
  opened: boolean;
  closed: () => void;
  label: string;
  search: RangeSearch;
  onSearch: (next: RangeSearch) => void;
}

export default function RangePicker({ opened, closed, label, search, onSearch }: RangePickerProps) {
  const [open, setOpen] = useState(opened);
  const { timeZone } = useHere();
  const { from, to, timezone } = rangeQuery(search);
  const [days, setDays] = useState({ from, to });
  const zones = [...new Set([BROWSER_ZONE, timeZone, 'UTC', timezone])];
  const preset = search.from ? null : (search.range ?? USUAL);
  const choose = (next: RangeSearch) => {
    onSearch({ range: undefined, from: undefined, to: undefined, zone: search.zone, ...next });
    show(false);
  };
  const show = (next: boolean) => {
    if (next) setDays({ from, to });
    else closed();
    setOpen(next);
  };
  return (
    <Popover open={open} onOpenChange={show}>
      <Popover.Trigger render={<Button icon={CalendarBlankIcon}>{label}</Button>} />
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
