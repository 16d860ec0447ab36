/** Budgets in words: what one comes to, and what follows from setting another in its place, said before it is saved. */
import type { BudgetBody, EffectiveBudget, Member, MemberStatus } from '../../../../client/index.ts';
import { nanosOf, shortMoney } from '../../parts/amounts.ts';
import { periodWords } from '../../parts/limits.ts';

/** What limits money, once nothing is left to inherit. */
export type Limits = Pick<
  EffectiveBudget,
  | 'usageLimit'
  | 'usageLimitBasis'
  | 'periodUsageLimit'
  | 'periodUsageDurationValue'
  | 'periodUsageDurationUnit'
  | 'periodAlignment'
>;

const TYPE_NAMES = { unlimited: 'no limit', 'one-time': 'one-time', total: 'total', periodic: 'periodic' };

/** As the server names it in a member's status. */
function typeOf({ periodUsageLimit, usageLimit, usageLimitBasis }: Limits): MemberStatus['budgetType'] {
  if (periodUsageLimit !== null) return 'periodic';
  if (usageLimit === null) return 'unlimited';
  return usageLimitBasis === 'cycle' ? 'one-time' : 'total';
}

/** `$250.00 in any month`, `$25.00 one time`, `No limit`. */
export function limitsWords(limits: Limits): string {
  const words: string[] = [];
  if (limits.periodUsageLimit !== null) words.push(`${shortMoney(limits.periodUsageLimit)} ${periodWords(limits)}`);
  if (limits.usageLimit !== null) {
    words.push(`${shortMoney(limits.usageLimit)} ${limits.usageLimitBasis === 'cycle' ? 'one time' : 'in total'}`);
  }
  return words.join(', ') || 'No limit';
}

/** Roles to which the developer default applies. */
export const inherits = (role: Member['role']): boolean => role === 'developer' || role === 'basic' || role === 'api';

/** What a body comes to for somebody who inherits `fallback`; of nobody inherits null. */
export function limitsOf(body: BudgetBody, fallback: BudgetBody | null): Limits {
  const total = body.usageLimit == null ? fallback : body;
  const period = body.periodUsageLimit == null ? fallback : body;
  const usageLimit = amountOf(total?.usageLimit);
  const periodUsageLimit = amountOf(period?.periodUsageLimit);
  return {
    usageLimit,
    usageLimitBasis: usageLimit === null ? null : (total?.usageLimitBasis ?? 'lifetime'),
    periodUsageLimit,
    periodUsageDurationValue: periodUsageLimit === null ? null : (period?.periodUsageDurationValue ?? null),
    periodUsageDurationUnit: periodUsageLimit === null ? null : (period?.periodUsageDurationUnit ?? null),
    periodAlignment: periodUsageLimit === null ? null : (period?.periodAlignment ?? 'rolling'),
  };
}

const amountOf = (limit: string | null | undefined) => (limit == null || limit === 'unlimited' ? null : limit);

const isAmount = (text: string) => /^\d+(\.\d{1,9})?$/.test(text);

interface Asked {
  name: string;
  before: EffectiveBudget;
  status: MemberStatus | null;
  after: Limits;
  newCycle: boolean;
}

/** What happens once it is saved, each in a sentence; nothing is said of an amount that is none. */
export function consequences({ name, before, status, after, newCycle }: Asked): string[] {
  const said: string[] = [];
  const [was, becomes] = [typeOf(before), typeOf(after)];
  if (was !== becomes) said.push(`The budget changes from ${TYPE_NAMES[was]} to ${TYPE_NAMES[becomes]}.`);
  if (becomes === 'unlimited' && was !== 'unlimited') said.push(`Nothing limits what ${name} spends any more.`);
  said.push(...totalConsequences({ name, before, status, after, newCycle }));
  if (after.periodUsageLimit !== null && isAmount(after.periodUsageLimit)) {
    if (nanosOf(after.periodUsageLimit) === 0n) said.push('A limit of 0 refuses every request.');
    else if (before.periodUsageLimit === null || periodWords(before) !== periodWords(after)) {
      said.push('The period also counts what was spent in it before you save: a change frees no money.');
    } else if (status && isUsedUp(status.currentPeriodUsage, after.periodUsageLimit)) {
      said.push(
        `${shortMoney(status.currentPeriodUsage ?? '0')} is spent in this period already: requests are refused until it resets.`,
      );
    }
  }
  if (before.extras.length > 0) {
    const extras = before.extras.map(({ amount }) => shortMoney(amount)).join(' and ');
    said.push(`What was granted on top (${extras}) ends when you save.`);
  }
  return said;
}

function totalConsequences({ name, before, status, after, newCycle }: Asked): string[] {
  if (after.usageLimit === null || !isAmount(after.usageLimit)) return [];
  const starts = newCycle || (after.usageLimitBasis === 'cycle' && before.usageLimitBasis !== 'cycle');
  const said = nanosOf(after.usageLimit) === 0n ? ['A limit of 0 refuses every request.'] : [];
  if (starts && after.usageLimitBasis === 'cycle') {
    const sofar = status ? ` (${shortMoney(status.lifetimeUsage)})` : '';
    return [...said, `A new cycle starts at zero: what ${name} spent so far${sofar} does not count into it.`];
  }
  if (status === null) return said;
  const counts = after.usageLimitBasis === 'cycle' ? status.usage : status.lifetimeUsage;
  if (after.usageLimitBasis !== 'cycle' && (before.usageLimit === null || before.usageLimitBasis === 'cycle')) {
    said.push(`All that ${name} ever spent counts: ${shortMoney(counts)}.`);
  }
  if (nanosOf(after.usageLimit) > 0n && isUsedUp(counts, after.usageLimit)) {
    said.push(
      `${shortMoney(counts)} is spent already, which is all of it: every request is refused, also the rest of running ones.`,
    );
  }
  return said;
}

function isUsedUp(spent: string | null, limit: string): boolean {
  return spent !== null && nanosOf(spent) >= nanosOf(limit);
}
