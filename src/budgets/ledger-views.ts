/**
 * What the ledger's state shows: to a decision, every limit that an attempt counts in; to people, the status of a scope.
 * Reads only.
 */
import { nanos } from '../money/nanos.ts';
import { scopeView } from './admission.ts';
import { limitsOf, MEMBER_SCOPE, refuseKey, type State, scopeOf, spentOf } from './ledger-state.ts';
import type { ScopeStatus } from './protocol.ts';
import type { ScopeView } from './refusals.ts';

/** The limits that an attempt with this key counts in, in the order of the API's refusals. Empty: nothing is limited. */
export function viewsOf(state: State, keyId: string, now: number): ScopeView[] {
  const views: ScopeView[] = [];
  for (const [prefix, name] of [
    ['member', MEMBER_SCOPE],
    ['api_key', keyId],
  ] as const) {
    const limits = limitsOf(state, name);
    const { total, window, held } = scopeOf(state, name);
    if (limits.total !== null) {
      views.push(scopeView(`${prefix}_total`, limits.total, spentOf(state, name, total), held, null));
    }
    if (limits.period) {
      const { limit } = limits.period;
      views.push(scopeView(`${prefix}_period`, limit, window.spentAt(now), held, window.resetsAt(now, limit)));
    }
  }
  return views;
}

/** The status of the member (MEMBER_SCOPE) or of one of its keys. */
export function statusOf(state: State, name: string, now: number): ScopeStatus {
  const limits = limitsOf(state, name);
  const { total, window, held } = scopeOf(state, name);
  const { period } = limits;
  const usage = spentOf(state, name, total);
  return {
    limits,
    version: state.policy.version,
    usage,
    lifetimeUsage: total.lifetime,
    cycleStartedAtMs: state.policy.totalBasis === 'cycle' ? total.cycleStartedAtMs : null,
    held,
    remaining: limits.total === null ? null : nanos(Math.max(0, limits.total - usage - held)),
    period: period && {
      usage: window.spentAt(now),
      held,
      remaining: nanos(Math.max(0, period.limit - window.spentAt(now) - held)),
      startedAtMs: window.startedAt(now),
      resetAtMs: window.resetsAt(now, period.limit),
    },
    totalBasis: state.policy.totalBasis,
    activeKeys: state.policy.keys.filter((key) => refuseKey(key, now)?.kind !== 'invalid_key').length,
  };
}
