/**
 * What the relays share (relay-whole.ts, relay-gathered.ts, relay-stream.ts): what they are given, and how a call to a
 * provider ends. The call itself is in upstream-call.ts, and how a stream is read in upstream-events.ts.
 *
 * A relay sends one admitted attempt to its provider and passes the answer back, and settles in every case: end,
 * provider failure, client gone, cut at a limit, hold lost. An end that is not the provider's own travels as a Stop
 * through the abort of the upstream call.
 */
import type { Deadlines } from '../deadlines.ts';
import type { Attempt } from './attempt.ts';
import type { Exchange } from './exchange.ts';
import type { Names } from './protocol.ts';
import { noteHealth } from './provider-health.ts';
import type { Credential } from './providers/provider.ts';
import { withoutSecrets } from './providers/secrets.ts';
import type { Refusal } from './refusals.ts';
import type { RelayTimes } from './relay-times.ts';
import { NO_ANSWER } from './reported.ts';
import type { AnswerHeaders } from './router.ts';
import { type Stop, Stopped } from './stopped.ts';

export interface RelayParts {
  env: Env;
  ctx: ExecutionContext;
  attempt: Attempt;
  requestId: string;
  deadlines: Deadlines;
  /** Aborted when the client hangs up. */
  clientGone: AbortSignal;
  /** What the health of whom it calls is known by; absent: its provider's name. */
  health?: string;
  /** What it is called with; absent: nothing that is secret. */
  credential?: Credential;
  /** Sends the call to the provider. */
  send: (signal: AbortSignal) => Promise<Response>;
  /** What Purser adds to a successful answer. */
  headers: AnswerHeaders;
  times: RelayTimes;
}

/** Of an answer that comes as events. */
export interface StreamParts extends RelayParts {
  exchange: Pick<Exchange, 'reader' | 'passage'>;
  names: Names;
}

/** Of a conversation. */
export interface ConversationParts extends StreamParts {
  exchange: Exchange;
}

/** Nobody is there to read it; the platform drops it. */
export const GONE: Refusal = { kind: 'upstream_error', message: 'The client hung up.' };

export function fellSilent({ upstreamIdleMsMax }: RelayTimes): Stop {
  return timedOut(`The provider sent nothing for ${upstreamIdleMsMax / 1000} seconds.`);
}

export function tookTooLong({ upstreamTotalMsMax }: RelayTimes): Stop {
  return timedOut(`The provider had not ended its answer after ${upstreamTotalMsMax / 1000} seconds.`);
}

function timedOut(message: string): Stop {
  return { kind: 'failed', refusal: { kind: 'upstream_timeout', message } };
}

export function garbage(reported: string | null, credential?: Credential): Refusal {
  const message = reported && withoutSecrets(reported, credential);
  return { kind: 'upstream_error', message: message ?? NO_ANSWER };
}

/** What ended an attempt: our own stop, or else the provider, which may have `begun` to answer and to bill. */
export function stopOf({ credential }: RelayParts, error: unknown, signal: AbortSignal, begun: boolean): Stop {
  const reason: unknown = signal.aborted ? signal.reason : error;
  if (reason instanceof Stopped) return safe(reason.stop, credential);
  console.warn(JSON.stringify({ event: 'upstream_failed', error: withoutSecrets(String(error), credential) }));
  const message = 'The provider could not be reached, or broke off its answer.';
  return { kind: 'failed', refusal: { kind: 'upstream_error', message, ...(!begun && { transient: true }) } };
}

/** What the provider itself said, without the credential that it may have quoted. */
function safe(stop: Stop, credential: Credential | undefined): Stop {
  if (stop.kind !== 'failed' || stop.refusal.kind !== 'upstream_error') return stop;
  return { ...stop, refusal: { ...stop.refusal, message: withoutSecrets(stop.refusal.message, credential) } };
}

export function outcomeOfStop(stop: Stop): 'client_gone' | 'cut' | 'client_error' | 'upstream_error' {
  return stop.kind === 'failed' ? outcomeOf(stop.refusal) : stop.kind;
}

/**
 * What a stopped stream may have made: what was seen of it, where all of it can be seen. Where it failed before anything was,
 * nothing, unless it makes what no stream shows and broke off or fell silent at that.
 */
export function madeUntil(stop: Stop, attempt: Attempt): 'seen' | 'free' | 'unknown' {
  if (isOurs(stop) && attempt.isComplete) return 'seen';
  const mayHide = attempt.hasBegun && !attempt.isWatched;
  if (stop.kind === 'failed' && !attempt.sawAnything && (stop.reported || !mayHide)) return 'free';
  return attempt.isWatched ? 'seen' : 'unknown';
}

/** What failed is this gateway, at an answer that came. */
function isOurs(stop: Stop): boolean {
  return stop.kind === 'failed' && stop.refusal.kind === 'internal_error';
}

export function outcomeOf(refusal: Refusal): 'client_error' | 'upstream_error' {
  return refusal.kind === 'upstream_refused' && refusal.status !== 429 ? 'client_error' : 'upstream_error';
}

/** A provider that refuses a malformed request is well; one that is overloaded, broken or silent is not. */
export function note(parts: RelayParts, refusal: Refusal | null): void {
  // Ours says nothing of the provider.
  if (refusal?.kind === 'internal_error') return;
  const healthy = refusal === null || outcomeOf(refusal) === 'client_error';
  noteHealth(parts.env, parts.ctx, parts.health ?? parts.attempt.mapping.provider, healthy);
}
