/** Videos by OpenAI's own client, against an upstream that counts what it made; and one that goes on while the server is down. */
import { rmSync } from 'node:fs';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Server, startServer } from '../../scripts/server.ts';
import { type FakeVideos, FILM, startFakeVideos } from '../support/fake-videos.ts';
import { insertOrganization, type Seeded } from '../support/organization.ts';
import { api, temporaryDirectory, until } from '../support/purser.ts';

describe('videos', () => {
  const dataDir = temporaryDirectory();
  let upstream: FakeVideos;
  let server: Server;

  const start = () => {
    const bindings = { OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: upstream.baseUrl };
    return startServer({ port: 0, dataDir, bindings, crons: false, say: () => undefined });
  };

  beforeAll(async () => {
    upstream = await startFakeVideos();
    server = await start();
  });

  beforeEach(() => {
    upstream.doneAfterPolls = 1;
    upstream.failingPolls = 0;
    upstream.jobs.clear();
  });

  afterAll(async () => {
    await server?.stop();
    await upstream?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function member(usageLimit: string): Promise<Seeded & { client: OpenAI }> {
    const seeded = await insertOrganization(server.db, server.keySecret, { budget: { usageLimit } });
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: seeded.apiKey, maxRetries: 0 });
    return { ...seeded, client };
  }

  it('are created, waited for, downloaded and deleted by the official client, and charged as they were made', async () => {
    const { client, ...seeded } = await member('5');
    upstream.failingPolls = 1;
    const picture = new File([new Uint8Array(1_000)], 'first.png', { type: 'image/png' });
    const asked = { model: 'sora-2-pro', prompt: 'a harbour', size: '1792x1024', input_reference: picture } as const;
    const begun = await client.videos.create(asked);
    expect(begun).toMatchObject({
      object: 'video',
      status: 'queued',
      model: 'sora-2-pro',
      seconds: '4',
      size: '1792x1024',
    });
    expect((await api(server, seeded).status()).held).toBe('2');

    await until(async () => (await client.videos.retrieve(begun.id)).status === 'completed', 'the video', 30_000);
    await until(async () => (await api(server, seeded).status()).usage === '2', 'its settlement');
    expect(await client.videos.retrieve(begun.id)).toMatchObject({ progress: 100, cost: '2' });
    expect([...upstream.jobs.values()]).toMatchObject([
      {
        fields: { ...asked, seconds: '4', input_reference: { name: 'first.png', bytes: 1_000 } },
      },
    ]);
    expect([...upstream.keys]).toEqual(['Bearer sk-upstream']);

    const film = await client.videos.downloadContent(begun.id);
    expect([film.headers.get('content-type'), await film.text()]).toEqual(['video/mp4', FILM]);
    const part = await client.videos.downloadContent(begun.id, {}, { headers: { range: 'bytes=4-' } });
    expect([part.status, await part.text()]).toEqual([206, FILM.slice(4)]);

    expect(await client.videos.delete(begun.id)).toEqual({ id: begun.id, object: 'video.deleted', deleted: true });
    await expect(client.videos.retrieve(begun.id)).rejects.toMatchObject({ status: 404 });
    expect([...upstream.jobs.values()]).toMatchObject([{ deleted: true }]);
    expect((await api(server, seeded).status()).usage).toBe('2');
  });

  it('are refused as the client understands it, and nothing is sent', async () => {
    const { client } = await member('0.39');
    await expect(client.videos.create({ model: 'sora-2', prompt: 'a harbour' })).rejects.toMatchObject({
      status: 403,
      code: 'request_exceeds_budget',
    });
    expect(upstream.jobs.size).toBe(0);
  });

  it('are settled though the server was down and nobody asks again', async () => {
    const { client, ...seeded } = await member('1');
    upstream.doneAfterPolls = Number.POSITIVE_INFINITY;
    await client.videos.create({ model: 'sora-2', prompt: 'a harbour' });
    await until(() => [...upstream.jobs.values()].some(({ polls }) => polls > 0), 'the first poll');
    await server.stop();
    upstream.doneAfterPolls = 1;
    server = await start();
    await until(async () => (await api(server, seeded).status()).usage === '0.40', 'its settlement', 60_000);
    expect((await api(server, seeded).status()).held).toBe('0');
    await api(server, seeded).rollUp();
    expect(await api(server, seeded).health()).toMatchObject({ ok: true, unresolved: '0' });
  });
});
