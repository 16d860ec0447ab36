import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import worker from '../../src/local/worker.ts';
import { makeKey } from '../../src/teams/keys.ts';
import { chat, type ErrorBody, get, HELLO, json, keyOf, ORIGIN, post } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

const valid = { model: 'demo/words', messages: HELLO };

async function refused(response: Response) {
  const { error } = await json<ErrorBody>(response);
  expect(Object.keys(error).sort()).toEqual(['code', 'message', 'metadata', 'param', 'type']);
  expect(error.message).not.toBe('');
  expect(error.metadata.requestId).toBe(response.headers.get('x-request-id'));
  return [response.status, error.code, error.param];
}

describe('bad input', () => {
  it.each<[string, BodyInit, number, string, string | null]>([
    ['malformed JSON', '{"model":', 400, 'invalid_request_error', null],
    ['an empty body', '', 400, 'invalid_request_error', null],
    ['an array', '[]', 400, 'invalid_request_error', null],
    ['a string', '"hi"', 400, 'invalid_request_error', null],
    ['invalid UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), 400, 'invalid_request_error', null],
    ['a hundred thousand open brackets', '['.repeat(100_000), 400, 'invalid_request_error', null],
    ['no model', JSON.stringify({ messages: HELLO }), 400, 'invalid_request_error', 'model'],
    ['a model that is a number', JSON.stringify({ ...valid, model: 5 }), 400, 'invalid_request_error', 'model'],
    ['an unknown model', JSON.stringify({ ...valid, model: 'demo/nope' }), 404, 'model_not_found', 'model'],
    ['a prototype as a model', JSON.stringify({ ...valid, model: '__proto__' }), 404, 'model_not_found', 'model'],
    ['a model without credentials', JSON.stringify({ ...valid, model: 'gpt-5.5' }), 404, 'model_not_found', 'model'],
    ['no messages', JSON.stringify({ model: 'demo/words' }), 400, 'invalid_request_error', 'messages'],
    ['empty messages', JSON.stringify({ ...valid, messages: [] }), 400, 'invalid_request_error', 'messages'],
    [
      'an unknown role',
      JSON.stringify({ ...valid, messages: [{ role: 'god', content: '' }] }),
      400,
      'invalid_request_error',
      'messages.0.role',
    ],
    [
      'content that is a number',
      JSON.stringify({ ...valid, messages: [{ role: 'user', content: 7 }] }),
      400,
      'invalid_request_error',
      'messages.0.content',
    ],
    ['max_tokens of -1', JSON.stringify({ ...valid, max_tokens: -1 }), 400, 'invalid_request_error', 'max_tokens'],
    ['max_tokens of 0', JSON.stringify({ ...valid, max_tokens: 0 }), 400, 'invalid_request_error', 'max_tokens'],
    ['max_tokens of 1.5', JSON.stringify({ ...valid, max_tokens: 1.5 }), 400, 'invalid_request_error', 'max_tokens'],
    [
      'max_tokens of 1e300',
      '{"model":"demo/words","messages":[{"role":"user","content":""}],"max_tokens":1e300}',
      400,
      'invalid_request_error',
      'max_tokens',
    ],
    [
      'max_tokens of a billion',
      JSON.stringify({ ...valid, max_tokens: 1e9 }),
      400,
      'invalid_request_error',
      'max_tokens',
    ],
    ['max_tokens as text', JSON.stringify({ ...valid, max_tokens: '5' }), 400, 'invalid_request_error', 'max_tokens'],
    [
      'both token caps',
      JSON.stringify({ ...valid, max_tokens: 5, max_completion_tokens: 5 }),
      400,
      'invalid_request_error',
      'max_tokens',
    ],
    ['n of 0', JSON.stringify({ ...valid, n: 0 }), 400, 'invalid_request_error', 'n'],
    ['n of a million', JSON.stringify({ ...valid, n: 1e6 }), 400, 'invalid_request_error', 'n'],
    ['stream as text', JSON.stringify({ ...valid, stream: 'yes' }), 400, 'invalid_request_error', 'stream'],
    [
      'stream_options without stream',
      JSON.stringify({ ...valid, stream_options: {} }),
      400,
      'invalid_request_error',
      'stream_options',
    ],
    [
      'an unknown demo field',
      JSON.stringify({ ...valid, demo: { nope: 1 } }),
      400,
      'invalid_request_error',
      'demo.nope',
    ],
  ])('%s is refused by name, with nothing held and nothing sent', async (_, body, status, code, param) => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    expect(await refused(await post(apiKey, body))).toEqual([status, code, param]);
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0', lifetimeUsage: '0' } } });
  });

  it('over the size limit is refused before it is buffered, declared or not', async () => {
    const { apiKey } = await seedOrganization();
    const declared = await post(apiKey, new Uint8Array(LIMITS.requestBytesMax + 1));
    expect(await refused(declared)).toEqual([413, 'request_too_large', null]);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
      },
    });
    expect(await refused(await post(apiKey, endless))).toEqual([413, 'request_too_large', null]);
    expect(sent).toBeLessThan(64);
  });

  it('is refused when compressed, naming the header', async () => {
    const { apiKey } = await seedOrganization();
    const response = await post(apiKey, JSON.stringify(valid), { 'content-encoding': 'gzip' });
    expect(await refused(response)).toEqual([400, 'invalid_request_error', 'Content-Encoding']);
  });

  it('of any shape never becomes a 5xx', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0' } });
    const anything = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({
          model: fc.constantFrom('demo/words', 'gpt-5.5'),
          messages: fc.anything(),
          max_tokens: fc.anything(),
          stream: fc.anything(),
          demo: fc.anything(),
        })
        .map((body) =>
          JSON.stringify(body, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
        ),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (body) => {
        const response = await post(apiKey, body);
        expect(response.status).toBeGreaterThanOrEqual(400);
        expect(response.status).toBeLessThan(500);
        await response.text();
      }),
      { numRuns: 150 },
    );
  });
});

describe('a credential', () => {
  const forged = (key: string) => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');

  it.each<[string, (key: string) => Record<string, string>, RegExp]>([
    ['that is missing', () => ({}), /No API key/],
    ['that is empty', () => ({ authorization: 'Bearer ' }), /malformed/],
    ['that is forged', (key) => ({ authorization: `Bearer ${forged(key)}` }), /malformed/],
    [
      'that names another member',
      (key) => ({ 'x-api-key': `${key.slice(0, 4)}0000000000000000${key.slice(20)}` }),
      /malformed/,
    ],
    ['given twice in one header', (key) => ({ authorization: `Bearer ${key}, Bearer ${key}` }), /malformed/],
    ['that differs between headers', (key) => ({ authorization: `Bearer ${key}`, 'x-api-key': 'other' }), /several/],
    ['of another alphabet', (key) => ({ authorization: `Bearer ${key.toUpperCase()}` }), /malformed/],
  ])('%s wakes no object and asks no database', async (_, headers, message) => {
    const { apiKey } = await seedOrganization();
    const woken: string[] = [];
    const trap = (name: string) =>
      new Proxy(
        {},
        {
          get: (_target, property) => {
            woken.push(`${name}.${String(property)}`);
            throw new Error(`${name} was asked`);
          },
        },
      );
    const trapped = {
      ...env,
      DB: trap('DB'),
      MEMBER_BUDGET: trap('MEMBER_BUDGET'),
      PROVIDER_HEALTH: trap('PROVIDER_HEALTH'),
    } as Env;
    const request = (path: string, init: RequestInit = {}) =>
      new Request(ORIGIN + path, { ...init, headers: headers(apiKey) }) as Request<
        unknown,
        IncomingRequestCfProperties
      >;
    for (const sent of [
      request('/v1/chat/completions', { method: 'POST', body: JSON.stringify(valid) }),
      request('/v1/chat/completions', { method: 'POST', body: 'not even JSON' }),
      request('/v1/models'),
      request('/v1/key'),
    ]) {
      const ctx = createExecutionContext();
      const response = await worker.fetch(sent, trapped, ctx);
      expect(await refused(response)).toEqual([401, 'invalid_api_key', null]);
      await waitOnExecutionContext(ctx);
    }
    expect(woken).toEqual([]);
    const response = await exports.default.fetch(request('/v1/key'));
    expect((await json<ErrorBody>(response)).error.message).toMatch(message);
  });

  it('in the URL is refused with a word on logs', async () => {
    const { apiKey } = await seedOrganization();
    const response = await exports.default.fetch(`${ORIGIN}/v1/key?key=${apiKey}`);
    const { error } = await json<ErrorBody>(response);
    expect([response.status, error.message]).toEqual([401, expect.stringContaining('logged')]);
    const beside = await exports.default.fetch(`${ORIGIN}/v1/key?key=${apiKey}`, { headers: { 'x-api-key': apiKey } });
    expect(beside.status).toBe(401);
  });

  it.each(['KEY', 'x-api-key', 'token'])(
    'in the URL as %s is refused too, also beside one in a header',
    async (name) => {
      const { apiKey } = await seedOrganization();
      const headers = { authorization: `Bearer ${apiKey}` };
      const response = await exports.default.fetch(`${ORIGIN}/v1/key?${name}=${apiKey}`, { headers });
      const { error } = await json<ErrorBody>(response);
      expect([response.status, error.message]).toEqual([401, expect.stringContaining('logged')]);
      // A parameter of that name that is no key of ours leaves nothing to roll.
      expect((await exports.default.fetch(`${ORIGIN}/v1/key?${name}=abc`, { headers })).status).toBe(200);
    },
  );

  it('may come in any of the three headers', async () => {
    const { apiKey } = await seedOrganization();
    for (const headers of [
      { authorization: `bearer ${apiKey}` },
      { 'x-api-key': apiKey },
      { 'x-goog-api-key': apiKey },
    ]) {
      const response = await exports.default.fetch(`${ORIGIN}/v1/key`, { headers });
      expect(response.status).toBe(200);
    }
  });

  it('that is a master key, or of a member that never existed, opens nothing', async () => {
    const { masterKey } = await seedOrganization();
    const { secret } = await makeKey('api', 'mem_0000000000000000', env.KEY_SECRET);
    expect(await refused(await chat(masterKey))).toEqual([401, 'invalid_api_key', null]);
    expect(await refused(await chat(secret))).toEqual([401, 'invalid_api_key', null]);
  });
});

describe('the order of refusals', () => {
  const bad = { model: 'demo/nope' };

  it('is key, permission, archive, body, budget', async () => {
    const { apiKey, keyId, memberId, projectId } = await seedOrganization({ budget: { usageLimit: '0' } });
    expect(await refused(await chat(apiKey))).toEqual([403, 'member_budget_exhausted', null]);
    expect(await refused(await chat(apiKey, bad))).toEqual([404, 'model_not_found', 'model']);

    const { pushPolicy } = await import('../../src/teams/policy.ts');
    const change = async (sql: string, id: string) => {
      await env.DB.batch([
        env.DB.prepare(sql).bind(id),
        env.DB.prepare('UPDATE members SET policy_version = policy_version + 1 WHERE id = ?').bind(memberId),
      ]);
      await pushPolicy(env, memberId);
    };
    await change('UPDATE projects SET archived_at = 1 WHERE id = ?', projectId);
    expect(await refused(await chat(apiKey, bad))).toEqual([410, 'project_archived', null]);
    await change('DELETE FROM project_grants WHERE member_id = ?', memberId);
    expect(await refused(await chat(apiKey, bad))).toEqual([403, 'permission_denied', null]);
    await change("UPDATE api_keys SET status = 'disabled' WHERE id = ?", keyId);
    expect(await refused(await chat(apiKey, bad))).toEqual([401, 'invalid_api_key', null]);
    expect((await get('/v1/models', apiKey)).status).toBe(401);
  });

  it('tells what is exhausted, by how much, and until when', async () => {
    const { apiKey } = await seedOrganization({
      budget: {
        usageLimit: '0.0002',
        periodUsageLimit: '0.0002',
        periodUsageDurationValue: 1,
        periodUsageDurationUnit: 'day',
      },
      keyLimits: { usageLimit: '0.0002' },
    });
    expect((await chat(apiKey, { demo: { outputTokens: 99 } })).status).toBe(200);
    const response = await chat(apiKey);
    const { error } = await json<ErrorBody>(response);
    expect(response.status).toBe(403);
    expect(error).toMatchObject({
      code: 'member_budget_exhausted',
      message: 'Member has reached their total spend budget.',
      metadata: {
        scope: 'member_total',
        limit: '0.0002',
        spent: '0.0002',
        held: '0',
        remaining: '0',
        resetsAt: null,
        alsoExhausted: ['member_period', 'api_key_total'],
      },
    });
    expect(response.headers.get('x-purser-budget-scope')).toBe('member_total');
    expect(response.headers.get('x-purser-budget-remaining')).toBe('0');
  });

  it('names a request that cannot fit what remains', async () => {
    // Two words in and fifteen out: one too few.
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0.000033' } });
    const response = await chat(apiKey, { max_tokens: 1_000 });
    expect(await json(response)).toMatchObject({
      error: {
        code: 'request_exceeds_budget',
        message: expect.stringContaining('$0.002002'),
        metadata: { remaining: '0.000033', needed: '0.002002' },
      },
    });
  });
});

describe('a failure to decide', () => {
  it('is a 503 with Retry-After, and nothing is sent', async () => {
    const { apiKey } = await seedOrganization();
    const broken = {
      ...env,
      MEMBER_BUDGET: {
        idFromName: () => 'id',
        get: () => ({
          authorize: () => Promise.reject(new Error('object unreachable')),
          release: () => Promise.reject(new Error('object unreachable')),
        }),
      },
    } as unknown as Env;
    const request = new Request(`${ORIGIN}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}` },
      body: JSON.stringify(valid),
    }) as Request<unknown, IncomingRequestCfProperties>;
    const ctx = createExecutionContext();
    const response = await worker.fetch(request, broken, ctx);
    expect(response.headers.get('retry-after')).not.toBeNull();
    expect(await refused(response)).toEqual([503, 'budget_unavailable', null]);
    await waitOnExecutionContext(ctx);
  });
});
