import { describe, expect, it } from 'vitest';
import { CATALOGUE_MAPPINGS } from '../../src/models/catalogue.ts';
import { overridden } from '../../src/models/overrides.ts';
import { type Price, priceAt } from '../../src/money/price.ts';
import { inWords, termsOf } from '../../src/prices/terms.ts';

function price(version: string, effectiveFrom: number | null, input = 1): Price {
  return { version, effectiveFrom, tiers: [{ aboveInputTokens: 0, rates: { input } }] };
}

const [first] = CATALOGUE_MAPPINGS;
if (!first) throw new Error('there is no model');
const builtIn = { ...first, prices: [price('built in', null), price('built in, later', 2000)] };

describe("the operator's prices", () => {
  const versionAt = (ours: readonly Price[], atMs: number) => {
    const [mapping] = overridden([builtIn], new Map([[builtIn.id, ours]]));
    return priceAt(mapping?.prices ?? [], atMs)?.version;
  };

  it('hold from their instant on, whatever was built in for later', () => {
    const ours = [price('ours', 1000), price('ours, later', 3000)];
    const seen = [999, 1000, 2000, 3000].map((atMs) => versionAt(ours, atMs));
    expect(seen).toEqual(['built in', 'ours', 'ours', 'ours, later']);
  });

  it('replace all that is built in where they have no date', () => {
    expect([0, 2000].map((atMs) => versionAt([price('ours', null)], atMs))).toEqual(['ours', 'ours']);
  });

  it('touch no other model', () => {
    expect(overridden([builtIn], new Map([['openai/another', [price('ours', null)]]]))).toEqual([builtIn]);
    expect(overridden([builtIn], new Map())[0]).toBe(builtIn);
  });
});

describe('the terms of a price', () => {
  it('are the same text for the same terms, whatever they are called', () => {
    expect(termsOf(price('a', null))).toBe(termsOf(price('b', 7)));
    expect(termsOf(price('a', null))).not.toBe(termsOf(price('a', null, 2)));
  });

  it('are told in words, a line for each tier', () => {
    const tiers = [
      { aboveInputTokens: 0, rates: { input: 5_000_000, output: 30_000_000, webSearch: 10_000_000_000 } },
      { aboveInputTokens: 271_999, rates: { input: 10_000_000 } },
    ];
    expect(inWords({ tiers })).toEqual([
      'input $5, output $30 per million tokens; webSearch $10 per thousand',
      'above 271999 tokens of input: input $10 per million tokens',
    ]);
  });
});
