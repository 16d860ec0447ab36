/** What was used between instants, of the text that running totals leave SQL as. */
import { describe, expect, it } from 'vitest';
import { BINS, type Counts, encodeCounts, noCounts } from '../../src/usage/measures.ts';
import { SUM_COLUMNS } from '../../src/usage/sums.ts';
import { differences } from '../../src/usage/told-totals.ts';

const counts = (bins: Record<number, number>): Counts => Object.assign(noCounts(), bins);

/** Of an instant, with the same sum in each column. */
function told(instant: number, sum: number | bigint | string, latencies: Counts[], firstTokens = [noCounts()]): string {
  const texts = [latencies, firstTokens].map((some) => some.map(encodeCounts).join(' '));
  return `${instant} ${SUM_COLUMNS.map(() => String(sum)).join(' ')}\t${texts.join('\t')}`;
}

const each = (sum: number | bigint) => SUM_COLUMNS.map(() => sum);

describe('the difference of running totals', () => {
  it('is what was used in each span, and nothing where no instant is told of or nothing has changed', () => {
    const texts = [
      told(0, 5, [counts({ 3: 2 })]),
      told(2, 7, [counts({ 3: 2, 56: 1 })]),
      told(3, 7, [counts({ 3: 2, 56: 1 })]),
    ];
    const [first, second, third, fourth] = differences([texts.join('\n')], 4);
    expect([first, third, fourth]).toEqual([undefined, undefined, undefined]);
    expect(second).toEqual({ values: each(2), latencies: counts({ 56: 1 }), firstTokens: noCounts() });
    // Rows of one instant each say the same.
    expect(differences(texts, 4)).toEqual([first, second, third, fourth]);
  });

  it('begins at nothing where nothing had been used by the first instant', () => {
    expect(differences([told(1, 9, [counts({ 0: 1 })], [counts({ 1: 1 })])], 1)).toEqual([
      { values: each(9), latencies: counts({ 0: 1 }), firstTokens: counts({ 1: 1 }) },
    ]);
    expect(differences([], 2)).toEqual([undefined, undefined]);
  });

  it('adds the latencies of several series, of which some have none', () => {
    const lists = [noCounts(), counts({ 2: 50, 4: 3_000 }), counts({ 4: 1 }), noCounts()];
    expect(differences([told(1, 1, lists, lists)], 1)[0]).toMatchObject({
      latencies: counts({ 2: 50, 4: 3_001 }),
      firstTokens: counts({ 2: 50, 4: 3_001 }),
    });
  });

  it('is exact below zero and beyond what a double holds', () => {
    const large = 9_007_199_254_740_993n;
    const text = [told(0, large, [noCounts()]), told(1, large + 2n, [noCounts()]), told(2, -large, [noCounts()])];
    expect(differences([text.join('\n')], 2).map((used) => used?.values)).toEqual([each(2), each(-2n * large - 2n)]);
    expect(differences([told(1, -12, [noCounts()])], 1)[0]?.values).toEqual(each(-12));
    expect(differences([told(1, '-00', [noCounts()])], 1)).toEqual([undefined]);
  });

  it('is no guess where a text is broken', () => {
    expect(() => differences([told(1, '', [noCounts()])], 1)).toThrow('no whole number');
    // Of the last bin, and of one behind it.
    const last = told(1, 1, [counts({ [BINS - 1]: 1 })]);
    expect(() => differences([last.replace('[$', () => '[$$')], 1)).toThrow('no counts of latencies');
    expect(() => differences([last.replace('\t', '\t!')], 1)).toThrow('no counts of latencies');
  });
});
