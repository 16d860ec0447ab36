/**
 * Who is wrong when the books differ: one member's accounts laid side by side, and the one that disagrees with the
 * others named. Pure; books.ts reads the accounts.
 *
 * Four accounts tell what a member has spent: its object, D1's ledger, D1's events, and the rollups that analytics show.
 * A fifth, the member's days, is there for the comparing only; a sixth, its running totals, is made with the rollups and
 * wrong where it does not end at what the days say, since nothing is told by it. A difference between two of them is a fact; which of the two is
 * wrong is told by a third, and where there is none it is the likelier one.
 */
import { z } from '@hono/zod-openapi';
import { count, DAY, like, usd } from '../reference/fields.ts';
import { utcDayOf } from './time-zones.ts';

/**
 * days: the sums per day (member_days) by which the books are compared; nothing that anyone is shown. totals: the running
 * totals beside the rollups.
 */
const Side = z.enum(['object', 'ledger', 'events', 'rollups', 'days', 'totals']);

export type Side = z.infer<typeof Side>;

const Finding = z.object({
  side: Side,
  amount: like('-612000', 'Nanodollars: what that side has too much, below zero too little'),
  day: DAY.nullable().openapi({ description: 'The UTC day in which it is, where that is known' }),
  sequences: like('17-19, 23').nullable().openapi({
    description: "The member's sequence numbers that are missing there, where they can be told",
  }),
});

export type Finding = z.infer<typeof Finding>;

/** One UTC day in which a member's sums differ, nanodollars. */
export interface DaySums {
  dayAtMs: number;
  rollups: bigint;
  days: bigint;
  /** Of the events below the rollup watermark; null where pruning may have taken some. */
  events: bigint | null;
}

export interface Accounts {
  /** What the object settled up to D1's shipped sequence; null where it did not answer. */
  object: bigint | null;
  /** Whether D1 lacks what it had confirmed to the object. */
  shippedLost: boolean;
  ledger: bigint;
  /** All of the member's days. */
  days: bigint;
  /** Events above the rollup watermark. */
  waiting: bigint;
  /** What the member's running totals have come to; null while a backfill makes them. */
  totals: bigint | null;
  differingDays: readonly DaySums[];
}

/** What one look at a member's books found, as it is kept and shown. Amounts are nanodollars as text. */
export const ProofShown = z.object({
  difference: like('0', 'Nanodollars: how far the books are apart in all, without sign'),
  objectDifference: like('0').nullable().openapi({
    description: "Nanodollars: the member's object less D1's ledger; null where the object did not answer",
  }),
  rollupDifference: like('0', "Nanodollars: D1's ledger less its rollups and the events that wait for them"),
  findings: z.array(Finding),
  shipped: count(1_204, 'The sequence number up to which all this was compared'),
  unshipped: count(0).nullable().openapi({
    description: 'Events that the object has yet to ship; null where it did not answer',
  }),
  held: usd('0.0021').nullable(),
});

export type Proof = z.infer<typeof ProofShown>;

/** Every difference, with the side that is wrong. Empty when the books agree. */
export function findDifferences(accounts: Accounts): Omit<Finding, 'sequences'>[] {
  const inDays = accounts.differingDays.flatMap((sums) => oddInDay(sums, daysAreWrong(accounts)));
  const daysTooMuch = sumOf(inDays.filter(({ side }) => side === 'days').map(({ amount }) => BigInt(amount)));
  const inSums = accounts.days - daysTooMuch;
  const { totals, waiting, ledger } = accounts;
  if (totals === null || totals === inSums) return [...oddOverall(accounts, inSums + waiting), ...inDays];
  const wrong = (side: Side, amount: bigint) => ({ side, amount: amount.toString(), day: null });
  // The ledger tells which: on a day that has yet to be compared the days may be wrong.
  if (totals + waiting === ledger) return [...oddOverall(accounts, ledger), ...inDays, wrong('days', inSums - totals)];
  return [...oddOverall(accounts, inSums + waiting), ...inDays, wrong('totals', totals - inSums)];
}

/** D1's ledger less its rollups and the events above the watermark: the second half of invariant 4. */
export function rollupDifference({ ledger, days, waiting, differingDays }: Accounts): bigint {
  return ledger - waiting - days - sumOf(differingDays.map((sums) => sums.rollups - sums.days));
}

/** How far the books are apart in all. */
export function sizeOf(findings: readonly Pick<Finding, 'amount'>[]): bigint {
  return sumOf(findings.map(({ amount }) => magnitude(BigInt(amount))));
}

/**
 * On days whose events are gone only the ledger can tell whether the rollups or the days are wrong: does it come out
 * right with the days, or only with the rollups in their place?
 */
function daysAreWrong({ ledger, days, waiting, differingDays }: Accounts): boolean {
  const tooMuch = (of: readonly DaySums[]) => sumOf(of.map((sums) => sums.days - sums.rollups));
  const byDays = days + waiting - tooMuch(differingDays.filter(({ events, rollups }) => events === rollups));
  return byDays !== ledger && byDays - tooMuch(differingDays.filter(({ events }) => events === null)) === ledger;
}

function oddInDay(sums: DaySums, daysMayBeWrong: boolean): Omit<Finding, 'sequences'>[] {
  const { rollups, days, events } = sums;
  const wrong = (side: Side, amount: bigint) => ({ side, amount: amount.toString(), day: utcDayOf(sums.dayAtMs) });
  if (events === null) return [daysMayBeWrong ? wrong('days', days - rollups) : wrong('rollups', rollups - days)];
  if (rollups === days) return [wrong('events', events - rollups)];
  if (rollups === events) return [wrong('days', days - rollups)];
  const ofRollups = wrong('rollups', rollups - days);
  return events === days ? [ofRollups] : [ofRollups, wrong('events', events - days)];
}

function oddOverall(accounts: Accounts, rolledUp: bigint): Omit<Finding, 'sequences'>[] {
  const { object, ledger, shippedLost } = accounts;
  const wrong = (side: Side, amount: bigint) => ({ side, amount: amount.toString(), day: null });
  const ofEvents = rolledUp === ledger ? [] : [wrong('events', rolledUp - ledger)];
  if (object === null || object === ledger) return ofEvents;
  if (object === rolledUp) return [wrong('ledger', ledger - object)];
  return [shippedLost ? wrong('ledger', ledger - object) : wrong('object', object - ledger), ...ofEvents];
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

function magnitude(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}
