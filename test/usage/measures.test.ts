import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addCounts,
  addLetters,
  BIN_EDGES_MS,
  BINS,
  binOf,
  type Counts,
  encodeCounts,
  letterOf,
  noCounts,
  percentileOf,
} from '../../src/usage/measures.ts';

const anyCount = fc.oneof(fc.constant(0), fc.nat(50), fc.nat(2_100), fc.maxSafeNat());
const anyCounts = fc.array(anyCount, { minLength: BINS, maxLength: BINS });
const anyMs = fc.oneof(fc.nat(100), fc.nat(5_000), fc.nat(2_000_000));

function decoded(text: string): Counts {
  const counts = noCounts();
  addCounts(counts, text);
  return counts;
}

describe('bins of latencies', () => {
  it('are the same for ever', () => {
    expect(BINS).toBe(57);
    expect(BIN_EDGES_MS.slice(0, 6)).toEqual([20, 24, 29, 35, 43, 52]);
    expect(BIN_EDGES_MS.slice(-3)).toEqual([488_264, 590_799, 714_867]);
    // Changing any of them would read all that is stored wrongly.
    expect(BIN_EDGES_MS.reduce((sum, edge) => (sum * 31 + edge) % 1_000_003, 7)).toBe(402952);
  });

  it('have every whole millisecond in the one whose edges are around it', () => {
    for (let ms = 0; ms < 2_000; ms++) {
      const bin = binOf(ms);
      expect(ms).toBeGreaterThanOrEqual(BIN_EDGES_MS[bin - 1] ?? 0);
      expect(ms).toBeLessThan(BIN_EDGES_MS[bin] ?? Number.POSITIVE_INFINITY);
    }
  });

  it('tell any latency from 20 ms to 12 minutes within 10 %, and a smaller one within 10 ms', () => {
    for (let ms = 0; ms < 714_867; ms += ms < 10_000 ? 1 : 37) {
      const told = percentileOf(one(ms), 0.5) ?? 0;
      if (ms < 20) expect(Math.abs(told - ms)).toBeLessThanOrEqual(10);
      else if (Math.abs(told - ms) > ms / 10) throw new Error(`${ms} ms is told as ${told}`);
    }
  });
});

describe('a percentile', () => {
  it('is within 10 % of that of the latencies themselves, by nearest rank', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 20, max: 700_000 }), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.5, 0.95, 0.99, 1),
        (latencies, share) => {
          const counts = noCounts();
          for (const ms of latencies) addLetters(counts, letterOf(ms));
          const sorted = latencies.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1] as number;
          expect(Math.abs((percentileOf(counts, share) as number) - exact)).toBeLessThanOrEqual(exact / 10);
        },
      ),
    );
  });

  it('of nothing is null', () => {
    expect(percentileOf(noCounts(), 0.5)).toBeNull();
  });
});

describe('counts as text', () => {
  it('come back as they were', () => {
    fc.assert(fc.property(anyCounts, (counts) => void expect(decoded(encodeCounts(counts))).toEqual(counts)));
  });

  it('subtract', () => {
    fc.assert(
      fc.property(fc.array(anyMs), fc.array(anyMs), (before, between) => {
        const counts = noCounts();
        addLetters(counts, before.map(letterOf).join(''));
        const earlier = encodeCounts(counts);
        addLetters(counts, between.map(letterOf).join(''));
        const later = encodeCounts(counts);
        const difference = decoded(later);
        addCounts(difference, earlier, -1);
        addLetters(difference, between.map(letterOf).join(''), -1);
        expect(difference).toEqual(noCounts());
      }),
    );
  });

  it('are letters that JSON and SQL take as they stand, and few', () => {
    expect(encodeCounts(noCounts())).toBe('');
    fc.assert(
      fc.property(anyCounts, (counts) => {
        const text = encodeCounts(counts);
        expect(JSON.stringify(text)).toBe(`"${text}"`);
        expect(text).toMatch(/^[#-[\]-~]*$/);
      }),
    );
    const busy = Array.from({ length: BINS }, (_, bin) => (bin > 20 && bin < 45 ? 5_000 : 0));
    expect(encodeCounts(busy).length).toBeLessThan(80);
  });

  it('are refused where they are none', () => {
    expect(() => decoded('[###')).toThrow();
    expect(() => decoded('# ')).toThrow();
    expect(() => addLetters(noCounts(), '~')).toThrow();
    expect(() => encodeCounts([-1, ...noCounts().slice(1)])).toThrow('below zero');
  });
});

function one(ms: number): Counts {
  const counts = noCounts();
  addLetters(counts, letterOf(ms));
  return counts;
}
