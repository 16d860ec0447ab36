import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Progress } from '../src/budgets/protocol.ts';
import { Deadlines } from '../src/deadlines.ts';
import { LIMITS } from '../src/limits.ts';
import { nanos, ZERO } from '../src/money/nanos.ts';
import { type SettleCall, SettlementCarrier } from '../src/settlement-carrier.ts';
import { ABOUT } from './support/about.ts';

const MEMBER = 'mem_1';

function call(attemptId: string): SettleCall {
  return {
    memberId: MEMBER,
    ticket: {
      attemptId,
      keyId: 'key_1',
      projectId: 'prj_1',
      epoch: 'e',
      amount: nanos(9),
      openedAtMs: 0,
      ttlMs: 60_000,
    },
    about: ABOUT,
    cost: nanos(5),
    inputCost: nanos(5),
    outputCost: ZERO,
    outcome: 'completed',
    unresolved: ZERO,
    estimated: false,
    latencyMs: 1,
    firstTokenMs: 1,
    inputTokens: 5,
    cachedTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
  };
}

/** A carrier of a member that is asked for every moment, and what became of its settlements. */
function busyCarrier() {
  const over: [string, boolean][] = [];
  const sent: string[] = [];
  const carrier = new SettlementCarrier(({ ticket }, written) => over.push([ticket.attemptId, written]));
  const asked = () => carrier.load(MEMBER);
  asked();
  asked();
  let answer: { booked: boolean; progress?: Progress } | null = { booked: true };
  const send = async ({ ticket }: SettleCall) => {
    sent.push(ticket.attemptId);
    return answer;
  };
  return {
    over,
    sent,
    asked,
    carrier,
    take: (attemptId: string, sinceMs = Date.now()) => carrier.take(call(attemptId), new Deadlines(), send, sinceMs),
    answerWith: (next: typeof answer) => {
      answer = next;
    },
  };
}

const idsOf = (settled: SettleCall[] | undefined) => settled?.map(({ ticket }) => ticket.attemptId);

describe('a settlement', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it('of a member that is not asked for every moment is not taken over', () => {
    const carrier = new SettlementCarrier();
    const take = () => carrier.take(call('a'), new Deadlines(), async () => null, Date.now());
    expect(take()).toBeNull();
    carrier.load(MEMBER);
    expect(take()).toBeNull();
    vi.advanceTimersByTime(LIMITS.carryMs + 1);
    carrier.load(MEMBER);
    expect(take()).toBeNull();
    carrier.load(MEMBER);
    vi.advanceTimersByTime(LIMITS.carryMs + 1);
    expect(take()).toBeNull();
  });

  it('travels with the next request, once, and is over when the object has written as many', async () => {
    const { take, asked, over, sent } = busyCarrier();
    const kept = take('a');
    await take('b');
    const first = asked();
    expect(idsOf(first.settled)).toEqual(['a', 'b']);
    first.delivered({ life: 'one', taken: 7, written: 5 });
    const second = asked();
    // Nothing to bring, but something to hear of.
    expect(idsOf(second.settled)).toEqual([]);
    second.delivered({ life: 'one', taken: 8, written: 6 });
    expect(over).toEqual([]);
    asked().delivered({ life: 'one', taken: 9, written: 7 });
    expect(over).toEqual([
      ['a', true],
      ['b', true],
    ]);
    expect(asked().settled).toBeUndefined();
    // Its keeper may go, having sent nothing.
    await vi.advanceTimersByTimeAsync(LIMITS.carryMs);
    await kept;
    expect(sent).toEqual([]);
  });

  it('whose answer is overtaken by one that tells more is over once that is told again', () => {
    const { take, asked, over } = busyCarrier();
    void take('a');
    const slow = asked();
    asked().delivered({ life: 'one', taken: 8, written: 7 });
    slow.delivered({ life: 'one', taken: 7, written: 5 });
    expect(over).toEqual([]);
    asked().delivered({ life: 'one', taken: 9, written: 7 });
    expect(over).toEqual([['a', true]]);
  });

  it('that nobody takes along in time is sent by the keeper, others of its member too', async () => {
    const { take, over, sent } = busyCarrier();
    const kept = take('a');
    await vi.advanceTimersByTimeAsync(LIMITS.carryMs / 2);
    await take('b');
    await vi.advanceTimersByTimeAsync(2 * LIMITS.carryMs);
    await kept;
    expect(sent).toEqual(['a', 'b']);
    expect(over).toEqual([
      ['a', true],
      ['b', true],
    ]);
  });

  it('whose request was not answered is sent again', async () => {
    const { take, asked, over, sent } = busyCarrier();
    const kept = take('a');
    asked().delivered(undefined);
    await vi.advanceTimersByTimeAsync(LIMITS.carryConfirmMs + LIMITS.carryMs);
    await kept;
    expect(sent).toEqual(['a']);
    expect(over).toEqual([['a', true]]);
  });

  it('is asked for by one of many that were handed over, whose answer tells of all', async () => {
    const { take, asked, over, sent, answerWith } = busyCarrier();
    const kept = take('a');
    for (const id of ['b', 'c']) await take(id);
    asked().delivered({ life: 'one', taken: 3, written: 0 });
    answerWith({ booked: true, progress: { life: 'one', taken: 4, written: 4 } });
    await vi.advanceTimersByTimeAsync(LIMITS.carryConfirmMs + LIMITS.carryMs);
    await kept;
    expect(sent).toEqual(['a']);
    expect(over.map(([id]) => id).sort()).toEqual(['a', 'b', 'c']);
  });

  it('that an ended life of the object may have lost travels once more', () => {
    const { take, asked, over } = busyCarrier();
    void take('a');
    asked().delivered({ life: 'one', taken: 3, written: 0 });
    asked().delivered({ life: 'two', taken: 9, written: 9 });
    expect(over).toEqual([]);
    expect(idsOf(asked().settled)).toEqual(['a']);
  });

  it('that the object cannot be reached for is given up, for its alarm to charge', async () => {
    const { take, over, answerWith } = busyCarrier();
    answerWith(null);
    const kept = take('a');
    await vi.advanceTimersByTimeAsync(LIMITS.carryMs);
    await kept;
    expect(over).toEqual([['a', false]]);
  });

  it('goes ahead of a call that wants to see it counted', async () => {
    const { take, carrier, over } = busyCarrier();
    void take('a');
    const ahead: string[] = [];
    carrier.sendAhead(MEMBER, async ({ ticket }) => {
      ahead.push(ticket.attemptId);
      return { booked: true };
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(ahead).toEqual(['a']);
    expect(over).toEqual([['a', true]]);
  });

  it('is kept by a request whose client hung up only as long as the platform leaves it time to send', async () => {
    const { take, asked, sent } = busyCarrier();
    const left = LIMITS.settleGiveUpMs - LIMITS.keepMs;
    const kept = take('a', Date.now() - left + 1_000);
    for (let waitedMs = 0; waitedMs < 1_000 + 2 * LIMITS.carryMs; waitedMs += LIMITS.carryMs / 2) {
      asked().delivered(undefined);
      await vi.advanceTimersByTimeAsync(LIMITS.carryMs / 2);
    }
    await kept;
    expect(sent).toEqual(['a']);
  });

  it('finds another keeper once the first has left', async () => {
    const { take, asked, sent } = busyCarrier();
    const kept = take('a');
    for (let waitedMs = 0; waitedMs < LIMITS.keepMs; waitedMs += LIMITS.carryMs / 2) {
      asked().delivered(undefined);
      await take(`b${waitedMs}`);
      await vi.advanceTimersByTimeAsync(LIMITS.carryMs / 2);
    }
    await vi.advanceTimersByTimeAsync(LIMITS.carryMs);
    asked();
    asked();
    const before = sent.length;
    const next = take('z');
    await vi.advanceTimersByTimeAsync(2 * (LIMITS.carryConfirmMs + LIMITS.carryMs));
    await kept;
    await next;
    expect(sent.slice(before)).toContain('z');
  });
});
