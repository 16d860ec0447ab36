/** What a provider says of a video is read with care: garbage is no answer, and nothing throws. */
import { expect, it } from 'vitest';
import { openai } from '../../../src/gateway/providers/openai.ts';
import { cancelVideo, pollVideo, readVideo } from '../../../src/gateway/videos/upstream.ts';

const bytes = (json: unknown) => new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json));
const read = (fields: object) => readVideo(bytes({ id: 'video_1', object: 'video', status: 'in_progress', ...fields }));

it.each(['', '<html>', '[]', 'null', {}, { id: 7, status: 'queued' }, { id: '', status: 'queued' }, { id: 'a' }])(
  '%j is no video',
  (answer) => {
    expect(readVideo(bytes(answer))).toBeNull();
  },
);

it.each([
  ['queued', 'queued'],
  ['completed', 'completed'],
  ['succeeded', 'completed'],
  ['failed', 'failed'],
  ['cancelled', 'failed'],
  ['preprocessing', 'in_progress'],
  ['constructor', 'in_progress'],
])('%s is %s', (status, as) => {
  expect(read({ status })?.status).toBe(as);
});

it.each([
  ['8', 8],
  [8, 8],
  [7.2, 8],
  ['0', null],
  [-4, null],
  [[], null],
  ['long', null],
  [1e300, null],
  [undefined, null],
])('%j seconds are %j', (seconds, as) => {
  expect(read({ seconds })?.seconds).toBe(as);
});

it('a failure is told by its code, or as the provider failing', () => {
  const error = { code: 'moderation_blocked', message: 'no' };
  expect(read({ status: 'failed', error })?.error).toEqual(error);
  expect(read({ status: 'failed', error: 'x' })?.error?.code).toBe('upstream_error');
  expect(read({ status: 'completed', error })?.error).toBeNull();
});

/** OpenAI as it is called where it answers so. */
function calledOn(answer: () => Response) {
  const calls: { url: string; method: string | undefined; headers: Headers }[] = [];
  const fetch = async (url: string, init: RequestInit = {}) => {
    calls.push({ url, method: init.method, headers: new Headers(init.headers) });
    return answer();
  };
  const env = { EGRESS: { fetch } } as unknown as Env;
  const credential = { key: 'sk-secret', baseUrl: 'https://up.example/v1', settings: {}, of: 'deployment' } as const;
  return { env, reached: { provider: openai, credential }, calls };
}

it('is asked for by its id, with the key', async () => {
  const { env, reached, calls } = calledOn(() => Response.json({ id: 'a/b', status: 'queued' }));
  expect(await pollVideo(env, reached, 'a/b')).toMatchObject({ video: { id: 'a/b', status: 'queued' } });
  expect(await cancelVideo(env, reached, 'a/b')).toBe(true);
  expect(calls.map(({ method, url }) => [method, url])).toEqual([
    ['GET', 'https://up.example/v1/videos/a%2Fb'],
    ['DELETE', 'https://up.example/v1/videos/a%2Fb'],
  ]);
  expect(calls[0]?.headers.get('authorization')).toBe('Bearer sk-secret');
});

it.each([
  [404, { gone: true }, true],
  [410, { gone: true }, true],
  [429, { failure: 'status 429' }, false],
  [500, { failure: 'status 500' }, false],
])('status %d', async (status, polled, cancelled) => {
  const { env, reached } = calledOn(() => new Response('<html>', { status }));
  expect(await pollVideo(env, reached, 'a')).toEqual(polled);
  expect(await cancelVideo(env, reached, 'a')).toBe(cancelled);
});

it('failures to ask do not throw', async () => {
  const { env, reached } = calledOn(() => {
    throw new Error('connection refused');
  });
  expect(await pollVideo(env, reached, 'a')).toEqual({ failure: 'Error: connection refused' });
  expect(await pollVideo(env, null, 'a')).toHaveProperty('failure');
  expect(await cancelVideo(env, null, 'a')).toBe(false);
});
