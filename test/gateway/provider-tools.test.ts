import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask, coverOf } from '../../src/gateway/cover.ts';
import { gemini } from '../../src/gateway/gemini/protocol.ts';
import { messages } from '../../src/gateway/messages/protocol.ts';
import type { Asked, Json, Protocol } from '../../src/gateway/protocol.ts';
import { shareOut } from '../../src/gateway/provider-tools.ts';
import { anthropic } from '../../src/gateway/providers/anthropic.ts';
import { google } from '../../src/gateway/providers/google.ts';
import { openai } from '../../src/gateway/providers/openai.ts';
import type { Provider } from '../../src/gateway/providers/provider.ts';
import { amountFor, type Quote, quote, withUsesWithin } from '../../src/gateway/quote.ts';
import { responses } from '../../src/gateway/responses/protocol.ts';
import { Frames } from '../../src/gateway/sse.ts';
import { LIMITS } from '../../src/limits.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../src/models/catalogue.ts';
import { nanos } from '../../src/money/nanos.ts';
import { priceAt } from '../../src/money/price.ts';
import { askedGemini, askedMessages, askedResponses } from '../support/asked.ts';
import {
  anthropicStream,
  anthropicWhole,
  geminiStream,
  geminiWhole,
  openAiStream,
  openAiWhole,
} from './provider-tool-answers.ts';

const model = (name: string) => CATALOGUE_MAPPINGS.find(({ id }) => id === name) as Mapping;
const HAIKU = model('anthropic/claude-haiku-4-5');
const GPT = model('openai/gpt-5.5');
const FLASH = model('google/gemini-2.5-flash');

const SEARCH = { type: 'web_search_20250305', name: 'web_search' };
const FETCH = { type: 'web_fetch_20250910', name: 'web_fetch' };

function quoted(asked: Asked, mapping: Mapping, provider: Provider): Quote {
  const made = quote(asked, 100, mapping, provider, Date.parse('2026-11-20'));
  if (!made) throw new Error('the test is set up wrong');
  return made;
}

const haiku = (...tools: object[]) => quoted(askedMessages({ max_tokens: 1_000, tools }), HAIKU, anthropic);

describe('the bound of tools that a provider runs', () => {
  it('is of each search its fee and the whole context, where nothing says how much it brings', () => {
    // 100 bytes, 1,024 for the request, 16 each for a message and a tool, twice 10,000 for the tool's description: 21,156 tokens at
    // $1 are $0.021156. A round is 200,000 tokens: $0.20, and the fee $0.01. Two uses, and a round more.
    const { inputMax, tools, watchable } = haiku({ ...SEARCH, max_uses: 2 });
    expect(tools).toEqual({ uses: 2, usesMin: 1, perUse: 210_000_000 });
    expect(inputMax).toBe(21_156_000 + 200_000_000 + 2 * 210_000_000);
    // No stream shows what is read.
    expect(watchable).toBe(false);
  });

  it('is dearer where what is read may be written to the cache', () => {
    const marked = [{ role: 'user', content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] }];
    const asked = askedMessages({ max_tokens: 1_000, tools: [{ ...SEARCH, max_uses: 2 }], messages: marked });
    // An hour of it costs $2 a million.
    expect(quoted(asked, HAIKU, anthropic).tools?.perUse).toBe(400_000_000 + 10_000_000);
  });

  it('is of a Responses search its fee and the window that OpenAI keeps searches to, on top of what is sent and made', () => {
    const asked = askedResponses({ tools: [{ type: 'web_search' }], max_tool_calls: 1, max_output_tokens: 2_000 });
    // 100 + 64 + 16 + 10,000 = 10,180 tokens at $10; a round has 10,180 + 2,000 + 128,000 of them.
    const { inputMax, tools } = quoted(asked, GPT, openai);
    expect(tools).toEqual({ uses: 1, usesMin: 1, perUse: 1_401_800_000 + 10_000_000 });
    expect(inputMax).toBe(101_800_000 + 1_401_800_000 + 1_411_800_000);
  });

  it('is of a grounded prompt its one fee', () => {
    // 100 + 256 + 16 + 10,000 = 10,372 tokens at $0.30; a round of 1,048,576; $0.035 for the prompt.
    const { inputMax, tools } = quoted(askedGemini({ tools: [{ google_search: {} }] }), FLASH, google);
    expect(tools).toEqual({ uses: 1, usesMin: 1, perUse: 314_572_800 + 35_000_000 });
    expect(inputMax).toBe(3_111_600 + 314_572_800 + 349_572_800);
  });

  it('goes by the number of uses that the gateway sets where the client sets none', () => {
    expect(haiku(SEARCH).tools?.uses).toBe(LIMITS.toolUsesDefault);
    expect(haiku({ ...SEARCH, max_uses: 2 }, FETCH).tools?.uses).toBe(LIMITS.toolUsesDefault);
    expect(haiku({ ...SEARCH, max_uses: 2 }, { ...FETCH, max_uses: 4 }).tools).toMatchObject({ uses: 6, usesMin: 2 });
  });

  it('has no fee for pages that are fetched', () => {
    expect(haiku({ ...FETCH, max_uses: 1 }).tools?.perUse).toBe(200_000_000);
  });

  it('is not there where none are offered', () => {
    expect(haiku({ name: 'own' })).not.toHaveProperty('tools');
  });
});

describe('what is left of a budget', () => {
  const most = haiku({ ...SEARCH, max_uses: 8 });
  const { otherwise } = ask(most, false);

  it('is asked for down to one use and the shortest answer', () => {
    // 0.021156 + 0.20 + 0.21, and 16 tokens at $5.
    expect(otherwise).toEqual({ kind: 'at_least', amount: 431_156_000 + 80_000 });
  });

  it('is never passed, and buys as many uses as it can', () => {
    const least = otherwise?.amount ?? 0;
    const full = amountFor(most, most.outputTokensMax);
    fc.assert(
      fc.property(fc.integer({ min: least, max: full }), (amount) => {
        const granted = nanos(amount);
        const fitting = withUsesWithin(most, granted);
        const { tokens, cap } = coverOf(fitting, false, granted);
        expect(amountFor(fitting, tokens)).toBeLessThanOrEqual(granted);
        const uses = fitting.tools?.uses ?? 0;
        expect(uses).toBeGreaterThanOrEqual(1);
        // Output is cut only when there is but one use left, and one use more would not have fitted.
        if (cap !== null) expect(uses).toBe(1);
        if (uses < 8) expect(amountFor(fitting, 1_000) + (most.tools?.perUse ?? 0)).toBeGreaterThan(granted);
      }),
    );
    expect(withUsesWithin(most, full).tools?.uses).toBe(8);
  });

  it('is shared out among tools, one use for each first', () => {
    expect(shareOut(5, [5, 5])).toEqual([4, 1]);
    expect(shareOut(2, [9, 9])).toEqual([1, 1]);
    expect(shareOut(6, [2, 9])).toEqual([2, 4]);
  });
});

describe('a request as it is sent', () => {
  const sent = { streams: false, cap: null };

  it.each<[string, Protocol, Asked, Json]>([
    [
      'Messages',
      messages,
      askedMessages({ tools: [{ name: 'own' }, { ...SEARCH, max_uses: 8 }, FETCH] }),
      { tools: [{ name: 'own' }, { ...SEARCH, max_uses: 2 }, { ...FETCH, max_uses: 1 }] },
    ],
    [
      'Responses',
      responses,
      askedResponses({ tools: [{ type: 'web_search' }] }),
      { tools: [{ type: 'web_search' }], max_tool_calls: 3 },
    ],
  ])('to %s has its uses capped, and is else as it came', (_, protocol, asked, changed) => {
    const mapping = protocol === messages ? HAIKU : GPT;
    const stands = protocol.body(asked, { ...sent, mapping });
    expect(protocol.body(asked, { ...sent, mapping, toolUses: 3 })).toEqual({ ...stands, ...changed });
    expect(stands.tools).toEqual(asked.json.tools);
    expect(stands).not.toHaveProperty('max_tool_calls');
  });
});

describe('a search that cannot be bounded', () => {
  it.each<[string, Asked, RegExp]>([
    [
      'one that code may call',
      askedMessages({ tools: [{ ...SEARCH, type: 'web_search_20260209' }] }),
      /allowed_callers/,
    ],
    [
      'code that Anthropic runs',
      askedMessages({ tools: [{ type: 'code_execution_20250825', name: 'c' }] }),
      /container/,
    ],
    [
      'the preview of a search',
      askedResponses({ tools: [{ type: 'web_search_preview_2025_03_11' }] }),
      /use web_search/,
    ],
    ['a search of files', askedResponses({ tools: [{ type: 'file_search', vector_store_ids: ['v'] }] }), /shares/],
    ['an interpreter', askedResponses({ tools: [{ type: 'code_interpreter' }] }), /container/],
    ['images', askedResponses({ tools: [{ type: 'image_generation' }] }), /images\/generations/],
    ['a hosted server', askedResponses({ tools: [{ type: 'mcp', server_url: 'https://x' }] }), /server/],
    ['pages by their URL', askedGemini({ tools: [{ url_context: {} }] }), /pages/],
    ['code that Google runs', askedGemini({ tools: [{ code_execution: {} }] }), /runs/],
  ])('says so, and what to do: %s', (_, asked, why) => {
    expect(asked.unpriced).not.toBeNull();
    expect(asked.unpricedBecause).toMatch(why);
  });

  it.each<[string, Json]>([
    [
      'in a block of the conversation',
      { type: 'tool_addition', tool: { type: 'tool_definition', definition: SEARCH } },
    ],
    [
      'in what stands for earlier turns',
      {
        type: 'compaction',
        content: 'earlier',
        tool_changes: [
          { type: 'tool_addition', tool: { type: 'tool_definition', definition: { type: 'code_execution_20250825' } } },
        ],
      },
    ],
  ])('is refused where it is defined %s', (_, block) => {
    const ask = (content: Json[]) =>
      messages.ask({ model: 'x', max_tokens: 9, messages: [{ role: 'system', content }] }, null);
    expect(ask([block])).toMatchObject({ refusal: { kind: 'bad_request', field: 'messages.0.content.0' } });
    const own = { type: 'tool_definition', definition: { name: 'own', input_schema: {} } };
    expect(ask([{ type: 'tool_addition', tool: own }])).toHaveProperty('understood');
    const named = { type: 'tool_reference', name: 'web_search' };
    expect(ask([{ type: 'tool_addition', tool: named }])).toHaveProperty('understood');
  });

  it('may not be called by code where it says so itself', () => {
    const tool = { ...SEARCH, allowed_callers: ['code_execution_20250825'] };
    expect(askedMessages({ tools: [tool] }).unpriced).toBe('tools.web_search_20250305');
  });

  it('passes where only the model itself may call it', () => {
    const asked = askedMessages({
      tools: [{ ...SEARCH, type: 'web_search_20260209', allowed_callers: ['direct'], max_uses: 2 }],
    });
    expect(asked).toMatchObject({ unpriced: null, providerTools: { usesMax: 2, fee: 'webSearch' } });
  });

  it.each([0, -1, 1.5, '3', LIMITS.toolUsesMax + 1])('is refused where its cap is %j', (max_uses) => {
    const read = messages.ask(
      { model: 'x', max_tokens: 9, messages: [{ role: 'user', content: 'a' }], tools: [{ ...SEARCH, max_uses }] },
      null,
    );
    expect(read).toMatchObject({ refusal: { field: 'tools.0.max_uses' } });
  });

  it('is known by its price: Gemini 3 has none, nor have the models that OpenAI bills by a block of tokens', () => {
    const searches = ({ prices }: Mapping) => priceAt(prices, Date.now())?.tiers[0]?.rates.webSearch;
    expect(searches(model('google/gemini-3.5-flash'))).toBeUndefined();
    expect(searches(model('openai/gpt-4.1-mini'))).toBeUndefined();
    expect(searches(FLASH)).toBe(35_000_000_000);
  });
});

describe('an answer that was searched for tells its searches', () => {
  const last = (protocol: Protocol, text: string) => {
    const reader = protocol.reader();
    const usages = new Frames()
      .push(new TextEncoder().encode(text))
      .flatMap((frame) => reader.read(frame)?.usage ?? []);
    return usages.at(-1);
  };

  it.each<[string, Protocol, Json, string, object]>([
    ['Anthropic', messages, anthropicWhole(2), anthropicStream(2), { input: 6_039, output: 931, webSearch: 2 }],
    [
      'OpenAI, save pages that it opens',
      responses,
      openAiWhole(3),
      openAiStream(3),
      { input: 10_000, cachedInput: 1_000, output: 100, reasoning: 300, webSearch: 3 },
    ],
    [
      'Google, one for the prompt however many queries',
      gemini,
      geminiWhole(true),
      geminiStream(true),
      { input: 100, output: 200, reasoning: 50, webSearch: 1 },
    ],
    ['Google, none where there was no query', gemini, geminiWhole(false), geminiStream(false), { webSearch: 0 }],
  ])('%s', (_, protocol, whole, stream, usage) => {
    expect(protocol.readWhole(JSON.stringify(whole))?.usage).toMatchObject(usage);
    expect(last(protocol, stream)).toMatchObject(usage);
  });

  it('also where the last event of a Responses stream repeats no item', () => {
    const stream = openAiStream(2).replace(/"output":\[\{[^\n]*"usage":\{/, '"output":[],"usage":{');
    expect(stream).toContain('"output":[],"usage":{');
    expect(last(responses, stream)?.webSearch).toBe(2);
  });

  it('and what it found is no output of the model', () => {
    expect(messages.readWhole(JSON.stringify(anthropicWhole(1)))?.text).not.toContain('EqgfCio');
  });
});
