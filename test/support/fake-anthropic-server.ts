/** The fake Anthropic behind a port, for journeys. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeAnthropic } from './fake-anthropic.ts';

export interface FakeAnthropicServer {
  /** Without a version, as ANTHROPIC_BASE_URL wants it. */
  baseUrl: string;
  upstream: FakeAnthropic;
  stop(): Promise<void>;
}

export async function startFakeAnthropic(): Promise<FakeAnthropicServer> {
  const upstream = new FakeAnthropic();
  const server = createServer((request, response) => {
    answer(upstream, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    upstream,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(upstream: FakeAnthropic, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const part of request) body += part;
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const answered = await upstream.fetch(`http://fake${request.url}`, { body, headers });
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  const reader = answered.body?.getReader();
  // Who has left gets nothing more, and nothing more is made.
  response.once('close', () => void reader?.cancel().catch(() => undefined));
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    response.write(value);
  }
  response.end();
}
