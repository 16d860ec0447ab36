/** The relay of an answer in one piece: read to its end, settled, passed on with its cost. */
import { LIMITS } from '../limits.ts';
import type { Usage } from '../money/cost.ts';
import { formatUsd, type Nanos } from '../money/nanos.ts';
import type { Attempt } from './attempt.ts';
import type { Refusal } from './refusals.ts';
import { GONE, garbage, note, outcomeOf, outcomeOfStop, type RelayParts, stopOf } from './relay.ts';
import { readBody } from './request-body.ts';
import { Stopped } from './stopped.ts';
import { UpstreamCall } from './upstream-call.ts';

export interface WholeAnswer {
  /** What the provider made, as far as it is text. */
  text: string;
  usage: Usage | null;
  /** As in `ReadAnswer`. */
  tier?: string | null;
  /** What it says went wrong, inside an answer of a good status. */
  error: string | null;
  /** As the client gets it, once its cost is known. */
  body(cost: Nanos): BodyInit;
  contentType: string;
}

/** Null: no answer at all. */
export type ReadWhole = (bytes: Uint8Array, response: Response) => WholeAnswer | null;

export function relayWhole(parts: RelayParts, read: ReadWhole): Promise<Response | Refusal> {
  const answered = passWhole(parts, read);
  // The answer goes out when it is ready; settling may go on behind it.
  parts.ctx.waitUntil(answered.then(() => parts.attempt.settled()));
  return answered;
}

async function passWhole(parts: RelayParts, read: ReadWhole): Promise<Response | Refusal> {
  const { attempt, clientGone, headers } = parts;
  // How near its end it is cannot be told, but only at its end does it say what it costs: it is always drained.
  const call = new UpstreamCall(parts, () => true);
  let answering = false;
  const settle = (...how: Parameters<Attempt['settle']>): Nanos => {
    const cost = attempt.settle(...how);
    headers['x-purser-cost'] = formatUsd(cost);
    return cost;
  };
  try {
    const response = await call.send();
    const refusal = await call.refusalIn(response);
    if (refusal) {
      settle(outcomeOf(refusal), 'free');
      note(parts, refusal);
      return refusal;
    }
    answering = true;
    const bytes = await call.inTime(readBody(response, LIMITS.answerBytesMax, () => call.heard()));
    if (!bytes) throw new Stopped({ kind: 'failed', refusal: garbage('The answer is too large.') });
    const answer = read(bytes, response);
    if (answer) attempt.count(answer.text);
    if (answer?.tier) attempt.servedAt(answer.tier);
    if (answer?.usage) attempt.report(answer.usage);
    if (!answer || answer.error !== null) {
      const failure = garbage(answer?.error ?? null, parts.credential);
      settle('upstream_error', attempt.sawAnything ? 'seen' : 'free');
      note(parts, failure);
      return failure;
    }
    attempt.complete();
    note(parts, null);
    const body = answer.body(attempt.cost().total);
    settle(clientGone.aborted ? 'client_gone' : 'completed');
    headers['content-type'] = answer.contentType;
    return new Response(body, { headers });
  } catch (error) {
    const stopped = stopOf(parts, error, call.signal, answering);
    // A provider that failed before it answered made nothing. Else it read the input, which is charged, and made output
    // that nobody has seen.
    const free = stopped.kind === 'failed' && !answering;
    settle(outcomeOfStop(stopped), free ? 'free' : attempt.isComplete ? 'seen' : 'unknown');
    if (stopped.kind === 'client_gone') return GONE;
    if (stopped.kind === 'failed') note(parts, stopped.refusal);
    return stopped.refusal;
  } finally {
    call.end();
  }
}
