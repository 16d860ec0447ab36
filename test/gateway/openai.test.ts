import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Asked, Json } from '../../src/gateway/protocol.ts';
import { openai } from '../../src/gateway/providers/openai.ts';
import { estimateTokens, leastTokens, TextCount } from '../../src/gateway/providers/text-count.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../src/models/catalogue.ts';
import { askedChat } from '../support/asked.ts';

function ask(body: Json): { asked: Asked; bytes: number } {
  const asked = askedChat({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], ...body });
  return { asked, bytes: new TextEncoder().encode(JSON.stringify(asked.json)).byteLength };
}

const mapping = CATALOGUE_MAPPINGS.find(({ id }) => id === 'openai/gpt-4o-mini') as Mapping;
const bound = ({ asked, bytes }: ReturnType<typeof ask>) => openai.inputTokensMax(asked, bytes, mapping);
const parts = (...content: object[]) => ask({ messages: [{ role: 'user', content }] });

describe('the bound of an input', () => {
  it('is at least its bytes, the tools included', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500, unit: 'grapheme' }), (text) => {
        const asked = ask({
          messages: [{ role: 'user', content: text }],
          tools: [{ type: 'function', function: { name: `f${text}` } }],
        });
        expect(bound(asked)).toBeGreaterThan(asked.bytes);
        expect(bound(asked)).toBeGreaterThanOrEqual(openai.inputTokensEstimate(asked.asked));
      }),
    );
  });

  it('counts an image by the dearest size it may have, whether linked or embedded', () => {
    const linked = bound(parts({ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }));
    const embedded = bound(
      parts({ type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(1_000_000)}` } }),
    );
    for (const tokens of [linked, embedded]) {
      expect(tokens).toBeGreaterThan(48_169);
      expect(tokens).toBeLessThan(60_000);
    }
  });

  it('cannot be told for a file, so that the context of the model bounds it', () => {
    expect(bound(parts({ type: 'file', file: { file_id: 'file-1' } }))).toBe(Number.POSITIVE_INFINITY);
  });
});

it.each([
  [{}, null],
  [{ service_tier: 'auto' }, null],
  [{ service_tier: 'priority' }, 'service_tier'],
  [{ web_search_options: {} }, 'web_search_options'],
  [{ plugins: [{ id: 'web' }] }, 'plugins'],
  [{ search_parameters: { mode: 'auto' } }, 'search_parameters'],
  [{ enable_search: true }, 'enable_search'],
  [{ enable_search: false, best_of: 1, num_return_sequences: null, transforms: ['middle-out'] }, null],
  [{ best_of: 8 }, 'best_of'],
  [{ num_return_sequences: 8 }, 'num_return_sequences'],
  [{ max_tokens: 10, max_new_tokens: 100_000 }, 'max_new_tokens'],
  [{ min_tokens: 100_000 }, 'min_tokens'],
  [{ models: ['dearer/model'] }, 'models'],
  [{ route: 'fallback' }, 'route'],
  [{ fallbacks: ['dearer/model'] }, 'fallbacks'],
  [{ preset: 'mine' }, 'preset'],
  [{ extra_body: { models: ['dearer/model'] } }, 'extra_body'],
  [{ provider: { order: ['deepinfra'] } }, 'provider.order'],
  [{ provider: { data_collection: 'deny', only: ['deepinfra'] } }, 'provider.only'],
  [{ provider: { data_collection: 'deny', sort: 'price', max_price: { prompt: 1 }, order: null } }, null],
  [{ data_sources: [{ type: 'azure_search' }] }, 'data_sources'],
  [{ tools: [{ type: 'function', function: { name: 'f' } }, { type: 'browser_search' }] }, 'tools.1'],
  [{ tools: [{ type: 'openrouter:web_search' }] }, 'tools.0'],
])('a request with %j has %s unpriced', (body, field) => {
  expect(ask(body).asked.unpriced).toBe(field);
});

describe('counting output', () => {
  it('bounds by bytes and estimates at least one token a delta', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }), { maxLength: 50 }),
        (deltas) => {
          const count = new TextCount();
          for (const delta of deltas) count.add(delta);
          expect(count.tokensMax).toBe(new TextEncoder().encode(deltas.join('')).byteLength);
          expect(count.tokensEstimate).toBeGreaterThanOrEqual(deltas.length);
        },
      ),
    );
  });

  it('knows a least, which is never more than what it estimates for prose', () => {
    expect(leastTokens('')).toBe(0);
    expect(leastTokens('  one two\n\tthree, f(x) — Ünder жизнь 漢字')).toBe(6);
    // One token of o200k: ` */` and the next line's slash.
    expect(leastTokens('a *\n/ b')).toBe(3);
    const prose = ' ten words of quite ordinary prose stand in here, now'.repeat(100);
    expect(leastTokens(prose)).toBe(1_000);
    expect(leastTokens(prose)).toBeLessThanOrEqual(estimateTokens(prose));
  });

  it('takes short deltas for tokens, and estimates long ones by their text', () => {
    const tokens = new TextCount();
    for (let i = 0; i < 100; i++) tokens.add(' word');
    expect(tokens.tokensEstimate).toBe(100);
    const sentences = new TextCount();
    for (let i = 0; i < 10; i++) sentences.add(' ten words of quite ordinary prose stand in here');
    expect(sentences.tokensEstimate).toBeGreaterThan(80);
    expect(sentences.tokensEstimate).toBeLessThan(120);
  });

  it('does not read base64 as a few long words', () => {
    expect(estimateTokens('QUJD'.repeat(1_000))).toBeGreaterThanOrEqual(2_000);
  });

  it('reads a long text in parts, and finds about as much as in the whole', () => {
    const words = ['the', 'member', 'has', 'a', 'budget', 'that', 'nobody', 'overspends,', 'const', '{', 'x }', '漢字'];
    const mixed = fc.array(fc.constantFrom(...words), { minLength: 20_000, maxLength: 40_000, size: 'max' });
    fc.assert(
      fc.property(mixed, (many) => {
        const text = many.join(' ');
        let whole = 0;
        for (let start = 0; start < text.length; start += 4_096)
          whole += estimateTokens(text.slice(start, start + 4_096));
        expect(estimateTokens(text)).toBeGreaterThan(whole * 0.95);
        expect(estimateTokens(text)).toBeLessThan(whole * 1.05);
      }),
      { numRuns: 5 },
    );
  });
});
