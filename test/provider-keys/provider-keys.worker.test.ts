/** .../provider-keys: what may be given, what is shown, what is kept of it, and that the key itself is in none of that. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { ProviderKeySeal, providerKeySeal } from '../../src/provider-keys/seal.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, callIn, type Json, refusal, request } from '../teams/management.ts';

const SECRET = 'sk-live-0123456789abcdefghijklmnopqrstuvwx-zz99';

const pathOf = ({ organizationId }: Seeded, rest = '') => `/orgs/${organizationId}/provider-keys${rest}`;

const OPENAI = { provider: 'openai', name: 'Production', key: SECRET };
const ACME = {
  provider: 'custom',
  name: 'Own cluster',
  key: SECRET,
  slug: 'acme',
  baseUrl: 'https://llm.acme.com/v1/',
  models: [{ name: 'llama', reasoning: false, inputPrice: '0.4', outputPrice: '1.20' }],
};

interface Shown extends Json {
  id: string;
  lastTest: { ok: boolean; problem: string | null } | null;
}

async function send(
  seeded: Seeded,
  method: string,
  rest: string,
  body?: unknown,
): Promise<{ status: number; body: Shown }> {
  const answer = await call(method, pathOf(seeded, rest), seeded.masterKey, body);
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Shown };
}

async function made(seeded: Seeded, body: object = OPENAI): Promise<Shown> {
  const answer = await send(seeded, 'POST', '', body);
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return answer.body;
}

async function rowOf(id: string) {
  const row = await env.DB.prepare('SELECT * FROM provider_keys WHERE id = ?').bind(id).first<Record<string, string>>();
  if (!row) throw new Error(`no row ${id}`);
  return row;
}

async function entriesOf({ organizationId }: Seeded): Promise<{ action: string; after: Json | null }[]> {
  const { results } = await env.DB.prepare(
    'SELECT action, after FROM audit_entries WHERE organization_id = ? ORDER BY n',
  )
    .bind(organizationId)
    .all<{ action: string; after: string | null }>();
  return results.map(({ action, after }) => ({ action, after: after && JSON.parse(after) }));
}

let seeded: Seeded;
beforeAll(async () => {
  seeded = await seedOrganization();
});

describe('a provider key', () => {
  it('is kept sealed, shown masked, logged without it, and wiped when it is deleted', async () => {
    const one = await seedOrganization();
    const { id, ...shown } = await made(one);
    expect(shown).toEqual({
      provider: 'openai',
      slug: null,
      name: 'Production',
      maskedKey: '…zz99',
      baseUrl: null,
      settings: {},
      models: null,
      createdAt: expect.stringMatching(/Z$/),
      createdBy: null,
      lastTest: null,
      applied: expect.any(Number),
      pending: 0,
    });
    const { sealed = '' } = await rowOf(id);
    const seal = await providerKeySeal(env);
    expect(await seal?.open(sealed, { organizationId: one.organizationId, id })).toBe(SECRET);
    const list = await send(one, 'GET', '');
    const single = await send(one, 'GET', `/${id}`);
    expect(list.body.providerKeys).toEqual([single.body]);
    const gone = await send(one, 'DELETE', `/${id}`);
    expect([gone.status, gone.body]).toEqual([204, {}]);
    expect((await send(one, 'GET', `/${id}`)).status).toBe(404);
    expect((await send(one, 'DELETE', `/${id}`)).status).toBe(404);
    expect((await rowOf(id)).sealed).toBe('');
    const told = await entriesOf(one);
    expect(told.map(({ action }) => action)).toEqual(['provider_key.created', 'provider_key.deleted']);
    expect(told[0]?.after).toMatchObject({ maskedKey: '…zz99', provider: 'openai' });
    const all = JSON.stringify([shown, list, single, told, await rowOf(id)]);
    for (let from = 8; from + 8 <= SECRET.length; from++) expect(all).not.toContain(SECRET.slice(from, from + 8));
  });

  it('of an own provider has its models with canonical prices, and defaults that hold enough', async () => {
    const { id } = await made(await seedOrganization(), { ...ACME, models: [...ACME.models, { name: 'org/x:free' }] });
    expect(await rowOf(id)).toMatchObject({ slug: 'acme', base_url: 'https://llm.acme.com/v1', version: 1 });
    expect(JSON.parse((await rowOf(id)).models ?? '')).toEqual([
      {
        name: 'llama',
        serves: ['conversation'],
        contextTokens: 128_000,
        maxOutputTokens: 16_384,
        reasoning: false,
        inputPrice: '0.40',
        cachedInputPrice: null,
        outputPrice: '1.20',
      },
      {
        name: 'org/x:free',
        serves: ['conversation'],
        contextTokens: 128_000,
        maxOutputTokens: 16_384,
        reasoning: true,
        inputPrice: null,
        cachedInputPrice: null,
        outputPrice: null,
      },
    ]);
  });

  it.each<[Record<string, unknown>, string | null]>([
    [{}, 'name'],
    [{ ...OPENAI, key: '' }, 'key'],
    [{ ...OPENAI, key: 'two words' }, 'key'],
    [{ ...OPENAI, key: 'line\nbreak' }, 'key'],
    [{ ...OPENAI, key: 'schlüssel' }, 'key'],
    [{ ...OPENAI, key: 'x'.repeat(LIMITS.providerSecretLengthMax + 1) }, 'key'],
    [{ ...OPENAI, provider: 'demo' }, 'provider'],
    [{ ...OPENAI, provider: 'acme' }, 'provider'],
    [{ ...OPENAI, name: '' }, 'name'],
    [{ ...OPENAI, sealed: 'x' }, 'sealed'],
    [{ ...OPENAI, slug: 'acme' }, 'slug'],
    [{ ...OPENAI, models: ACME.models }, 'models'],
    [{ ...OPENAI, settings: { region: 'eu' } }, 'settings'],
    [{ ...OPENAI, baseUrl: 'http://llm.acme.com/v1' }, 'baseUrl'],
    [{ ...OPENAI, baseUrl: 'https://169.254.169.254/v1' }, 'baseUrl'],
    [{ ...OPENAI, baseUrl: 'https://0xa9fea9fe/' }, 'baseUrl'],
    [{ ...OPENAI, baseUrl: 'https://metadata.google.internal' }, 'baseUrl'],
    [{ ...OPENAI, baseUrl: 'https://user:pass@llm.acme.com' }, 'baseUrl'],
    [{ ...OPENAI, baseUrl: 'https://llm.acme.com:8443/v1' }, 'baseUrl'],
    [{ ...OPENAI, baseUrl: 'https://purser.acme.workers.dev/v1' }, 'baseUrl'],
    [{ ...OPENAI, provider: 'azure' }, 'baseUrl'],
    [{ ...OPENAI, provider: 'bedrock', settings: { region: 'us-east-1' } }, 'settings'],
    [{ ...OPENAI, provider: 'bedrock', settings: { accessKeyId: 'AKIA', region: 'evil.com/' } }, 'settings.region'],
    [{ ...OPENAI, provider: 'bedrock', settings: { accessKeyId: 'AKIA', region: 'a', more: 'x' } }, 'settings'],
    [{ ...OPENAI, provider: 'vertex', settings: { project: 'p', region: 'europe-west4' } }, 'key'],
    [{ ...ACME, slug: undefined }, 'slug'],
    [{ ...ACME, slug: 'Acme' }, 'slug'],
    [{ ...ACME, slug: 'a/b' }, 'slug'],
    [{ ...ACME, slug: 'openai' }, 'slug'],
    [{ ...ACME, slug: 'demo' }, 'slug'],
    [{ ...ACME, baseUrl: undefined }, 'baseUrl'],
    [{ ...ACME, models: [] }, 'models'],
    [{ ...ACME, models: undefined }, 'models'],
    [{ ...ACME, models: [{ name: 'a' }, { name: 'a' }] }, 'models'],
    [{ ...ACME, models: [{ name: 'a b' }] }, 'models.0.name'],
    [{ ...ACME, models: [{ name: 'a', serves: ['videos'] }] }, 'models.0.serves.0'],
    [{ ...ACME, models: [{ name: 'a', serves: [] }] }, 'models.0.serves'],
    [{ ...ACME, models: [{ name: 'a', inputPrice: '-1' }] }, 'models.0.inputPrice'],
    [{ ...ACME, models: [{ name: 'a', inputPrice: '1' }] }, 'models.0.outputPrice'],
    [{ ...ACME, models: [{ name: 'a', contextTokens: 10, maxOutputTokens: 11 }] }, 'models.0.maxOutputTokens'],
    [{ ...ACME, models: Array.from({ length: LIMITS.customModelsMax + 1 }, (_, i) => ({ name: `m${i}` })) }, 'models'],
  ])('of %j is a 400 that names the field, and repeats no key', async (body, param) => {
    const answer = await send(seeded, 'POST', '', body);
    expect([answer.status, answer.body.error]).toEqual([400, expect.objectContaining({ param })]);
    expect(JSON.stringify(answer.body)).not.toContain(SECRET);
  });

  it('of a cloud is taken with its settings', async () => {
    const account = JSON.stringify({ client_email: 'a@b.iam.gserviceaccount.com', private_key: 'planted' });
    const settings = { project: 'p-1', region: 'europe-west4' };
    const vertex = await made(seeded, { ...OPENAI, provider: 'vertex', key: account, settings });
    expect(vertex).toMatchObject({ maskedKey: '…', settings });
    await made(seeded, { ...OPENAI, provider: 'bedrock', settings: { accessKeyId: 'AKIA1', region: 'eu-central-1' } });
    const azure = { ...OPENAI, provider: 'azure', baseUrl: 'https://x.openai.azure.com/openai/v1' };
    expect(await made(seeded, azure)).toMatchObject({ baseUrl: azure.baseUrl });
  });
});

describe('changing a provider key', () => {
  it('rotates the key, which is another row of ciphertext and an entry of the log', async () => {
    const one = await seedOrganization();
    const { id } = await made(one);
    const before = await rowOf(id);
    const changed = await send(one, 'PATCH', `/${id}`, { key: 'sk-live-another-key-of-theirs-aa11', name: 'Next' });
    expect([changed.status, changed.body]).toEqual([
      200,
      expect.objectContaining({ name: 'Next', maskedKey: '…aa11' }),
    ]);
    const after = await rowOf(id);
    expect([after.sealed === before.sealed, after.version]).toEqual([false, 2]);
    expect((await entriesOf(one)).at(-1)).toEqual({
      action: 'provider_key.updated',
      after: { name: 'Next', maskedKey: '…aa11' },
    });
  });

  it('sends no stored key elsewhere: another base URL needs the key again', async () => {
    const { id } = await made(seeded, { ...ACME, slug: 'elsewhere' });
    const refused = await send(seeded, 'PATCH', `/${id}`, { baseUrl: 'https://evil.acme.org' });
    expect([refused.status, refused.body.error]).toEqual([400, expect.objectContaining({ param: 'key' })]);
    const same = await send(seeded, 'PATCH', `/${id}`, { baseUrl: 'https://llm.acme.com/v1', name: 'Same place' });
    expect([same.status, same.body.name]).toEqual([200, 'Same place']);
    const moved = await send(seeded, 'PATCH', `/${id}`, { baseUrl: 'https://llm2.acme.com', key: SECRET });
    expect([moved.status, moved.body.baseUrl]).toEqual([200, 'https://llm2.acme.com']);
    expect((await send(seeded, 'PATCH', `/${id}`, { baseUrl: null, key: SECRET })).status).toBe(400);
  });

  it.each([{}, { provider: 'openai' }, { slug: 'x1' }, { models: null }, { settings: { region: 'eu' } }])(
    'to %j is a 400',
    async (change) => {
      const { id } = await made(seeded, {
        ...ACME,
        slug: `own-${JSON.stringify(change).length}-${crypto.randomUUID().slice(0, 6)}`,
      });
      expect((await send(seeded, 'PATCH', `/${id}`, change)).status).toBe(400);
      await send(seeded, 'DELETE', `/${id}`);
    },
  );
});

describe('the provider keys of an organization', () => {
  it('have each their own slug, which is free again when one is deleted', async () => {
    const one = await seedOrganization();
    const { id } = await made(one, ACME);
    const twice = await send(one, 'POST', '', ACME);
    expect([twice.status, twice.body.error]).toEqual([400, expect.objectContaining({ param: 'slug' })]);
    await made(await seedOrganization(), ACME);
    await send(one, 'DELETE', `/${id}`);
    await made(one, ACME);
  });

  it('are so many at most, also of those made at once, and not too long in all', async () => {
    const one = await seedOrganization();
    for (let i = 1; i < LIMITS.providerKeysMax; i++) await made(one, { ...OPENAI, name: `Key ${i}` });
    const answers = await Promise.all([1, 2, 3].map(() => send(one, 'POST', '', OPENAI)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 400, 400]);
    const other = await seedOrganization();
    const long = { ...OPENAI, key: 'k'.repeat(LIMITS.providerSecretLengthMax) };
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await send(other, 'POST', '', long)).status);
    expect(statuses).toEqual([201, 201, 201, 201, 201, 400, 400]);
  });

  it('are told of only to their organization', async () => {
    const [one, other] = [await seedOrganization(), await seedOrganization()];
    const { id } = await made(one);
    for (const [method, rest] of [
      ['GET', `/${id}`],
      ['PATCH', `/${id}`],
      ['DELETE', `/${id}`],
      ['POST', `/${id}/test`],
    ] as const) {
      expect((await send(other, method, rest, method === 'PATCH' ? { name: 'x' } : undefined)).status).toBe(404);
    }
    expect((await send(other, 'GET', '')).body.providerKeys).toEqual([]);
  });

  it('cannot be kept without the secret, and a 503 says what to set; what needs none works', async () => {
    const { PROVIDER_KEY_SECRET: _, ...without } = env;
    const { id } = await made(seeded, { ...OPENAI, name: 'Kept before' });
    const ask = (method: string, rest: string, body?: unknown) =>
      callIn(without as Env, request(method, pathOf(seeded, rest), seeded.masterKey, body));
    for (const [method, rest, body] of [
      ['POST', '', OPENAI],
      ['PATCH', `/${id}`, { key: SECRET }],
      ['POST', `/${id}/test`, undefined],
    ] as const) {
      expect(await refusal(await ask(method, rest, body))).toMatchObject({
        status: 503,
        code: 'provider_keys_unavailable',
        message: expect.stringContaining('set the secret PROVIDER_KEY_SECRET'),
      });
    }
    expect((await ask('GET', '')).status).toBe(200);
    expect((await ask('PATCH', `/${id}`, { name: 'Renamed' })).status).toBe(200);
    expect((await ask('DELETE', `/${id}`)).status).toBe(204);
  });
});

describe('testing a provider key', () => {
  /** Answers in the place of all providers, and remembers what it was asked. */
  function provider(answer: () => Response | Promise<Response>) {
    const asked: { url: string; headers: Record<string, string>; redirect: string | undefined }[] = [];
    const EGRESS = {
      fetch: async (url: string, init: RequestInit) => {
        asked.push({ url, headers: init.headers as Record<string, string>, redirect: init.redirect });
        return answer();
      },
    };
    return { asked, environment: { ...env, EGRESS } as unknown as Env };
  }

  const test = async (environment: Env, body: object = OPENAI) => {
    const { id } = await made(seeded, body);
    const answer = await callIn(environment, request('POST', pathOf(seeded, `/${id}/test`), seeded.masterKey));
    const shown = (await answer.json()) as Shown;
    await send(seeded, 'DELETE', `/${id}`);
    return { status: answer.status, shown };
  };

  it('says nothing of the key that takes its place, and stays where only the name changes', async () => {
    const { environment } = provider(() => Response.json({ data: [] }));
    const { id } = await made(seeded, { ...OPENAI, name: 'Tested' });
    await callIn(environment, request('POST', pathOf(seeded, `/${id}/test`), seeded.masterKey));
    const renamed = await send(seeded, 'PATCH', `/${id}`, { name: 'Renamed' });
    expect(renamed.body.lastTest).toMatchObject({ ok: true });
    const rotated = await send(seeded, 'PATCH', `/${id}`, { key: 'sk-live-another-key-of-theirs-aa11' });
    expect([rotated.body.lastTest, (await send(seeded, 'GET', `/${id}`)).body.lastTest]).toEqual([null, null]);
    await send(seeded, 'DELETE', `/${id}`);
  });

  it.each<[object, string, Record<string, string>]>([
    [OPENAI, 'https://api.openai.com/v1/models', { authorization: `Bearer ${SECRET}` }],
    [{ ...OPENAI, provider: 'anthropic' }, 'https://api.anthropic.com/v1/models?limit=1', { 'x-api-key': SECRET }],
    [
      { ...OPENAI, provider: 'google' },
      'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1',
      { 'x-goog-api-key': SECRET },
    ],
    [
      {
        ...OPENAI,
        provider: 'azure',
        baseUrl: 'https://x.openai.azure.com/openai',
        settings: { apiVersion: '2026-01-01' },
      },
      'https://x.openai.azure.com/openai/models?api-version=2026-01-01',
      { 'api-key': SECRET },
    ],
    [{ ...ACME, slug: 'tested' }, 'https://llm.acme.com/v1/models', { authorization: `Bearer ${SECRET}` }],
  ])('of %j calls what is free there', async (body, url, headers) => {
    const { asked, environment } = provider(() => Response.json({ data: [] }));
    const { status, shown } = await test(environment, body);
    expect([status, shown.lastTest]).toEqual([200, { at: expect.any(String), ok: true, problem: null }]);
    expect(asked).toEqual([{ url, headers: expect.objectContaining(headers), redirect: 'manual' }]);
  });

  it.each<[string, () => Response | Promise<Response>, RegExp]>([
    ['a refused key', () => new Response(`Incorrect API key: ${SECRET}`, { status: 401 }), /refuses the key \(401\)/],
    ['a wrong path', () => new Response('', { status: 404 }), /no list of models/],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'http://10.0.0.1' } }), /redirects/],
    ['too many requests', () => new Response('', { status: 429 }), /too many requests/],
    ['a failure', () => new Response('', { status: 500 }), /answered with 500/],
    ['a page', () => new Response('<html>'), /no provider/],
    ['no answer', () => Promise.reject(new Error(`connect failed ${SECRET}`)), /could not be reached/],
  ])('says what is wrong with %s, in words of our own', async (_, answer, problem) => {
    const { environment } = provider(answer);
    const { status, shown } = await test(environment);
    expect([status, shown.lastTest?.ok]).toEqual([200, false]);
    expect(shown.lastTest?.problem).toMatch(problem);
    expect(JSON.stringify(shown)).not.toContain(SECRET.slice(8, 20));
    const last = (await entriesOf(seeded)).findLast(({ action }) => action === 'provider_key.tested');
    expect(last?.after).toEqual({ ok: false, problem: shown.lastTest?.problem });
  });

  it('says so where the key was sealed under another secret, and calls nobody', async () => {
    const { asked, environment } = provider(() => Response.json({}));
    const { id } = await made(seeded);
    const other = await ProviderKeySeal.of('a secret that this deployment never had', null);
    const sealed = await other.seal(SECRET, { organizationId: seeded.organizationId, id });
    await env.DB.prepare('UPDATE provider_keys SET sealed = ? WHERE id = ?').bind(sealed, id).run();
    const answer = await callIn(environment, request('POST', pathOf(seeded, `/${id}/test`), seeded.masterKey));
    const { lastTest } = (await answer.json()) as Shown;
    expect([lastTest?.ok, lastTest?.problem]).toEqual([false, expect.stringContaining('PROVIDER_KEY_SECRET_PREVIOUS')]);
    expect(asked).toEqual([]);
  });

  it.each(['https://llm.acme.com:8443/v1', 'https://gateway.acme.com/v1'])(
    'says of %s, which was stored when it passed, what is wrong with it now, and calls nobody',
    async (baseUrl) => {
      const { asked, environment } = provider(() => Response.json({}));
      const { id } = await made(seeded);
      await env.DB.prepare('UPDATE provider_keys SET base_url = ? WHERE id = ?').bind(baseUrl, id).run();
      const asking = request('POST', pathOf(seeded, `/${id}/test`), seeded.masterKey);
      const from = new URL(asking.url);
      from.host = 'gateway.acme.com';
      const { lastTest } = (await (await callIn(environment, new Request(from, asking))).json()) as Shown;
      expect([lastTest?.ok, lastTest?.problem]).toEqual([false, expect.stringMatching(/^baseUrl /)]);
      expect(asked).toEqual([]);
    },
  );

  it('of AWS asks whose it is, signed, and sends the key itself nowhere', async () => {
    const { asked, environment } = provider(() => Response.json({}));
    const settings = { accessKeyId: 'AKIA1', region: 'eu-central-1' };
    const { shown } = await test(environment, { ...OPENAI, provider: 'bedrock', settings });
    expect(shown.lastTest).toMatchObject({ ok: true });
    expect(asked[0]?.url).toBe('https://sts.eu-central-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15');
    expect(JSON.stringify([...new Headers(asked[0]?.headers)])).toContain('Credential=AKIA1/');
    expect(JSON.stringify([...new Headers(asked[0]?.headers)])).not.toContain(SECRET);
  });

  it('of a service account that is none says that it is refused', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { asked, environment } = provider(() => Response.json({}));
    const key = JSON.stringify({ client_email: 'a@b.iam.gserviceaccount.com', private_key: 'planted' });
    const { shown } = await test(environment, { ...OPENAI, provider: 'vertex', key, settings: { project: 'p' } });
    expect([shown.lastTest?.problem, asked]).toEqual(['The provider refuses the key (401).', []]);
  });
});
