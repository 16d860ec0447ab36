/**
 * A provider that costs next to nothing: OpenAI's chat protocol on loopback, the fixed answers of answers.ts at once.
 *
 * Runs as a process of its own, forked by stage.ts. In the load generator's process the two would wait for each other's
 * turn of one event loop, and a request's time would contain the handling of fifteen others.
 *
 * Sends {port} when it listens; answers any message with {served}. Ends when its parent does.
 */
import { createServer } from 'node:http';
import { ANSWER, ANSWER_NO_USAGE, EVENTS, NO_USAGE } from './answers.ts';

/** Longer than any pause between rounds: a connection that closes while it is reused would be an error of ours. */
const KEEP_ALIVE_MS = 10 * 60_000;

let served = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    served += 1;
    const { stream, user } = JSON.parse(Buffer.concat(chunks).toString()) as { stream?: boolean; user?: string };
    if (stream !== true) {
      const answer = user === NO_USAGE ? ANSWER_NO_USAGE : ANSWER;
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
      response.end(answer);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    for (const event of EVENTS) response.write(event);
    response.end();
  });
});

server.keepAliveTimeout = KEEP_ALIVE_MS;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' && address ? address.port : 0 });
});

process.on('message', () => process.send?.({ served }));
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; it is for our parent to end us.
process.on('SIGINT', () => undefined);
