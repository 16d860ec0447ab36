/**
 * The life of one video after its provider took it: who owns its hold, asks how it is, and settles it once, also when nobody ever
 * asks again. Hosted by the object of the video, durable-objects/video-job.ts, whose alarm calls `work`. It runs in plain Node.
 *
 *     running ── done, failed, refused, lost, too old, deleted ──▶ ending ── settled; cancelled where need be ──▶ ended ──▶ nothing
 *
 * What is kept is one value, and each step ends with writing it. What a video costs is decided by the write that ends `running`, and
 * told to the member's object from then on until that has taken it; so a crash between any two steps repeats a call, all of
 * which may be repeated, and never a decision. Alarms may come late, twice or early: what is due is read from the value.
 *
 * The hold is the worst case from its start, so nothing is overspent while it can't be renewed: if it expires meanwhile, its expiry
 * charges all of it, and the settlement at the end books the difference.
 */
import type { ExtendRequest, Extension, Settlement, SettleRequest, Ticket } from '../../budgets/protocol.ts';
import type { AttemptAbout, Outcome } from '../../budgets/usage-event.ts';
import { NO_TOKENS } from '../../budgets/usage-event.ts';
import { LIMITS } from '../../limits.ts';
import type { ProviderId } from '../../models/catalogue.ts';
import { type CostParts, costParts } from '../../money/cost.ts';
import { type Nanos, nanos, ZERO } from '../../money/nanos.ts';
import { type Price, priceOfVideo } from '../../money/price.ts';
import { describe, type Refusal } from '../refusals.ts';
import { pricedPart } from '../surfaces/counts.ts';
import type { Polled, UpstreamVideo, VideoError } from './upstream.ts';

/** What the Worker hands over. No key, no prompt and nothing of what was made is among it. */
export interface Begun {
  videoId: string;
  memberId: string;
  ticket: Ticket;
  about: AttemptAbout;
  provider: ProviderId;
  /** As the provider first told of it. */
  first: UpstreamVideo;
  /** As asked for: what is made where the provider does not say. */
  seconds: number;
  size: string;
  /** In force when it began, for every size; null where none was known and nothing is limited. */
  price: Price | null;
}

interface Running {
  kind: 'running';
  renewAtMs: number;
  /** False once the hold is gone: it was charged as it expired. */
  renews: boolean;
  pollAtMs: number;
  pollPauseMs: number;
  /** When the provider last said how it is. */
  heardAtMs: number;
}

interface Ending {
  kind: 'ending';
  settlement: Omit<SettleRequest, 'ticket' | 'about'>;
  /** Whether the member's object has booked it, once that has answered. */
  booked: boolean | null;
  cancelTriesLeft: number;
  tryAtMs: number;
  pauseMs: number;
}

/** `cost` is null where the member's object knew nothing of the attempt. */
interface Ended {
  kind: 'ended';
  cost: Nanos | null;
  untilMs: number;
}

/** The one value in the object's storage. */
export interface KeptVideo extends Omit<Begun, 'first'> {
  upstreamId: string;
  createdAtMs: number;
  status: UpstreamVideo['status'];
  progress: number;
  expiresAt: number | null;
  endedAtMs: number | null;
  error: VideoError | null;
  /** Deleted by its member: it is shown no more. */
  forgotten: boolean;
  phase: Running | Ending | Ended;
}

/** Where it is kept, and what wakes it; the object's storage, or variables in a test. */
export interface VideoStore {
  read(): KeptVideo | null;
  /** Durable together, or not at all. */
  write(kept: KeptVideo, wakeAtMs: number): void;
  clear(): void;
}

/** The world outside. `renew` and `settle` throw where the member's object does not answer; the others never do. */
export interface VideoPorts {
  now(): number;
  renew(memberId: string, request: ExtendRequest): Promise<Extension>;
  settle(memberId: string, request: SettleRequest): Promise<Settlement>;
  poll(kept: KeptVideo): Promise<Polled>;
  cancel(kept: KeptVideo): Promise<boolean>;
}

/** A renewal every quarter of the hold's life: see LIMITS.holdRenewMs. */
const RENEWALS_PER_TTL = LIMITS.holdTtlMs / LIMITS.holdRenewMs;

export class VideoLife {
  readonly #store: VideoStore;
  readonly #ports: VideoPorts;
  /** Ends with the work that was asked for last: one at a time. */
  #turn: Promise<void> = Promise.resolve();

  constructor(store: VideoStore, ports: VideoPorts) {
    this.#store = store;
    this.#ports = ports;
  }

  /** Takes the video over. May be repeated: the first decides. */
  begin({ first, ...begun }: Begun): KeptVideo {
    const known = this.#store.read();
    if (known) return known;
    const now = this.#ports.now();
    const kept: KeptVideo = {
      ...begun,
      upstreamId: first.id,
      createdAtMs: now,
      status: 'queued',
      progress: 0,
      expiresAt: null,
      endedAtMs: null,
      error: null,
      forgotten: false,
      phase: {
        kind: 'running',
        renewAtMs: now + begun.ticket.ttlMs / RENEWALS_PER_TTL,
        renews: true,
        pollAtMs: now + LIMITS.videoPollMsMin,
        pollPauseMs: LIMITS.videoPollMsMin,
        heardAtMs: now,
      },
    };
    return this.#write(afterPoll(kept, { video: first }, now));
  }

  /** The video, for its member; null where there is none, or none any more. */
  view(): KeptVideo | null {
    const kept = this.#store.read();
    return kept?.forgotten ? null : kept;
  }

  /** Cancels it, if it is running, and shows it no more. False: there is none. */
  async forget(): Promise<boolean> {
    const kept = this.view();
    if (!kept) return false;
    const now = this.#ports.now();
    const forgotten = { ...kept, forgotten: true };
    // What a provider bills for what it was stopped at, nobody says: the worst case.
    if (kept.phase.kind === 'running') this.#write(ended(forgotten, worstCase(kept, 'client_gone', now), now, true));
    else if (kept.phase.kind === 'ending') this.#write({ ...forgotten, phase: cancelling(kept.phase) });
    else {
      await this.#ports.cancel(kept);
      // What was deleted is remembered no longer.
      this.#write({ ...forgotten, phase: { ...kept.phase, untilMs: now } });
    }
    await this.work();
    return true;
  }

  /** Does what is due. May be called at any time; never rejects but for a bug. */
  work(): Promise<void> {
    const turn = this.#turn.then(() => this.#workNow());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #workNow(): Promise<void> {
    const kept = this.#store.read();
    if (!kept) return;
    // Whatever comes between, there is a next time.
    this.#store.write(kept, this.#ports.now() + LIMITS.videoRetryMsMin + LIMITS.videoCallMsMax);
    await this.#renew();
    await this.#poll();
    await this.#end();
    const left = this.#store.read();
    if (!left) return;
    if (left.phase.kind === 'ended' && left.phase.untilMs <= this.#ports.now()) this.#store.clear();
    else this.#write(left);
  }

  async #renew(): Promise<void> {
    const now = this.#ports.now();
    const kept = this.#store.read();
    if (kept?.phase.kind !== 'running' || !kept.phase.renews || kept.phase.renewAtMs > now) return;
    const { ticket, about, memberId } = kept;
    const { amount: toAmount } = ticket;
    let extension: Extension | null = null;
    try {
      const asked = { ticket, about, toAmount, chargeAtExpiry: toAmount, report: 0, recheck: true } as const;
      extension = await this.#ports.renew(memberId, asked);
    } catch (error) {
      console.warn(JSON.stringify({ event: 'video_renewal_failed', videoId: kept.videoId, error: String(error) }));
    }
    this.#change('running', (running, phase) => {
      if (extension?.extended) {
        const renewAtMs = now + ticket.ttlMs / RENEWALS_PER_TTL;
        return { ...running, ticket: extension.ticket, phase: { ...phase, renewAtMs } };
      }
      // Gone: expired, and charged. The provider goes on, and so may the video.
      if (extension && !extension.refusal) return { ...running, phase: { ...phase, renews: false } };
      if (!extension) return { ...running, phase: { ...phase, renewAtMs: now + LIMITS.videoRetryMsMin } };
      const error = errorOf(extension.refusal as Refusal, about.requestId);
      return ended({ ...running, status: 'failed', error }, worstCase(running, 'cut', now), now, true);
    });
  }

  async #poll(): Promise<void> {
    const now = this.#ports.now();
    const kept = this.#store.read();
    if (kept?.phase.kind !== 'running' || kept.phase.pollAtMs > now) return;
    const polled = await this.#ports.poll(kept);
    if ('failure' in polled) {
      console.warn(JSON.stringify({ event: 'video_poll_failed', videoId: kept.videoId, error: polled.failure }));
    }
    this.#change('running', (running, phase) => {
      const pollPauseMs = Math.min(phase.pollPauseMs * 2, LIMITS.videoPollMsMax);
      const later = { ...phase, pollAtMs: now + phase.pollPauseMs, pollPauseMs };
      return afterPoll({ ...running, phase: later }, polled, now);
    });
  }

  async #end(): Promise<void> {
    const now = this.#ports.now();
    const kept = this.#store.read();
    if (kept?.phase.kind !== 'ending' || kept.phase.tryAtMs > now) return;
    const { ticket, about, memberId, phase } = kept;
    // The provider first: it goes on making what is cancelled.
    const cancelled = phase.cancelTriesLeft === 0 || (await this.#ports.cancel(kept));
    let settlement: Settlement | null = null;
    try {
      if (phase.booked === null)
        settlement = await this.#ports.settle(memberId, { ...phase.settlement, ticket, about });
    } catch (error) {
      console.warn(JSON.stringify({ event: 'video_settlement_failed', videoId: kept.videoId, error: String(error) }));
    }
    if (settlement?.booked === false) {
      console.error(JSON.stringify({ event: 'video_hold_unknown', videoId: kept.videoId, ...ticket }));
    }
    this.#change('ending', (ending, { pauseMs, ...before }) => {
      const booked = settlement?.booked ?? before.booked;
      const cancelTriesLeft = cancelled ? 0 : before.cancelTriesLeft - 1;
      if (booked !== null && cancelTriesLeft === 0) {
        const cost = booked ? before.settlement.cost : null;
        return {
          ...ending,
          phase: { kind: 'ended', cost, untilMs: ending.forgotten ? now : now + LIMITS.videoKeepMs },
        };
      }
      const later = { tryAtMs: now + pauseMs, pauseMs: Math.min(pauseMs * 2, LIMITS.videoRetryMsMax) };
      return { ...ending, phase: { ...before, ...later, booked, cancelTriesLeft } };
    });
  }

  /** Writes what has become of it, unless something else ended this phase while the world was asked. */
  #change<K extends KeptVideo['phase']['kind']>(
    kind: K,
    to: (kept: KeptVideo, phase: Extract<KeptVideo['phase'], { kind: K }>) => KeptVideo,
  ): void {
    const kept = this.#store.read();
    if (kept?.phase.kind === kind) this.#write(to(kept, kept.phase as Extract<KeptVideo['phase'], { kind: K }>));
  }

  #write(kept: KeptVideo): KeptVideo {
    this.#store.write(kept, wakeAt(kept.phase));
    return kept;
  }
}

function wakeAt(phase: KeptVideo['phase']): number {
  switch (phase.kind) {
    case 'running':
      return phase.renews ? Math.min(phase.renewAtMs, phase.pollAtMs) : phase.pollAtMs;
    case 'ending':
      return phase.tryAtMs;
    case 'ended':
      return phase.untilMs;
  }
}

/** What the provider has said of a running video: it goes on, or ends. */
function afterPoll(kept: KeptVideo, polled: Polled, nowMs: number): KeptVideo {
  if (kept.phase.kind !== 'running') return kept;
  if ('gone' in polled) return lost(kept, 'The provider knows nothing of the video any more.', nowMs);
  if ('failure' in polled) {
    if (nowMs - kept.phase.heardAtMs < LIMITS.videoSilenceMsMax) return kept;
    return lost(kept, 'The provider does not say any more how the video is.', nowMs);
  }
  const { status, progress, expiresAt, error } = polled.video;
  const heard = { ...kept, status, progress, expiresAt, error };
  if (status === 'completed')
    return ended({ ...heard, progress: 100 }, costOf(kept, polled.video, nowMs), nowMs, false);
  // No provider bills what it could not make.
  if (status === 'failed') return ended(heard, settlementOf(kept, FREE, 'upstream_error', nowMs), nowMs, false);
  if (nowMs - kept.createdAtMs >= LIMITS.videoMsMax)
    return lost(kept, 'The provider did not end the video in time.', nowMs);
  return { ...heard, phase: { ...kept.phase, heardAtMs: nowMs } };
}

/** Nobody knows what the provider made of it and bills for it: the worst case. */
function lost(kept: KeptVideo, message: string, nowMs: number): KeptVideo {
  const error = { code: 'upstream_error', message };
  return ended({ ...kept, status: 'failed', error }, worstCase(kept, 'upstream_error', nowMs), nowMs, true);
}

function ended(kept: KeptVideo, settlement: Ending['settlement'], nowMs: number, cancels: boolean): KeptVideo {
  const phase: Ending = {
    kind: 'ending',
    settlement,
    booked: null,
    cancelTriesLeft: 0,
    tryAtMs: nowMs,
    pauseMs: LIMITS.videoRetryMsMin,
  };
  return { ...kept, endedAtMs: nowMs, phase: cancels ? cancelling(phase) : phase };
}

function cancelling(phase: Ending): Ending {
  return { ...phase, cancelTriesLeft: LIMITS.videoCancelTriesMax };
}

const FREE: CostParts = { total: ZERO, input: ZERO, output: ZERO };

/** What the provider says it made, at the price that was in force. */
function costOf(kept: KeptVideo, made: UpstreamVideo, nowMs: number): Ending['settlement'] {
  if (!kept.price) return settlementOf(kept, FREE, 'completed', nowMs);
  const price = priceOfVideo(kept.price, made.size ?? kept.size);
  const usage = pricedPart({ request: 1, videoSecond: made.seconds ?? kept.seconds }, price);
  return settlementOf(kept, costParts(usage, price), 'completed', nowMs);
}

function worstCase(kept: KeptVideo, outcome: Outcome, nowMs: number): Ending['settlement'] {
  const { amount } = kept.ticket;
  const cost = { total: amount, input: ZERO, output: amount };
  return { ...settlementOf(kept, cost, outcome, nowMs), estimated: true };
}

function settlementOf(kept: KeptVideo, cost: CostParts, outcome: Outcome, nowMs: number): Ending['settlement'] {
  return {
    ...NO_TOKENS,
    cost: cost.total,
    inputCost: cost.input,
    outputCost: cost.output,
    outcome,
    unresolved: nanos(0),
    estimated: false,
    latencyMs: nowMs - kept.createdAtMs,
    firstTokenMs: null,
  };
}

function errorOf(refusal: Refusal, requestId: string): VideoError {
  const { code, message } = describe(refusal, requestId);
  return { code, message };
}
