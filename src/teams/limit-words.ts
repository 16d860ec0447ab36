/** A limit in words, for mails: what people call it who know no field's name. */
import type { PeriodLimit, ScopeLimits } from '../budgets/policy.ts';
import type { WindowSpec } from '../budgets/windows.ts';
import { formatUsd, type Nanos, nanos } from '../money/nanos.ts';

function usd(amount: Nanos): string {
  return `$${formatUsd(amount)}`;
}

const CENT = 10_000_000;

/** What was spent: to the cent, rounded down, as nobody reads more; exactly where that would say nothing. */
export function spentInWords(amount: Nanos): string {
  return usd(amount < CENT ? amount : nanos(amount - (amount % CENT)));
}

/** "$50 in all", "$50 in any 30 days", "$5 a calendar month". */
export function limitInWords(limits: ScopeLimits, limit: keyof ScopeLimits): string {
  const { total, period } = limits;
  if (limit === 'period') return period ? periodInWords(period) : 'no limit';
  return total === null ? 'no limit' : `${usd(total)} in all`;
}

function periodInWords({ limit, window }: PeriodLimit): string {
  const amount = usd(limit);
  switch (window.kind) {
    case 'calendar':
      return window.value === 1 ? `${amount} a calendar ${window.unit}` : `${amount} every ${duration(window)}`;
    case 'rolling':
      return `${amount} in any ${duration(window)}`;
    case 'first-use':
      return `${amount} in the ${duration(window)} from its first use`;
  }
}

/** "month", "2 weeks". */
function duration({ value, unit }: WindowSpec): string {
  return value === 1 ? unit : `${value} ${unit}s`;
}

/** "5 December 2026, 14:00 (Europe/Stockholm)". */
export function instantInWords(ms: number, timeZone: string): string {
  const when = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', hourCycle: 'h23', timeZone });
  return `${when.format(ms).replace(' at ', ', ')} (${timeZone})`;
}
