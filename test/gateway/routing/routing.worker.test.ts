/**
 * Provider keys and routings from the management API to the provider's call: what is pushed to the member's object reaches the
 * Worker with the next request, before anything is held, and costs nobody a call who has neither.
 */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { newAttemptId } from '../../../src/ids.ts';
import { memberBudget } from '../../../src/objects.ts';
import { ProviderKeySeal } from '../../../src/provider-keys/seal.ts';
import { ABOUT } from '../../support/about.ts';
import { type ErrorBody, HELLO, json, keyOf, ORIGIN, until } from '../../support/gateway.ts';
import { meter } from '../../support/metered.ts';
import { type Seeded, seedOrganization } from '../../support/seed.ts';
import { call, callIn, request } from '../../teams/management.ts';

const SECRET = 'sk-own-0123456789abcdefghijklmnop-zz99';

interface Sent {
  url: string;
  key: string;
  model: string;
}

/** An environment with a provider behind everything that leaves, and a count of what member objects are asked. */
function world(bindings: Record<string, unknown> = {}, answer?: (sent: Sent) => Response | null) {
  const sent: Sent[] = [];
  const asked: string[] = [];
  const EGRESS = {
    fetch: async (url: string, init: RequestInit) => {
      const headers = init.headers as Record<string, string>;
      const { model } = JSON.parse(String(init.body)) as { model: string };
      const one = { url, key: headers.authorization ?? headers['x-api-key'] ?? '', model };
      sent.push(one);
      expect(init.redirect).toBe('manual');
      const content = 'one two three';
      return (
        answer?.(one) ??
        Response.json({
          id: 'chatcmpl-1',
          object: 'chat.completion',
          created: 1,
          model,
          choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
        })
      );
    },
  };
  // A stub's methods are no functions of this side: they are called on it, by name.
  const counted = (stub: object) =>
    new Proxy({} as Record<string, unknown>, {
      get: (_, method: string) => {
        return (argument: unknown) => {
          asked.push(method);
          return (stub as Record<string, (argument: unknown) => unknown>)[method]?.(argument);
        };
      },
    });
  const { MEMBER_BUDGET: real } = env;
  const MEMBER_BUDGET = {
    idFromName: (name: string) => real.idFromName(name),
    get: (id: DurableObjectId) => counted(real.get(id)),
  };
  const environment = {
    ...env,
    OPENAI_API_KEY: 'sk-of-the-deployment',
    MEMBER_BUDGET,
    EGRESS,
    ...bindings,
  } as unknown as Env;
  const ask = (
    seeded: Seeded,
    model: string,
    body: object = {},
    headers: Record<string, string> = {},
    origin: string = ORIGIN,
  ) => {
    const init = { authorization: `Bearer ${seeded.apiKey}`, 'content-type': 'application/json', ...headers };
    return callIn(
      environment,
      new Request(`${origin}/v1/chat/completions`, {
        method: 'POST',
        headers: init,
        body: JSON.stringify({ model, messages: HELLO, ...body }),
      }),
    );
  };
  /** What the object was asked since. */
  const calls = () => asked.splice(0).filter((method) => method === 'authorize' || method === 'checkKey');
  return { sent, ask, calls, environment };
}

async function manage(seeded: Seeded, method: string, path: string, body?: unknown): Promise<{ id: string }> {
  const answer = await call(method, `/orgs/${seeded.organizationId}${path}`, seeded.masterKey, body);
  expect([answer.status < 300, method, path]).toEqual([true, method, path]);
  return answer.status === 204 ? { id: '' } : json<{ id: string }>(answer);
}

const addKey = (seeded: Seeded, body: object = {}) =>
  manage(seeded, 'POST', '/provider-keys', { provider: 'openai', name: 'Ours', key: SECRET, ...body });

const ACME = {
  provider: 'custom',
  slug: 'acme',
  baseUrl: 'https://llm.acme.com/v1',
  models: [{ name: 'org/llama', reasoning: false, inputPrice: '1', outputPrice: '2' }],
};

const route = (seeded: Seeded, routing: object) =>
  manage(seeded, 'PUT', `/projects/${seeded.projectId}/routing`, routing);

async function refused(answer: Response) {
  const { error } = await json<ErrorBody>(answer);
  return { status: answer.status, code: error.code, rule: error.metadata.rule, message: error.message };
}

let seeded: Seeded;
beforeEach(async () => {
  seeded = await seedOrganization({ budget: { usageLimit: '100' } });
});

describe("an organization's own provider key", () => {
  it("is used in the deployment's place from the next request on, and no more once it is deleted", async () => {
    const { sent, ask, calls } = world();
    await (await ask(seeded, 'gpt-5.5')).text();
    expect(calls()).toEqual(['authorize']);
    const { id } = await addKey(seeded, { baseUrl: 'https://proxy.acme.com/v1' });
    const answer = await ask(seeded, 'gpt-5.5');
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('one two three')]);
    // Once to hear that it is stale, once to be admitted; from then on once.
    expect(calls()).toEqual(['authorize', 'authorize']);
    await (await ask(seeded, 'gpt-5.5')).text();
    expect(calls()).toEqual(['authorize']);
    await manage(seeded, 'DELETE', `/provider-keys/${id}`);
    await (await ask(seeded, 'gpt-5.5')).text();
    expect(calls()).toEqual(['authorize', 'authorize']);
    const own = { url: 'https://proxy.acme.com/v1/chat/completions', key: `Bearer ${SECRET}`, model: 'gpt-5.5' };
    const ours = {
      url: 'https://api.openai.com/v1/chat/completions',
      key: 'Bearer sk-of-the-deployment',
      model: 'gpt-5.5',
    };
    expect(sent).toEqual([ours, own, own, ours]);
  });

  it('takes what no account that all share may be asked, also where the Worker has not heard of it yet', async () => {
    const { sent, ask, calls } = world();
    const refusedBefore = await ask(seeded, 'gpt-5.5', { store: true });
    expect(await json(refusedBefore)).toMatchObject({ error: { param: 'store' } });
    const { id } = await addKey(seeded);
    calls();
    const answer = await ask(seeded, 'gpt-5.5', { store: true });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('one two three')]);
    // Once before it would be refused, whereby it hears of the key; then it is admitted.
    expect(calls()).toEqual(['checkKey', 'authorize']);
    await manage(seeded, 'DELETE', `/provider-keys/${id}`);
    const refusedAfter = await ask(seeded, 'gpt-5.5', { store: true });
    expect(await json(refusedAfter)).toMatchObject({ error: { param: 'store' } });
    expect(sent.map(({ key }) => key)).toEqual([`Bearer ${SECRET}`]);
  });

  it('spends no wallet, and counts in the budget; the event tells who paid', async () => {
    await meter(seeded, 0);
    const { ask, sent } = world();
    const broke = await ask(seeded, 'gpt-5.5');
    expect([broke.status, sent]).toEqual([402, []]);
    const { id } = await addKey(seeded);
    const answer = await ask(seeded, 'gpt-5.5');
    const cost = answer.headers.get('x-purser-cost');
    await answer.text();
    expect([answer.status, cost]).toEqual([200, '0.002']);
    await until(async () => ((await keyOf(seeded.apiKey)).usage === cost ? true : null), 'its cost in the budget');
    await memberBudget(env, seeded.memberId, (object) => object.ship({ memberId: seeded.memberId }));
    const { results } = await env.DB.prepare(
      "SELECT provider, provider_key_id AS paidBy FROM usage_events WHERE member_id = ? AND outcome = 'completed'",
    )
      .bind(seeded.memberId)
      .all();
    expect(results).toEqual([{ provider: 'openai', paidBy: id }]);
    const wallet = await call('GET', `/orgs/${seeded.organizationId}/wallet`, seeded.masterKey);
    expect(await wallet.json()).toMatchObject({ balance: '0', lent: '0' });
  });

  it('that cannot be read is a 503, never the key of the deployment, and the log tells which without it', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { sent, ask } = world();
    const { id } = await addKey(seeded);
    const other = await ProviderKeySeal.of('a secret that this deployment never had', null);
    const sealed = await other.seal(SECRET, { organizationId: seeded.organizationId, id });
    await env.DB.prepare('UPDATE provider_keys SET sealed = ? WHERE id = ?').bind(sealed, id).run();
    await addKey(seeded, { provider: 'anthropic' });
    expect(await refused(await ask(seeded, 'gpt-5.5'))).toMatchObject({ status: 503, code: 'provider_key_unreadable' });
    expect(sent).toEqual([]);
    const lines = logged.mock.calls.map(([line]) => String(line)).join('\n');
    logged.mockRestore();
    expect(lines).toContain(`"providerKeyId":"${id}"`);
    expect(lines).not.toContain(SECRET.slice(4, 16));
    expect(lines).not.toContain(sealed);
  });

  it.each([
    ['whose base URL may not be called any more', "base_url = 'https://169.254.169.254/v1'", {}],
    ['for which there is no secret any more', "name = 'x'", { PROVIDER_KEY_SECRET: '' }],
  ])('%s is not used, and nothing is sent', async (_, change, bindings) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { sent, ask } = world(bindings);
    const { id } = await addKey(seeded);
    await env.DB.prepare(`UPDATE provider_keys SET ${change} WHERE id = ?`).bind(id).run();
    await addKey(seeded, { provider: 'anthropic' });
    expect(await refused(await ask(seeded, 'gpt-5.5'))).toMatchObject({ status: 503, code: 'provider_key_unreadable' });
    expect(sent).toEqual([]);
  });

  it('is not used where it leads back to the host by which the request came in', async () => {
    const { sent, ask } = world();
    await addKey(seeded, { baseUrl: 'https://gateway.acme.com/v1' });
    const looping = await ask(seeded, 'gpt-5.5', {}, {}, 'https://gateway.acme.com');
    expect(await refused(looping)).toMatchObject({ status: 503, code: 'provider_key_unreadable' });
    expect(sent).toEqual([]);
    await (await ask(seeded, 'gpt-5.5')).text();
    expect(sent).toHaveLength(1);
  });

  it('that is not accepted or not paid any more is told as what it is, not as trouble of the member', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    for (const [status, code] of [
      [401, 'invalid_api_key'],
      [429, 'insufficient_quota'],
    ] as const) {
      const { ask } = world({}, () => Response.json({ error: { message: 'no', code } }, { status }));
      await addKey(seeded, { name: code });
      const told = await refused(await ask(seeded, 'gpt-4o', {}, { 'x-no-fallback': '1' }));
      expect(told).toMatchObject({
        status: 502,
        code: 'upstream_error',
        message: expect.stringContaining("organization's own"),
      });
    }
    const lines = logged.mock.calls.map(([line]) => JSON.parse(String(line)));
    logged.mockRestore();
    expect(lines).toMatchObject([
      { event: 'provider_account', provider: 'openai', keyOf: 'organization', reason: 'credentials' },
      { event: 'provider_account', provider: 'openai', keyOf: 'organization', reason: 'credit' },
    ]);
  });

  it('is not told to whoever asks, not even by a provider that repeats it', async () => {
    const { ask } = world({}, ({ key }) => Response.json({ error: { message: `bad ${key}` } }, { status: 400 }));
    await addKey(seeded);
    const answer = await ask(seeded, 'gpt-5.5');
    expect([answer.status, await answer.text()]).toEqual([400, expect.not.stringContaining(SECRET)]);
  });
});

describe("a provider of an organization's own", () => {
  it('is found by an isolate that has never heard of it, with one call, and served at its price', async () => {
    const { sent, ask, calls } = world();
    await addKey(seeded, ACME);
    const answer = await ask(seeded, 'acme/org/llama');
    expect([answer.status, answer.headers.get('x-purser-provider'), answer.headers.get('x-purser-cost')]).toEqual([
      200,
      'acme',
      '0.0002',
    ]);
    expect(calls()).toEqual(['checkKey', 'authorize']);
    await (await ask(seeded, 'acme/org/llama')).text();
    expect(calls()).toEqual(['authorize']);
    expect(sent[0]).toEqual({
      url: 'https://llm.acme.com/v1/chat/completions',
      key: `Bearer ${SECRET}`,
      model: 'org/llama',
    });
  });

  it('is nobody else’s, and a name that nobody has is a 404 after one call', async () => {
    await addKey(seeded, ACME);
    const { ask, calls, sent } = world();
    const other = await seedOrganization();
    for (const model of ['acme/org/llama', 'acme/other']) {
      expect(await refused(await ask(other, model))).toMatchObject({ status: 404, code: 'model_not_found' });
      expect(calls()).toEqual(['checkKey']);
    }
    expect(await refused(await ask(seeded, 'acme/other'))).toMatchObject({ status: 404 });
    expect(sent).toEqual([]);
  });

  it('makes embeddings where it says so, and nothing else of what it does not say', async () => {
    const answer = () =>
      Response.json({
        object: 'list',
        model: 'e',
        data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
        usage: { prompt_tokens: 4, total_tokens: 4 },
      });
    const { environment, sent } = world({}, answer);
    const models = [{ name: 'e', serves: ['embeddings'], inputPrice: '1', outputPrice: '0' }];
    await addKey(seeded, { ...ACME, models });
    const embed = (path: string, body: object) => callIn(environment, request('POST', path, seeded.apiKey, body));
    const made = await embed('/v1/embeddings', { model: 'acme/e', input: 'one two' });
    expect([made.status, made.headers.get('x-purser-cost'), sent[0]?.url]).toEqual([
      200,
      '0.000004',
      'https://llm.acme.com/v1/embeddings',
    ]);
    expect((await embed('/v1/chat/completions', { model: 'acme/e', messages: HELLO })).status).toBe(400);
    expect(sent).toHaveLength(1);
  });

  it('is in the list of models, and can be shown', async () => {
    await addKey(seeded, ACME);
    const { environment } = world();
    const get = (path: string) => callIn(environment, request('GET', path, seeded.apiKey));
    const { data } = await json<{ data: { id: string }[] }>(await get('/v1/models'));
    expect(data.map(({ id }) => id)).toContain('acme/org/llama');
    expect(await json(await get('/v1/models/acme/org/llama'))).toMatchObject({
      owned_by: 'acme',
      context_length: 128_000,
      pricing: { tiers: [{ input: '1', output: '2' }] },
    });
  });

  it('streams, is ruled on by its name, and its redirects lead nowhere', async () => {
    await addKey(seeded, ACME);
    const redirect = () => new Response(null, { status: 307, headers: { location: 'http://169.254.169.254/' } });
    const { ask, sent } = world({}, redirect);
    expect((await ask(seeded, 'acme/org/llama', {}, { 'x-no-fallback': '1' })).status).toBe(502);
    expect(sent).toHaveLength(1);
    await route(seeded, { deny: ['acme'] });
    expect(await refused(await ask(seeded, 'acme/org/llama'))).toMatchObject({ status: 403, rule: 'routing.deny' });
  });
});

it('counting tokens goes by the same keys and routing, though nothing is held for it', async () => {
  const { environment, sent } = world({}, () => Response.json({ input_tokens: 7 }));
  const count = () =>
    callIn(
      environment,
      request('POST', '/v1/messages/count_tokens', seeded.apiKey, { model: 'claude-sonnet-5', messages: HELLO }),
    );
  expect((await count()).status).toBe(404);
  await addKey(seeded, { provider: 'anthropic' });
  expect(await json(await count())).toEqual({ input_tokens: 7 });
  expect(sent).toEqual([
    { url: 'https://api.anthropic.com/v1/messages/count_tokens', key: SECRET, model: 'claude-sonnet-5' },
  ]);
  await route(seeded, { deny: ['anthropic'] });
  expect((await count()).status).toBe(403);
  expect(sent).toHaveLength(1);
});

const CLOUDS = {
  ANTHROPIC_API_KEY: 'sk-ant',
  VERTEX_ACCESS_TOKEN: 'ya29',
  VERTEX_PROJECT: 'a-project',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_REGION: 'us-east-1',
};

const claude = () =>
  Response.json({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'x',
    content: [{ type: 'text', text: 'one' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 50 },
  });

describe('a rule on who serves a model', () => {
  const rule = (rules: object) => manage(seeded, 'PATCH', `/keys/${seeded.keyId}`, { rules });
  /** What the member's events say of each request. */
  async function outcomes(): Promise<unknown[]> {
    await memberBudget(env, seeded.memberId, (object) => object.ship({ memberId: seeded.memberId }));
    const { results } = await env.DB.prepare('SELECT outcome FROM usage_events WHERE member_id = ?')
      .bind(seeded.memberId)
      .all();
    return results.map(({ outcome }) => outcome);
  }
  const served = (answer: Response) => [answer.status, answer.headers.get('x-purser-provider')];

  it.each([
    ['that denies the first', { providers: { deny: ['anthropic'] } }],
    ['that allows another', { providers: { allow: ['vertex'] } }],
    ['on its name there', { models: { deny: ['anthropic/*', 'bedrock/*'] } }],
  ])('%s leaves the model to the others, and counts as no refusal', async (_, rules) => {
    const { ask, calls, sent } = world({ ...CLOUDS, AWS_REGION: undefined }, claude);
    await rule(rules);
    calls();
    expect(served(await ask(seeded, 'claude-sonnet-5', { max_tokens: 20 }))).toEqual([200, 'vertex']);
    expect([calls(), sent.length]).toEqual([['authorize', 'authorize'], 1]);
    await until(async () => ((await keyOf(seeded.apiKey)).usage === '0' ? null : true), 'the settlement');
    expect(await outcomes()).toEqual(['completed']);
  });

  it('that leaves nobody is told as it is of the first, once, and no other model takes its place', async () => {
    const { ask, sent } = world(CLOUDS, claude);
    await route(seeded, { fallbackModels: ['demo/words'] });
    await rule({ providers: { allow: ['demo'] } });
    const denied = await refused(await ask(seeded, 'claude-sonnet-5', { max_tokens: 20 }));
    expect(denied).toMatchObject({ status: 403, code: 'permission_denied', rule: 'providers.allow' });
    expect(sent).toEqual([]);
    expect(await outcomes()).toEqual(['refused']);
  });

  it('holds for counting too', async () => {
    const { environment, sent } = world(CLOUDS, () => Response.json({ input_tokens: 7 }));
    await rule({ providers: { deny: ['anthropic'] } });
    const count = () =>
      callIn(
        environment,
        new Request(`${ORIGIN}/v1/messages/count_tokens`, {
          method: 'POST',
          headers: { 'x-api-key': seeded.apiKey },
          body: JSON.stringify({ model: 'claude-sonnet-5', messages: HELLO }),
        }),
      );
    expect((await count()).status).toBe(200);
    expect(sent.filter(({ url }) => url.includes('anthropic.com'))).toEqual([]);
    await rule({ providers: { allow: ['demo'] } });
    expect((await count()).status).toBe(403);
  });
});

describe("a project's routing", () => {
  it('is enforced with the next request, before the hold: nothing is sent or held', async () => {
    const { ask, calls, sent } = world();
    await (await ask(seeded, 'demo/words')).text();
    calls();
    await route(seeded, { deny: ['demo'] });
    const denied = await refused(await ask(seeded, 'demo/words'));
    expect(denied).toEqual({
      status: 403,
      code: 'permission_denied',
      rule: 'routing.deny',
      message: "The project's routing denies every provider of this model.",
    });
    expect(calls()).toEqual(['authorize']);
    // Refused by what it knows, the isolate asks whether that still is so.
    expect((await ask(seeded, 'demo/words')).status).toBe(403);
    expect(calls()).toEqual(['checkKey']);
    await route(seeded, {});
    expect((await ask(seeded, 'demo/words')).status).toBe(200);
    expect(calls()).toEqual(['checkKey', 'authorize']);
    await (await ask(seeded, 'demo/words')).text();
    expect([calls(), sent]).toEqual([['authorize'], []]);
    expect((await keyOf(seeded.apiKey)).member.status.held).toBe('0');
  });

  it('bounds what one request may cost, and says the most that it could', async () => {
    const { ask } = world();
    await route(seeded, { maxCostPerRequest: '0.0001' });
    const denied = await refused(await ask(seeded, 'demo/words', { max_tokens: 1_000 }));
    expect(denied).toMatchObject({ status: 403, code: 'permission_denied', rule: 'routing.maxCostPerRequest' });
    expect(denied.message).toContain('$0.002002');
    expect((await ask(seeded, 'demo/words', { max_tokens: 20, demo: { outputTokens: 3 } })).status).toBe(200);
    await route(seeded, { maxCostPerRequest: '1' });
    expect((await ask(seeded, 'demo/words', { max_tokens: 1_000, demo: { outputTokens: 3 } })).status).toBe(200);
  });

  it('falls back to the models that it names when the provider fails, not where the client forbids it', async () => {
    await addKey(seeded, ACME);
    await route(seeded, { fallbackModels: ['demo/words'] });
    const { ask, sent } = world({}, () => new Response('', { status: 500 }));
    const answer = await ask(seeded, 'acme/org/llama', { max_tokens: 3 });
    expect([answer.status, answer.headers.get('x-purser-model')]).toEqual([200, expect.stringContaining('words')]);
    const strict = await ask(seeded, 'acme/org/llama', { max_tokens: 3 }, { 'x-no-fallback': '1' });
    expect([strict.status, sent.length]).toEqual([502, 2]);
  });

  it('bounds what each who serves a model may cost, not only the first of them', async () => {
    const { ask, sent } = world({ CEREBRAS_API_KEY: 'csk', GROQ_API_KEY: 'gsk' });
    // 10,000 tokens are $0.0075 at Cerebras, which the project wishes for, and $0.006 at Groq.
    await route(seeded, { order: ['cerebras'], maxCostPerRequest: '0.007' });
    const answer = await ask(seeded, 'gpt-oss-120b', { max_tokens: 10_000 });
    expect([answer.status, answer.headers.get('x-purser-provider')]).toEqual([200, 'groq']);
    expect(sent.length).toBe(1);
  });

  it('comes after the key: a disabled one is a 401, whatever is routed', async () => {
    const { ask } = world();
    await route(seeded, { deny: ['demo'] });
    expect((await ask(seeded, 'demo/words')).status).toBe(403);
    await manage(seeded, 'PATCH', `/keys/${seeded.keyId}`, { status: 'disabled' });
    expect((await ask(seeded, 'demo/words')).status).toBe(401);
  });

  it('is the project’s alone, of a version that is checked, and refused where it makes no sense', async () => {
    const path = `/orgs/${seeded.organizationId}/projects/${seeded.projectId}/routing`;
    const put = async (body: unknown) => {
      const answer = await call('PUT', path, seeded.masterKey, body);
      return { status: answer.status, body: await json<Record<string, unknown>>(answer) };
    };
    const first = await put({ order: ['openai'], maxInputPrice: '2.5' });
    expect(first).toMatchObject({ status: 200, body: { order: ['openai'], maxInputPrice: '2.50', version: 2 } });
    expect((await put({ deny: ['openai'], version: 1 })).status).toBe(409);
    expect(await put({ deny: ['openai'], version: 2 })).toMatchObject({
      status: 200,
      body: { order: [], maxInputPrice: null, version: 3 },
    });
    for (const body of [
      { allow: [] },
      { order: ['Open AI'] },
      { order: ['openai', 'openai'] },
      { region: 'Frankfurt am Main' },
      { maxCostPerRequest: '-1' },
      { fallbackModels: ['a b'] },
      { models: ['x'] },
      { deny: Array.from({ length: 20 }, (_, i) => `a-long-name-of-a-provider-that-is-nobody-${i}`) },
    ]) {
      expect([body, (await put(body)).status]).toEqual([body, 400]);
    }
  });
});

it('an old Worker, which knows of no routings, is told to try again', async () => {
  await route(seeded, { deny: ['demo'] });
  const { hash } = (await env.DB.prepare('SELECT hash FROM api_keys WHERE id = ?')
    .bind(seeded.keyId)
    .first<{ hash: string }>()) ?? {
    hash: '',
  };
  const { memberId } = seeded;
  const asked = {
    memberId,
    attemptId: newAttemptId(Date.now()),
    keyHash: hash,
    about: ABOUT,
    amount: null,
    otherwise: null,
  };
  const admission = await memberBudget(env, memberId, (object) => object.authorize(asked));
  expect(admission).toMatchObject({ granted: false, refusal: { kind: 'too_late' } });
});
