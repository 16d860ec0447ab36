/**
 * A budget that was never set, over requests that were made: which of them it would have refused. The same window and
 * the same decision that enforce (budgets/windows.ts, budgets/admission.ts) see the events one after the other. Pure.
 *
 * It is as if the budget had been set at `fromMs` and each request had been asked for, answered and settled at one
 * instant, that of its settlement, at its true cost. So it leaves out:
 *   - what a request holds beyond its cost while it runs: requests at once would be refused a little earlier;
 *   - that an answer may be cut or shortened at the limit: here the request that does not fit is refused whole;
 *   - what people do about a refusal: it costs nothing and nobody asks again.
 * Limits of keys, what was granted beside a budget, throttles and the wallet are not asked.
 */
import { choose, scopeView } from '../budgets/admission.ts';
import type { ScopeLimits } from '../budgets/policy.ts';
import type { ScopeView } from '../budgets/refusals.ts';
import type { Outcome } from '../budgets/usage-event.ts';
import { type Bucket, Window } from '../budgets/windows.ts';
import { DAY_MS } from '../limits.ts';
import { addNanos, type Nanos, nanos, ZERO } from '../money/nanos.ts';

/** What of a usage event matters here. They come in the order in which they were settled. */
export interface PastEvent {
  settledAtMs: number;
  outcome: Outcome;
  requests: number;
  costNanos: number;
  attemptId: string;
}

/** What was spent before: what the total counts of it, and when, for the window. */
export interface Past {
  spent: Nanos;
  buckets: readonly Bucket[];
}

/** A limit that refused, as it stood then. */
export interface SimulatedRefusal {
  view: ScopeView;
  cost: Nanos;
}

/** What became of one event: whether its cost counts, and the refusal where this event met one. */
export interface Fate {
  admitted: boolean;
  refusal: SimulatedRefusal | null;
}

/** Corrections follow their expiry within minutes; longer than this nothing is remembered for them. */
const CORRECTION_MS_MAX = DAY_MS;

export class SimulatedBudget {
  readonly #limits: ScopeLimits;
  readonly #window: Window;
  #spent: Nanos;
  /** Expired attempts of late, in the order of their charge: their corrections share their fate. */
  readonly #expired = new Map<string, { chargedAtMs: number; admitted: boolean }>();

  constructor(limits: ScopeLimits, past: Past, fromMs: number) {
    this.#limits = limits;
    this.#spent = past.spent;
    // A limit that is set newly counts what was spent before it, as in the ledger.
    const before = new Window(null, { buckets: past.buckets, current: null });
    this.#window = before.respecify(limits.period?.window ?? null, fromMs);
  }

  /** Decides about the next event and counts it where it is admitted. */
  next(event: PastEvent): Fate {
    if (event.outcome === 'correction') return { admitted: this.#correct(event), refusal: null };
    const cost = nanos(event.costNanos);
    const views = this.#views(event.settledAtMs);
    const { refusal } = choose(views, cost, null);
    if (event.outcome === 'expired') this.#remember(event, refusal === null);
    if (!refusal) {
      this.#count(event.settledAtMs, cost);
      return { admitted: true, refusal: null };
    }
    if (!('view' in refusal)) throw new Error(`a limit refused without a view: ${refusal.kind}`);
    return { admitted: false, refusal: { view: this.#withReset(refusal.view, event.settledAtMs), cost } };
  }

  #views(nowMs: number): ScopeView[] {
    const { total, period } = this.#limits;
    const views: ScopeView[] = [];
    if (total !== null) views.push(scopeView('member_total', total, this.#spent, ZERO, null));
    if (period) views.push(scopeView('member_period', period.limit, this.#window.spentAt(nowMs), ZERO, null));
    return views;
  }

  /** When money comes back is looked for only where it is told: it may take a walk through the buckets. */
  #withReset(view: ScopeView, nowMs: number): ScopeView {
    return view.scope === 'member_period' ? { ...view, resetsAtMs: this.#window.resetsAt(nowMs, view.limit) } : view;
  }

  #count(nowMs: number, cost: Nanos): void {
    if (cost === ZERO) return;
    this.#spent = addNanos(this.#spent, cost);
    this.#window.add(nowMs, cost);
  }

  /** Books a correction as the ledger does: more is spent now, less is taken back from where it was charged. */
  #correct({ attemptId, settledAtMs, costNanos }: PastEvent): boolean {
    const charge = this.#expired.get(attemptId);
    if (charge && !charge.admitted) return false;
    if (costNanos >= 0) {
      this.#count(settledAtMs, nanos(costNanos));
    } else {
      this.#spent = addNanos(this.#spent, nanos(costNanos));
      this.#window.takeBack(settledAtMs, charge?.chargedAtMs ?? settledAtMs, nanos(-costNanos));
    }
    return true;
  }

  #remember({ attemptId, settledAtMs }: PastEvent, admitted: boolean): void {
    for (const [known, { chargedAtMs }] of this.#expired) {
      if (chargedAtMs > settledAtMs - CORRECTION_MS_MAX) break;
      this.#expired.delete(known);
    }
    this.#expired.set(attemptId, { chargedAtMs: settledAtMs, admitted });
  }
}
