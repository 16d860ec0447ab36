/**
 * Amazon Bedrock before a Claude that may misbehave: the fake of Anthropic's, its events in AWS's event stream, its refusals in
 * AWS's words. It is a fetch, as that is.
 */
import type { Json } from '../../src/gateway/protocol.ts';
import { jsonObjectIn } from '../../src/gateway/reported.ts';
import { Frames } from '../../src/gateway/sse.ts';
import { awsMessage, chunkMessage, exceptionMessage } from './aws-messages.ts';
import { FakeAnthropic } from './fake-anthropic.ts';

const EVENT_STREAM = 'application/vnd.amazon.eventstream';

export class FakeBedrock {
  readonly claude = new FakeAnthropic();
  readonly calls: { url: string; authorization: string; body: Json }[] = [];

  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = String(input);
    const body = JSON.parse(String(init.body)) as Json;
    this.calls.push({ url, authorization: new Headers(init.headers).get('authorization') ?? '', body });
    const streams = url.endsWith('/invoke-with-response-stream');
    if (!streams && !url.endsWith('/invoke')) return new Response(null, { status: 404 });
    const asked = { ...init, body: JSON.stringify({ ...body, stream: streams }) };
    const answer = await this.claude.fetch('https://upstream.example/v1/messages', asked);
    if (!answer.ok) return Response.json({ message: 'Too many requests.' }, answer);
    if (!answer.body || !answer.headers.get('content-type')?.startsWith('text/event-stream')) return answer;
    return new Response(reframed(answer.body), { headers: { 'content-type': EVENT_STREAM } });
  };
}

function reframed(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const frames = new Frames();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          return;
        }
        for (const { data } of frames.push(value)) controller.enqueue(messageOf(data ?? ''));
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function messageOf(data: string): Uint8Array {
  const event = jsonObjectIn(data);
  // Of a message that is no event a bit is turned over on its way.
  if (!event)
    return awsMessage({ ':event-type': 'chunk' }, data).map((byte, index) => (index === 20 ? byte ^ 1 : byte));
  if (event.type === 'error') return exceptionMessage('throttlingException', 'Too many tokens.');
  return chunkMessage(event);
}
