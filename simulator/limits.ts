/**
 * What counts in a limit by the truth: spent by durable events, and what attempts were granted or may have cost. Money
 * beyond a limit is excused only by what the invariants allow: an overrun that is booked as one, and true cost that nobody
 * can tell any more, up to what was reported as unresolved.
 */
import type { MemberPolicy } from '../src/budgets/policy.ts';
import type { WindowSpec } from '../src/budgets/windows.ts';
import { DAY_MS, HOUR_MS } from '../src/limits.ts';
import type { Profile } from './profile.ts';
import type { Member, Piece } from './truth.ts';

export interface Limited {
  /** 'member', or a key's id. */
  scope: string;
  /** credit: the organization's, all that was ever spent of it; what is made with its own provider keys spends none. */
  kind: 'total' | 'period' | 'credit';
  limit: number;
  window: WindowSpec | null;
}

/** Every limit of a policy, in one list; none before there is one. Of extras those that any clock may still count. */
export function limitsOf(
  policy: MemberPolicy | null,
  nowMs: number,
  { clockErrorMsMax, commitMsMax }: Pick<Profile, 'clockErrorMsMax' | 'commitMsMax'>,
): Limited[] {
  if (!policy) return [];
  // What was granted in time is seen when it is durable, which may wait for the commit before it.
  const lateMs = 2 * clockErrorMsMax + 3 * commitMsMax;
  const extras = (policy.extras ?? []).filter(({ untilMs }) => untilMs + lateMs > nowMs);
  return [{ keyId: 'member', limits: policy.limits }, ...policy.keys].flatMap(({ keyId, limits }) => {
    const { total, period } = limits;
    // Written again, and not by the ledger's function: that is what is to be found out about.
    const more = (kind: Limited['kind']) =>
      extras.reduce((sum, extra) => (keyId === 'member' && extra.limit === kind ? sum + extra.amount : sum), 0);
    const of: Limited[] = [];
    if (total !== null) of.push({ scope: keyId, kind: 'total', limit: total + more('total'), window: null });
    if (period) {
      of.push({ scope: keyId, kind: 'period', limit: period.limit + more('period'), window: period.window });
    }
    return of;
  });
}

/** What was spent and what is held or may yet be charged in one scope, less what is excused. */
export function liability(
  member: Member,
  limited: Limited,
  nowMs: number,
  clockErrorMs: number,
  fair: boolean,
): number {
  const within = inScope(limited);
  let sum = spent(member, limited, nowMs, clockErrorMs);
  let unknown = 0;
  // A ghost is nobody's in particular: what it left unresolved excuses any attempt, in any scope.
  let ofGhosts = member.ghostsUnresolved;
  for (const attempt of member.attempts.values()) {
    const { open, unresolved } = attempt;
    if (unresolved < 0) ofGhosts += unresolved;
    if (!within(attempt)) continue;
    // Where clocks are wrong by minutes, a hold may end before its Worker does: what that costs is reported as well.
    if (attempt.lost || attempt.resolved || !fair) unknown += Math.max(0, open - Math.max(0, unresolved));
    else sum += open;
  }
  return sum + Math.max(0, unknown - ofGhosts);
}

const NO_DELAY = { clockErrorMsMax: 0, commitMsMax: 0 };

/** About what could be set aside now for an attempt with this key. Infinity: nothing is limited. */
export function left(member: Member, keyId: string, nowMs: number): number {
  if (!member.policy) return Number.POSITIVE_INFINITY;
  const limits = limitsOf(member.policy, nowMs, NO_DELAY).filter(({ scope }) => scope === 'member' || scope === keyId);
  return Math.min(...limits.map((limited) => limited.limit - worst(member, limited, nowMs, 0)));
}

/** The most that the ledger may count now: also what was granted to Workers that never heard of it, or died. */
export function worst(member: Member, limited: Limited, nowMs: number, clockErrorMs: number): number {
  const within = inScope(limited);
  let sum = spent(member, limited, nowMs, clockErrorMs);
  for (const attempt of member.attempts.values()) {
    if (within(attempt) && !attempt.resolved && !attempt.released) sum += attempt.granted;
  }
  return sum;
}

function inScope({ scope, kind }: Limited): (of: { keyId: string; own: boolean }) => boolean {
  if (kind === 'credit') return ({ own }) => !own;
  return ({ keyId }) => scope === 'member' || keyId === scope;
}

/** What is booked in the scope's window or cycle. Where clocks err, what may just have left it is left out. */
export function spent(member: Member, limited: Limited, nowMs: number, clockErrorMs: number): number {
  const { scope, kind, window } = limited;
  const within = inScope(limited);
  const pieces = member.pieces.filter(within);
  let counts = (_: Piece) => true;
  if (kind === 'period' && window) {
    const sinceMs = member.windowSinceMs.get(scope) ?? Number.NEGATIVE_INFINITY;
    const startMs = windowStart(window, pieces, nowMs, clockErrorMs, sinceMs);
    counts = ({ atMs }) => atMs > startMs;
  } else if (kind === 'total' && scope === 'member' && member.policy?.totalBasis === 'cycle') {
    counts = ({ n }) => n > member.cycleAfterN;
  }
  return pieces.reduce((sum, piece) => (counts(piece) ? sum + piece.amount : sum), 0);
}

/** The last instant whose money counts no longer. Written again, and simpler than the ledger's: whole hours and days, UTC. */
function windowStart(
  spec: WindowSpec,
  pieces: readonly Piece[],
  nowMs: number,
  clockErrorMs: number,
  sinceMs: number,
): number {
  const durationMs = spec.value * (spec.unit === 'hour' ? HOUR_MS : DAY_MS);
  const latestMs = nowMs + 2 * clockErrorMs;
  switch (spec.kind) {
    case 'rolling':
      return latestMs - durationMs;
    case 'calendar':
      return Math.floor(latestMs / durationMs) * durationMs - 1;
    case 'first-use': {
      // One that was changed keeps its start, whatever its money says: it is known again from its next on.
      let startMs = sinceMs + clockErrorMs;
      for (const { atMs, amount } of pieces) if (amount > 0 && atMs >= startMs + durationMs) startMs = atMs;
      if (startMs === sinceMs + clockErrorMs) return latestMs;
      return latestMs >= startMs + durationMs ? latestMs : startMs - 1;
    }
  }
}
