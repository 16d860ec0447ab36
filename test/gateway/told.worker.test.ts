/**
 * Everything that an answer or a refusal tells beside its body, case by case: exactly these headers, exactly this
 * metadata, and for limits of money the same as GET /v1/key and the member's status say while nothing is in flight.
 */
import { env, exports } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import type { ScopeName } from '../../src/budgets/refusals.ts';
import type { Refusal } from '../../src/gateway/refusals.ts';
import { newResponseId } from '../../src/gateway/responses/ids.ts';
import { LIMITS } from '../../src/limits.ts';
import { DEMO_MAPPINGS, demoProvider } from '../../src/local/demo-provider.ts';
import { pushPolicy } from '../../src/teams/policy.ts';
import { storedRules } from '../../src/teams/rules-body.ts';
import {
  type ChatBody,
  chat,
  type ErrorBody,
  eventsIn,
  get,
  HELLO,
  json,
  keyOf,
  ORIGIN,
  post,
  until,
} from '../support/gateway.ts';
import { meter } from '../support/metered.ts';
import type { SeedOptions } from '../support/organization.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, callIn, memberOf, organizationPath } from '../teams/management.ts';

// What fails here is meant to, and logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

const REQUEST_ID = 'asked-1';
const ASKED = { 'x-request-id': REQUEST_ID };
const REPEAT = { ...ASKED, 'idempotency-key': 'order-1' };

/** As the API writes amounts: integers bare, else at least two decimals and no zeros after those. */
const USD = expect.stringMatching(/^(0|[1-9]\d*)(\.(?!00$)\d\d|\.\d{2,8}[1-9])?$/);
const INSTANT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const SECONDS = expect.stringMatching(/^[1-9]\d?$/);

const DEMO_WORDS = { 'x-purser-model': 'demo-words', 'x-purser-provider': 'demo' };
const DAY = { periodUsageDurationValue: 1, periodUsageDurationUnit: 'day' } as const;

/** Held and charged alike: two words in at $1 and four out at $2 per million. */
const EXACT = { demo: { outputTokens: 4 }, max_tokens: 4 };
/** The same, which takes as long as whoever asked lets it. */
const RUNNING = { ...EXACT, demo: { ...EXACT.demo, silentMs: 60_000 } };
const COST = '0.00001';
/** Most could cost $0.128002. */
const LONG = { max_tokens: 64_000 };

const ask = (apiKey: string, body: ChatBody = EXACT, headers: Record<string, string> = ASKED) =>
  chat(apiKey, body, headers);

function stored(apiKey: string, id: string): Promise<Response> {
  const headers = { ...ASKED, authorization: `Bearer ${apiKey}` };
  return exports.default.fetch(`${ORIGIN}/v1/responses/${id}`, { headers });
}

/** Spends COST. Asking for the key has it written at once, as it is a moment later anyhow. */
async function spend({ apiKey }: Seeded): Promise<void> {
  const response = await chat(apiKey, EXACT);
  expect([response.status, response.headers.get('x-purser-cost')]).toEqual([200, COST]);
  expect(await keyOf(apiKey)).toMatchObject({ usage: COST });
}

/** Each limit of money, at this amount. */
const AT: Record<Exclude<ScopeName, 'wallet'>, (amount: string) => SeedOptions> = {
  member_total: (amount) => ({ budget: { usageLimit: amount } }),
  member_period: (amount) => ({ budget: { periodUsageLimit: amount, ...DAY } }),
  api_key_total: (amount) => ({ keyLimits: { usageLimit: amount } }),
  api_key_period: (amount) => ({ keyLimits: { periodUsageLimit: amount, ...DAY } }),
};
const SCOPES = Object.keys(AT) as (keyof typeof AT)[];

const isPeriod = (scope: ScopeName) => scope.endsWith('period');

function budgetHeaders(scope: ScopeName, limit: string, remaining: string): Record<string, unknown> {
  return {
    'x-purser-budget-limit': limit,
    'x-purser-budget-remaining': remaining,
    'x-purser-budget-scope': scope,
    ...(isPeriod(scope) && { 'x-purser-budget-reset': INSTANT }),
  };
}

/** What Purser says in headers. */
function toldBy({ headers }: Response): Record<string, string> {
  const ours = [...headers].filter(([name]) => /^(x-purser-.*|x-request-id|retry-after)$/.test(name));
  return Object.fromEntries(ours);
}

describe('an answer', () => {
  const whole = { ...DEMO_WORDS, 'x-request-id': REQUEST_ID, 'x-purser-cost': COST };
  const { 'x-purser-cost': _, ...streamed } = whole;

  interface Case {
    seed?: SeedOptions;
    asked?: ChatBody;
    headers: Record<string, unknown>;
  }

  it.each<[string, Case]>([
    ['under no limit: who served it and what it cost', { headers: whole }],
    ['streamed: no cost, which comes with its end', { asked: { ...EXACT, stream: true }, headers: streamed }],
    ...SCOPES.map((scope): [string, Case] => [
      `under a limit (${scope}): also what that leaves after this request`,
      { seed: AT[scope]('1'), headers: { ...whole, ...budgetHeaders(scope, '1', '0.99998') } },
    ]),
    [
      'under several limits: the tightest',
      {
        seed: {
          budget: { usageLimit: '3', periodUsageLimit: '2', ...DAY },
          keyLimits: { usageLimit: '42.5', periodUsageLimit: '2.5', ...DAY },
        },
        headers: { ...whole, ...budgetHeaders('member_period', '2', '1.99998') },
      },
    ],
    [
      'streamed under a limit: what is left beside its first slice',
      {
        seed: AT.member_total('1'),
        asked: { ...LONG, stream: true },
        headers: { ...streamed, ...budgetHeaders('member_total', '1', '0.999476') },
      },
    ],
    [
      'gathered from a stream: as whole as any',
      {
        seed: AT.member_total('0.1'),
        asked: LONG,
        headers: { ...whole, 'x-purser-cost': '0.000202', ...budgetHeaders('member_total', '0.10', '0.099476') },
      },
    ],
    [
      'cut at a limit: which one, and what was charged',
      {
        seed: AT.member_total('0.002'),
        asked: { ...LONG, demo: { outputTokens: 5_000 } },
        headers: {
          ...whole,
          'x-purser-cost': USD,
          'x-purser-cut': 'member_total',
          ...budgetHeaders('member_total', '0.002', '0.001476'),
        },
      },
    ],
    [
      'whose cap was lowered: to what',
      {
        seed: AT.member_total('0.00025'),
        asked: { ...LONG, model: 'demo/thinker', demo: { outputTokens: 400 } },
        headers: {
          ...whole,
          'x-purser-model': 'demo-thinker',
          'x-purser-cost': '0.00024',
          'x-purser-max-output': '119',
          ...budgetHeaders('member_total', '0.00025', '0'),
        },
      },
    ],
  ])('%s', async (_case, { seed, asked, headers }) => {
    const seeded = await seedOrganization(seed);
    await spend(seeded);
    const response = await ask(seeded.apiKey, asked);
    expect([response.status, toldBy(response)]).toEqual([200, headers]);
    await response.text();
    expect(await keyOf(seeded.apiKey)).toMatchObject({ member: { status: { held: '0' } } });
  });

  it('given again: the one that was recorded, and nothing of what is left', async () => {
    const seeded = await seedOrganization(AT.member_total('1'));
    await ask(seeded.apiKey, EXACT, { ...REPEAT, 'x-request-id': 'first' });
    const repeat = await ask(seeded.apiKey, EXACT, REPEAT);
    expect([repeat.status, toldBy(repeat)]).toEqual([200, { ...whole, 'x-purser-replayed': 'true' }]);
  });

  it('has the request id that came with it, where that is one; else one of its own', async () => {
    const { apiKey } = await seedOrganization();
    for (const given of ['a', 'A-z.0:9_', 'x'.repeat(128)]) {
      expect((await ask(apiKey, EXACT, { 'x-request-id': given })).headers.get('x-request-id')).toBe(given);
    }
    const made = new Set<string | null>();
    for (const given of ['', 'two words', 'x'.repeat(129), 'a"b']) {
      made.add((await ask(apiKey, EXACT, { 'x-request-id': given })).headers.get('x-request-id'));
    }
    expect(made.size).toBe(4);
    for (const id of made) expect(id).toMatch(/^req_\w{10,}$/);
  });

  it('streamed: its cost on the final usage that was asked for, and a refusal whole in its last event', async () => {
    const seeded = await seedOrganization(AT.member_total('0.002'));
    const usage = { stream: true, stream_options: { include_usage: true } };
    expect(eventsIn(await (await ask(seeded.apiKey, { ...EXACT, ...usage })).text()).at(-2)).toMatchObject({
      usage: { cost: COST },
    });
    const text = await (await ask(seeded.apiKey, { ...LONG, ...usage, demo: { outputTokens: 5_000 } })).text();
    expect(eventsIn(text).slice(-2)).toEqual([
      {
        error: {
          type: 'permission_error',
          code: 'member_budget_exhausted',
          message: 'Member has reached their total spend budget.',
          param: null,
          metadata: {
            scope: 'member_total',
            limit: '0.002',
            spent: COST,
            held: USD,
            remaining: USD,
            resetsAt: null,
            alsoExhausted: [],
            requestId: REQUEST_ID,
          },
        },
      },
      '[DONE]',
    ]);
  });
});

interface Told {
  what: string;
  seed?: SeedOptions;
  asked: (seeded: Seeded) => Promise<Response>;
  status: number;
  error: { type: string; code: string; param?: string; metadata?: Record<string, unknown> };
  /** Beside x-request-id. */
  headers?: Record<string, unknown>;
  /** The limit that refused, with nothing in flight. */
  agrees?: keyof typeof AT;
}

const INVALID_KEY = { type: 'invalid_request_error', code: 'invalid_api_key' };
const INVALID = { type: 'invalid_request_error', code: 'invalid_request_error' };

/** Changes a row that the member's object enforces, and tells it. */
async function change({ memberId }: Seeded, sql: string, id: string): Promise<void> {
  await env.DB.batch([
    env.DB.prepare(sql).bind(id),
    env.DB.prepare('UPDATE members SET policy_version = policy_version + 1 WHERE id = ?').bind(memberId),
  ]);
  expect(await pushPolicy(env, memberId)).toBe(true);
}

/** Asks while another program's request runs, which ends when the answer is there and no sooner, however slow the machine. */
async function beside(seeded: Seeded, running: ChatBody, asked: () => Promise<Response>, headers = {}) {
  const hangUp = new AbortController();
  const other = chat(seeded.apiKey, running, headers, hangUp.signal).catch(() => null);
  await until(async () => ((await keyOf(seeded.apiKey)).member.status.held === '0' ? null : true), 'a hold');
  const response = await asked();
  hangUp.abort();
  await other;
  return response;
}

/** Asks with a stand-in for the member's object. */
function withObject(object: object, { apiKey }: Seeded): Promise<Response> {
  const namespace = { idFromName: (name: string) => name, get: () => object };
  const request = new Request(`${ORIGIN}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, ...ASKED },
    body: JSON.stringify({ model: 'demo/words', messages: HELLO }),
  });
  return callIn({ ...env, MEMBER_BUDGET: namespace } as unknown as Env, request);
}

const bare = (headers: Record<string, string>, query = '') =>
  exports.default.fetch(`${ORIGIN}/v1/chat/completions${query}`, {
    method: 'POST',
    headers: { ...ASKED, ...headers },
    body: '{}',
  });

/** The metadata of a refusal for money. */
const money = (scope: ScopeName, limit: string, spent: string, remaining: string, more = {}) => ({
  scope,
  limit,
  spent,
  held: '0',
  remaining,
  resetsAt: isPeriod(scope) ? INSTANT : null,
  alsoExhausted: [],
  ...more,
});

const EXHAUSTED = {
  member_total: 'member_budget_exhausted',
  member_period: 'member_period_budget_exhausted',
  api_key_total: 'api_key_budget_exhausted',
  api_key_period: 'api_key_budget_exhausted',
};

/** Throttled though a limit of money has room: both are told. */
const throttled = (of: 'member' | 'api_key', throttle: string, field: string, limit: number): Told => {
  const limits = { [field]: limit, usageLimit: '1' };
  return {
    what: `${of} ${throttle}`,
    seed: of === 'member' ? { budget: limits } : { keyLimits: limits },
    asked: async (seeded) => {
      if (limit > 0) await spend(seeded);
      return ask(seeded.apiKey);
    },
    status: 429,
    error: { type: 'rate_limit_error', code: 'rate_limited', metadata: { scope: of, throttle, limit } },
    headers: {
      ...DEMO_WORDS,
      'retry-after': SECONDS,
      ...budgetHeaders(`${of}_total`, '1', limit > 0 ? '0.99999' : '1'),
    },
  };
};

const upstream = (failStatus: number, told: Pick<Told, 'status' | 'error' | 'headers'>): Told[] =>
  [false, true].map((gathered) => ({
    what: `${failStatus}, ${gathered ? 'gathered' : 'whole'}`,
    seed: AT.member_total(gathered ? '0.01' : '1'),
    asked: ({ apiKey }) => ask(apiKey, { ...LONG, demo: { failStatus } }),
    ...told,
    headers: {
      ...DEMO_WORDS,
      'x-purser-cost': '0',
      ...budgetHeaders('member_total', gathered ? '0.01' : '1', gathered ? '0.009486' : '0.871998'),
      ...told.headers,
    },
  }));

/** Every kind there is; the compiler misses one that is not here. */
const REFUSALS: Record<Refusal['kind'], Told[]> = {
  no_key: [
    { what: 'missing', asked: () => bare({}), status: 401, error: INVALID_KEY },
    { what: 'malformed', asked: () => bare({ 'x-api-key': 'psr_x' }), status: 401, error: INVALID_KEY },
    {
      what: 'several',
      asked: ({ apiKey }) => bare({ 'x-api-key': 'psr_x', authorization: `Bearer ${apiKey}` }),
      status: 401,
      error: INVALID_KEY,
    },
    { what: 'in the URL', asked: ({ apiKey }) => bare({}, `?key=${apiKey}`), status: 401, error: INVALID_KEY },
    { what: 'a master key', asked: ({ masterKey }) => ask(masterKey), status: 401, error: INVALID_KEY },
  ],
  invalid_key: [
    {
      what: 'disabled',
      asked: async (seeded) => {
        await change(seeded, "UPDATE api_keys SET status = 'disabled' WHERE id = ?", seeded.keyId);
        return ask(seeded.apiKey);
      },
      status: 401,
      error: INVALID_KEY,
      headers: DEMO_WORDS,
    },
    {
      what: 'expired',
      seed: AT.member_total('1'),
      asked: async (seeded) => {
        await change(seeded, 'UPDATE api_keys SET expires_at = 1 WHERE id = ?', seeded.keyId);
        return ask(seeded.apiKey);
      },
      status: 401,
      error: INVALID_KEY,
      headers: DEMO_WORDS,
    },
    {
      what: 'deleted',
      asked: async (seeded) => {
        await change(seeded, 'UPDATE api_keys SET deleted_at = 1 WHERE id = ?', seeded.keyId);
        return ask(seeded.apiKey);
      },
      status: 401,
      error: INVALID_KEY,
      headers: DEMO_WORDS,
    },
  ],
  project_not_granted: [
    {
      what: 'revoked',
      asked: async (seeded) => {
        await change(seeded, 'DELETE FROM project_grants WHERE member_id = ?', seeded.memberId);
        return ask(seeded.apiKey);
      },
      status: 403,
      error: { type: 'invalid_request_error', code: 'permission_denied', metadata: { rule: 'project' } },
      headers: DEMO_WORDS,
    },
  ],
  rule_denied: [
    {
      what: 'rule of the key',
      asked: async (seeded) => {
        const rules = { ...storedRules(null), maxOutputPrice: '1.99' };
        await change(seeded, `UPDATE api_keys SET rules = '${JSON.stringify(rules)}' WHERE id = ?`, seeded.keyId);
        return ask(seeded.apiKey);
      },
      status: 403,
      error: {
        type: 'permission_error',
        code: 'permission_denied',
        metadata: { rule: 'maxOutputPrice', of: 'api_key' },
      },
      headers: DEMO_WORDS,
    },
  ],
  routing_denied: [
    {
      what: "the project's routing",
      asked: async (seeded) => {
        await change(seeded, `UPDATE projects SET routing = '{"deny":["demo"]}' WHERE id = ?`, seeded.projectId);
        return ask(seeded.apiKey);
      },
      status: 403,
      error: {
        type: 'permission_error',
        code: 'permission_denied',
        metadata: { rule: 'routing.deny', of: 'project' },
      },
    },
  ],
  routing_stale: [
    {
      what: 'for ever, as no object says it',
      asked: (seeded) => {
        const stale = { granted: false, refusal: { kind: 'too_late' }, routing: null };
        return withObject({ authorize: async () => stale }, seeded);
      },
      status: 503,
      error: { type: 'api_error', code: 'budget_unavailable' },
      headers: { ...DEMO_WORDS, 'retry-after': '2' },
    },
  ],
  provider_key_unreadable: [
    {
      what: 'sealed under another secret',
      asked: async (seeded) => {
        const models = [
          { name: 'llama', serves: ['conversation'], contextTokens: 10, maxOutputTokens: 5, reasoning: false },
        ];
        await change(
          seeded,
          `INSERT INTO provider_keys
             (id, organization_id, provider, slug, name, settings, models, sealed, masked, created_at)
           SELECT 'pvk_' || id, id, 'custom', 'acme', '', '{}', '${JSON.stringify(models)}', 'psk1.00000000.AAAA', '', 0
           FROM organizations WHERE id = ?`,
          seeded.organizationId,
        );
        return chat(seeded.apiKey, { model: 'acme/llama' }, ASKED);
      },
      status: 503,
      error: { type: 'api_error', code: 'provider_key_unreadable', metadata: { provider: 'acme' } },
    },
  ],
  project_archived: [
    {
      what: 'archived',
      asked: async (seeded) => {
        await change(seeded, 'UPDATE projects SET archived_at = 1 WHERE id = ?', seeded.projectId);
        return ask(seeded.apiKey);
      },
      status: 410,
      error: { type: 'invalid_request_error', code: 'project_archived' },
      headers: DEMO_WORDS,
    },
  ],
  no_such_route: [
    ['GET', '/v1'],
    ['GET', '/v1/'],
    ['POST', '/v1/nothing'],
    ['GET', '/v1/chat/completions'],
    ['DELETE', '/v1/key'],
    ['PUT', '/v1/models/demo/words'],
    ['OPTIONS', '/v1/chat/completions'],
    ['POST', '/v1/chat/completions/'],
  ].map(
    ([method = '', path]): Told => ({
      what: `${method} ${path}`,
      asked: ({ apiKey }) =>
        exports.default.fetch(ORIGIN + path, { method, headers: { authorization: `Bearer ${apiKey}`, ...ASKED } }),
      status: 404,
      error: { type: 'invalid_request_error', code: 'not_found' },
    }),
  ),
  internal_error: [
    {
      what: 'a bug',
      asked: async ({ apiKey }) => {
        const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
        vi.spyOn(demoProvider, 'inputTokensMax').mockImplementationOnce(() => {
          throw new Error('a bug');
        });
        const response = await ask(apiKey);
        expect(log.mock.lastCall?.[0]).toContain(`"requestId":"${REQUEST_ID}","error":"Error: a bug"`);
        log.mockRestore();
        return response;
      },
      status: 500,
      error: { type: 'api_error', code: 'internal_error' },
    },
  ],
  bad_request: [
    {
      what: 'a field',
      asked: ({ apiKey }) => ask(apiKey, { max_tokens: -1 }),
      status: 400,
      error: { ...INVALID, param: 'max_tokens' },
    },
    { what: 'no JSON', asked: ({ apiKey }) => post(apiKey, '{', ASKED), status: 400, error: INVALID },
    {
      what: 'a header',
      asked: ({ apiKey }) => ask(apiKey, EXACT, { ...ASKED, 'idempotency-key': '' }),
      status: 400,
      error: { ...INVALID, param: 'Idempotency-Key' },
    },
  ],
  request_too_large: [
    {
      what: 'a byte too many',
      asked: ({ apiKey }) => post(apiKey, new Uint8Array(LIMITS.requestBytesMax + 1), ASKED),
      status: 413,
      error: { type: 'invalid_request_error', code: 'request_too_large' },
    },
  ],
  model_not_found: [
    {
      what: 'unknown',
      asked: ({ apiKey }) => ask(apiKey, { model: 'demo/nope' }),
      status: 404,
      error: { type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
    },
  ],
  video_not_found: [
    {
      what: 'nobody made',
      asked: ({ apiKey }) =>
        exports.default.fetch(`${ORIGIN}/v1/videos/video_0123456789abcdef`, {
          headers: { authorization: `Bearer ${apiKey}`, ...ASKED },
        }),
      status: 404,
      error: { type: 'invalid_request_error', code: 'not_found', param: 'video_id' },
    },
  ],
  response_not_found: [
    {
      what: 'none',
      asked: ({ apiKey }) => stored(apiKey, 'resp_0'),
      status: 404,
      error: { type: 'invalid_request_error', code: 'not_found', param: 'id' },
    },
  ],
  responses_unavailable: [
    {
      what: 'no object',
      asked: ({ apiKey }) => {
        const get = vi.spyOn(env.STORED_RESPONSES, 'get').mockImplementationOnce(() => {
          throw new Error('object unreachable');
        });
        return stored(apiKey, newResponseId()).finally(() => get.mockRestore());
      },
      status: 503,
      error: { type: 'api_error', code: 'responses_unavailable' },
      headers: { 'retry-after': '2' },
    },
  ],
  price_unknown: [
    {
      what: 'under a limit',
      seed: AT.member_total('1'),
      asked: async ({ apiKey }) => {
        const words = DEMO_MAPPINGS.find(({ id }) => id === 'demo/words') as { prices: readonly unknown[] };
        const { prices } = words;
        words.prices = [];
        try {
          return await ask(apiKey);
        } finally {
          words.prices = prices;
        }
      },
      status: 400,
      error: { type: 'invalid_request_error', code: 'price_unknown', param: 'model' },
      headers: { ...DEMO_WORDS, ...budgetHeaders('member_total', '1', '1') },
    },
  ],
  exhausted: [
    ...SCOPES.map(
      (scope): Told => ({
        what: scope,
        seed: AT[scope](COST),
        asked: async (seeded) => {
          await spend(seeded);
          return ask(seeded.apiKey);
        },
        status: 403,
        error: { type: 'permission_error', code: EXHAUSTED[scope], metadata: money(scope, COST, COST, '0') },
        headers: { ...DEMO_WORDS, ...budgetHeaders(scope, COST, '0') },
        agrees: scope,
      }),
    ),
    {
      what: 'all at once, the first named',
      seed: {
        budget: { usageLimit: COST, periodUsageLimit: COST, ...DAY },
        keyLimits: { usageLimit: COST, periodUsageLimit: COST, ...DAY },
      },
      asked: async (seeded) => {
        await spend(seeded);
        return ask(seeded.apiKey);
      },
      status: 403,
      error: {
        type: 'permission_error',
        code: 'member_budget_exhausted',
        metadata: money('member_total', COST, COST, '0', { alsoExhausted: SCOPES.slice(1) }),
      },
      headers: { ...DEMO_WORDS, ...budgetHeaders('member_total', COST, '0') },
      agrees: 'member_total',
    },
  ],
  request_exceeds_budget: SCOPES.map(
    (scope): Told => ({
      what: scope,
      seed: AT[scope]('0.00003'),
      asked: async (seeded) => {
        await spend(seeded);
        return ask(seeded.apiKey, LONG);
      },
      status: 403,
      error: {
        type: 'permission_error',
        code: 'request_exceeds_budget',
        metadata: money(scope, '0.00003', COST, '0.00002', { needed: '0.128002' }),
      },
      headers: { ...DEMO_WORDS, ...budgetHeaders(scope, '0.00003', '0.00002') },
      agrees: scope,
    }),
  ),
  budget_in_flight: [
    {
      what: 'held by another',
      seed: AT.member_total('0.000015'),
      asked: (seeded) => beside(seeded, RUNNING, () => ask(seeded.apiKey)),
      status: 429,
      error: {
        type: 'rate_limit_error',
        code: 'budget_in_flight',
        metadata: money('member_total', '0.000015', '0', '0.000005', { held: COST, needed: COST }),
      },
      headers: { ...DEMO_WORDS, 'retry-after': '1', ...budgetHeaders('member_total', '0.000015', '0.000005') },
    },
  ],
  rate_limited: (['member', 'api_key'] as const).flatMap((of) => [
    throttled(of, 'requests_per_minute', 'requestsPerMinute', 1),
    throttled(of, 'tokens_per_minute', 'tokensPerMinute', 1),
    throttled(of, 'concurrency', 'concurrency', 0),
  ]),
  insufficient_credits: [
    {
      what: 'nothing was paid in',
      asked: async (seeded) => {
        await meter(seeded, 0);
        return ask(seeded.apiKey);
      },
      status: 402,
      error: { type: 'billing_error', code: 'insufficient_credits', metadata: { scope: 'wallet' } },
      headers: DEMO_WORDS,
    },
    {
      what: 'less than this may cost, beside a limit that allows it',
      seed: AT.member_total('1'),
      asked: async (seeded) => {
        await meter(seeded, 9_999);
        return ask(seeded.apiKey);
      },
      status: 402,
      error: { type: 'billing_error', code: 'insufficient_credits', metadata: { scope: 'wallet' } },
      headers: { ...DEMO_WORDS, ...budgetHeaders('member_total', '1', '1') },
    },
  ],
  credits_in_flight: [
    {
      what: 'held by another',
      asked: async (seeded) => {
        await meter(seeded, 15_000);
        return beside(seeded, RUNNING, () => ask(seeded.apiKey));
      },
      status: 429,
      error: { type: 'rate_limit_error', code: 'budget_in_flight', metadata: { scope: 'wallet' } },
      headers: { ...DEMO_WORDS, 'retry-after': '1' },
    },
  ],
  too_late: [
    {
      what: 'as the object says it',
      asked: (seeded) =>
        withObject({ authorize: async () => ({ granted: false, refusal: { kind: 'too_late' } }) }, seeded),
      status: 503,
      error: { type: 'api_error', code: 'budget_unavailable' },
      headers: { ...DEMO_WORDS, 'retry-after': '2' },
    },
  ],
  budget_unavailable: [
    {
      what: 'no object',
      asked: (seeded) => {
        const away = () => Promise.reject(new Error('object unreachable'));
        return withObject({ authorize: away, release: away }, seeded);
      },
      status: 503,
      error: { type: 'api_error', code: 'budget_unavailable' },
      headers: { ...DEMO_WORDS, 'retry-after': '2' },
    },
  ],
  idempotency_in_flight: [
    {
      what: 'the first runs',
      asked: (seeded) => {
        return beside(seeded, RUNNING, () => ask(seeded.apiKey, RUNNING, REPEAT), REPEAT);
      },
      status: 409,
      error: { type: 'invalid_request_error', code: 'idempotency_in_flight', param: 'Idempotency-Key' },
      headers: { 'retry-after': '1' },
    },
  ],
  idempotency_not_replayable: [
    {
      what: 'it broke off',
      asked: async ({ apiKey }) => {
        const broken = { stream: true, demo: { failAfterTokens: 3 } };
        await (await ask(apiKey, broken, REPEAT)).text();
        return ask(apiKey, broken, REPEAT);
      },
      status: 409,
      error: { type: 'invalid_request_error', code: 'idempotency_not_replayable', param: 'Idempotency-Key' },
    },
  ],
  idempotency_key_reused: [
    {
      what: 'another body',
      asked: async ({ apiKey }) => {
        await ask(apiKey, EXACT, REPEAT);
        return ask(apiKey, { ...EXACT, max_tokens: 3 }, REPEAT);
      },
      status: 422,
      error: { type: 'invalid_request_error', code: 'idempotency_key_reused', param: 'Idempotency-Key' },
    },
  ],
  upstream_refused: [
    ...upstream(400, { status: 400, error: { type: 'invalid_request_error', code: 'demo' } }),
    ...upstream(429, {
      status: 429,
      error: { type: 'rate_limit_error', code: 'demo' },
      headers: { 'retry-after': '1' },
    }),
  ],
  upstream_error: [
    ...upstream(401, { status: 502, error: { type: 'api_error', code: 'upstream_error' } }),
    ...upstream(500, { status: 502, error: { type: 'api_error', code: 'upstream_error' } }),
    {
      what: 'broken off after 7 words, gathered: they are charged',
      seed: AT.member_total('0.01'),
      asked: ({ apiKey }) => ask(apiKey, { ...LONG, demo: { failAfterTokens: 7 } }),
      status: 502,
      error: { type: 'api_error', code: 'upstream_error' },
      headers: { ...DEMO_WORDS, 'x-purser-cost': '0.000016', ...budgetHeaders('member_total', '0.01', '0.009486') },
    },
  ],
  upstream_timeout: upstream(504, { status: 504, error: { type: 'api_error', code: 'upstream_timeout' } }),
};

const CASES = Object.entries(REFUSALS).flatMap(([kind, cases]) =>
  cases.map((told): [string, Told] => [`${kind}: ${told.what}`, told]),
);

describe('a refusal', () => {
  it.each(CASES)('%s', async (_, { seed, asked, status, error, headers, agrees }) => {
    const seeded = await seedOrganization(seed);
    const response = await asked(seeded);
    expect([response.status, toldBy(response)]).toEqual([status, { 'x-request-id': REQUEST_ID, ...headers }]);
    const body = await json<ErrorBody>(response);
    expect(body).toEqual({
      error: {
        ...error,
        param: error.param ?? null,
        message: expect.stringMatching(/^\S.*\.$/),
        metadata: { ...error.metadata, requestId: REQUEST_ID },
      },
    });
    if (agrees) await expectAgreement(seeded, agrees, toldBy(response), body.error.metadata);
  });
});

/** What was refused told the same as GET /v1/key and the member's status tell now, with nothing in flight. */
async function expectAgreement(
  seeded: Seeded,
  scope: keyof typeof AT,
  headers: Record<string, string>,
  { limit, spent, held, remaining, resetsAt }: Record<string, unknown>,
): Promise<void> {
  const { status, effectiveBudget } = await memberOf(seeded);
  const { member, ...key } = await json<Record<string, unknown> & { member: Record<string, Record<string, unknown>> }>(
    await get('/v1/key', seeded.apiKey),
  );
  const ofMember = scope.startsWith('member');
  const sources = ofMember
    ? [
        { ...effectiveBudget, ...status },
        { ...member.limits, ...member.status },
      ]
    : [key];
  const [limitIn, spentIn, leftIn] = isPeriod(scope)
    ? (['periodUsageLimit', 'currentPeriodUsage', 'currentPeriodRemaining'] as const)
    : (['usageLimit', 'usage', 'remaining'] as const);
  for (const source of sources as Record<string, unknown>[]) {
    expect([source[limitIn], source[spentIn], source[leftIn]]).toEqual([limit, spent, remaining]);
    expect(isPeriod(scope) ? source.currentPeriodResetAt : null).toBe(resetsAt);
    if (ofMember) expect(source[isPeriod(scope) ? 'currentPeriodHeld' : 'held']).toBe(held);
  }
  expect([
    headers['x-purser-budget-limit'],
    headers['x-purser-budget-remaining'],
    headers['x-purser-budget-reset'] ?? null,
    headers['x-purser-budget-scope'],
  ]).toEqual([limit, remaining, resetsAt, scope]);
}

describe('an organization that hides the amounts', () => {
  const AMOUNTS = /^(limit|spent|held|remaining|needed)$/;
  const withoutAmounts = (told: Record<string, unknown> = {}) =>
    Object.fromEntries(
      Object.entries(told).filter(([name]) => !AMOUNTS.test(name) && !/^x-purser-budget-(limit|remaining)$/.test(name)),
    );

  async function hide({ organizationId, masterKey }: Seeded, hideAmounts: boolean): Promise<void> {
    const path = organizationPath({ organizationId });
    expect((await call('PATCH', path, masterKey, { hideAmounts })).status).toBe(200);
  }

  it.each([...REFUSALS.exhausted, ...REFUSALS.request_exceeds_budget, ...REFUSALS.budget_in_flight])(
    'refuses without them: $error.code $what',
    async ({ seed, asked, status, error, headers }) => {
      const seeded = await seedOrganization(seed);
      await hide(seeded, true);
      const response = await asked(seeded);
      expect([response.status, toldBy(response)]).toEqual([
        status,
        { 'x-request-id': REQUEST_ID, ...withoutAmounts(headers) },
      ]);
      const body = await json<ErrorBody>(response);
      expect(body.error.metadata).toEqual({ ...withoutAmounts(error.metadata), requestId: REQUEST_ID });
      expect(body.error.message).not.toMatch(/[$\d]/);
    },
  );

  it('answers without them, streamed, whole and cut, until they are shown again', async () => {
    const seeded = await seedOrganization(AT.member_total('0.002'));
    const ofBudget = (response: Response) =>
      Object.keys(toldBy(response)).filter((name) => name.startsWith('x-purser-budget'));
    await hide(seeded, true);
    await spend(seeded);
    expect(ofBudget(await ask(seeded.apiKey))).toEqual(['x-purser-budget-scope']);
    const text = await (await ask(seeded.apiKey, { ...LONG, stream: true, demo: { outputTokens: 5_000 } })).text();
    expect(eventsIn(text).at(-2)).toEqual({
      error: expect.objectContaining({
        metadata: { scope: 'member_total', resetsAt: null, alsoExhausted: [], requestId: REQUEST_ID },
      }),
    });
    await hide(seeded, false);
    expect(ofBudget(await ask(seeded.apiKey))).toEqual([
      'x-purser-budget-limit',
      'x-purser-budget-remaining',
      'x-purser-budget-scope',
    ]);
  });

  it('still tells them to whoever asks for the key, and to a throttled request nothing more', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1', requestsPerMinute: 0 } });
    await hide(seeded, true);
    expect(await keyOf(seeded.apiKey)).toMatchObject({ member: { limits: { usageLimit: '1' } } });
    const response = await ask(seeded.apiKey);
    expect([response.status, toldBy(response)]).toEqual([
      429,
      {
        'x-request-id': REQUEST_ID,
        ...DEMO_WORDS,
        'x-purser-budget-scope': 'member_total',
        'retry-after': SECONDS,
      },
    ]);
  });
});
