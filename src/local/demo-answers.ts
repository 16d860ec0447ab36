/** How the demo provider says what it has planned: word by word or at once, in the protocol in which it was asked. */
import type { NeutralEvent } from '../gateway/neutral.ts';
import type { Asked, Protocol } from '../gateway/protocol.ts';
import type { Usage } from '../money/cost.ts';

/** Of each choice the same. */
export interface Plan {
  model: string;
  words: string[];
  cutShort: boolean;
  usage: Usage;
}

export interface PacedPlan extends Plan {
  silentMs: number;
  everyMs: number;
  failAfterTokens: number | undefined;
  signal: AbortSignal;
}

const ID = 'demo';

export function whole(protocol: Protocol, asked: Asked, { words, cutShort, usage, model }: Plan): Response {
  const choices = Array.from({ length: asked.choices }, () => ({
    parts: [{ type: 'text' as const, text: words.join(' '), cache: null }],
    reason: cutShort ? ('length' as const) : ('stop' as const),
    sequence: null,
  }));
  const names = { requestId: ID, model: `demo/${model}` };
  return Response.json(protocol.translator.writeAnswer({ id: ID, choices, usage }, names, null));
}

/** Makes each event when it is asked for, so that what was made is what was read. */
export function streamed(protocol: Protocol, asked: Asked, plan: PacedPlan): Response {
  const encoder = new TextEncoder();
  const events = eventsOf(protocol, asked, plan);
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await events.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await events.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

async function* eventsOf(
  protocol: Protocol,
  asked: Asked,
  { model, words, cutShort, usage, silentMs, everyMs, failAfterTokens, signal }: PacedPlan,
): AsyncGenerator<string, void, undefined> {
  // A provider counts whether its client wants to know or not.
  const writer = protocol.translator.eventWriter(
    { ...asked, wantsUsage: true },
    { requestId: ID, model: `demo/${model}` },
  );
  const failHere = (made: number) => {
    if (made === failAfterTokens) throw new Error('the demo provider was asked to fail here');
  };
  await pause(silentMs, signal);
  const begun = writer.event({ type: 'start', id: ID });
  // Not every protocol has something to say before the first word.
  if (begun !== '') yield begun;
  let made = 0;
  for (let choice = 0; choice < asked.choices; choice++) {
    for (const [i, word] of words.entries()) {
      failHere(made);
      await pause(everyMs, signal);
      made += 1;
      yield writer.event({ type: 'text', choice, text: i === 0 ? word : ` ${word}` });
    }
    failHere(made);
    yield writer.event({ type: 'end', choice, reason: cutShort ? 'length' : 'stop', sequence: null });
  }
  const counted: NeutralEvent = { type: 'usage', usage };
  yield writer.event(counted) + writer.end(usage, null);
}

/** Ends early, by a throw, where the caller has left. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stopped);
      resolve();
    }, ms);
    const stopped = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', stopped, { once: true });
  });
}
