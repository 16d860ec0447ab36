/** The button that names a range of days (range.ts) and opens its picker, which is loaded after the page. */
import { Button } from '@cloudflare/kumo/components/button';
import { CalendarBlankIcon } from '@phosphor-icons/react';
import { lazy, Suspense, useState } from 'react';
import { formatDay } from './dates.tsx';
import { PRESET_NAMES, type RangeSearch, rangeQuery, USUAL } from './range.ts';

const RangePicker = lazy(() => import('./range-picker.tsx'));

export function DateRange({ search, onSearch }: { search: RangeSearch; onSearch: (next: RangeSearch) => void }) {
  const { from, to } = rangeQuery(search);
  const label = search.from ? `${formatDay(from)} – ${formatDay(to)}` : PRESET_NAMES[search.range ?? USUAL];
  // Who is quicker than the picker gets it as soon as it is there.
  const [wanted, setWanted] = useState(false);
  const waiting = (
    <Button icon={CalendarBlankIcon} onClick={() => setWanted(true)}>
      {label}
    </Button>
  );
  return (
    <Suspense fallback={waiting}>
      <RangePicker opened={wanted} closed={() => setWanted(false)} label={label} search={search} onSearch={onSearch} />
    </Suspense>
  );
}
