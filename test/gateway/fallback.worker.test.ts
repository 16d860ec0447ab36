import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { z } from '@hono/zod-openapi';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { Provider } from '../../src/gateway/providers/provider.ts';
import { LIMITS } from '../../src/limits.ts';
import { DEMO_MAPPINGS, demoProvider } from '../../src/local/demo-provider.ts';
import type { Mapping, ProviderId } from '../../src/models/catalogue.ts';
import type { Rates } from '../../src/money/price.ts';
import { RulesBody, rulesText } from '../../src/teams/rules-body.ts';
import { type ErrorBody, HELLO, json, keyOf, until, wordsIn } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

vi.spyOn(console, 'warn').mockImplementation(() => undefined);
vi.spyOn(console, 'error').mockImplementation(() => undefined);

/** What a provider does when it is called: answers well, fails with a status, breaks the connection, breaks off, or is not paid. */
type Deed = 'answers' | number | 'unreachable' | 'breaks off' | 'has no credit';

const words = DEMO_MAPPINGS.find(({ id }) => id === 'demo/words') as Mapping;

const LOW = 'Your credit balance is too low to access the Anthropic API.';

let builds = 0;

/** A build whose one model is served by as many providers as there are lists of deeds; each does its list in order, then its last. */
function build(deeds: Deed[][], rest: Partial<Mapping>[] = [], over: Partial<Provider> = {}) {
  // What is known of a provider's health outlives a test: each has providers of its own.
  builds += 1;
  const ids = ['first', 'second', 'third'].map((name) => `${name}-${builds}` as ProviderId);
  const calls: string[] = [];
  const mappings = deeds.map((_, i): Mapping => {
    const provider = ids[i] as ProviderId;
    return { ...words, id: `${provider}/twin`, provider, canonicalModel: 'twin', upstreamModel: 'words', ...rest[i] };
  });
  const providers = deeds.map((list, i): Provider => {
    const id = ids[i] as ProviderId;
    let done = 0;
    return {
      ...demoProvider,
      ...over,
      id,
      async send(call) {
        calls.push(nameOf(id));
        const deed = list[Math.min(done++, list.length - 1)];
        if (deed === 'unreachable') throw new Error('connection refused');
        if (deed === 'has no credit') return Response.json({ error: { message: LOW } }, { status: 400 });
        if (typeof deed === 'number') return Response.json({ error: { message: `no: ${deed}` } }, { status: deed });
        const response = await demoProvider.send(call);
        return deed === 'breaks off' ? new Response(response.body?.pipeThrough(breaking()), response) : response;
      },
    };
  });
  return { app: createApp({ mappings, providers, routers: [] }), calls };
}

const nameOf = (provider: string | null) => (provider ?? '').replace(/-\d+$/, '');

/** Passes one chunk, then fails. */
function breaking(): TransformStream<Uint8Array, Uint8Array> {
  let chunks = 0;
  return new TransformStream({
    transform(chunk, controller) {
      if (++chunks > 1) controller.error(new Error('connection reset'));
      else controller.enqueue(chunk);
    },
  });
}

async function asked(
  deeds: Deed[][],
  body: object = {},
  headers: Record<string, string> = {},
  rest: Partial<Mapping>[] = [],
  rules: z.input<typeof RulesBody> | null = null,
) {
  const { app, calls } = build(deeds, rest);
  const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
  if (rules) {
    const text = rulesText(RulesBody.parse(rules));
    await env.DB.prepare('UPDATE members SET rules = ? WHERE id = ?').bind(text, seeded.memberId).run();
  }
  const ctx = createExecutionContext();
  const request = new Request('http://purser.test/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${seeded.apiKey}`, ...headers },
    body: JSON.stringify({ model: 'twin', messages: HELLO, max_tokens: 3, ...body }),
  });
  const response = await app.fetch(request, env, ctx);
  const text = await response.text();
  await waitOnExecutionContext(ctx);
  return { ...seeded, response, text, calls };
}

/** Outcomes of all attempts, in their order. */
async function eventsOf(memberId: string): Promise<string[]> {
  const object = env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId));
  return until(async () => {
    await object.ship({ memberId });
    const { results } = await env.DB.prepare(
      'SELECT provider, outcome FROM usage_events WHERE member_id = ? ORDER BY n',
    )
      .bind(memberId)
      .all<{ provider: string; outcome: string }>();
    return results.length > 0 ? results.map(({ provider, outcome }) => `${nameOf(provider)} ${outcome}`) : null;
  }, 'the events');
}

/** Two words in, three out: $1 and $2 per million. */
const COST = '0.000008';

it.each<[string, Deed[][], string[]]>([
  ['a 500', [[500], ['answers']], ['first', 'second']],
  ['a 429', [[429], ['answers']], ['first', 'second']],
  ['a network error', [['unreachable'], ['answers']], ['first', 'second']],
  ["a 400 about the deployment's credit", [['has no credit'], ['answers']], ['first', 'second']],
  ["a 402 about the deployment's credit", [[402], ['answers']], ['first', 'second']],
  ["a key of the deployment's that is none", [[401], ['answers']], ['first', 'second']],
  ['two failures', [[503], [502], ['answers']], ['first', 'second', 'third']],
  ['a failure of the only provider there is', [[503, 'answers']], ['first', 'first']],
])(
  'after %s the next serves, whole and streamed, each attempt an event of its own, and only one is charged',
  async (_, deeds, calls) => {
    for (const stream of [false, true]) {
      const { response, text, memberId, apiKey, ...seen } = await asked(deeds, { stream });
      expect(response.status).toBe(200);
      expect(seen.calls).toEqual(calls);
      if (stream) expect(wordsIn(text)).toEqual(['word1', 'word2', 'word3']);
      expect(nameOf(response.headers.get('x-purser-provider'))).toBe(calls.at(-1));
      const outcomes = calls.map((id, i) => `${id} ${i === calls.length - 1 ? 'completed' : 'upstream_error'}`);
      expect(await eventsOf(memberId)).toEqual(outcomes);
      expect(await keyOf(apiKey)).toMatchObject({ usage: COST, member: { status: { held: '0' } } });
    }
  },
);

it.each<[string, Deed[][], Record<string, string>, string[], number]>([
  ["a client's 4xx", [[422], ['answers']], {}, ['first'], 422],
  ['a 4xx of the only provider', [[404]], {}, ['first'], 404],
  ['a 429 of the only provider', [[429]], {}, ['first'], 429],
  ['refused credentials of the only provider', [[401]], {}, ['first'], 502],
  ['no credit at the only provider', [['has no credit']], {}, ['first'], 502],
  ['a failure with x-no-fallback', [[500], ['answers']], { 'x-no-fallback': '1' }, ['first'], 502],
  ['a failure of the only one with x-no-fallback', [[500, 'answers']], { 'x-no-fallback': '1' }, ['first'], 502],
  ['three failures', [[500], [500], [500]], {}, ['first', 'second', 'third'], 502],
  ['two failures of the only provider', [[500]], {}, ['first', 'first'], 502],
])('%s is told as it is, and free', async (_, deeds, headers, calls, status) => {
  const { response, text, memberId, ...seen } = await asked(deeds, {}, headers);
  expect([response.status, seen.calls]).toEqual([status, calls]);
  expect((JSON.parse(text) as ErrorBody).error.message).toBeTypeOf('string');
  expect(await eventsOf(memberId)).toHaveLength(calls.length);
  expect(await keyOf(seen.apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
});

it('a stream that breaks off after its first byte is not begun again elsewhere: its client has read some of it', async () => {
  const { response, text, calls, memberId } = await asked([['breaks off'], ['answers']], { stream: true });
  expect([response.status, calls]).toEqual([200, ['first']]);
  expect(text).toContain('"upstream_error"');
  expect(text).toMatch(/data: \[DONE\]\n\n$/);
  expect(await eventsOf(memberId)).toEqual(['first upstream_error']);
});

it('a provider that is not paid counts as failing: the next request asks another first', async () => {
  const { app, calls } = build([['has no credit'], ['answers']]);
  const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
  for (let asked = 0; asked <= LIMITS.healthFailuresMin; asked++) {
    const ctx = createExecutionContext();
    const request = new Request('http://purser.test/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model: 'twin', messages: HELLO, max_tokens: 3 }),
    });
    expect((await app.fetch(request, env, ctx)).status).toBe(200);
    await waitOnExecutionContext(ctx);
  }
  expect(calls).toEqual([...Array(LIMITS.healthFailuresMin).fill(['first', 'second']).flat(), 'second']);
});

it('an answer that was tried twice is replayed under its Idempotency-Key', async () => {
  const { app, calls } = build([[500], ['answers']]);
  const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
  for (const stream of [false, true]) {
    const answers = [];
    for (let tries = 0; tries < 2; tries++) {
      const ctx = createExecutionContext();
      const request = new Request('http://purser.test/v1/chat/completions', {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'idempotency-key': `key-${stream}` },
        body: JSON.stringify({ model: 'twin', messages: HELLO, max_tokens: 3, stream }),
      });
      const response = await app.fetch(request, env, ctx);
      answers.push([response.status, response.headers.get('x-purser-replayed'), await response.text()]);
      await waitOnExecutionContext(ctx);
    }
    expect(answers.map(([status, replayed]) => [status, replayed])).toEqual([
      [200, null],
      [200, 'true'],
    ]);
    expect(answers[1]?.[2]).toBe(answers[0]?.[2]);
  }
  expect(calls).toHaveLength(4);
  expect(await json(Response.json(await keyOf(apiKey)))).toMatchObject({ usage: '0.000016' });
});

const SMALL = { maxOutputTokens: 2 };

it('one whose cap is too small for the request is passed over, before and after a failure', async () => {
  const first = await asked([['answers'], ['answers']], {}, {}, [SMALL]);
  expect([first.response.status, first.calls]).toEqual([200, ['second']]);
  const later = await asked([[500], ['answers'], ['answers']], {}, {}, [{}, SMALL]);
  expect([later.response.status, later.calls]).toEqual([200, ['first', 'third']]);
  const kept = await asked([['answers'], ['answers']], {}, { 'x-no-fallback': '1' }, [SMALL]);
  expect([kept.response.status, kept.calls]).toEqual([200, ['second']]);
});

it('where nobody can take the request the first says why, and nobody is called', async () => {
  const { response, text, calls } = await asked([['answers'], ['answers']], {}, {}, [SMALL, SMALL]);
  expect([response.status, calls]).toEqual([400, []]);
  expect((JSON.parse(text) as ErrorBody).error.message).toMatch(/^max_tokens is at most 2 for first-/);
});

it('that the next cannot take it does not hide the failure of the first', async () => {
  const { response, calls } = await asked([[429], ['answers']], {}, {}, [{}, SMALL]);
  expect([response.status, calls, nameOf(response.headers.get('x-purser-provider'))]).toEqual([
    429,
    ['first'],
    'first',
  ]);
});

/** A million times as dear: two words of input are above the whole budget. */
const DEAR = {
  prices: words.prices.map((price) => ({
    ...price,
    tiers: price.tiers.map(({ rates, ...tier }) => ({ ...tier, rates: dearer(rates, 1_000_000) })),
  })),
};

function dearer(rates: Rates, times: number): Rates {
  return Object.fromEntries(Object.entries(rates).map(([unit, rate]) => [unit, rate * times]));
}

describe('a refusal that hits only the second of those who could serve', () => {
  const DENIED = { models: { deny: ['second-*'] } };

  it.each<[string, Partial<Mapping>[], z.input<typeof RulesBody> | null]>([
    ['models.deny', [], DENIED],
    ['a budget that is too small for it', [{}, DEAR], null],
  ])(
    '(%s) does not hide the failure of the first: it is not called, and nothing is charged',
    async (_, rest, rules) => {
      for (const stream of [false, true]) {
        const { response, text, calls, memberId, apiKey } = await asked(
          [[500], ['answers']],
          { stream },
          {},
          rest,
          rules,
        );
        expect([response.status, calls]).toEqual([502, ['first']]);
        expect((JSON.parse(text) as ErrorBody).error.code).toBe('upstream_error');
        expect(nameOf(response.headers.get('x-purser-provider'))).toBe('first');
        expect((await eventsOf(memberId)).toSorted()).toEqual(['first upstream_error', 'second refused']);
        expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
      }
    },
  );

  it('is not the end: the third serves', async () => {
    const { response, calls, memberId, apiKey } = await asked([[500], ['answers'], ['answers']], {}, {}, [], DENIED);
    expect([response.status, calls]).toEqual([200, ['first', 'third']]);
    // Who is only passed over has refused nobody.
    const events = ['first upstream_error', 'third completed'];
    expect((await eventsOf(memberId)).toSorted()).toEqual(events);
    expect(await keyOf(apiKey)).toMatchObject({ usage: COST });
  });
});

it('a model that draws is refused by name to clients of Messages, whose answers have no images', async () => {
  const { app, calls } = build([['answers']], [{ serves: ['conversation', 'images/generations'] }], {
    speaks: () => ['chat'],
  });
  const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
  const request = new Request('http://purser.test/v1/messages', {
    method: 'POST',
    headers: { 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model: 'twin', messages: HELLO, max_tokens: 3 }),
  });
  const ctx = createExecutionContext();
  const response = await app.fetch(request, env, ctx);
  expect([response.status, calls]).toEqual([400, []]);
  expect(await response.text()).toMatch(/model: first-\d+\/twin answers with images/);
  await waitOnExecutionContext(ctx);
});
