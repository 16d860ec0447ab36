/**
 * Usage over time as stacked areas, with the same numbers as a table behind a switch. What draws (ECharts, some 200 KB) is loaded with the
 * first chart; until then its place is kept. Amounts become floats for what is drawn only: what is read is formatted from their text.
 * It has no legend: the ranking of the same groups stands beside it, in the same order and colours.
 */
import { Button } from '@cloudflare/kumo/components/button';
import { lazy, Suspense, useState } from 'react';
import { useMode } from '../../shell/theme.ts';
import { Section } from '../page.tsx';
import { Bone } from '../state.tsx';
import { ChartTable } from './chart-table.tsx';

interface Series {
  key: string;
  label: string;
  /** One for each point in time, in their order: amounts as text, counts as numbers. */
  values: (string | number)[];
}

export interface AreaChartProps {
  /** What it shows, as in "Cost by model over time". */
  title: string;
  /** Days or instants, as the API has them. */
  times: string[];
  series: Series[];
  /** How a value is written, and how the round numbers of the axis are. */
  format: (value: string | number) => string;
  formatAxis: (value: string) => string;
  formatTime: (time: string) => string;
}

const Drawing = lazy(() => import('./drawing.tsx'));

export function AreaChart(props: AreaChartProps) {
  const [asTable, setAsTable] = useState(false);
  const mode = useMode();
  return (
    <Section
      title={props.title}
      actions={
        <Button size="sm" variant="ghost" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? 'Show as chart' : 'Show as table'}
        </Button>
      }
    >
      <figure aria-label={props.title} className="min-w-0">
        {asTable ? (
          <ChartTable {...props} />
        ) : (
          <Suspense fallback={<Bone className="h-72 w-full xl:h-96" />}>
            <Drawing key={mode} {...props} />
          </Suspense>
        )}
      </figure>
    </Section>
  );
}
