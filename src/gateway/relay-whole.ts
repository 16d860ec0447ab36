/** The relay of an answer in one piece: read to its end, settled, passed on with its cost. */
import { LIMITS } from '../limits.ts';
import { formatUsd } from '../money/nanos.ts';
import { readAnswer } from './chat-completions/answer.ts';
import type { Refusal } from './refusals.ts';
import {
  GONE,
  garbage,
  note,
  outcomeOf,
  outcomeOfStop,
  type RelayParts,
  type Stop,
  Stopped,
  stopOf,
  timedOut,
  unlessAborted,
} from './relay.ts';
import { readAtMost } from './request-body.ts';
import { upstreamRefusal } from './upstream-refusal.ts';

export function relayWhole(parts: RelayParts): Promise<Response | Refusal> {
  const answered = readWhole(parts);
  // The answer goes out when it is ready; settling may go on behind it.
  parts.ctx.waitUntil(answered.then(() => parts.attempt.settled()));
  return answered;
}

async function readWhole(parts: RelayParts): Promise<Response | Refusal> {
  const { attempt, clientGone, headers } = parts;
  const upstream = new AbortController();
  const stop = (reason: Stop) => upstream.abort(new Stopped(reason));
  attempt.keepAlive((refusal) => stop({ kind: 'cut', refusal }));
  // A provider bills what it makes although nobody waits for it: give it a moment to say how much that was.
  let drain: ReturnType<typeof setTimeout> | undefined;
  const hungUp = () => {
    attempt.hungUp();
    drain ??= setTimeout(() => stop({ kind: 'client_gone' }), parts.times.drainMs);
  };
  clientGone.addEventListener('abort', hungUp);
  if (clientGone.aborted) hungUp();
  let idle: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(idle);
    idle = setTimeout(() => stop(timedOut(parts.times)), parts.times.upstreamIdleMsMax);
  };
  heard();
  let answering = false;
  try {
    const response = await unlessAborted(parts.send(upstream.signal), upstream.signal);
    const refusal = await upstreamRefusal(response);
    if (refusal) {
      attempt.settle(outcomeOf(refusal), 'free');
      note(parts, refusal);
      return refusal;
    }
    answering = true;
    const reading = readAtMost(response.body, LIMITS.answerBytesMax, heard);
    const bytes = await unlessAborted(reading, upstream.signal);
    if (!bytes) throw new Stopped({ kind: 'failed', refusal: garbage('The answer is too large.') });
    const read = readAnswer(new TextDecoder().decode(bytes));
    if (!read || read.answer.error !== null) {
      const failure = garbage(read?.answer.error ?? null);
      attempt.settle('upstream_error', 'free');
      note(parts, failure);
      return failure;
    }
    attempt.count(read.answer.text);
    if (read.answer.usage) attempt.report(read.answer.usage);
    attempt.complete();
    attempt.settle(clientGone.aborted ? 'client_gone' : 'completed');
    note(parts, null);
    headers.set('content-type', 'application/json');
    headers.set('x-purser-cost', formatUsd(attempt.cost().total));
    return new Response(bytes, { headers });
  } catch (error) {
    const stopped = stopOf(error, upstream.signal);
    // A provider that failed before it answered made nothing. Else it read the input, which is charged, and made output
    // that nobody has seen.
    attempt.settle(outcomeOfStop(stopped), stopped.kind === 'failed' && !answering ? 'free' : 'unknown');
    if (stopped.kind === 'client_gone') return GONE;
    if (stopped.kind === 'failed') note(parts, stopped.refusal);
    return stopped.refusal;
  } finally {
    clearTimeout(idle);
    clearTimeout(drain);
    clientGone.removeEventListener('abort', hungUp);
  }
}
