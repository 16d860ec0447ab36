/**
 * The two charts of usage, over time and ranked, of one answer with its breakdown; with the tabs that choose the measure, and the switch
 * between mappings and canonical models. Analytics, key, project and member pages are made of it.
 */
import { Tabs } from '@cloudflare/kumo/components/tabs';
import { useMemo } from 'react';
import {
  AXIS,
  type BreakdownSearch,
  formatValue,
  groupsOf,
  MEASURE_NAMES,
  MEASURES,
  type Measure,
  measured,
  type Point,
  partOf,
} from './breakdown.ts';
import { AreaChart } from './charts/area.tsx';
import { Ranking } from './charts/ranking.tsx';
import { timeFormat } from './dates.tsx';
import { Money } from './money.tsx';
import { formatCount } from './numbers.ts';
import { Section } from './page.tsx';
import { Bone, Nothing } from './state.tsx';
import type { Totals } from './usage-figures.tsx';

interface TabsProps {
  search: BreakdownSearch;
  onSearch: (next: BreakdownSearch) => void;
  /** Whether models are what it is broken down by. */
  byModel: boolean;
}

export function BreakdownTabs({ search, onSearch, byModel }: TabsProps) {
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Tabs
        tabs={MEASURES.map((measure) => ({ value: measure, label: MEASURE_NAMES[measure] }))}
        value={search.measure ?? 'cost'}
        onValueChange={(value) => onSearch({ ...search, measure: value === 'cost' ? undefined : (value as Measure) })}
      />
      {byModel && (
        <Tabs
          tabs={[
            { value: 'canonical', label: 'Canonical' },
            { value: 'mappings', label: 'Mappings' },
          ]}
          value={search.models ?? 'canonical'}
          onValueChange={(value) => onSearch({ ...search, models: value === 'mappings' ? 'mappings' : undefined })}
        />
      )}
    </div>
  );
}

interface UsageBreakdownProps {
  /** What it is broken down by, as in "by model". */
  by: string;
  measure: Measure;
  points: readonly Point[];
  totals: Totals;
  timezone: string;
}

export function UsageBreakdown({ by, measure, points, totals, timezone }: UsageBreakdownProps) {
  const groups = useMemo(() => groupsOf(points, measure), [points, measure]);
  const times = useMemo(() => points.map(({ date }) => date), [points]);
  const name = `${MEASURE_NAMES[measure]} ${by}`;
  if (groups.length === 0) {
    return (
      <Section title={name}>
        <Nothing title="Nothing was used in these days">Usage shows here within minutes of its request.</Nothing>
      </Section>
    );
  }
  const largest = groups.reduce((most: string | number, { total }) => (Number(total) > Number(most) ? total : most), 0);
  return (
    <div className="grid min-w-0 gap-6 xl:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
      <AreaChart
        title={`${name} over time`}
        times={times}
        series={groups}
        format={formatValue}
        formatAxis={AXIS[measure]}
        formatTime={timeFormat(timezone)}
      />
      <Section title={name}>
        <Ranking
          title={name}
          rows={groups.map(({ key, label, total }) => ({
            key,
            label,
            share: partOf(total, largest),
            value: typeof total === 'string' ? <Money amount={total} /> : formatCount(total),
          }))}
          total={measure === 'cost' ? <Money amount={totals.cost} /> : formatCount(Number(measured(totals, measure)))}
        />
      </Section>
    </div>
  );
}

/** In the shape of figures and both charts. */
export function UsageBones() {
  return (
    <div className="flex flex-col gap-6">
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        {['one', 'two', 'three', 'four'].map((figure) => (
          <Bone key={figure} className="h-20 w-full" />
        ))}
      </div>
      <div className="grid gap-6 xl:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <Bone className="h-96 w-full" />
        <Bone className="h-96 w-full" />
      </div>
    </div>
  );
}
