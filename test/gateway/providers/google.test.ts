import { describe, expect, it, vi } from 'vitest';
import { google } from '../../../src/gateway/providers/google.ts';
import type { Operation, Provider } from '../../../src/gateway/providers/provider.ts';
import { vertex } from '../../../src/gateway/providers/vertex.ts';
import { LIMITS } from '../../../src/limits.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../../src/models/catalogue.ts';
import { FakeGoogle } from '../../support/fake-google.ts';
import { makeServiceAccount } from '../../support/service-account.ts';

function mappingOf(id: string): Mapping {
  const mapping = CATALOGUE_MAPPINGS.find((row) => row.id === id);
  if (!mapping) throw new Error(`no ${id}`);
  return mapping;
}

interface Call {
  model?: string;
  operation?: Operation;
  streamed?: boolean;
  body?: object;
}

/** A call through an adapter, to a fake of Google's. */
const BETAS = 'interleaved-thinking-2025-05-14,context-1m-2025-08-07,files-api-2025-04-14';

async function send(provider: Provider, fake: FakeGoogle, secrets: object, call: Call = {}): Promise<Response> {
  const env = { EGRESS: fake, ALLOW_LOOPBACK_UPSTREAMS: '1', ...secrets } as unknown as Env;
  const credential = provider.credentialOf(env);
  if (!credential) throw new Error('the test is set up wrong');
  const { model = `${provider.id}/gemini-3.1-flash-lite`, operation = 'gemini', streamed = false, body = {} } = call;
  return provider.send({
    env,
    credential,
    mapping: mappingOf(model),
    operation,
    body: JSON.stringify(body),
    contentType: 'application/json',
    streamed,
    clientHeaders: new Headers({ authorization: 'Bearer psr_x', 'x-goog-api-key': 'psr_x', 'anthropic-beta': BETAS }),
    signal: new AbortController().signal,
  });
}

const STUDIO = { GOOGLE_API_KEY: 'AIza-the-deployments-own' };

describe('AI Studio', () => {
  it('is called at its place under the base URL, with the key of the deployment alone', async () => {
    const fake = new FakeGoogle();
    await send(google, fake, STUDIO);
    await send(google, fake, { ...STUDIO, GOOGLE_BASE_URL: 'https://proxy.example/g/' }, { streamed: true });
    await send(google, fake, STUDIO, { operation: 'models/countTokens' });
    expect(fake.calls.map(({ url }) => url)).toEqual([
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.1-flash-lite:generateContent',
      'https://proxy.example/g/v1beta/models/gemini-3.1-flash-lite:streamGenerateContent?alt=sse',
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.1-flash-lite:countTokens',
    ]);
    expect(Object.fromEntries(fake.calls[0]?.headers ?? [])).toEqual({
      'x-goog-api-key': 'AIza-the-deployments-own',
      'content-type': 'application/json',
    });
  });

  it('is not there without a key', () => {
    expect(google.credentialOf({} as Env)).toBeNull();
    expect(vertex.credentialOf({ VERTEX_ACCESS_TOKEN: 'ya29.x' } as unknown as Env)).toBeNull();
  });

  it('that does not know the key has refused the deployment, not the caller, and quotes nothing', async () => {
    const response = await send(google, new FakeGoogle(), { GOOGLE_API_KEY: 'AIza-wrong' });
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain('AIza-wrong');
  });

  it('says how long to wait in the terms of HTTP', async () => {
    const body = { fake: { status: 429, retryDelay: '34.07s' } };
    const response = await send(google, new FakeGoogle(), STUDIO, { body, streamed: true });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '35']);
    expect(await response.json()).toMatchObject({ error: { message: 'The fake was asked to fail.' } });
  });

  it('may refuse with a page that is no JSON, or with a list', async () => {
    const refused = (body: string) => {
      const fake = { fetch: async () => new Response(body, { status: 500 }) };
      return send(google, fake as unknown as FakeGoogle, STUDIO);
    };
    expect((await refused('<html>')).status).toBe(500);
    expect(await (await refused('[{"error":{"message":"m"}}]')).json()).toEqual({ error: { message: 'm' } });
  });
});

describe('Vertex AI', () => {
  const TOKEN = { VERTEX_PROJECT: 'p', VERTEX_ACCESS_TOKEN: 'ya29.first' };

  it.each([
    ['global', 'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers'],
    ['europe-west1', 'https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1/publishers'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers'],
  ])('is called in its region %s', async (region, base) => {
    const fake = new FakeGoogle();
    await send(vertex, fake, { ...TOKEN, VERTEX_REGION: region }, { streamed: true });
    expect(fake.calls[0]?.url).toBe(`${base}/google/models/gemini-3.1-flash-lite:streamGenerateContent?alt=sse`);
    expect(fake.calls[0]?.headers.get('authorization')).toBe('Bearer ya29.first');
  });

  it('is called nowhere else by the name of a region', async () => {
    const region = 'evil.example/';
    await expect(send(vertex, new FakeGoogle(), { ...TOKEN, VERTEX_REGION: region })).rejects.toThrow('region');
  });

  it('serves Claude in its own protocol, whose model stands in the path and whose version in the body', async () => {
    const fake = new FakeGoogle();
    const model = 'vertex/claude-sonnet-5';
    expect(vertex.speaks(mappingOf(model))).toEqual(['messages']);
    expect(vertex.speaks(mappingOf('vertex/gemini-3.1-flash-lite'))).toEqual(['gemini']);
    const body = {
      model: 'claude-sonnet-5',
      max_tokens: 5,
      messages: [],
      stream: true,
      anthropic_beta: ['context-1m-2025-08-07'],
    };
    await send(vertex, fake, TOKEN, { model, operation: 'messages', streamed: true, body });
    await send(vertex, fake, TOKEN, { model, operation: 'messages', body });
    expect(fake.calls.map(({ url }) => url.split('/publishers/')[1])).toEqual([
      'anthropic/models/claude-sonnet-5:streamRawPredict',
      'anthropic/models/claude-sonnet-5:rawPredict',
    ]);
    expect(fake.calls[0]?.body).toEqual({
      max_tokens: 5,
      messages: [],
      stream: true,
      anthropic_version: 'vertex-2023-10-16',
    });
    // Of the client's betas those that change neither bill nor reach; in the body none.
    expect(fake.calls[0]?.headers.get('anthropic-beta')).toBe('interleaved-thinking-2025-05-14');
  });

  it('trades what its service account signs for a token, which is kept until shortly before its end', async () => {
    const fake = new FakeGoogle();
    const account = await makeServiceAccount('http://127.0.0.1:1/token');
    const secrets = { VERTEX_SERVICE_ACCOUNT: account.json };
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const startMs = Date.now();
      await send(vertex, fake, secrets);
      await send(vertex, fake, secrets);
      expect(fake.assertions).toHaveLength(1);
      expect(await account.verified(fake.assertions[0] ?? '')).toMatchObject({
        alg: 'RS256',
        kid: 'key-1',
        iss: 'purser@a-project.iam.gserviceaccount.com',
        scope: 'https://www.googleapis.com/auth/cloud-platform',
        aud: 'https://oauth2.googleapis.com/token',
        exp: Math.floor(startMs / 1_000) + 3_600,
      });
      expect(fake.calls[0]?.url).toContain('/projects/a-project/');
      fake.grants = { token: 'ya29.second', expiresIn: 3_600 };
      vi.setSystemTime(startMs + 3_600_000 - LIMITS.accessTokenSpareMs + 1);
      expect((await send(vertex, fake, secrets)).status).toBe(200);
      expect(fake.assertions).toHaveLength(2);
      expect(fake.calls.at(-1)?.headers.get('authorization')).toBe('Bearer ya29.second');
    } finally {
      vi.useRealTimers();
    }
  });

  it('forgets a token that is refused before its time', async () => {
    const fake = new FakeGoogle();
    const { json } = await makeServiceAccount('http://127.0.0.1:1/token');
    await send(vertex, fake, { VERTEX_SERVICE_ACCOUNT: json });
    fake.grants = { token: 'ya29.second', expiresIn: 3_600 };
    expect((await send(vertex, fake, { VERTEX_SERVICE_ACCOUNT: json })).status).toBe(401);
    expect((await send(vertex, fake, { VERTEX_SERVICE_ACCOUNT: json })).status).toBe(200);
  });

  it('shares no token between accounts that only say the same name', async () => {
    const fake = new FakeGoogle();
    const first = await makeServiceAccount('http://127.0.0.1:1/token');
    const second = await makeServiceAccount('http://127.0.0.1:1/token');
    await send(vertex, fake, { VERTEX_SERVICE_ACCOUNT: first.json });
    await send(vertex, fake, { VERTEX_SERVICE_ACCOUNT: second.json });
    expect(fake.assertions).toHaveLength(2);
  });

  it.each([
    ['https://evil.example/token', 'https://oauth2.googleapis.com/token'],
    ['http://127.0.0.1:9/token', 'http://127.0.0.1:9/token'],
  ])('asks Google for tokens, wherever the key file points, save to this machine: %s', async (uri, asked) => {
    const urls: string[] = [];
    const fake = new FakeGoogle();
    const watched = {
      fetch: (url: string, init: RequestInit) => {
        urls.push(url);
        return fake.fetch(url, init);
      },
    };
    const { json } = await makeServiceAccount(uri);
    await send(vertex, watched as unknown as FakeGoogle, { VERTEX_SERVICE_ACCOUNT: json });
    expect(urls[0]).toBe(asked);
  });

  it('that gives no token has refused the deployment, and neither the answer nor the log tells the key', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    try {
      const fake = new FakeGoogle();
      const { json } = await makeServiceAccount('http://127.0.0.1:1/token');
      const tried = async (secret: string) =>
        (await send(vertex, fake, { VERTEX_PROJECT: 'p', VERTEX_SERVICE_ACCOUNT: secret })).status;
      fake.grants = { status: 400 };
      expect(await tried(json)).toBe(401);
      fake.grants = { status: 503 };
      expect(await tried(json)).toBe(503);
      expect(await tried('{"client_email":"a"}')).toBe(401);
      expect(await tried(JSON.stringify({ ...JSON.parse(json), private_key: 'not a key' }))).toBe(401);
      expect(fake.calls).toEqual([]);
      const log = JSON.stringify(warned.mock.calls);
      expect(log).toContain('invalid_grant');
      for (const secret of [JSON.parse(json).private_key.slice(30, 60), fake.assertions[0]?.slice(-40)]) {
        expect(log).not.toContain(secret);
      }
    } finally {
      warned.mockRestore();
    }
  });
});
