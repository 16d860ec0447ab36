/**
 * Every surface that costs something, each through the same gate: one table, and the router's own list says that nothing is
 * missing from it. The demo provider's prices are in src/local/demo-surfaces.ts, so each cost is counted by hand here.
 */
import { env, exports } from 'cloudflare:workers';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Provider } from '../../../src/gateway/providers/provider.ts';
import { gatewayRouter } from '../../../src/gateway/router.ts';
import { newId } from '../../../src/ids.ts';
import { demoProvider } from '../../../src/local/demo-provider.ts';
import { LiveCatalogue } from '../../../src/prices/live-catalogue.ts';
import { makeKey } from '../../../src/teams/keys.ts';
import { type ErrorBody, HELLO, json, keyOf, ORIGIN, until } from '../../support/gateway.ts';
import { meteredOrganization } from '../../support/metered.ts';
import { type Seeded, seedOrganization } from '../../support/seed.ts';
import { call } from '../../teams/management.ts';

interface Row {
  /** As the router has it, and where it is asked. */
  route: string;
  path?: string;
  /** As rules and usage events name it. */
  endpoint: string;
  body: () => BodyInit;
  /** USD, with how it comes about. */
  cost: string;
  /** A job: its cost is settled, and told, once it is done. */
  later?: true;
}

const four = { demo: { outputTokens: 4 } };

function form(fields: Record<string, string | Blob>, name = 'file.bin'): FormData {
  const data = new FormData();
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === 'string') data.append(field, value);
    else data.append(field, value, name);
  }
  return data;
}

const ROWS: readonly Row[] = [
  {
    route: '/chat/completions',
    endpoint: 'chat/completions',
    // Two words in at $1, four out at $2 per million.
    body: () => JSON.stringify({ model: 'demo/words', messages: HELLO, ...four }),
    cost: '0.00001',
  },
  {
    route: '/messages',
    endpoint: 'messages',
    body: () => JSON.stringify({ model: 'demo/words', messages: HELLO, max_tokens: 4, ...four }),
    cost: '0.00001',
  },
  {
    route: '/responses',
    endpoint: 'responses',
    body: () => JSON.stringify({ model: 'demo/words', input: 'one two', ...four }),
    cost: '0.00001',
  },
  {
    route: '/models/:model{.+}',
    path: '/models/demo/words:generateContent',
    endpoint: 'models/generateContent',
    body: () => JSON.stringify({ contents: [{ parts: [{ text: 'one two' }] }], ...four }),
    cost: '0.00001',
  },
  {
    route: '/models/:model{.+}',
    path: '/models/demo/embed:embedContent',
    endpoint: 'embeddings',
    // Two words at $1 per million.
    body: () => JSON.stringify({ content: { parts: [{ text: 'one two' }] } }),
    cost: '0.000002',
  },
  {
    route: '/models/:model{.+}',
    path: '/models/demo/embed:batchEmbedContents',
    endpoint: 'embeddings',
    body: () => JSON.stringify({ requests: [{ content: { parts: [{ text: 'one two' }] } }] }),
    cost: '0.000002',
  },
  {
    route: '/embeddings',
    endpoint: 'embeddings',
    // Four words at $1 per million.
    body: () => JSON.stringify({ model: 'demo/embed', input: ['one two three', 'four'] }),
    cost: '0.000004',
  },
  {
    route: '/moderations',
    endpoint: 'moderations',
    // A request at $0.001.
    body: () => JSON.stringify({ model: 'demo/moderate', input: 'one two' }),
    cost: '0.001',
  },
  {
    route: '/rerank',
    endpoint: 'rerank',
    // 101 documents are two units at $2 per thousand.
    body: () => JSON.stringify({ model: 'demo/rerank', query: 'one', documents: new Array(101).fill('one two') }),
    cost: '0.004',
  },
  {
    route: '/images/generations',
    endpoint: 'images/generations',
    // Two in 1024x1024 at $0.04.
    body: () => JSON.stringify({ model: 'demo/image', prompt: 'a harbour', n: 2 }),
    cost: '0.08',
  },
  {
    route: '/images/edits',
    endpoint: 'images/edits',
    // Three in 256x256 at $0.01.
    body: () =>
      form({ model: 'demo/image', prompt: 'bluer', n: '3', size: '256x256', 'image[]': new Blob(['png']) }, 'a.png'),
    cost: '0.03',
  },
  {
    route: '/audio/speech',
    endpoint: 'audio/speech',
    // Seven characters at $15 per million.
    body: () => JSON.stringify({ model: 'demo/speech', input: 'one two', voice: 'alloy' }),
    cost: '0.000105',
  },
  {
    route: '/audio/transcriptions',
    endpoint: 'audio/transcriptions',
    // 2,500 bytes are three seconds at $0.0001.
    body: () => form({ model: 'demo/transcribe', file: new Blob([new Uint8Array(2_500)]) }, 'a.mp3'),
    cost: '0.0003',
  },
  {
    route: '/ocr',
    endpoint: 'ocr',
    // Three pages at $4 per thousand.
    body: () => {
      const document = { type: 'document_url', document_url: 'https://example.com/a.pdf' };
      return JSON.stringify({ model: 'demo/ocr', document, pages: [0, 1, 2] });
    },
    cost: '0.012',
  },
  {
    route: '/videos',
    endpoint: 'videos',
    // Four seconds at $0.10.
    body: () => JSON.stringify({ model: 'demo/video', prompt: 'a harbour' }),
    cost: '0.40',
    later: true,
  },
];

/** Costs nothing, and says so here: counting tokens. */
const FREE: readonly string[] = ['/messages/count_tokens'];

const POSTED = gatewayRouter(new LiveCatalogue([]), new Map<Provider['id'], Provider>())
  .routes.filter(({ method }) => method === 'POST')
  .map(({ path }) => path);

const SERVED = ROWS.filter(({ route }) => POSTED.includes(route)).map((row) => [row.path ?? row.route, row] as const);

function ask({ path, route, body }: Row, apiKey: string | null, more: Record<string, string> = {}): Promise<Response> {
  const sent = body();
  const headers = { ...more, ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }) };
  return exports.default.fetch(`${ORIGIN}/v1${path ?? route}`, { method: 'POST', headers, body: sent });
}

interface Reasons {
  details?: { reason?: string; metadata?: { rule?: string } }[];
}

/** Some protocols have the metadata beside the error, some within it, and Gemini's has our code there too. */
async function refused(response: Response): Promise<[status: number, code: string, rule?: unknown]> {
  const { error, ...beside } = await json<{ error: ErrorBody['error'] & Reasons; metadata?: { rule?: string } }>(
    response,
  );
  const [reason] = error.details ?? [];
  const { rule } = reason?.metadata ?? beside.metadata ?? error.metadata ?? {};
  return [response.status, reason?.reason ?? error.code, rule];
}

/** What the key has used, once a job is done. */
function usageAfter({ later }: Row, apiKey: string): Promise<unknown> {
  const usage = async () => (await keyOf(apiKey)).usage;
  return later ? until(async () => ((await usage()) === '0' ? null : usage()), 'it was done') : usage();
}

const sent = vi.fn();
const { send, callVideos } = demoProvider;
vi.spyOn(demoProvider, 'send').mockImplementation((request) => {
  sent();
  return send(request);
});
vi.spyOn(demoProvider, 'callVideos').mockImplementation(async (request) => {
  // What follows is asked by the video's own object.
  if (request.method === 'POST') sent();
  return callVideos?.(request) ?? Response.error();
});
beforeEach(() => {
  sent.mockClear();
});

it('the table has every route that takes a POST', () => {
  expect(POSTED.filter((path) => !FREE.includes(path) && !ROWS.some(({ route }) => route === path))).toEqual([]);
  expect(SERVED.length).toBeGreaterThanOrEqual(9);
});

describe.each(SERVED)('%s', (_, row) => {
  it('is served to a member with budget, charged what it costs and told so', async () => {
    const { apiKey, organizationId, masterKey } = await seedOrganization({ budget: { usageLimit: '10' } });
    const response = await ask(row, apiKey);
    expect([response.status, response.headers.get('x-purser-cost')]).toEqual([200, row.later ? null : row.cost]);
    expect(response.headers.get('x-purser-provider')).toBe('demo');
    await response.arrayBuffer();
    expect(sent).toHaveBeenCalledTimes(1);
    expect(await usageAfter(row, apiKey)).toBe(row.cost);
    await call('POST', `/orgs/${organizationId}/rollups`, masterKey);
    const { results } = await env.DB.prepare(
      'SELECT endpoint, outcome, estimated, input_cost + output_cost - cost AS difference FROM usage_events WHERE organization_id = ?',
    )
      .bind(organizationId)
      .all();
    expect(results).toEqual([{ endpoint: row.endpoint, outcome: 'completed', estimated: 0, difference: 0 }]);
  });

  it('is answered from the record when it comes again under its Idempotency-Key, and sent once', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '10' } });
    const headers = { 'idempotency-key': 'once' };
    const first = await ask(row, apiKey, headers);
    const answer = new Uint8Array(await first.arrayBuffer());
    const again = await ask(row, apiKey, headers);
    expect([first.status, again.status, again.headers.get('x-purser-replayed')]).toEqual([200, 200, 'true']);
    expect(new Uint8Array(await again.arrayBuffer())).toEqual(answer);
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(sent).toHaveBeenCalledTimes(1);
    expect(await usageAfter(row, apiKey)).toBe(row.cost);
  });

  it('costs nothing where its provider refuses or fails, and tells it in its own status', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '10' } });
    for (const [failStatus, status] of [
      [429, 429],
      [400, 400],
      [500, 502],
    ]) {
      const response = await ask({ ...row, body: () => withDemo(row.body(), { failStatus }) }, apiKey);
      expect([failStatus, response.status]).toEqual([failStatus, status]);
      await response.arrayBuffer();
    }
    const { usage, member } = await keyOf(apiKey);
    expect([usage, member.status.held]).toEqual(['0', '0']);
  });

  it('is refused to a member whose budget is used up, and nothing is sent', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0.00001' } });
    const [, chat] = SERVED.find(([route]) => route === '/chat/completions') ?? [];
    if (!chat) throw new Error('there is no chat');
    expect((await ask(chat, apiKey)).status).toBe(200);
    sent.mockClear();
    expect(await refused(await ask(row, apiKey))).toEqual([403, 'member_budget_exhausted', undefined]);
    expect(sent).not.toHaveBeenCalled();
  });

  it('is refused where it could cost more than what is left, and nothing is sent', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0.000001' } });
    const [status, code] = await refused(await ask(row, apiKey));
    expect([status, code]).toEqual([403, 'request_exceeds_budget']);
    expect(sent).not.toHaveBeenCalled();
  });

  it('takes no key that is missing, forged, or of nobody here', async () => {
    const stranger = await makeKey('api', newId('mem'), 'another secret');
    const rolled = await rolledKey();
    for (const key of [null, 'psr_nonsense', stranger.secret, rolled]) {
      expect((await refused(await ask(row, key))).slice(0, 2)).toEqual([401, 'invalid_api_key']);
    }
    expect(sent).not.toHaveBeenCalled();
  });

  it('is refused by a rule that allows other endpoints only', async () => {
    const seeded = await seedOrganization();
    const endpoints = { allow: ['endpoint/of/another'] };
    const path = `/orgs/${seeded.organizationId}/keys/${seeded.keyId}`;
    expect((await call('PATCH', path, seeded.masterKey, { rules: { endpoints } })).status).toBe(200);
    expect(await refused(await ask(row, seeded.apiKey))).toEqual([403, 'permission_denied', 'endpoints.allow']);
    expect(sent).not.toHaveBeenCalled();
  });

  it('is refused where the wallet of a metered organization is empty', async () => {
    const metered = await meteredOrganization(0, 1);
    const [member] = metered.members;
    expect((await refused(await ask(row, member?.apiKey ?? ''))).slice(0, 2)).toEqual([402, 'insufficient_credits']);
    expect(sent).not.toHaveBeenCalled();
  });
});

function withDemo(body: BodyInit, demo: object): BodyInit {
  if (typeof body === 'string') return JSON.stringify({ ...JSON.parse(body), demo });
  if (body instanceof FormData) body.append('demo', JSON.stringify(demo));
  return body;
}

/** A key as it was before it was rolled. */
async function rolledKey(): Promise<string> {
  const seeded: Seeded = await seedOrganization();
  const path = `/orgs/${seeded.organizationId}/keys/${seeded.keyId}/roll`;
  expect((await call('POST', path, seeded.masterKey)).status).toBe(200);
  return seeded.apiKey;
}
