/** A function from Request to Response behind a server on this machine, for fakes that a journey's Purser is to call. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FetchServer {
  url: string;
  stop(): Promise<void>;
}

export async function serveFetch(answer: (request: Request) => Promise<Response>): Promise<FetchServer> {
  const server = createServer(async (incoming, outgoing) => {
    // A fake that throws breaks the connection.
    await pass(incoming, outgoing, answer).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: (request: Request) => Promise<Response>,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  let body = '';
  for await (const part of incoming) body += part;
  const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
  const { method = 'GET', url } = incoming;
  const request = new Request(`http://${incoming.headers.host}${url}`, {
    method,
    headers,
    signal: gone.signal,
    ...(method === 'POST' && { body }),
  });
  const response = await answer(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    if (gone.signal.aborted) {
      await reader.cancel();
      return;
    }
    await new Promise<void>((resolve) => outgoing.write(value, () => resolve()));
  }
  outgoing.end();
}
