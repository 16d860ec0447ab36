/** What analytics look like, for who does not have them: two weeks of four invented models, always the same. */
import type { Point } from '../../parts/breakdown.ts';
import { UsageBreakdown } from '../../parts/usage-breakdown.tsx';
import { UsageFigures } from '../../parts/usage-figures.tsx';

const DAYS = 14;
const MODELS = [
  { label: 'sample-large', cents: 420 },
  { label: 'sample-medium', cents: 260 },
  { label: 'sample-small', cents: 110 },
  { label: 'sample-embed', cents: 40 },
];

const usd = (cents: number) => (cents / 100).toFixed(2);
const wave = (day: number, model: number) => Math.round(100 + 35 * Math.sin(day * 0.9 + model * 1.7)) / 100;

const used = (cents: number) => ({ cost: usd(cents), requestCount: Math.round(cents / 2), totalTokens: cents * 900 });

const days = Array.from({ length: DAYS }, (_, day) =>
  MODELS.map(({ cents }, model) => Math.round(cents * wave(day, model))),
);
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

const SAMPLE: { activity: Point[]; totals: ReturnType<typeof used> & { errorRate: number } } = {
  activity: days.map((cents, day) => ({
    date: `2026-01-${String(day + 1).padStart(2, '0')}`,
    ...used(sum(cents)),
    breakdown: MODELS.map(({ label }, model) => ({ key: label, label, ...used(cents[model] ?? 0) })),
  })),
  totals: { ...used(sum(days.flat())), errorRate: 0.011 },
};

export function AnalyticsSample() {
  return (
    <div className="flex flex-col gap-6">
      <UsageFigures totals={SAMPLE.totals} />
      <UsageBreakdown by="by model" measure="cost" points={SAMPLE.activity} totals={SAMPLE.totals} timezone="UTC" />
    </div>
  );
}
