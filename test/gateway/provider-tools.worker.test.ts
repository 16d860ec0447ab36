/** Searches that a provider runs itself, through the whole Worker, against upstreams in each provider's true wire format. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { Json } from '../../src/gateway/protocol.ts';
import { anthropic } from '../../src/gateway/providers/anthropic.ts';
import { google } from '../../src/gateway/providers/google.ts';
import { openai } from '../../src/gateway/providers/openai.ts';
import { vertex } from '../../src/gateway/providers/vertex.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../src/models/catalogue.ts';
import { keyOf, ORIGIN, until } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';
import {
  anthropicStream,
  anthropicWhole,
  geminiStream,
  geminiWhole,
  openAiStream,
  openAiWhole,
} from './provider-tool-answers.ts';

// What fails here is meant to, and logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

const HAIKU = CATALOGUE_MAPPINGS.find(({ id }) => id === 'anthropic/claude-haiku-4-5') as Mapping;

/** Without a price of searches, and cheaper besides. */
const UNSEARCHED: Mapping = {
  ...HAIKU,
  id: 'vertex/claude-haiku-4-5',
  provider: 'vertex',
  prices: [
    {
      version: 'v@0',
      effectiveFrom: null,
      tiers: [{ aboveInputTokens: 0, rates: { input: 500_000, output: 1_000_000 } }],
    },
  ],
};

const app = createApp({
  mappings: [
    ...CATALOGUE_MAPPINGS.filter(({ canonicalModel }) => canonicalModel !== 'claude-haiku-4-5'),
    HAIKU,
    UNSEARCHED,
  ],
  providers: [anthropic, openai, google, vertex],
  routers: [],
});

interface Upstream {
  whole: Json;
  stream: string;
}

/** Asks as a member with so much to spend. */
async function ask(
  path: string,
  body: Json,
  { usageLimit = '100', whole, stream }: Partial<Upstream> & { usageLimit?: string },
) {
  const seeded = await seedOrganization({ budget: { usageLimit } });
  const sent: { url: string; body: Json }[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    sent.push({ url, body: JSON.parse(String(init.body)) as Json });
    const streams = /streamGenerate|streamRaw/.test(url) || sent.at(-1)?.body.stream === true;
    return streams ? new Response(stream, { headers: { 'content-type': 'text/event-stream' } }) : Response.json(whole);
  };
  const bindings = {
    ...env,
    EGRESS: { fetch },
    ANTHROPIC_API_KEY: 'sk-ant-test',
    OPENAI_API_KEY: 'sk-test',
    GOOGLE_API_KEY: 'AIza-test',
    VERTEX_ACCESS_TOKEN: 'ya29.test',
    VERTEX_PROJECT: 'p',
    ANTHROPIC_BASE_URL: 'https://anthropic.example',
    OPENAI_BASE_URL: 'https://openai.example/v1',
    GOOGLE_BASE_URL: 'https://google.example',
    VERTEX_BASE_URL: 'https://vertex.example',
  };
  const ctx = createExecutionContext();
  const request = new Request(ORIGIN + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${seeded.apiKey}`, 'x-no-fallback': '1' },
    body: JSON.stringify(body),
  });
  const response = await app.fetch(request, bindings as unknown as Env, ctx);
  const text = await response.text();
  await waitOnExecutionContext(ctx);
  const { usage, member } = await keyOf(seeded.apiKey);
  return { ...seeded, response, text, sent, usage, held: member.status.held };
}

async function eventOf(memberId: string): Promise<Json> {
  const object = env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId));
  return until(async () => {
    await object.ship({ memberId });
    return env.DB.prepare('SELECT * FROM usage_events WHERE member_id = ?').bind(memberId).first<Json>();
  }, 'the usage event');
}

const errorOf = (text: string) =>
  (JSON.parse(text) as { error: { message: string; code: unknown; param?: unknown } }).error;

const HELLO = [{ role: 'user', content: 'What does a purser do?' }];
const SEARCH = { type: 'web_search_20250305', name: 'web_search' };

const claude = (tools: Json[], more: Json = {}): Json => ({
  model: 'claude-haiku-4-5',
  max_tokens: 1_000,
  messages: HELLO,
  tools,
  ...more,
});
const gpt = (more: Json = {}): Json => ({
  model: 'gpt-5.5',
  input: 'What does a purser do?',
  tools: [{ type: 'web_search' }],
  max_output_tokens: 2_000,
  ...more,
});
const CONTENTS = { contents: [{ role: 'user', parts: [{ text: 'What does a purser do?' }] }] };
const GROUNDED = { ...CONTENTS, tools: [{ googleSearch: {} }], generationConfig: { maxOutputTokens: 500 } };

const FLASH = '/v1beta/models/gemini-2.5-flash';

interface Wire {
  path: string;
  streamPath: string;
  body: Json;
  streamBody: Json;
  answers: Upstream;
  cost: string;
  /** Of that, nanodollars that count as output: the searches and what was made. */
  outputCost: number;
}

const WIRES: Record<string, Wire> = {
  // 6,039 x $1 and 931 x $5 per million, two searches at $0.01.
  Anthropic: {
    path: '/v1/messages',
    streamPath: '/v1/messages',
    body: claude([{ ...SEARCH, max_uses: 2 }]),
    streamBody: claude([{ ...SEARCH, max_uses: 2 }], { stream: true }),
    answers: { whole: anthropicWhole(2), stream: anthropicStream(2) },
    cost: '0.030694',
    outputCost: 4_655_000 + 20_000_000,
  },
  // 10,000 x $5, 1,000 x $0.50 and 400 x $30 per million, three searches at $0.01; a page opened is none.
  OpenAI: {
    path: '/v1/responses',
    streamPath: '/v1/responses',
    body: gpt({ max_tool_calls: 4 }),
    streamBody: gpt({ max_tool_calls: 4, stream: true }),
    answers: { whole: openAiWhole(3), stream: openAiStream(3) },
    cost: '0.0925',
    outputCost: 12_000_000 + 30_000_000,
  },
  // 100 x $0.30 and 250 x $2.50 per million, and $0.035 for the prompt.
  Google: {
    path: `${FLASH}:generateContent`,
    streamPath: `${FLASH}:streamGenerateContent?alt=sse`,
    body: GROUNDED,
    streamBody: GROUNDED,
    answers: { whole: geminiWhole(true), stream: geminiStream(true) },
    cost: '0.035655',
    outputCost: 625_000 + 35_000_000,
  },
};

describe.each(Object.entries(WIRES))(
  'a search by %s',
  (_, { path, streamPath, body, streamBody, answers, cost, outputCost }) => {
    it('costs its fee and what it read, whole', async () => {
      const { response, sent, usage, held, memberId, text } = await ask(path, body, answers);
      expect(response.status, text).toBe(200);
      expect(response.headers.get('x-purser-cost')).toBe(cost);
      expect([usage, held]).toEqual([cost, '0']);
      // Capped by the client: nothing is changed.
      expect(response.headers.get('x-purser-max-tool-uses')).toBeNull();
      expect(sent[0]?.body).toMatchObject({ tools: body.tools });
      expect(await eventOf(memberId)).toMatchObject({ output_cost: outputCost, overrun: 0, estimated: 0 });
    });

    it('costs the same as a stream, which tells it at its end', async () => {
      const { response, usage, held, text } = await ask(streamPath, streamBody, answers);
      expect(response.status, text).toBe(200);
      expect([usage, held]).toEqual([cost, '0']);
      expect(text).toContain(`"cost":"${cost}"`);
    });

    it('is refused to an exhausted member, and to one who could not pay for one, with nothing sent', async () => {
      const exhausted = await ask(path, body, { ...answers, usageLimit: '0' });
      expect([exhausted.response.status, exhausted.sent]).toEqual([403, []]);
      expect(exhausted.text).toContain('member_budget_exhausted');
      // Enough for the request by itself.
      const poor = await ask(path, body, { ...answers, usageLimit: '0.2' });
      expect([poor.response.status, poor.sent]).toEqual([403, []]);
      expect(poor.text).toContain('request_exceeds_budget');
      expect(poor.text).toContain('Leave out the tools that the provider runs');
      const { tools: _, ...alone } = body;
      expect((await ask(path, alone, { ...answers, usageLimit: '0.2' })).response.status).toBe(200);
    });
  },
);

it('that was broken off is charged what was seen, and the rest of its hold is booked as unresolved', async () => {
  const [seen = ''] = anthropicStream(2).split('event: message_delta');
  const body = claude([{ ...SEARCH, max_uses: 2 }], { stream: true });
  const { text, memberId, held } = await ask('/v1/messages', body, { stream: seen });
  expect(text).toContain('event: error');
  const { cost, unresolved } = await eventOf(memberId);
  expect(held).toBe('0');
  // What it says to have read before the first search, at $1 a million.
  expect(cost).toBeGreaterThan(2_679_000);
  // Two uses and a round more of the whole context, of which nobody knows what was read.
  expect(Number(cost) + Number(unresolved)).toBeGreaterThan(3 * 200_000_000);
});

describe('the cap on searches', () => {
  it("is the gateway's where the client sets none", async () => {
    const { response, sent } = await ask('/v1/messages', claude([SEARCH]), WIRES.Anthropic?.answers ?? {});
    expect(response.headers.get('x-purser-max-tool-uses')).toBe('3');
    expect(sent[0]?.body.tools).toEqual([{ ...SEARCH, max_uses: 3 }]);
    const openAi = await ask('/v1/responses', gpt(), WIRES.OpenAI?.answers ?? {});
    expect(openAi.response.headers.get('x-purser-max-tool-uses')).toBe('3');
    expect(openAi.sent[0]?.body).toMatchObject({ max_tool_calls: 3, tools: [{ type: 'web_search' }] });
  });

  it('is lowered to what the budget affords', async () => {
    // $0.21 a use, $0.23 for the request, the round behind the last and the answer.
    const body = claude([{ ...SEARCH, max_uses: 8 }]);
    const { response, sent } = await ask('/v1/messages', body, { ...WIRES.Anthropic?.answers, usageLimit: '0.7' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-purser-max-tool-uses')).toBe('2');
    expect(sent[0]?.body).toEqual({ ...body, model: HAIKU.upstreamModel, tools: [{ ...SEARCH, max_uses: 2 }] });
  });

  it('that a provider does not keep is an overrun, charged as it is', async () => {
    const body = claude([{ ...SEARCH, max_uses: 1 }]);
    const { usage, memberId } = await ask('/v1/messages', body, { whole: anthropicWhole(200), usageLimit: '1' });
    // 0.006039 + 0.004655 + 200 x 0.01.
    expect(usage).toBe('2.010694');
    const { overrun, cost } = await eventOf(memberId);
    expect(cost).toBe(2_010_694_000);
    expect(overrun).toBeGreaterThan(1_000_000_000);
  });

  it('is not passed by a provider that searches unasked for no price that is known', async () => {
    const body = { ...claude([]), model: 'vertex/claude-haiku-4-5' };
    const { response, usage } = await ask('/v1/messages', body, { whole: anthropicWhole(5) });
    expect(response.status).toBe(200);
    // 6,039 x $0.50 and 931 x $1 per million.
    expect(usage).toBe('0.0039505');
  });
});

describe('a search is refused by name, with nothing sent, where', () => {
  it.each<[string, string, Json, string]>([
    ['the model bills each query', '/v1beta/models/gemini-3.5-flash:generateContent', GROUNDED, 'tools.googleSearch'],
    [
      'its price is not known',
      '/v1/messages',
      { ...claude([SEARCH]), model: 'vertex/claude-haiku-4-5' },
      'tools.web_search_20250305',
    ],
    [
      'a model of OpenAI is asked in Messages',
      '/v1/messages',
      { ...claude([SEARCH]), model: 'gpt-5.5' },
      'tools.0.type',
    ],
    [
      'a model of OpenAI is asked in Gemini',
      '/v1beta/models/gpt-5.5:generateContent',
      GROUNDED,
      'tools.0.googleSearch',
    ],
    ['Claude is asked in Responses', '/v1/responses', gpt({ model: 'claude-haiku-4-5' }), 'tools.0'],
    ['Gemini is asked in Responses', '/v1/responses', gpt({ model: 'gemini-2.5-flash' }), 'tools.0'],
    [
      'code may call it',
      '/v1/messages',
      claude([{ ...SEARCH, type: 'web_search_20260209' }]),
      'tools.web_search_20260209',
    ],
  ])('%s', async (_, path, body, field) => {
    const { response, text, sent, usage } = await ask(path, body, {});
    expect([response.status, sent, usage]).toEqual([400, [], '0']);
    expect(errorOf(text).message).toContain(field);
    // A whole sentence.
    expect(errorOf(text).message).toMatch(/ .*\.$/);
  });
});

it('is asked of a provider that has a price for it, though another is cheaper', async () => {
  const without = await ask('/v1/messages', claude([]), { whole: anthropicWhole(0) });
  expect(without.sent[0]?.url).toContain('vertex.example');
  const { response, sent } = await ask('/v1/messages', claude([SEARCH]), { whole: anthropicWhole(1) });
  expect(response.headers.get('x-purser-provider')).toBe('anthropic');
  expect(sent[0]?.url).toContain('anthropic.example');
});

it('what was searched goes on in the next turn', async () => {
  const { content } = anthropicWhole(1);
  const next = claude([SEARCH], { messages: [...HELLO, { role: 'assistant', content }, ...HELLO] });
  const { sent } = await ask('/v1/messages', next, { whole: anthropicWhole(1) });
  expect(sent[0]?.body.messages).toEqual(next.messages);
  const { output } = openAiWhole(1) as { output: Json[] };
  const input = [{ role: 'user', content: 'first' }, ...output, { role: 'user', content: 'on' }];
  const openAi = await ask('/v1/responses', gpt({ input }), { whole: openAiWhole(1) });
  expect(openAi.sent[0]?.body.input).toEqual(input);
});
