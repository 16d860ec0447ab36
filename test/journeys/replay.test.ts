/** Idempotency-Key as the official client sends it, over real connections, and what the disk shows of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api, startEmpty, until } from '../support/purser.ts';

const PROMPT = 'zanzibar marzipan';
const once = (key: string) => ({ headers: { 'Idempotency-Key': key } });

/** All bytes that Purser has written, file by file. */
function filesIn(directory: string): Map<string, Buffer> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [file, readFileSync(file)]));
}

describe('the official openai client with an Idempotency-Key', () => {
  let purser: Awaited<ReturnType<typeof startEmpty>>;

  beforeAll(async () => {
    purser = await startEmpty();
  });

  afterAll(() => purser?.stop());

  const clientFor = (apiKey: string, maxRetries = 0) =>
    new OpenAI({ baseURL: `${purser.server.url}/v1`, apiKey, maxRetries });

  const asked = { model: 'demo/echo', messages: [{ role: 'user' as const, content: PROMPT }] };

  it('gets one answer for two calls, whole and streamed, and the disk shows none of it', async () => {
    const seeded = await purser.seed();
    const { chat } = clientFor(seeded.apiKey);
    const whole = async () => chat.completions.create(asked, once('key-of-the-whole')).withResponse();
    const [first, repeat] = [await whole(), await whole()];
    expect(first.data.choices[0]?.message.content).toBe(PROMPT);
    expect(repeat.data).toEqual(first.data);
    expect(repeat.response.headers.get('x-purser-replayed')).toBe('true');

    const streamed = async () => {
      const stream = await chat.completions.create({ ...asked, stream: true }, once('key-of-the-stream'));
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      return chunks;
    };
    expect(await streamed()).toEqual(await streamed());
    // Two words in, two out, twice: $1 and $2 per million.
    expect((await api(purser.server, seeded).status()).usage).toBe('0.000012');

    const files = filesIn(purser.dataDir);
    const recorders = [...files.keys()].filter((file) => /RecordedAnswer.*[0-9a-f]{64}\.sqlite$/.test(file));
    expect(recorders).toHaveLength(2);
    for (const [file, bytes] of files) {
      for (const readable of ['zanzibar', 'marzipan', 'key-of-the', seeded.apiKey, seeded.apiKey.slice(-32)]) {
        expect(bytes.includes(readable), `${readable} in ${file}`).toBe(false);
      }
    }
    // The scan finds what is there to be read.
    expect([...files.values()].some((bytes) => bytes.includes(seeded.keyId))).toBe(true);
  });

  it('waits by itself while the first call runs', async () => {
    const { apiKey } = await purser.seed();
    const slow = { ...asked, demo: { silentMs: 300 } };
    const calls = [1, 2, 3].map(() => clientFor(apiKey, 5).chat.completions.create(slow, once('together')));
    const [one, ...others] = await Promise.all(calls);
    for (const other of others) expect(other).toEqual(one);
  });

  it('that hung up before a whole answer finds it when it comes back', async () => {
    const seeded = await purser.seed();
    const { chat } = clientFor(seeded.apiKey);
    const hangUp = new AbortController();
    const slow = { ...asked, demo: { silentMs: 500 } };
    const left = chat.completions.create(slow, { ...once('left'), signal: hangUp.signal });
    await until(async () => (await api(purser.server, seeded).status()).held !== '0', 'the hold');
    hangUp.abort();
    await expect(left).rejects.toThrow('aborted');
    const { data, response } = await clientFor(seeded.apiKey, 5)
      .chat.completions.create(slow, once('left'))
      .withResponse();
    expect(data.choices[0]?.message.content).toBe(PROMPT);
    expect(response.headers.get('x-purser-replayed')).toBe('true');
    expect((await api(purser.server, seeded).status()).usage).toBe('0.000006');
  });

  it('that hung up in the middle of a stream stops it, and hears that it cannot be had again', async () => {
    const seeded = await purser.seed();
    const long = { ...asked, stream: true as const, demo: { outputTokens: 4_000, tokensPerSecond: 200 } };
    const stream = await clientFor(seeded.apiKey).chat.completions.create(long, once('stream'));
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await until(async () => (await api(purser.server, seeded).status()).held === '0', 'the settlement');
    await expect(clientFor(seeded.apiKey, 1).chat.completions.create(long, once('stream'))).rejects.toMatchObject({
      status: 409,
      code: 'idempotency_not_replayable',
    });
  });
});
