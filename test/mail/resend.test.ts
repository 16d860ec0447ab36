/** Mail by the HTTP API, against a server that speaks it, and misbehaves as such servers do. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import type { Mail } from '../../src/mail/mail.ts';
import { resend } from '../../src/mail/resend.ts';

interface Received {
  url: string;
  authorization: string | undefined;
  idempotencyKey: string | undefined;
  body: Record<string, unknown>;
}

type Behaviour = (response: ServerResponse, received: Received) => void;

const accept: Behaviour = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}');
};
const refuse =
  (statusCode: number, name: string): Behaviour =>
  (response, { body }) => {
    const message = `${name}: ${JSON.stringify(body)}`;
    response
      .writeHead(statusCode, { 'content-type': 'application/json' })
      .end(JSON.stringify({ statusCode, name, message }));
  };

const MAIL: Mail = { to: 'ada@example.com', subject: 'Hi', text: 'secret-link', html: '<p>secret-link</p>' };

const received: Received[] = [];
let behaviours: Behaviour[] = [];
const server = createServer((request, response) => void answer(request, response));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const one: Received = {
    url: `${request.method} ${request.url}`,
    authorization: request.headers.authorization,
    idempotencyKey: request.headers['idempotency-key'] as string | undefined,
    body: JSON.parse(await text(request)),
  };
  received.push(one);
  (behaviours.shift() ?? accept)(response, one);
}

let mailer: ReturnType<typeof resend>;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const env = { RESEND_BASE_URL: `http://127.0.0.1:${port}`, ALLOW_LOOPBACK_UPSTREAMS: '1' } as Env;
  mailer = resend(env, 're_planted_key', 'Purser <purser@example.com>');
});
afterAll(() => server.close());
beforeEach(() => {
  received.length = 0;
  behaviours = [];
});
afterEach(() => vi.restoreAllMocks());

describe('a mail', () => {
  it('is posted as the API has it', async () => {
    await mailer.send(MAIL);
    expect(received).toEqual([
      {
        url: 'POST /emails',
        authorization: 'Bearer re_planted_key',
        idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
        body: {
          from: 'Purser <purser@example.com>',
          to: ['ada@example.com'],
          subject: 'Hi',
          text: 'secret-link',
          html: '<p>secret-link</p>',
        },
      },
    ]);
  });

  it('carries its file as the API has it', async () => {
    const attachment = { fileName: 'invoice-2026-000001.pdf', type: 'application/pdf', base64: 'JVBERi0=' };
    await mailer.send({ ...MAIL, attachment });
    expect(received[0]?.body.attachments).toEqual([
      { filename: 'invoice-2026-000001.pdf', content: 'JVBERi0=', content_type: 'application/pdf' },
    ]);
  });

  it('is sent again where it may pass later, as the same mail', async () => {
    behaviours = [refuse(429, 'rate_limit_exceeded'), (response) => response.destroy()];
    await mailer.send(MAIL);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    await mailer.send(MAIL);
    expect(new Set(received.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  });

  it('that may have gone before goes under the id that it had', async () => {
    await mailer.send({ ...MAIL, id: 'warning-1' });
    await mailer.send({ ...MAIL, id: 'warning-1' });
    expect(received.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['warning-1', 'warning-1']);
  });

  it('that the API refuses is not sent again, and why says nothing of it', async () => {
    behaviours = [refuse(403, 'validation_error')];
    const error = await mailer.send(MAIL).catch(String);
    expect(error).toBe('Error: the mail API answered 403');
    expect(received).toHaveLength(1);
  });

  it('is given up after some tries', async () => {
    behaviours = Array.from({ length: 9 }, () => refuse(500, 'internal_server_error'));
    expect(await mailer.send(MAIL).catch(String)).toBe('Error: the mail API answered 500');
    expect(received).toHaveLength(LIMITS.mailTriesMax);
  });

  it('does not follow the API to somewhere else, and does not wait for one that is silent', async () => {
    behaviours = [(response) => response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end()];
    expect(await mailer.send(MAIL).catch(String)).toBe('Error: the mail API answered 307');
    const waits: number[] = [];
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      waits.push(ms);
      const controller = new AbortController();
      setTimeout(() => controller.abort(new DOMException('too long', 'TimeoutError')), 20);
      return controller.signal;
    });
    behaviours = Array.from({ length: 9 }, () => () => undefined);
    expect(await mailer.send(MAIL).catch(String)).toBe('Error: the mail API did not answer (TimeoutError)');
    expect(waits).toEqual(Array(LIMITS.mailTriesMax).fill(LIMITS.mailTimeoutMs));
  });

  it('is not posted to an address that is not https, but on this machine in tests', () => {
    const env = (url: string) => ({ RESEND_BASE_URL: url }) as Env;
    expect(() => resend(env('http://api.example.com'), 'key', 'a@example.com')).toThrow(/https/);
    expect(() => resend(env('http://127.0.0.1:1'), 'key', 'a@example.com')).toThrow(/ALLOW_LOOPBACK_UPSTREAMS/);
  });

  it('and all its tries fit into what the platform gives work behind an answer', () => {
    const { mailTriesMax, mailTimeoutMs, mailRetryMs, settleGiveUpMs } = LIMITS;
    const pauses = (mailRetryMs * (mailTriesMax * (mailTriesMax - 1))) / 2;
    expect(mailTriesMax * mailTimeoutMs + pauses).toBeLessThanOrEqual(settleGiveUpMs);
  });
});
