/**
 * What the ledger's state shows: to a decision, every limit that an attempt counts in; to people, the status of a scope.
 * Reads only.
 */
import { addNanos, type Nanos, nanos } from '../money/nanos.ts';
import { changedView, scopeView } from './admission.ts';
import { firstRunOut, periodRunsOutAt, totalRunsOutAt } from './forecast.ts';
import {
  limitSteps,
  limitsOf,
  MEMBER_SCOPE,
  refuseKey,
  type State,
  scopeOf,
  spentOf,
  throttlesOf,
} from './ledger-state.ts';
import type { LimitStatus, ScopeStatus } from './protocol.ts';
import type { ScopeView } from './refusals.ts';
import { attemptOf, type Resolution } from './resolutions.ts';

/** The limits that an attempt with this key counts in, in the order of the API's refusals. Empty: nothing is limited. */
export function viewsOf(state: State, keyId: string, now: number): ScopeView[] {
  const views: ScopeView[] = [];
  for (const [prefix, name] of [
    ['member', MEMBER_SCOPE],
    ['api_key', keyId],
  ] as const) {
    const limits = limitsOf(state, name, now);
    const { total, window, held: ofScope } = scopeOf(state, name);
    const held = addNanos(ofScope, state.ghostsHeld);
    if (limits.total !== null) {
      views.push(scopeView(`${prefix}_total`, limits.total, spentOf(state, name, total), held, null));
    }
    if (limits.period) {
      const { limit } = limits.period;
      views.push(scopeView(`${prefix}_period`, limit, window.spentAt(now), held, window.resetsAt(now, limit)));
    }
  }
  if (state.policy.hidesAmounts) for (const view of views) view.amountsHidden = true;
  return views;
}

/** The same limits as they will stand once what was gathered is written: what people are shown. */
export function withoutGathered(
  state: State,
  views: ScopeView[],
  keyId: string,
  gathered: readonly { resolution: Resolution }[],
): ScopeView[] {
  if (views.length === 0) return views;
  const member = { held: 0, spent: 0 };
  const key = { held: 0, spent: 0 };
  for (const { resolution } of gathered) {
    const hold = state.open.get(attemptOf(resolution));
    if (!hold) continue;
    for (const sum of hold.keyId === keyId ? [member, key] : [member]) {
      sum.held += hold.held;
      if (resolution.kind === 'settle') sum.spent += resolution.request.cost;
    }
  }
  return views.map((view) => {
    const sum = view.scope === 'api_key_total' || view.scope === 'api_key_period' ? key : member;
    return changedView(view, nanos(view.spent + sum.spent), nanos(view.held - sum.held));
  });
}

/** The limits of the member (MEMBER_SCOPE) or of one of its keys, and what is spent of them. */
function limitStatusOf(state: State, name: string, now: number): LimitStatus {
  const limits = limitsOf(state, name, now);
  const { total, window } = scopeOf(state, name);
  return {
    limits,
    usage: spentOf(state, name, total),
    cycleStartedAtMs: state.policy.totalBasis === 'cycle' ? total.cycleStartedAtMs : null,
    period: limits.period && {
      usage: window.spentAt(now),
      startedAtMs: window.startedAt(now),
      resetAtMs: window.resetsAt(now, limits.period.limit),
    },
  };
}

/** The same of those of some keys that have limits of their own, by their ids. */
export function limitedKeys(state: State, keyIds: Iterable<string>, now: number): Record<string, LimitStatus> {
  const statuses: Record<string, LimitStatus> = {};
  for (const keyId of keyIds) {
    const { total, period } = limitsOf(state, keyId, now);
    if (total !== null || period) statuses[keyId] = limitStatusOf(state, keyId, now);
  }
  return statuses;
}

/** The status of the member (MEMBER_SCOPE) or of one of its keys. */
export function statusOf(state: State, name: string, now: number): Omit<ScopeStatus, 'lastUsedAtMs'> {
  const status = limitStatusOf(state, name, now);
  const { limits, usage, period } = status;
  const { total, window, held: ofScope } = scopeOf(state, name);
  const held = addNanos(ofScope, state.ghostsHeld);
  const steps = limitSteps(state, name, now);
  // Past its end a window is another one; of a rolling one only the limit of now is looked at.
  const rolling = limits.period?.window.kind === 'rolling';
  const endsAtMs = rolling ? now + 1 : (period?.resetAtMs ?? Number.POSITIVE_INFINITY);
  const left = (limit: Nanos, spent: Nanos) => nanos(Math.max(0, limit - spent - held));
  return {
    ...status,
    throttles: throttlesOf(state, name),
    version: state.policy.version,
    budgetVersion: state.policy.budgetVersion ?? null,
    lifetimeUsage: total.lifetime,
    held,
    remaining: limits.total === null ? null : left(limits.total, usage),
    runsOutAtMs: firstRunOut(steps, (then) => totalRunsOutAt(then.total, usage, window, now)),
    period: limits.period &&
      period && {
        ...period,
        held,
        remaining: left(limits.period.limit, period.usage),
        runsOutAtMs: firstRunOut(
          steps.filter(({ fromMs }) => fromMs < endsAtMs),
          (then) => then.period && periodRunsOutAt(then.period, window, now),
        ),
      },
    totalBasis: state.policy.totalBasis,
    activeKeys: state.policy.keys.filter((key) => !key.playground && refuseKey(key, now)?.kind !== 'invalid_key')
      .length,
  };
}
