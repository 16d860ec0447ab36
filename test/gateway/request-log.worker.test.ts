/** Every request of the gateway leaves one line, whatever its end, that has these fields and no secret. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createApp } from '../../src/app.ts';
import type { Provider } from '../../src/gateway/providers/provider.ts';
import { RequestLog } from '../../src/gateway/request-log.ts';
import { DEMO_MAPPINGS, demoProvider } from '../../src/local/demo-provider.ts';
import { localRouter } from '../../src/local/routes.ts';
import type { Mapping, ProviderId } from '../../src/models/catalogue.ts';
import { nanos } from '../../src/money/nanos.ts';
import { ABOUT } from '../support/about.ts';
import { HELLO, ORIGIN } from '../support/gateway.ts';
import type { SeedOptions } from '../support/organization.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';

vi.spyOn(console, 'warn').mockImplementation(() => undefined);
vi.spyOn(console, 'error').mockImplementation(() => undefined);
const logged = vi.spyOn(console, 'log').mockImplementation(() => undefined);
beforeEach(() => logged.mockClear());

const usd = z.string().regex(/^(0|[1-9]\d*)(\.(?!00$)\d\d|\.\d{2,8}[1-9])?$/);
const id = (kind: string) => z.string().regex(new RegExp(`^${kind}_[0-9a-z]{16}$`));

/** As docs/logs.md has it. */
const Line = z.strictObject({
  event: z.literal('request'),
  requestId: z.string(),
  memberId: id('mem').nullable(),
  keyId: id('key').nullable(),
  projectId: id('prj').nullable(),
  method: z.enum(['GET', 'POST', 'DELETE']),
  endpoint: z.string().nullable(),
  model: z.string().nullable(),
  mapping: z.string().nullable(),
  provider: z.string().nullable(),
  app: z.string().nullable(),
  streamed: z.boolean(),
  attempts: z.int().min(0),
  status: z.int().min(200).max(599),
  outcome: z.enum([
    'completed',
    'cut',
    'client_gone',
    'upstream_error',
    'client_error',
    'refused',
    'answered',
    'replayed',
    'handed_over',
    'unavailable',
    'internal_error',
  ]),
  code: z.string().nullable(),
  inputTokens: z.int().min(0),
  cachedTokens: z.int().min(0),
  outputTokens: z.int().min(0),
  reasoningTokens: z.int().min(0),
  cost: usd,
  unresolved: usd,
  latencyMs: z.int().min(0),
  firstTokenMs: z.int().min(0).nullable(),
});

/** Three providers of one model, each of which does what is said: answers, a status, or throws. */
const deeds: (number | 'answers' | 'breaks' | 'bug')[] = [];
const words = DEMO_MAPPINGS.find(({ id: name }) => name === 'demo/words') as Mapping;
const twins = ['first', 'second'].map((name) => `${name}-logged` as ProviderId);
const providers = twins.map(
  (name): Provider => ({
    ...demoProvider,
    id: name,
    speaks: (...asked) => {
      if (deeds[0] === 'bug') throw new Error('a bug');
      return demoProvider.speaks(...asked);
    },
    async send(call) {
      const deed = deeds.shift() ?? 'answers';
      if (deed === 'breaks') throw new Error('connection reset');
      if (typeof deed === 'number') return Response.json({ error: { message: 'no' } }, { status: deed });
      return demoProvider.send(call);
    },
  }),
);
const mappings = twins.map(
  (provider): Mapping => ({ ...words, id: `${provider}/twin`, provider, canonicalModel: 'twin' }),
);
const app = createApp({
  mappings: [...DEMO_MAPPINGS, ...mappings],
  providers: [demoProvider, ...providers],
  routers: [localRouter],
});

const ON = { ...env, REQUEST_LOG: 'on' } as Env;

/** All lines that were written, each held against the schema. */
const lines = () =>
  logged.mock.calls
    .map(([text]) => JSON.parse(String(text)) as { event?: string })
    .filter(({ event }) => event === 'request')
    .map((line) => Line.parse(line));

interface Sent {
  method?: string;
  path?: string;
  body?: object | string;
  headers?: Record<string, string>;
  /** What the client does with the answer, before it reads the rest. */
  meanwhile?: (hangUp: AbortController, response: Response) => Promise<void>;
  environment?: Env;
}

/** Sends one request to its end, and the line that it left. */
async function ask(apiKey: string, { method = 'POST', path = '/v1/chat/completions', ...sent }: Sent = {}) {
  const { body, headers = {}, meanwhile, environment = ON } = sent;
  const hangUp = new AbortController();
  const request = new Request(ORIGIN + path, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, ...headers },
    signal: hangUp.signal,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const ctx = createExecutionContext();
  const response = await app.fetch(request, environment, ctx);
  await meanwhile?.(hangUp, response);
  await response.text().catch(() => undefined);
  await waitOnExecutionContext(ctx);
  const written = lines();
  expect(written.length).toBe(1);
  logged.mockClear();
  return written[0] as z.infer<typeof Line>;
}

const said = (over: object = {}) => ({ model: 'demo/words', messages: HELLO, ...over });

const seeded = (options: SeedOptions = {}): Promise<Seeded> => seedOrganization(options);

describe('the line of a request', () => {
  it('tells all of one that is served', async () => {
    const { apiKey, memberId, keyId, projectId } = await seeded({ budget: { usageLimit: '5' } });
    const headers = { 'x-request-id': 'asked-1', 'x-title': 'My app' };
    const line = await ask(apiKey, { body: said({ demo: { outputTokens: 4, cachedTokens: 1 } }), headers });
    expect(line).toEqual({
      event: 'request',
      requestId: 'asked-1',
      memberId,
      keyId,
      projectId,
      method: 'POST',
      endpoint: 'chat/completions',
      model: 'demo-words',
      mapping: 'demo/words',
      provider: 'demo',
      app: 'my app',
      streamed: false,
      attempts: 1,
      status: 200,
      outcome: 'completed',
      code: null,
      inputTokens: 2,
      cachedTokens: 1,
      outputTokens: 4,
      reasoningTokens: 0,
      cost: '0.0000091',
      unresolved: '0',
      latencyMs: expect.any(Number),
      firstTokenMs: expect.any(Number),
    });
  });

  it('comes at the end of a stream, with what that cost', async () => {
    const { apiKey } = await seeded();
    const line = await ask(apiKey, {
      body: said({ stream: true, demo: { outputTokens: 5 } }),
      meanwhile: async () => expect(lines()).toEqual([]),
    });
    expect(line).toMatchObject({
      streamed: true,
      outcome: 'completed',
      outputTokens: 5,
      cost: '0.000012',
      attempts: 1,
    });
  });

  it('tells what refused a request', async () => {
    const { apiKey, memberId } = await seeded({ budget: { usageLimit: '0' } });
    const refused = { outcome: 'refused', attempts: 0, cost: '0', inputTokens: 0, keyId: null };
    expect(await ask(apiKey, { body: said() })).toMatchObject({
      ...refused,
      status: 403,
      code: 'member_budget_exhausted',
      memberId,
    });
    const nobody = { ...refused, status: 401, code: 'invalid_api_key', memberId: null, endpoint: 'chat/completions' };
    expect(await ask('psr_planted_and_wrong', { body: said() })).toMatchObject(nobody);
    const unreachable = { ...ON, MEMBER_BUDGET: { idFromName: () => '', get: () => ({}) } } as unknown as Env;
    const undecided = { status: 503, outcome: 'unavailable', code: 'budget_unavailable', memberId };
    expect(await ask(apiKey, { body: said(), environment: unreachable })).toMatchObject(undecided);
  });

  it('tells a request that is wrong from a provider that fails', async () => {
    const { apiKey } = await seeded();
    expect(await ask(apiKey, { body: '{' })).toMatchObject({ status: 400, outcome: 'client_error', attempts: 0 });
    const unknown = { status: 404, outcome: 'client_error', code: 'model_not_found', model: null };
    expect(await ask(apiKey, { body: said({ model: 'planted-model' }) })).toMatchObject(unknown);
    const nowhere = { status: 404, outcome: 'client_error', endpoint: null, code: 'not_found' };
    expect(await ask(apiKey, { path: '/v1/planted-path', body: '{}' })).toMatchObject(nowhere);
    deeds.push(422);
    const wrong = { status: 422, outcome: 'client_error', attempts: 1, provider: twins[0] };
    expect(await ask(apiKey, { body: said({ model: `${twins[0]}/twin` }) })).toMatchObject(wrong);
    deeds.push(500, 500);
    const failed = { status: 502, outcome: 'upstream_error', code: 'upstream_error', attempts: 2, cost: '0' };
    expect(await ask(apiKey, { body: said({ model: 'twin' }) })).toMatchObject(failed);
    const midway = { stream: true, demo: { outputTokens: 9, failAfterTokens: 3 } };
    expect(await ask(apiKey, { body: said(midway) })).toMatchObject({ status: 200, outcome: 'upstream_error' });
  });

  it('is one of all attempts, and names the provider that served', async () => {
    const { apiKey } = await seeded();
    deeds.push('breaks');
    const line = await ask(apiKey, { body: said({ model: 'twin', max_tokens: 3 }) });
    expect(line).toMatchObject({ attempts: 2, status: 200, outcome: 'completed', outputTokens: 3, cost: '0.000008' });
    expect(twins).toContain(line.provider);
  });

  it('tells what a limit has cut', async () => {
    // Two words in and some 300 out.
    const { apiKey } = await seeded({ budget: { usageLimit: '0.0007' } });
    const body = said({ stream: true, max_tokens: 10_000, demo: { outputTokens: 5_000 } });
    const line = await ask(apiKey, { body });
    expect(line).toMatchObject({ status: 200, outcome: 'cut' });
    expect(Number(line.cost)).toBeLessThanOrEqual(0.0007);
  });

  it('tells who hung up: in a stream, before an answer, and before anything was sent', async () => {
    const { apiKey } = await seeded();
    const stream = said({ stream: true, demo: { outputTokens: 500, tokensPerSecond: 100 } });
    const midway = await ask(apiKey, {
      body: stream,
      meanwhile: async (hangUp, response) => {
        const reader = response.body?.getReader();
        await reader?.read();
        hangUp.abort();
        reader?.releaseLock();
      },
    });
    expect(midway).toMatchObject({ status: 200, outcome: 'client_gone', attempts: 1 });
    const hangUp = new AbortController();
    hangUp.abort();
    const ctx = createExecutionContext();
    const init = { method: 'POST', headers: { authorization: `Bearer ${apiKey}` }, body: JSON.stringify(said()) };
    await app.fetch(new Request(`${ORIGIN}/v1/chat/completions`, { ...init, signal: hangUp.signal }), ON, ctx);
    await waitOnExecutionContext(ctx);
    expect(lines()).toMatchObject([{ outcome: 'client_gone', attempts: 0, cost: '0' }]);
  });

  it('tells a bug, and no more of it than its id', async () => {
    const { apiKey } = await seeded();
    deeds.push('bug');
    const line = await ask(apiKey, { body: said({ model: 'twin' }) });
    deeds.length = 0;
    expect(line).toMatchObject({ status: 500, outcome: 'internal_error', code: 'internal_error' });
  });

  it('tells what is replayed, what needs no model, and a job that goes on', async () => {
    const { apiKey, memberId } = await seeded();
    const once = { body: said({ demo: { outputTokens: 2 } }), headers: { 'idempotency-key': 'order-1' } };
    expect(await ask(apiKey, once)).toMatchObject({ outcome: 'completed', memberId, attempts: 1 });
    expect(await ask(apiKey, once)).toMatchObject({ outcome: 'replayed', memberId, attempts: 0, cost: '0' });
    const models = { status: 200, outcome: 'answered', endpoint: 'models', attempts: 0, memberId };
    expect(await ask(apiKey, { method: 'GET', path: '/v1/models' })).toMatchObject(models);
    const video = { model: 'demo/video', prompt: 'planted', seconds: '2' };
    const job = { status: 200, outcome: 'handed_over', endpoint: 'videos', mapping: 'demo/video', attempts: 1 };
    expect(await ask(apiKey, { path: '/v1/videos', body: video })).toMatchObject(job);
  });

  it('has the endpoint of every other surface and protocol', async () => {
    const { apiKey } = await seeded();
    const embed = { model: 'demo/embed', input: 'planted words' };
    expect(await ask(apiKey, { path: '/v1/embeddings', body: embed })).toMatchObject({ endpoint: 'embeddings' });
    const message = { model: 'demo/words', max_tokens: 5, messages: HELLO };
    expect(await ask(apiKey, { path: '/v1/messages', body: message })).toMatchObject({ endpoint: 'messages' });
    const counted = await ask(apiKey, { path: '/v1/messages/count_tokens', body: message });
    expect(counted).toMatchObject({ endpoint: 'messages/count_tokens', outcome: 'answered' });
    const contents = { contents: [{ role: 'user', parts: [{ text: 'planted' }] }] };
    const path = '/v1beta/models/demo/words:generateContent';
    expect(await ask(apiKey, { path, body: contents })).toMatchObject({ outcome: 'completed', attempts: 1 });
  });
});

it('no line has a secret, a prompt, an answer, an address or a mail', async () => {
  const { apiKey } = await seeded();
  const planted = [
    'psr_planted_in_url',
    'planted-prompt',
    'planted-path',
    '203.0.113.77',
    'planted@example.com',
    apiKey,
  ];
  const headers = {
    'cf-connecting-ip': '203.0.113.77',
    'HTTP-Referer': 'https://app.example/planted-path?mail=planted@example.com',
    cookie: 'planted-prompt',
  };
  const messages = [{ role: 'user', content: 'planted-prompt planted@example.com' }];
  await ask(apiKey, { body: said({ model: 'demo/echo', messages }), headers });
  const texts: string[] = [];
  logged.mockImplementation((text) => void texts.push(String(text)));
  for (const path of ['/v1/chat/completions?key=psr_planted_in_url', '/v1/planted-path', '/v1/models/planted-path']) {
    await ask(apiKey, { path, body: said({ model: 'demo/echo', messages }), headers });
    await ask('psr_planted_in_url', { path, body: said({ model: 'planted-prompt', messages }), headers });
  }
  await ask(apiKey, { path: '/v1beta/models/planted-path:generateContent', body: { contents: [] }, headers });
  logged.mockImplementation(() => undefined);
  expect(texts.length).toBe(7);
  for (const text of texts) for (const secret of planted) expect(text).not.toContain(secret);
});

it('can be turned off', async () => {
  const { apiKey } = await seeded();
  const ctx = createExecutionContext();
  const init = { method: 'POST', headers: { authorization: `Bearer ${apiKey}` }, body: JSON.stringify(said()) };
  const off = { ...env, REQUEST_LOG: 'off' } as Env;
  expect((await app.fetch(new Request(`${ORIGIN}/v1/chat/completions`, init), off, ctx)).status).toBe(200);
  await waitOnExecutionContext(ctx);
  expect(logged).not.toHaveBeenCalled();
});

it('waits for the last attempt that is not resolved', () => {
  const request = new Request(ORIGIN);
  const log = new RequestLog(request, 'req_1', 'messages');
  const ticket = {
    attemptId: 'a',
    keyId: 'key_0',
    projectId: 'prj_0',
    epoch: '',
    amount: nanos(0),
    openedAtMs: 0,
    ttlMs: 0,
  };
  const ended = log.began(ABOUT, ticket);
  log.answered(new Response('x'));
  expect(logged).not.toHaveBeenCalled();
  ended('released');
  expect(logged).toHaveBeenCalledTimes(1);
});
