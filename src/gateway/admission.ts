/**
 * Admission as a gateway route sees it: from a caller and a quote to a live hold, or a refusal. Fails closed: whatever
 * goes wrong between here and the member's object is a refusal, and a hold that may have been granted meanwhile is let go.
 */
import type { Fallback } from '../budgets/protocol.ts';
import type { ScopeView } from '../budgets/refusals.ts';
import type { AttemptAbout } from '../budgets/usage-event.ts';
import { newAttemptId } from '../ids.ts';
import { formatUsd, type Nanos } from '../money/nanos.ts';
import { memberBudget } from '../objects.ts';
import type { PresentedKey } from '../teams/keys.ts';
import { Hold } from './hold.ts';
import type { Refusal } from './refusals.ts';

export interface Admitted {
  hold: Hold;
  /** The limit with the least left after this hold; null where nothing is limited. */
  tightest: ScopeView | null;
}

/** Asks the member's object to set `amount` aside (null: no price is known), or else its fallback, for one attempt. */
export async function admit(
  env: Env,
  ctx: ExecutionContext,
  caller: PresentedKey,
  about: AttemptAbout,
  amount: Nanos | null,
  otherwise: Fallback | null = null,
): Promise<{ admitted: Admitted } | { refusal: Refusal }> {
  const memberId = caller.ownerId;
  const sentAtMs = Date.now();
  const attemptId = newAttemptId(sentAtMs);
  const request = { memberId, attemptId, keyHash: caller.hash, about, amount, otherwise };
  try {
    const admission = await memberBudget(env, memberId, (object) => object.authorize(request));
    if (!admission.granted) return { refusal: admission.refusal };
    return {
      admitted: { hold: new Hold(env, memberId, about, admission.ticket, sentAtMs), tightest: admission.tightest },
    };
  } catch (error) {
    console.warn(JSON.stringify({ event: 'admission_failed', attemptId, error: String(error) }));
    // The grant may have happened and only its answer been lost. Best effort: the object's alarm is what makes it sure.
    ctx.waitUntil(
      memberBudget(env, memberId, (object) => object.release({ memberId, attemptId, ticket: null })).catch(
        () => undefined,
      ),
    );
    return { refusal: { kind: 'budget_unavailable' } };
  }
}

/** For a request that is refused anyway: the refusal of its key, should that one come first, else null. */
export async function refuseKeyFirst(env: Env, caller: PresentedKey): Promise<Refusal | null> {
  const memberId = caller.ownerId;
  try {
    const { refusal } = await memberBudget(env, memberId, (object) =>
      object.checkKey({ memberId, keyHash: caller.hash }),
    );
    return refusal;
  } catch {
    return { kind: 'budget_unavailable' };
  }
}

/** The budget headers of api.md, of the tightest limit. */
export function budgetHeaders(headers: Headers, view: ScopeView | null): void {
  if (!view) return;
  headers.set('x-purser-budget-limit', formatUsd(view.limit));
  headers.set('x-purser-budget-remaining', formatUsd(view.remaining));
  headers.set('x-purser-budget-scope', view.scope);
  if (view.resetsAtMs !== null) headers.set('x-purser-budget-reset', new Date(view.resetsAtMs).toISOString());
}
