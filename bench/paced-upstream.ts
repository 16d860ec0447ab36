/**
 * A provider that takes its time: streams of OpenAI's chat protocol, one token every `PACE_MS`, as many as `max_tokens` says.
 *
 * A process of its own, forked by ground.ts. Sends {port} when it listens. Ends when its parent does.
 */
import { createServer, type ServerResponse } from 'node:http';
import { chunkEvent, endEvents, PACE_MS } from './paced-answers.ts';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { max_tokens: tokens } = JSON.parse(Buffer.concat(chunks).toString()) as { max_tokens: number };
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    stream(response, tokens);
  });
});

function stream(response: ServerResponse, tokens: number): void {
  let made = 0;
  const timer = setInterval(() => {
    if (made < tokens) response.write(chunkEvent(made++));
    else {
      clearInterval(timer);
      response.end(endEvents(tokens));
    }
  }, PACE_MS);
  response.on('close', () => clearInterval(timer));
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' && address ? address.port : 0 });
});

process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; it is for our parent to end us.
process.on('SIGINT', () => undefined);
