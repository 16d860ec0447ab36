/**
 * Windows: what counts in a period limit, and when money comes back. The one place for enforcement, display and resets.
 *
 * Every kind counts buckets of max(1 minute, duration / 1440) under a running sum; kinds differ in since when (#since).
 *   rolling    the trailing duration. A bucket counts until its last instant has left it, so no trailing window ever sums
 *              above the limit, and money comes back at most a bucket late.
 *   calendar   the block around now (calendar.ts).
 *   first-use  from the first settlement above 0 (`current` opens) until a duration later; then nothing until the next.
 * In the last two a bucket belongs to the window it begins in: `add` cuts buckets at the window's ends, so all money comes
 * back at the instant the window ends, and money counts in the window in which it is settled.
 *
 * A change of spec frees no money: right after it counts what counted before, and besides, unless only the zone changed,
 * what the new spec would count had it been there all along (a limit set newly counts the past). Of a bucket that lies
 * across a start nobody knows when in it the money was spent: all of it counts, and the window starts with the bucket.
 *   to calendar   The window keeps its start (which moves back to money that counts besides) and ends with the new block.
 *   to first-use  So too, and ends a duration after the start it kept. If that is over: a duration after the change, but
 *                 no later than the window it was. One in which no money counts is not open.
 *   to rolling    What counted before, should it reach further back than the new duration, trails on at that length for
 *                 one new duration. A rolling window has no start to keep: what follows it keeps its money only.
 *   to no limit   The same for LIMITS.windowHistoryMs, refusing nothing: to take a limit away and set another is no way
 *                 round. Money spent meanwhile counts once there is a limit that counts the past.
 *
 * A window is known by its spec, its buckets and `current`: who keeps these keeps the window.
 */
import { DAY_MS, HOUR_MS, LIMITS, MINUTE_MS } from '../limits.ts';
import { type Nanos, nanos, ZERO } from '../money/nanos.ts';
import { calendarPeriod, durationEnd, type Period, UNIT_MS } from './calendar.ts';

export type WindowUnit = 'hour' | 'day' | 'week' | 'month';

export type WindowKind = 'rolling' | 'first-use' | 'calendar';

export interface WindowSpec {
  kind: WindowKind;
  value: number;
  unit: WindowUnit;
  /** IANA name; the organization's. A rolling window does not use it. */
  timeZone: string;
}

/** The largest value of each unit: a year in all of them. */
export const WINDOW_VALUE_MAX: Record<WindowUnit, number> = { hour: 8760, day: 365, week: 52, month: 12 };

/** The longest window there is: 8,760 hours. Money is remembered this long, so that no change of a spec frees any. */
export const WINDOW_MS_MAX = WINDOW_VALUE_MAX.hour * HOUR_MS;

const BUCKETS_PER_WINDOW = 1440;

export interface Bucket {
  startMs: number;
  /** The first instant after the bucket. */
  endMs: number;
  spent: Nanos;
}

/** All that a window must find again after a restart, beside its spec. */
export interface WindowMemory {
  buckets: readonly Bucket[];
  current: Period | null;
}

/** Whether two specs are the same but for their zone: only then do amounts in them compare. */
export function isSameWindow(a: WindowSpec | null, b: WindowSpec | null): boolean {
  return a?.kind === b?.kind && a?.value === b?.value && a?.unit === b?.unit;
}

/** The money spent of late in one scope. Amounts in a bucket may be lowered by a correction, never below what was charged there. */
export class Window {
  readonly #spec: WindowSpec | null;
  /** Whether it trails now, and so counts a bucket by its last instant; else it has a start, and counts it by its first. */
  readonly #trails: boolean;
  readonly #durationMs: number;
  readonly #bucketMs: number;
  /** By #edge; those before #left have left the window and are kept, should a change of spec want them. */
  readonly #buckets: Bucket[];
  #left = 0;
  #sum: number;
  /** The open window; of one that trails: since when it counted at a change, until it has its own length (its duration after). */
  #current: Period | null;

  /** `spec` null is a scope that has no period limit: its buckets are kept for one to come. */
  constructor(spec: WindowSpec | null, memory: WindowMemory = { buckets: [], current: null }) {
    this.#spec = spec;
    this.#trails = !spec || spec.kind === 'rolling';
    this.#durationMs = durationMs(spec);
    this.#bucketMs = Math.max(MINUTE_MS, this.#durationMs / BUCKETS_PER_WINDOW);
    this.#buckets = memory.buckets.toSorted((a, b) => this.#edge(a) - this.#edge(b));
    this.#sum = memory.buckets.reduce((sum, bucket) => sum + bucket.spent, 0);
    this.#current = memory.current;
  }

  /** What must be stored beside the buckets, after every change of the spec and every `add` that changed it. */
  get current(): Period | null {
    return this.#current;
  }

  /** The window under a new spec, which takes the place of this one. */
  respecify(spec: WindowSpec | null, nowMs: number): Window {
    if (isSameWindow(this.#spec, spec) && this.#spec?.timeZone === spec?.timeZone) return this;
    return new Window(spec, { buckets: this.#buckets, current: this.#carriedOver(spec, nowMs) });
  }

  spentAt(nowMs: number): Nanos {
    this.#forget(nowMs);
    return nanos(this.#sum);
  }

  /** Counts `amount`, above 0, at `nowMs` and answers with the bucket it went into, to be written down. */
  add(nowMs: number, amount: Nanos): Bucket {
    if (amount <= 0) throw new RangeError(`only money spent is added to a window: ${amount}`);
    this.#forget(nowMs);
    if (this.#spec?.kind === 'first-use') this.#current ??= { startMs: nowMs, endMs: durationEnd(this.#spec, nowMs) };
    const bucket = this.#bucketAt(nowMs);
    bucket.spent = nanos(bucket.spent + amount);
    if (this.#counts(bucket, nowMs)) this.#sum += amount;
    // Without a limit nothing counts: the bucket has left as soon as it is there.
    else this.#left = this.#buckets.length;
    return bucket;
  }

  /**
   * Takes `amount` back from the bucket that `chargedAtMs` fell into, whether it still counts or not: a limit set later
   * may count it. Null where no bucket knows of it; another one would allow too much when that one leaves.
   */
  takeBack(nowMs: number, chargedAtMs: number, amount: Nanos): Bucket | null {
    this.#forget(nowMs);
    let found: Bucket | null = null;
    for (const bucket of this.#buckets) {
      const charged = bucket.startMs <= chargedAtMs && chargedAtMs < bucket.endMs && bucket.spent >= amount;
      // Of several (they were made under different specs) the one that leaves first: no money may leave too early.
      if (charged && (!found || bucket.endMs < found.endMs)) found = bucket;
    }
    if (!found) return null;
    found.spent = nanos(found.spent - amount);
    if (this.#counts(found, nowMs)) this.#sum -= amount;
    return found;
  }

  /** Since when money counts. Null for a first-use window that is not open, and where there is no limit. */
  startedAt(nowMs: number): number | null {
    const sinceMs = this.#since(nowMs);
    return sinceMs === Infinity ? null : sinceMs;
  }

  /**
   * When money comes back. A window that has an end: then. Of a rolling one with the limit reached: the first instant with
   * spent below it; else when the oldest money leaves. Null where no money will, or none that would lift a limit of 0.
   */
  resetsAt(nowMs: number, limit: Nanos): number | null {
    let left: number = this.spentAt(nowMs);
    const current = this.#current;
    if (!this.#trails) return current && limit > 0 ? current.endMs : null;
    // By index: this runs at every admission, and must not copy the buckets.
    for (let i = this.#left; i < this.#buckets.length; i++) {
      const bucket = this.#buckets[i];
      if (!bucket || bucket.spent === 0) continue;
      left -= bucket.spent;
      if (left >= limit) continue;
      const ownEndMs = bucket.endMs + this.#durationMs;
      return current ? Math.max(ownEndMs, Math.min(bucket.endMs + this.#lengthMs(current), current.endMs)) : ownEndMs;
    }
    return null;
  }

  /** What was spent from `sinceMs` to `nowMs`, in this window or before it, rounded up to whole buckets. */
  spentSince(sinceMs: number, nowMs: number): Nanos {
    return nanos(this.bucketsSince(sinceMs, nowMs).reduce((sum, { spent }) => sum + spent, 0));
  }

  /** The buckets of `spentSince`, in the order in which a window that trails loses them. */
  bucketsSince(sinceMs: number, nowMs: number): readonly Readonly<Bucket>[] {
    const since = this.#buckets.filter(({ startMs, endMs }) => endMs > sinceMs && startMs <= nowMs);
    return since.sort((a, b) => a.endMs - b.endMs);
  }

  /** Buckets that end at or before it count no longer, nor would they should this window be made anew from buckets alone. */
  horizon(nowMs: number): number {
    return Math.min(this.#since(nowMs), nowMs - longestDurationMs(this.#spec));
  }

  /** Where the kinds differ: money counts from here on. Infinity: none does. */
  #since(nowMs: number): number {
    if (this.#current && nowMs >= this.#current.endMs) this.#current = null;
    if (this.#spec?.kind === 'calendar') this.#current ??= calendarPeriod(this.#spec, nowMs);
    if (this.#current) return this.#trails ? nowMs - this.#lengthMs(this.#current) : this.#current.startMs;
    return this.#spec?.kind === 'rolling' ? nowMs - this.#durationMs : Infinity;
  }

  /** How far back a window that trails counts after a change, which was a duration before the end of `current`. */
  #lengthMs(current: Period): number {
    return current.endMs - this.#durationMs - current.startMs;
  }

  /** The instant that decides whether a bucket counts: it does from #since on. */
  #edge(bucket: Bucket): number {
    return this.#trails ? bucket.endMs - 1 : bucket.startMs;
  }

  #counts(bucket: Bucket, nowMs: number): boolean {
    return this.#edge(bucket) >= this.#since(nowMs);
  }

  #forget(nowMs: number): void {
    const sinceMs = this.#since(nowMs);
    for (let i = this.#left; i < this.#buckets.length; i++) {
      const bucket = this.#buckets[i];
      if (!bucket || this.#edge(bucket) >= sinceMs) return;
      this.#sum -= bucket.spent;
      this.#left = i + 1;
    }
  }

  /** The bucket for money spent now, cut at the ends of the window. */
  #bucketAt(nowMs: number): Bucket {
    const bounds = this.#current ?? { startMs: -Infinity, endMs: Infinity };
    // A clock that was set back over a restart may show less than the window's start.
    const atMs = Math.max(nowMs, bounds.startMs);
    const evenMs = Math.floor(atMs / this.#bucketMs) * this.#bucketMs;
    const bucket: Bucket = {
      startMs: Math.max(evenMs, bounds.startMs),
      endMs: Math.min(evenMs + this.#bucketMs, bounds.endMs),
      spent: ZERO,
    };
    // From the back, where it nearly always is.
    let i = this.#buckets.length;
    for (; i > 0; i--) {
      const known = this.#buckets[i - 1];
      if (!known || this.#edge(known) < this.#edge(bucket)) break;
      if (known.startMs === bucket.startMs && known.endMs === bucket.endMs) return known;
    }
    this.#buckets.splice(i, 0, bucket);
    return bucket;
  }

  /** `current` under a new spec: the rules of a change at the head of this file. */
  #carriedOver(spec: WindowSpec | null, nowMs: number): Period | null {
    this.#forget(nowMs);
    if (!spec || spec.kind === 'rolling') {
      const startMs = this.#since(nowMs);
      const ownStartMs = spec ? nowMs - durationMs(spec) : Infinity;
      return startMs < ownStartMs ? { startMs, endMs: nowMs + durationMs(spec) } : null;
    }
    const kept = this.#trails ? null : this.#current;
    const newly = !isSameWindow(this.#spec, spec);
    if (spec.kind === 'calendar') {
      const own = calendarPeriod(spec, nowMs);
      const oldestMs = this.#oldestMoney((bucket) => newly && bucket.endMs > own.startMs);
      return { startMs: Math.min(kept?.startMs ?? own.startMs, oldestMs), endMs: own.endMs };
    }
    const longestMs = longestDurationMs(spec);
    const oldestMs = this.#oldestMoney(
      ({ endMs }) => newly && endMs + longestMs > nowMs && durationEnd(spec, Math.min(endMs - 1, nowMs)) > nowMs,
    );
    if (oldestMs === Infinity) return null;
    const keptMs = kept?.startMs ?? oldestMs;
    const startMs = Math.min(keptMs, oldestMs);
    const endMs = durationEnd(spec, keptMs);
    if (endMs > nowMs) return { startMs, endMs };
    return { startMs, endMs: Math.min(kept?.endMs ?? Infinity, durationEnd(spec, nowMs)) };
  }

  /** The start of the earliest bucket with money that counts now, or that `alsoCounts`; Infinity where there is none. */
  #oldestMoney(alsoCounts: (bucket: Bucket) => boolean): number {
    return this.#buckets.reduce(
      (oldestMs, bucket, i) =>
        bucket.spent > 0 && bucket.startMs < oldestMs && (i >= this.#left || alsoCounts(bucket))
          ? bucket.startMs
          : oldestMs,
      Infinity,
    );
  }
}

/** The duration that buckets are parts of, and that a rolling window trails by. */
function durationMs(spec: WindowSpec | null): number {
  return spec ? spec.value * UNIT_MS[spec.unit] : LIMITS.windowHistoryMs;
}

/** No duration of `spec` is longer, whatever its months and however often the clock goes back in them. */
function longestDurationMs(spec: WindowSpec | null): number {
  return spec?.unit === 'month' ? spec.value * 31 * DAY_MS + DAY_MS : durationMs(spec);
}
