/** One long stream through real sockets: what its client does not take is not fetched, and nothing of it stays in memory. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Isolate, openIsolate } from '../../bench/isolate.ts';
import { type FakeOpenAi, startFakeOpenAi } from '../support/fake-openai.ts';
import { startEmpty, until } from '../support/purser.ts';

const PAD_BYTES = 10_000;
const WORDS = 6_000;
const STREAM_BYTES = WORDS * PAD_BYTES;

/** What the sockets of a machine take between upstream, gateway and client, who reads nothing: a few MB each. */
const UNREAD_BYTES_MAX = STREAM_BYTES / 3;

/** What the isolate may hold more of at the end than at a tenth: its own compiled code and caches, a hundredth of the stream. */
const GROWTH_BYTES_MAX = STREAM_BYTES / 100;

let upstream: FakeOpenAi;
let purser: Awaited<ReturnType<typeof startEmpty>>;
let isolate: Isolate;

beforeAll(async () => {
  upstream = await startFakeOpenAi();
  purser = await startEmpty({ OPENAI_API_KEY: 'sk-up', OPENAI_BASE_URL: upstream.baseUrl }, { inspector: true });
  if (!purser.server.inspectorUrl) throw new Error('the server was asked for an inspector');
  isolate = await openIsolate(purser.server.inspectorUrl);
});

afterAll(async () => {
  isolate?.close();
  await purser?.stop();
  await upstream?.stop();
});

/** A stream that is read only as far as it is asked to be. */
async function stream(call: string) {
  const { apiKey } = await purser.seed({ budget: { usageLimit: '100' } });
  const response = await fetch(`${purser.server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({
      model: 'gpt-5.5',
      messages: [{ role: 'user', content: 'go' }],
      stream: true,
      fake: { call, words: WORDS, padBytes: PAD_BYTES },
    }),
  });
  const reader = response.body?.getReader();
  if (!reader) throw new Error(`no stream: ${response.status}`);
  let bytes = 0;
  return {
    /** Reads until so many bytes have come, or the end; answers with how many have. */
    async readTo(end: number): Promise<number> {
      while (bytes < end) {
        const { done, value } = await reader.read();
        if (done) break;
        bytes += value.byteLength;
      }
      return bytes;
    },
    leave: () => reader.cancel(),
  };
}

it('fetches no more than the sockets on the way take where its client reads nothing, and goes on when it does', async () => {
  const { readTo, leave } = await stream('unread');
  const made = () => upstream.made.get('unread') ?? 0;
  let before = -1;
  let same = 0;
  const stalled = () => {
    same = made() === before ? same + 1 : 0;
    before = made();
    return same > 25;
  };
  await until(stalled, 'the upstream to stall');
  expect(before * PAD_BYTES).toBeLessThan(UNREAD_BYTES_MAX);
  await readTo(STREAM_BYTES / 2);
  await until(() => made() > before + WORDS / 10, 'the upstream to go on');
  await leave();
});

it('holds no more at its end than at a tenth of it', async () => {
  // What is compiled and loaded once is there after one like it.
  await (await stream('before')).readTo(Number.POSITIVE_INFINITY);
  const { readTo } = await stream('whole');
  await readTo(STREAM_BYTES / 10);
  const early = await isolate.heldBytes();
  await readTo(STREAM_BYTES * 0.525);
  const middle = await isolate.heldBytes();
  await readTo(STREAM_BYTES * 0.95);
  const late = await isolate.heldBytes();
  expect(await readTo(Number.POSITIVE_INFINITY)).toBeGreaterThan(STREAM_BYTES);
  // What is on its way when it is looked at differs by a MB from look to look; what grows with the stream grows in both halves.
  expect(Math.min(middle - early, late - middle)).toBeLessThan(GROWTH_BYTES_MAX / 2);
});
