/**
 * The truthful upstream, as a process of its own: behaves as it is asked to (behave.ts) and keeps its own count of what
 * it made (count.ts). Sends {port} when it listens, and answers any message with {calls}. Ends when its parent does.
 */
import { createServer } from 'node:http';
import { behave } from './behave.ts';
import type { Ask, ModelName } from './calls.ts';
import { Count } from './count.ts';

/** Longer than a bench: a connection that closes while it is reused would be a fault nobody asked for. */
const KEEP_ALIVE_MS = 60 * 60_000;

interface Body {
  model: ModelName;
  stream?: boolean;
  max_tokens?: number;
  max_completion_tokens?: number;
  bench: Ask;
}

const count = new Count();

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Body;
    const { bench: ask, model } = body;
    if (ask.fault === 'fails') {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"The server had an error while processing your request."}}');
      return;
    }
    const call = count.take(ask, model, body.max_completion_tokens ?? body.max_tokens ?? null, body.stream === true);
    behave({ ask, call, count, response }).catch((error) => {
      console.error(`the upstream, in ${ask.call}: ${error}`);
      process.exit(1);
    });
  });
});

server.keepAliveTimeout = KEEP_ALIVE_MS;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' && address ? address.port : 0 });
});

process.on('message', () => process.send?.({ calls: count.takeAll() }));
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; it is for our parent to end us.
process.on('SIGINT', () => undefined);
