/**
 * A provider's stream, read event by event, each counted against the hold before anyone gets it.
 */
import type { AnswerReader, ReadAnswer } from './protocol.ts';
import { garbage, type RelayParts } from './relay.ts';
import { type Frame, Frames } from './sse.ts';
import { type Stop, Stopped } from './stopped.ts';
import type { UpstreamCall } from './upstream-call.ts';

export interface UpstreamEvent {
  frame: Frame;
  /** What it says; null for a comment. */
  read: ReadAnswer | null;
}

/**
 * Makes the call and yields what each read brings, until the provider has ended its answer. Every other end throws a
 * Stopped, with what may still pass yielded before it.
 */
export async function* upstreamEvents(
  call: UpstreamCall,
  attempt: RelayParts['attempt'],
  answerReader: AnswerReader,
): AsyncGenerator<UpstreamEvent[], void, undefined> {
  const response = await call.send();
  const refusal = await call.refusalIn(response);
  if (refusal) throw new Stopped({ kind: 'failed', refusal });
  if (!response.headers.get('content-type')?.includes('text/event-stream') || !response.body) {
    throw new Stopped({ kind: 'failed', refusal: garbage(null) });
  }
  attempt.began();
  const reader = response.body.getReader();
  const frames = new Frames();
  let ended = false;
  for (;;) {
    const { done, value } = await call.inTime(reader.read());
    const events: UpstreamEvent[] = [];
    for (const frame of done ? frames.end() : frames.push(value)) {
      const { event, stop } = await count(frame, answerReader, attempt);
      if (event) events.push(event);
      if (stop) {
        yield events;
        throw new Stopped(stop);
      }
      if (event?.read?.last) {
        yield events;
        return;
      }
      ended ||= (event?.read?.ended ?? 0) > 0;
    }
    yield events;
    if (done) break;
  }
  // No end-of-stream mark: whole only if the provider had said that its answer is finished.
  if (ended) return;
  const message = 'The provider ended its answer without finishing it.';
  throw new Stopped({ kind: 'failed', refusal: { kind: 'upstream_error', message } });
}

/** The event if it may pass, and whether it is to be the last. */
async function count(
  frame: Frame,
  answerReader: AnswerReader,
  attempt: RelayParts['attempt'],
): Promise<{ event: UpstreamEvent | null; stop: Stop | null }> {
  if (frame.data === null) return { event: { frame, read: null }, stop: null };
  const read = answerReader.read(frame);
  // Passing on what nobody can read would be passing on what nobody has counted.
  if (!read) return { event: null, stop: { kind: 'failed', refusal: garbage(null) } };
  const { error, ended, text, tier, usage } = read;
  if (error !== null) return { event: null, stop: { kind: 'failed', refusal: garbage(error), reported: true } };
  attempt.ended(ended);
  if (tier) attempt.servedAt(tier);
  if (usage) attempt.report(usage);
  const event = { frame, read };
  const refusal = await attempt.pass(text);
  if (!refusal) return { event, stop: null };
  // What the hold covers is paid for and passes; the cut comes in time for what is still to be made.
  return { event: attempt.coversWhatCame ? event : null, stop: { kind: 'cut', refusal } };
}
