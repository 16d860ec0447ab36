/**
 * The relay of an answer that its client wants in one piece but whose worst case the budget does not cover: the provider
 * streams it, so that its hold can grow with it, and it is gathered here. At a limit it ends as at a provider's own cap,
 * with what was paid for, where that is of use.
 */
import { LIMITS } from '../limits.ts';
import { formatUsd } from '../money/nanos.ts';
import type { Gathered } from './protocol.ts';
import { cutScope, type Refusal } from './refusals.ts';
import { type ConversationParts, GONE, garbage, madeUntil, note, outcomeOfStop, stopOf } from './relay.ts';
import { type Stop, Stopped } from './stopped.ts';
import { UpstreamCall } from './upstream-call.ts';
import { upstreamEvents } from './upstream-events.ts';

export function relayGathered(parts: ConversationParts): Promise<Response | Refusal> {
  const answered = gather(parts);
  parts.ctx.waitUntil(answered.then(() => parts.attempt.settled()));
  return answered;
}

async function gather(parts: ConversationParts): Promise<Response | Refusal> {
  const { attempt, clientGone, exchange, headers, names } = parts;
  const call = new UpstreamCall(parts, () => attempt.isWorthWaitingFor);
  const gathered = exchange.gather();
  try {
    let length = 0;
    for await (const events of upstreamEvents(call, attempt, exchange.reader())) {
      for (const { frame, read } of events) {
        length += frame.raw.length;
        if (length > LIMITS.answerBytesMax) {
          throw new Stopped({ kind: 'failed', refusal: garbage('The answer is too large.') });
        }
        if (read) gathered.add(read);
      }
    }
    attempt.complete();
    note(parts, null);
    const answer = exchange.answer(gathered.whole(), names, attempt.cost().total);
    headers['x-purser-cost'] = formatUsd(attempt.settle(clientGone.aborted ? 'client_gone' : 'completed'));
    return Response.json(answer, { headers });
  } catch (error) {
    const stop = stopOf(parts, error, call.signal, attempt.hasBegun);
    call.stop(stop);
    headers['x-purser-cost'] = formatUsd(attempt.settle(outcomeOfStop(stop), madeUntil(stop, attempt)));
    if (stop.kind === 'client_gone') return GONE;
    if (stop.kind === 'failed') note(parts, stop.refusal);
    return cutAnswer(parts, stop, gathered) ?? stop.refusal;
  } finally {
    call.end();
  }
}

/** What there is of an answer that a limit has cut, or null where nobody could use it. */
function cutAnswer(
  { attempt, exchange, headers, names }: ConversationParts,
  stop: Stop,
  gathered: Gathered,
): Response | null {
  if (stop.kind !== 'cut') return null;
  const scope = cutScope(stop.refusal);
  const answer = scope && gathered.cutShort();
  if (!answer) return null;
  headers['x-purser-cut'] = scope;
  return Response.json(exchange.cut(answer, names, attempt.usage(), attempt.cost().total), { headers });
}
