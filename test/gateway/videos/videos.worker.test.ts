/**
 * Videos end to end, in workerd, with the demo provider: $0.10 a second, so 4 seconds are $0.40. Alarms are run by hand where a test
 * would else have to wait for the next.
 */
import { createExecutionContext, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { PROVIDERS } from '../../../src/gateway/providers/all.ts';
import { reachOf } from '../../../src/gateway/videos/credential.ts';
import type { KeptVideo } from '../../../src/gateway/videos/life.ts';
import { demoProvider } from '../../../src/local/demo-provider.ts';
import worker from '../../../src/local/worker.ts';
import { makeKey } from '../../../src/teams/keys.ts';
import { ABOUT } from '../../support/about.ts';
import { type ErrorBody, json, keyOf, ORIGIN, until } from '../../support/gateway.ts';
import { type Seeded, seedOrganization } from '../../support/seed.ts';
import { call } from '../../teams/management.ts';

// What fails here is meant to, and logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

interface Video {
  id: string;
  status: string;
  cost?: string;
  error: { code: string; message: string } | null;
  [field: string]: unknown;
}

const ASKED = { model: 'demo/video', prompt: 'a harbour' };

const upstream = vi.spyOn(demoProvider, 'callVideos');
beforeEach(() => {
  upstream.mockClear();
});

function ask(method: string, path: string, apiKey: string, body?: BodyInit, headers: Record<string, string> = {}) {
  const authorized = { authorization: `Bearer ${apiKey}`, ...headers };
  return exports.default.fetch(`${ORIGIN}/v1/videos${path}`, { method, headers: authorized, ...(body && { body }) });
}

function create(apiKey: string, fields: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  return ask('POST', '', apiKey, JSON.stringify({ ...ASKED, ...fields }), headers);
}

async function created(apiKey: string, fields: object = {}): Promise<Video> {
  const response = await create(apiKey, fields);
  expect(response.status).toBe(200);
  return json<Video>(response);
}

async function shown(apiKey: string, id: string): Promise<Video> {
  return json<Video>(await ask('GET', `/${id}`, apiKey));
}

const jobOf = ({ memberId }: Seeded, id: string) => env.VIDEO_JOBS.get(env.VIDEO_JOBS.idFromName(`${memberId} ${id}`));

/** Has all that a video's alarm does by and by be due now, and runs it. */
async function wake(seeded: Seeded, id: string): Promise<void> {
  const job = jobOf(seeded, id);
  await runInDurableObject(job, (_, { storage }) => {
    const kept = storage.kv.get<KeptVideo>('kept');
    if (kept) storage.kv.put('kept', { ...kept, phase: { ...kept.phase, renewAtMs: 1, pollAtMs: 1, tryAtMs: 1 } });
  });
  await runDurableObjectAlarm(job);
}

const ended = (seeded: Seeded, id: string) =>
  until(async () => {
    await wake(seeded, id);
    const video = await shown(seeded.apiKey, id);
    return video.cost === undefined ? null : video;
  }, 'the video was settled');

async function eventsOf({ organizationId, masterKey }: Seeded) {
  await call('POST', `/orgs/${organizationId}/rollups`, masterKey);
  const { results } = await env.DB.prepare(
    'SELECT endpoint, outcome, cost, estimated, unresolved, overrun FROM usage_events WHERE organization_id = ? ORDER BY n',
  )
    .bind(organizationId)
    .all();
  return results;
}

async function refused(response: Response): Promise<[number, string, string | null]> {
  const { error } = await json<ErrorBody>(response);
  return [response.status, error.code, error.param];
}

/** The demo's film is some text. */
const textIn = async (response: Response) => new TextDecoder().decode(await response.arrayBuffer());

const CENTS = 10_000_000;
const EVENT = { endpoint: 'videos', estimated: 0, unresolved: 0, overrun: 0 };

describe('a video', () => {
  it('is held for from the start, and settled by what was made, told with its cost', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const response = await create(seeded.apiKey, { seconds: '8', demo: { delayMs: 200 } });
    expect([
      response.status,
      response.headers.get('x-purser-provider'),
      response.headers.get('x-purser-budget-remaining'),
    ]).toEqual([200, 'demo', '0.20']);
    const video = await json<Video>(response);
    expect(video).toMatchObject({
      object: 'video',
      model: 'demo-video',
      seconds: '8',
      size: '720x1280',
      status: 'in_progress',
      error: null,
    });
    expect(video.cost).toBeUndefined();
    expect((await keyOf(seeded.apiKey)).member.status).toMatchObject({ usage: '0', held: '0.80', remaining: '0.20' });
    expect(await ended(seeded, video.id)).toMatchObject({
      id: video.id,
      status: 'completed',
      progress: 100,
      cost: '0.80',
    });
    expect((await keyOf(seeded.apiKey)).member.status).toMatchObject({ usage: '0.80', held: '0', remaining: '0.20' });
    expect(await eventsOf(seeded)).toEqual([{ ...EVENT, outcome: 'completed', cost: 80 * CENTS }]);
  });

  it('is settled though nobody asks again', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    await created(seeded.apiKey, { demo: { delayMs: 500 } });
    await until(async () => ((await keyOf(seeded.apiKey)).usage === '0.40' ? true : null), 'its alarm settled it');
  });

  it('costs what its size costs, and is asked for by a form as well', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '10' } });
    const form = new FormData();
    const fields = { ...ASKED, seconds: '4', size: '1792x1024', demo: '{"delayMs":0}' };
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('input_reference', new Blob(['png']), 'first.png');
    const response = await ask('POST', '', seeded.apiKey, form);
    expect(response.status).toBe(200);
    const { id } = await json<Video>(response);
    expect(await ended(seeded, id)).toMatchObject({ cost: '1.20', size: '1792x1024' });
  });

  it('costs what the provider made, be it less or more than was asked for', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '10' } });
    const less = await created(seeded.apiKey, { demo: { outputTokens: 1 } });
    expect(await ended(seeded, less.id)).toMatchObject({ cost: '0.10' });
    const more = await created(seeded.apiKey, { demo: { outputTokens: 5 } });
    expect(await ended(seeded, more.id)).toMatchObject({ cost: '0.50' });
    expect(await eventsOf(seeded)).toEqual([
      { ...EVENT, outcome: 'completed', cost: 10 * CENTS },
      { ...EVENT, outcome: 'completed', cost: 50 * CENTS, overrun: 10 * CENTS },
    ]);
  });

  it('passes its content as the provider gives it, whole or in part', async () => {
    const seeded = await seedOrganization();
    const { id } = await created(seeded.apiKey);
    await ended(seeded, id);
    const whole = await ask('GET', `/${id}/content`, seeded.apiKey);
    expect([whole.status, whole.headers.get('content-type'), await textIn(whole)]).toEqual([
      200,
      'video/mp4',
      'video of 4 seconds in 720x1280',
    ]);
    const thumbnail = await ask('GET', `/${id}/content?variant=thumbnail`, seeded.apiKey);
    expect([thumbnail.status, await textIn(thumbnail)]).toEqual([200, 'thumbnail of 4 seconds in 720x1280']);
    const part = await ask('GET', `/${id}/content`, seeded.apiKey, undefined, { range: 'bytes=9-17' });
    expect([part.status, part.headers.get('content-range'), await textIn(part)]).toEqual([
      206,
      'bytes 9-17/30',
      '4 seconds',
    ]);
    expect(await refused(await ask('GET', `/${id}/content?variant=film`, seeded.apiKey))).toEqual([
      400,
      'invalid_request_error',
      'variant',
    ]);
  });

  it('whose provider falls silent is broken off, and one that does not answer refused: nobody waits for ever', async () => {
    const seeded = await seedOrganization();
    const { id } = await created(seeded.apiKey);
    await ended(seeded, id);
    const hurried = { ...env, UPSTREAM_IDLE_SECONDS: '1' } as unknown as Env;
    const content = async () => {
      const headers = { authorization: `Bearer ${seeded.apiKey}` };
      const request = new Request(`${ORIGIN}/v1/videos/${id}/content`, { headers });
      return worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, hurried, createExecutionContext());
    };
    upstream.mockImplementationOnce(() => new Promise(() => undefined));
    expect((await refused(await content())).slice(0, 2)).toEqual([504, 'upstream_timeout']);
    for (const headers of [{ 'content-length': '30' }, {}] as Record<string, string>[]) {
      let cancelled = false;
      const half = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode('half of')),
        cancel: () => {
          cancelled = true;
        },
      });
      upstream.mockResolvedValueOnce(new Response(half, { headers: { 'content-type': 'video/mp4', ...headers } }));
      const response = await content();
      expect(response.status).toBe(200);
      await expect(response.arrayBuffer()).rejects.toThrow();
      expect(cancelled).toBe(true);
    }
  });

  it('has no content before it is done', async () => {
    const seeded = await seedOrganization();
    const { id } = await created(seeded.apiKey, { demo: { delayMs: 60_000 } });
    expect(await refused(await ask('GET', `/${id}/content`, seeded.apiKey))).toEqual([
      400,
      'invalid_request_error',
      'video_id',
    ]);
  });
});

describe('a video that is not made', () => {
  it('is free where the provider refuses it, and nothing is left of it', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    expect((await refused(await create(seeded.apiKey, { demo: { failStatus: 400 } })))[0]).toBe(400);
    expect((await keyOf(seeded.apiKey)).member.status).toMatchObject({ usage: '0', held: '0' });
    expect(await eventsOf(seeded)).toEqual([{ ...EVENT, outcome: 'client_error', cost: 0 }]);
  });

  it.each([
    ['at once', {}],
    ['at its end', { delayMs: 300 }],
    ['after a time in which it could not be asked', { delayMs: 300, silentMs: 600 }],
  ])('is free where it fails %s', async (_, demo) => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const { id } = await created(seeded.apiKey, { demo: { ...demo, failAfterTokens: 0 } });
    expect(await ended(seeded, id)).toMatchObject({
      status: 'failed',
      cost: '0',
      completed_at: null,
      error: { code: 'demo' },
    });
    expect((await keyOf(seeded.apiKey)).member.status).toMatchObject({ usage: '0', held: '0' });
    expect(await eventsOf(seeded)).toEqual([{ ...EVENT, outcome: 'upstream_error', cost: 0 }]);
  });

  it.each([
    ['model', { model: 7 }],
    ['prompt', { prompt: '' }],
    ['seconds', { seconds: 'four' }],
    ['seconds', { seconds: 0 }],
    ['seconds', { seconds: 121 }],
    ['size', { size: 'large' }],
    ['n', { n: 2 }],
    ['input_reference', { input_reference: 'a.png' }],
    ['input_reference.image_url', { input_reference: { image_url: 'data:image/png;base64,%%%' } }],
    ['model', { model: 'demo/words' }],
    ['demo.unknown', { demo: { unknown: 1 } }],
  ])('is refused for a bad %s, before anything is held or sent', async (field, fields) => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    expect(await refused(await create(apiKey, fields))).toEqual([400, 'invalid_request_error', field]);
    expect(upstream).not.toHaveBeenCalled();
  });

  it('is refused where it costs more than is left, and nothing is sent', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0.39' } });
    expect((await refused(await create(apiKey))).slice(0, 2)).toEqual([403, 'request_exceeds_budget']);
    expect(upstream).not.toHaveBeenCalled();
  });

  it('is refused where others hold what it needs', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '0.79' } });
    await created(apiKey, { demo: { delayMs: 60_000 } });
    upstream.mockClear();
    expect((await refused(await create(apiKey))).slice(0, 2)).toEqual([429, 'budget_in_flight']);
    expect(upstream).not.toHaveBeenCalled();
  });
});

it('is cancelled and charged as the worst case where its object cannot be reached', async () => {
  const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const get = vi.spyOn(env.VIDEO_JOBS, 'get').mockImplementation(() => {
    throw new Error('object unreachable');
  });
  const response = await create(seeded.apiKey);
  get.mockRestore();
  logged.mockRestore();
  expect(response.status).toBe(500);
  expect(upstream.mock.calls.map(([{ method }]) => method)).toEqual(expect.arrayContaining(['POST', 'DELETE']));
  expect((await keyOf(seeded.apiKey)).member.status).toMatchObject({ usage: '0.40', held: '0' });
  expect(await eventsOf(seeded)).toEqual([{ ...EVENT, outcome: 'upstream_error', cost: 40 * CENTS, estimated: 1 }]);
});

describe('a video whose budget or key ends under it', () => {
  const running = async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const { id } = await created(seeded.apiKey, { demo: { delayMs: 600_000 } });
    return { ...seeded, id };
  };
  const path = ({ organizationId, memberId }: Seeded) => `/orgs/${organizationId}/members/${memberId}`;

  it.each([
    [
      'a limit that is lowered below it',
      'member_budget_exhausted',
      (seeded: Seeded) => call('PUT', `${path(seeded)}/budget`, seeded.masterKey, { usageLimit: '0.30' }),
    ],
    [
      'a key that is deleted',
      'invalid_api_key',
      (seeded: Seeded) => call('DELETE', `/orgs/${seeded.organizationId}/keys/${seeded.keyId}`, seeded.masterKey),
    ],
    ['a member who is removed', 'invalid_api_key', (seeded: Seeded) => call('DELETE', path(seeded), seeded.masterKey)],
  ])('is cancelled by %s, and charged as the worst case', async (_, code, change) => {
    const seeded = await running();
    upstream.mockClear();
    expect((await change(seeded)).status).toBeLessThan(300);
    await wake(seeded, seeded.id);
    expect(await jobOf(seeded, seeded.id).view()).toMatchObject({
      status: 'failed',
      error: { code },
      phase: { kind: 'ended', cost: 40 * CENTS },
    });
    expect(upstream.mock.calls.map(([{ method }]) => method)).toContain('DELETE');
    expect(await eventsOf(seeded)).toEqual([{ ...EVENT, outcome: 'cut', cost: 40 * CENTS, estimated: 1 }]);
  });

  it('goes on while a limit is lowered that still covers it', async () => {
    const seeded = await running();
    await call('PUT', `${path(seeded)}/budget`, seeded.masterKey, { usageLimit: '0.40' });
    await wake(seeded, seeded.id);
    expect(await shown(seeded.apiKey, seeded.id)).toMatchObject({ status: 'in_progress' });
  });
});

describe('whose a video is', () => {
  it('is seen by all keys of its member, and by no other', async () => {
    const seeded = await seedOrganization();
    const { id } = await created(seeded.apiKey);
    const other = await seedOrganization();
    for (const [method, path] of [
      ['GET', `/${id}`],
      ['GET', `/${id}/content`],
      ['DELETE', `/${id}`],
      ['GET', '/video_0123456789abcdef'],
      ['GET', '/nonsense'],
    ] as const) {
      expect(await refused(await ask(method, path, other.apiKey))).toEqual([404, 'not_found', 'video_id']);
    }
    const forged = await makeKey('api', seeded.memberId, 'another secret');
    expect((await ask('GET', `/${id}`, forged.secret)).status).toBe(401);
    expect((await shown(seeded.apiKey, id)).id).toBe(id);
  });

  it('is not listed', async () => {
    const { apiKey } = await seedOrganization();
    expect((await ask('GET', '', apiKey)).status).toBe(404);
  });

  it('is seen when its member is over budget', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '0.40' } });
    const { id } = await created(seeded.apiKey);
    expect(await ended(seeded, id)).toMatchObject({ cost: '0.40' });
    expect((await refused(await create(seeded.apiKey))).slice(0, 2)).toEqual([403, 'member_budget_exhausted']);
    expect((await ask('GET', `/${id}/content`, seeded.apiKey)).status).toBe(200);
  });

  it('is cancelled and forgotten when it is deleted, and charged as the worst case while it ran', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const { id } = await created(seeded.apiKey, { demo: { delayMs: 600_000 } });
    const deleted = await ask('DELETE', `/${id}`, seeded.apiKey);
    expect([deleted.status, await deleted.json()]).toEqual([200, { id, object: 'video.deleted', deleted: true }]);
    expect((await ask('GET', `/${id}`, seeded.apiKey)).status).toBe(404);
    expect((await ask('DELETE', `/${id}`, seeded.apiKey)).status).toBe(404);
    const calls = upstream.mock.calls.map(([{ method }]) => method);
    // Videos of other tests are asked for meanwhile.
    expect(calls.filter((method) => method !== 'GET')).toEqual(['POST', 'DELETE']);
    expect(await eventsOf(seeded)).toEqual([{ ...EVENT, outcome: 'client_gone', cost: 40 * CENTS, estimated: 1 }]);
  });
});

it('is made once under one Idempotency-Key', async () => {
  const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
  const headers = { 'idempotency-key': 'film-1' };
  const first = await json<Video>(await create(seeded.apiKey, {}, headers));
  const repeat = await create(seeded.apiKey, {}, headers);
  expect([repeat.headers.get('x-purser-replayed'), (await json<Video>(repeat)).id]).toEqual(['true', first.id]);
  expect(upstream.mock.calls.filter(([{ method }]) => method === 'POST')).toHaveLength(1);
  await ended(seeded, first.id);
  expect((await keyOf(seeded.apiKey)).usage).toBe('0.40');
});

it("goes on with the organization's own provider key, of which only the name is kept", async () => {
  const { organizationId, masterKey } = await seedOrganization();
  const path = `/orgs/${organizationId}/provider-keys`;
  const made = await call('POST', path, masterKey, { provider: 'openai', name: 'Ours', key: 'sk-of-our-own' });
  expect(made.status).toBe(201);
  const { id: providerKeyId } = await json<{ id: string }>(made);
  const providers = new Map(PROVIDERS.map((provider) => [provider.id, provider]));
  const reach = () => reachOf(env, providers, { provider: 'openai', about: { ...ABOUT, providerKeyId } });
  expect(await reach()).toMatchObject({
    provider: { id: 'openai' },
    credential: { key: 'sk-of-our-own', of: 'organization' },
  });
  expect((await call('DELETE', `${path}/${providerKeyId}`, masterKey)).status).toBeLessThan(300);
  expect(await reach()).toBeNull();
});

it('neither the prompt nor the key is kept', async () => {
  const seeded = await seedOrganization();
  const { id } = await created(seeded.apiKey, { prompt: 'a secret harbour', demo: { delayMs: 60_000 } });
  const kept = await jobOf(seeded, id).view();
  expect(kept).not.toBeNull();
  const text = JSON.stringify(kept);
  expect(text).not.toContain('harbour');
  expect(text).not.toContain(seeded.apiKey);
});
