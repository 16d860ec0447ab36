/**
 * An upstream in OpenAI's video protocol that counts what it really made: a job takes as many polls as the test says, and asking
 * may fail meanwhile.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface FakeJob {
  fields: Record<string, string | { name: string; bytes: number }>;
  polls: number;
  deleted: boolean;
}

export interface FakeVideos {
  baseUrl: string;
  jobs: Map<string, FakeJob>;
  /** What each call said for its key. */
  keys: Set<string>;
  /** Polls after which a video is done; infinite: it never is. */
  doneAfterPolls: number;
  /** How many of the next polls fail. */
  failingPolls: number;
  stop(): Promise<void>;
}

export const FILM = 'one film, as it was made';

export async function startFakeVideos(): Promise<FakeVideos> {
  const jobs = new Map<string, FakeJob>();
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
    const url = `http://fake${incoming.url}`;
    const { method = 'GET', headers } = incoming;
    const body = method === 'POST' ? { body: Buffer.concat(chunks) } : {};
    fake.keys.add(String(headers.authorization));
    const request = new Request(url, { method, headers: headers as Record<string, string>, ...body });
    const response = await answer(request);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeVideos = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    jobs,
    keys: new Set(),
    doneAfterPolls: 1,
    failingPolls: 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function answer(request: Request): Promise<Response> {
    const [, id = '', content] = /^\/v1\/videos(?:\/([^/]+))?(\/content)?$/.exec(new URL(request.url).pathname) ?? [];
    if (request.method === 'POST') return begin(request);
    const job = jobs.get(id);
    if (!job || job.deleted) return Response.json({ error: { message: 'no such video' } }, { status: 404 });
    if (request.method === 'DELETE') {
      job.deleted = true;
      return Response.json({ id, object: 'video.deleted', deleted: true });
    }
    if (content) {
      const [, from] = /^bytes=(\d+)-$/.exec(request.headers.get('range') ?? '') ?? [];
      const headers = { 'content-type': 'video/mp4' };
      if (from === undefined) return new Response(FILM, { headers });
      const range = { 'content-range': `bytes ${from}-${FILM.length - 1}/${FILM.length}` };
      return new Response(FILM.slice(Number(from)), { status: 206, headers: { ...headers, ...range } });
    }
    if (fake.failingPolls > 0) {
      fake.failingPolls -= 1;
      return new Response('<html>down</html>', { status: 500 });
    }
    job.polls += 1;
    return Response.json(shown(id, job));
  }

  async function begin(request: Request): Promise<Response> {
    const form = await request.formData();
    const fields = Object.fromEntries(
      [...form].map(([name, value]) => [
        name,
        typeof value === 'string' ? value : { name: value.name, bytes: value.size },
      ]),
    );
    const id = `video_up${jobs.size + 1}`;
    const job = { fields, polls: 0, deleted: false };
    jobs.set(id, job);
    return Response.json(shown(id, job));
  }

  function shown(id: string, { fields, polls }: FakeJob): object {
    const done = polls >= fake.doneAfterPolls;
    const { model, seconds, size } = fields;
    const status = done ? 'completed' : polls === 0 ? 'queued' : 'in_progress';
    return {
      id,
      object: 'video',
      model,
      status,
      progress: done ? 100 : 50,
      seconds,
      size,
      error: null,
      prompt: 'told',
    };
  }

  return fake;
}
