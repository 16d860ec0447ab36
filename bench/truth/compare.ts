/**
 * What Purser booked beside what the upstream truly made, call by call. Pure; the proofs read their claims off it.
 *
 * The truth is the upstream's count. Purser's usage events are what is judged.
 */

import type { Told } from './caller.ts';
import { costOf, type TrueCall } from './calls.ts';
import type { Plan } from './mix.ts';

/** A usage event as D1 has it; several of one call (an expiry and its correction) are one here. */
export interface Booked {
  requestId: string;
  costNanos: number;
  unresolvedNanos: number;
  overrunNanos: number;
  /** Of the first event. */
  outcome: string;
  estimated: boolean;
}

export interface Tried {
  /** Names the call; its tries share it. */
  name: string;
  plan: Plan;
  told: Told;
}

/** The refusals that are about money. */
const MONEY =
  /^(budget_in_flight|request_exceeds_budget|member_budget_exhausted|member_period_budget_exhausted|api_key_budget_exhausted)$/;

export interface Refused {
  /** Refusals for money, every try counted. */
  byCode: Record<string, number>;
  /** Calls that an all-knowing gateway would have let through at that instant, and Purser refused. */
  falsely: number;
  /** Of them: those that never got through, though they tried again. */
  forGood: number;
}

/**
 * What an all-knowing gateway would have done, on the upstream's timeline: it lets a call through where what the upstream
 * will have made in the end for all calls that have reached it, what the calls it let through already will cost, and what
 * this one will cost, fit under the cap together. A call that is refused and reaches the upstream later after all takes its
 * room once.
 */
export function judgeRefusals(capNanos: number, tries: readonly Tried[], calls: readonly TrueCall[]): Refused {
  const nameOf = new Map(tries.map(({ name, told }) => [told.requestId, name]));
  const refusals = tries.filter(({ told }) => told.status !== 200 && told.code !== null && MONEY.test(told.code));
  const arrivals = calls.map((call) => ({ atMs: call.arrivedAtMs, call }));
  const steps = [...arrivals, ...refusals.map((refusal) => ({ atMs: refusal.told.answeredAtMs, refusal }))];
  const refused: Refused = { byCode: {}, falsely: 0, forGood: 0 };
  const waiting = new Map<string, number>();
  let takenNanos = 0;
  for (const step of steps.sort((a, b) => a.atMs - b.atMs)) {
    if ('call' in step) {
      const name = nameOf.get(step.call.call) ?? '';
      takenNanos += step.call.costNanos - (waiting.get(name) ?? 0);
      waiting.delete(name);
      continue;
    }
    const { name, plan, told } = step.refusal;
    const code = told.code ?? '';
    refused.byCode[code] = (refused.byCode[code] ?? 0) + 1;
    if (waiting.has(name) || takenNanos + plan.plannedNanos > capNanos) continue;
    refused.falsely += 1;
    takenNanos += plan.plannedNanos;
    waiting.set(name, plan.plannedNanos);
  }
  refused.forGood = waiting.size;
  return refused;
}

export interface Bill {
  requestId: string;
  trueNanos: number;
  chargedNanos: number;
  unresolvedNanos: number;
  /** What Purser's event says of the end; null without an event. */
  outcome: string | null;
  /** Worth of the text that the client got and of the prompt that it answers; 0 where no text came. */
  receivedNanos: number;
  tried: Tried;
  call: TrueCall;
}

/** The bill of every call that reached the upstream. What was never booked is billed as nothing. */
export function billsOf(
  tries: readonly Tried[],
  calls: readonly TrueCall[],
  booked: ReadonlyMap<string, Booked>,
): Bill[] {
  const tried = new Map(tries.map((one) => [one.told.requestId, one]));
  return calls.flatMap((call) => {
    const one = tried.get(call.call);
    if (!one) return [];
    const event = booked.get(call.call);
    const received = one.told.receivedTokens;
    return {
      requestId: call.call,
      trueNanos: call.costNanos,
      chargedNanos: event?.costNanos ?? 0,
      unresolvedNanos: event?.unresolvedNanos ?? 0,
      outcome: event?.outcome ?? null,
      receivedNanos: received === 0 ? 0 : costOf(call.model, call.inputTokens, received),
      tried: one,
      call,
    };
  });
}

/** How far bills are from the truth, each and all together: shares of the true cost. */
export interface BillError {
  bills: number;
  inSum: number;
  median: number;
  p95: number;
  most: number;
  /** How many charge less than the client got. */
  belowReceived: number;
}

export function errorOf(bills: readonly Bill[]): BillError {
  const errors = bills
    .map(({ trueNanos, chargedNanos }) => Math.abs(chargedNanos - trueNanos) / trueNanos)
    .sort((a, b) => a - b);
  const at = (share: number) => errors[Math.max(0, Math.ceil(errors.length * share) - 1)] ?? 0;
  const sum = (of: (bill: Bill) => number) => bills.reduce((total, bill) => total + of(bill), 0);
  const truly = sum(({ trueNanos }) => trueNanos);
  return {
    bills: bills.length,
    inSum: truly === 0 ? 0 : (sum(({ chargedNanos }) => chargedNanos) - truly) / truly,
    median: at(0.5),
    p95: at(0.95),
    most: at(1),
    belowReceived: bills.filter(({ chargedNanos, receivedNanos }) => chargedNanos < receivedNanos).length,
  };
}
