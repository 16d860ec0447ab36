/** The overshoot bench's claims, read off what was played. */
import { table } from './table.ts';
import type { Fault } from './truth/calls.ts';
import { type Bill, errorOf, type Refused } from './truth/compare.ts';
import type { Played } from './truth/play.ts';

export type Scope = 'member total' | 'member period' | 'key total' | 'key period';

export interface CappedRound extends Played {
  scope: Scope;
  capNanos: number;
  refused: Refused;
}

const BILL_ERROR_MAX = 0.15;

const MEANING = `made: what the upstream truly made for all calls, at its prices, by its own count.
let through late: calls that an all-knowing gateway would have let through when Purser refused them: on the upstream's
  timeline, what it will have made in the end for all calls that have reached it, what such a gateway let through already,
  and what this call will cost, fit under the cap together. for good: of them, those that tried again in vain.
bills: what Purser booked for a call beside what was made for it. A client got less than is billed where the provider made
  more before it noticed.`;

export function describeOvershoot(
  capped: readonly CappedRound[],
  free: Played,
  about: { dishonest: boolean; calls: number; capCalls: number },
): { text: string; broken: string[] } {
  const all = [...capped, free];
  const bills = all.flatMap((round) => round.bills);
  const after = errorOf(bills.filter(left));
  const inSight = errorOf(bills.filter((bill) => left(bill) && !outOfSight(bill)));
  const falsely = sum(capped, ({ refused }) => refused.falsely);
  const forGood = sum(capped, ({ refused }) => refused.forGood);
  const room = forGood + sum(capped, ({ calls }) => calls.length);
  const within = `within ${BILL_ERROR_MAX * 100} % of the truth`;
  const honest: [boolean, string][] = [
    [
      capped.every((round) => unreportedOf(round) === 0),
      'Nothing was made beyond a cap that is not reported as unresolved',
    ],
    [
      bills.filter(left).filter(outOfSight).every(isBounded),
      'After a hang-up no output out of sight cost more than is charged and reported for it',
    ],
    [Math.abs(after.inSum) <= BILL_ERROR_MAX, `After a hang-up the bills are ${within} in sum`],
    [inSight.p95 <= BILL_ERROR_MAX, `After a hang-up 95 of 100 bills for output in sight are ${within}, each`],
    [after.belowReceived === 0, 'After a hang-up no bill is below what the client got'],
  ];
  const claims: [boolean, string][] = [
    ...(about.dishonest ? [] : honest),
    [all.every(({ health }) => health.heldNanos === 0), 'No hold leaked'],
    [
      all.every(({ health }) => health.differenceNanos === 0 && health.stale.length === 0),
      `The books agree${staleText(all)}`,
    ],
  ];
  return {
    text: [
      cappedTable(capped, about),
      `Of ${room} calls that had room, ${falsely} (${percent(falsely / room)}) were let through late or never, ${forGood} (${percent(forGood / room)}) of them never.`,
      billsTable(bills),
      MEANING,
      claims.map(([kept, claim]) => `${kept ? 'PASS' : 'FAIL'}  ${claim}.`).join('\n'),
    ].join('\n\n'),
    broken: claims.filter(([kept]) => !kept).map(([, claim]) => claim),
  };
}

function cappedTable(rounds: readonly CappedRound[], { calls, capCalls }: { calls: number; capCalls: number }): string {
  const lines: string[][] = [];
  const line = (what: string, of: (round: CappedRound) => number, show: (value: number) => string = String) =>
    lines.push([`  ${what}`, ...rounds.map((round) => show(of(round))), show(sum(rounds, of))]);
  lines.push(['The cap is the', ...rounds.map(({ scope }) => scope), 'together']);
  lines.push([`${calls} calls at once, cap of ${capCalls} calls' worth`]);
  line('reached the upstream', (round) => round.calls.length);
  line('answered to the end', ({ tries }) => tries.filter(({ told }) => told.whole).length);
  line('left by the client', (round) => round.bills.filter(({ tried }) => tried.told.hungUp).length);
  line('cut at the limit', ({ booked }) => booked.filter(({ outcome }) => outcome === 'cut').length);
  lines.push(['Micro-dollars']);
  line('the cap', ({ capNanos }) => capNanos, micro);
  line('made', made, micro);
  line('charged', ({ booked }) => sum(booked, ({ costNanos }) => costNanos), micro);
  line('reported as unresolved', ({ booked }) => sum(booked, ({ unresolvedNanos }) => unresolvedNanos), micro);
  line('made beyond the cap', overshootOf, micro);
  line('  and not reported', unreportedOf, micro);
  line('overruns', ({ health }) => health.overrunNanos, micro);
  line('still held at the end', ({ health }) => health.heldNanos, micro);
  line('difference in the books', ({ health }) => health.differenceNanos, micro);
  lines.push(['Refused for money, tries counted']);
  for (const code of new Set(rounds.flatMap(({ refused }) => Object.keys(refused.byCode)))) {
    line(code, ({ refused }) => refused.byCode[code] ?? 0);
  }
  lines.push(['Calls that had room']);
  line('let through late', ({ refused }) => refused.falsely);
  line('  of them never, for good', ({ refused }) => refused.forGood);
  return table(lines);
}

const KINDS: [string, (bill: Bill) => boolean][] = [
  ['left by the client', left],
  ['  a stream', (bill) => left(bill) && bill.tried.plan.streamed && !outOfSight(bill)],
  ['  a whole answer', (bill) => left(bill) && !bill.tried.plan.streamed && !outOfSight(bill)],
  ['  either, reasoning out of sight', (bill) => left(bill) && outOfSight(bill)],
  ['waited for', (bill) => stayed(bill, null)],
  ['waited for, cut at the limit', (bill) => stayed(bill, null) && bill.outcome === 'cut'],
  ['provider falls silent and goes on', (bill) => stayed(bill, 'silent')],
  ['provider breaks off, left or not', (bill) => bill.tried.plan.ask.fault === 'breaks'],
  ['provider sends garbage, left or not', (bill) => bill.tried.plan.ask.fault === 'garbage'],
];

function billsTable(bills: readonly Bill[]): string {
  const lines = KINDS.flatMap(([name, is]) => {
    const some = bills.filter(is);
    if (some.length === 0) return [];
    const { inSum, median, p95, most, belowReceived } = errorOf(some);
    const amounts = [
      sum(some, ({ trueNanos }) => trueNanos),
      sum(some, ({ chargedNanos }) => chargedNanos),
      sum(some, ({ unresolvedNanos }) => unresolvedNanos),
    ].map(micro);
    const errors = [inSum, median, p95, most].map(percent);
    return [[`  ${name}`, String(some.length), ...amounts, ...errors, String(belowReceived)]];
  });
  const head = [
    'bills',
    'made',
    'charged',
    'unresolved',
    'in sum',
    'median',
    '95 of 100',
    'most',
    'below what was got',
  ];
  return table([['Bills, micro-dollars', ...head], ...lines]);
}

/** By a client, while the provider did nothing wrong: where both go, nobody may ever know. */
function left({ tried }: Bill): boolean {
  const { fault } = tried.plan.ask;
  return tried.told.hungUp && fault !== 'breaks' && fault !== 'garbage';
}

function stayed({ tried }: Bill, fault: Fault | null): boolean {
  return !tried.told.hungUp && tried.plan.ask.fault === fault;
}

function outOfSight({ tried }: Bill): boolean {
  return tried.plan.ask.reasoningTokens > 0;
}

function made({ calls }: Played): number {
  return sum(calls, ({ costNanos }) => costNanos);
}

function overshootOf(round: CappedRound): number {
  return Math.max(0, made(round) - round.capNanos);
}

/** Beyond the cap, and neither Purser nor anyone else on this side was told of it: what is unresolved was told, with its bound. */
function unreportedOf(round: CappedRound): number {
  return Math.max(0, overshootOf(round) - sum(round.booked, ({ unresolvedNanos }) => unresolvedNanos));
}

function isBounded({ trueNanos, chargedNanos, unresolvedNanos }: Bill): boolean {
  return trueNanos <= chargedNanos + unresolvedNanos;
}

function staleText(rounds: readonly Played[]): string {
  const stale = new Set(rounds.flatMap(({ health }) => health.stale));
  return stale.size === 0 ? '' : ` (stale: ${[...stale].join(', ')})`;
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}

function micro(nanos: number): string {
  return (nanos / 1000).toFixed(1);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
