/**
 * Windows: what counts in a period limit, and when money comes back. The one place for enforcement, display and resets.
 *
 * A rolling window keeps buckets of max(1 minute, duration / 1440). A bucket counts until its last instant has left the
 * trailing duration, so no trailing window ever sums above the limit, and money comes back at most a bucket late.
 */
import { DAY_MS, HOUR_MS, LIMITS, MINUTE_MS } from '../limits.ts';
import { type Nanos, nanos, ZERO } from '../money/nanos.ts';

export type WindowUnit = 'hour' | 'day' | 'week' | 'month';

/**
 * rolling: the trailing duration. first-use: opens with the first settlement above 0, closes after the duration.
 * calendar: hours, days, weeks from Monday and months of a time zone.
 */
export type WindowKind = 'rolling' | 'first-use' | 'calendar';

export interface WindowSpec {
  kind: WindowKind;
  value: number;
  unit: WindowUnit;
  /** IANA name; the organization's. A rolling window does not use it. */
  timeZone: string;
}

const UNIT_MS: Record<WindowUnit, number> = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS };

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

function durationMs(spec: WindowSpec | null): number {
  return spec ? spec.value * UNIT_MS[spec.unit] : LIMITS.windowHistoryMs;
}

/**
 * The money spent of late in one scope. Buckets made under an earlier spec keep their bounds, so changing a spec frees
 * no money. Amounts in a bucket may be lowered by a correction, never below what was charged there.
 */
export class Window {
  /** By their end; those before #left have left the window and are kept, should its spec become longer. */
  readonly #buckets: Bucket[];
  #left = 0;
  #sum: number;
  #durationMs: number;
  #bucketMs: number;

  /** `spec` null keeps a month's history for a scope that has no period limit yet. */
  constructor(spec: WindowSpec | null, buckets: readonly Bucket[]) {
    this.#buckets = buckets.toSorted((a, b) => a.endMs - b.endMs || a.startMs - b.startMs);
    this.#sum = buckets.reduce((sum, bucket) => sum + bucket.spent, 0);
    this.#durationMs = durationMs(spec);
    this.#bucketMs = Math.max(MINUTE_MS, this.#durationMs / BUCKETS_PER_WINDOW);
  }

  /** Takes a new spec and keeps what was spent. */
  respecify(spec: WindowSpec | null): Window {
    return new Window(spec, this.#buckets);
  }

  spentAt(nowMs: number): Nanos {
    this.#forget(nowMs);
    return nanos(this.#sum);
  }

  /** Counts `amount` at `nowMs` and answers with the bucket it went into, to be written down. */
  add(nowMs: number, amount: Nanos): Bucket {
    this.#forget(nowMs);
    const startMs = Math.floor(nowMs / this.#bucketMs) * this.#bucketMs;
    const endMs = startMs + this.#bucketMs;
    let bucket = this.#buckets.findLast((known) => known.startMs === startMs && known.endMs === endMs);
    if (!bucket) {
      bucket = { startMs, endMs, spent: ZERO };
      const after = this.#buckets.findLastIndex((known) => known.endMs <= endMs);
      this.#buckets.splice(after + 1, 0, bucket);
    }
    bucket.spent = nanos(bucket.spent + amount);
    this.#sum += amount;
    return bucket;
  }

  /**
   * Takes `amount` back from the bucket that `chargedAtMs` fell into. Null where that bucket has left: then the charge
   * no longer counts, and giving it back to a later bucket would allow too much there.
   */
  takeBack(nowMs: number, chargedAtMs: number, amount: Nanos): Bucket | null {
    this.#forget(nowMs);
    const bucket = this.#buckets.find(
      (known, i) =>
        i >= this.#left && known.startMs <= chargedAtMs && chargedAtMs < known.endMs && known.spent >= amount,
    );
    if (!bucket) return null;
    bucket.spent = nanos(bucket.spent - amount);
    this.#sum -= amount;
    return bucket;
  }

  /**
   * When money comes back: with the limit reached, the first instant with spent below it; else when the oldest money
   * leaves. Null where nothing is spent.
   */
  resetsAt(nowMs: number, limit: Nanos): number | null {
    let left: number = this.spentAt(nowMs);
    // By index: this runs at every admission, and must not copy the buckets.
    for (let i = this.#left; i < this.#buckets.length; i++) {
      const bucket = this.#buckets[i];
      if (!bucket || bucket.spent === 0) continue;
      left -= bucket.spent;
      if (left < limit) return bucket.endMs + this.#durationMs;
    }
    return null;
  }

  /** The start of the trailing duration: buckets that end at or before it no longer count. */
  horizon(nowMs: number): number {
    return nowMs - this.#durationMs;
  }

  #forget(nowMs: number): void {
    const horizon = this.horizon(nowMs);
    for (let next = this.#buckets[this.#left]; next && next.endMs <= horizon; next = this.#buckets[this.#left]) {
      this.#sum -= next.spent;
      this.#left++;
    }
  }
}
