/** A ledger that forgets what it counted and begins again with what D1 knows. */
import { describe, expect, it } from 'vitest';
import type { Opening } from '../../src/budgets/policy.ts';
import { wouldLose } from '../../src/budgets/rebuilding.ts';
import { nanos } from '../../src/money/nanos.ts';
import { day, LedgerWorld, limits } from '../support/ledger-world.ts';

/** What D1 would say of a member who spent so much a minute ago. */
function openingOf({ policy, nowMs }: LedgerWorld, sequence: number, spent: number): Opening {
  const each = (scope: string) => ({ scope, spent: nanos(spent) });
  const startMs = nowMs - 15 * 60_000;
  return {
    policy,
    sequence,
    lifetime: ['member', 'key_a'].map(each),
    recent: ['member', 'key_a'].map((scope) => ({ ...each(scope), startMs, endMs: nowMs })),
  };
}

describe('a rebuilt ledger', () => {
  it('counts what D1 knows, in every scope and window, and goes on from there', () => {
    const world = new LedgerWorld({ limits: limits(1_000, day(500)) });
    for (let i = 0; i < 3; i++) world.spend(50);
    const opening = openingOf(world, 2, 90);
    const { before, after } = world.ledger.standing(opening);
    expect(before).toMatchObject({ sequence: 3, unshipped: 3, lifetimeUsage: 150, currentPeriodUsage: 150, held: 0 });
    expect(after).toEqual({ sequence: 2, unshipped: 0, lifetimeUsage: 90, usage: 90, currentPeriodUsage: 90, held: 0 });
    expect(wouldLose(before, after)).toBe(true);
    world.ledger.rebuild(opening);
    expect(world.ledger.standing(opening).before).toEqual(after);
    world.restart();
    expect(world.ledger.standing(opening).before).toEqual(after);
    world.spend(10);
    expect(world.ledger.unshipped().map(({ n }) => n)).toEqual([3]);
    expect(world.member()).toMatchObject({ lifetimeUsage: 100, period: { usage: 100 } });
  });

  it('loses nothing where D1 has all of it and nothing is held', () => {
    const world = new LedgerWorld();
    world.spend(50);
    world.ledger.confirmShipped(1);
    const { before, after } = world.ledger.standing(openingOf(world, 1, 40));
    expect([before.lifetimeUsage, after.lifetimeUsage, wouldLose(before, after)]).toEqual([50, 40, false]);
    world.hold(10);
    const { before: holding } = world.ledger.standing(openingOf(world, 1, 40));
    expect(wouldLose(holding, after)).toBe(true);
  });

  it('does not book again what was settled before, however often it is told', () => {
    const world = new LedgerWorld();
    const attempt = world.hold(50);
    world.settle(attempt, 50);
    world.ledger.confirmShipped(1);
    world.ledger.rebuild(openingOf(world, 1, 50));
    expect(world.settle(attempt, 50)).toEqual({ booked: true });
    expect(world.member()).toMatchObject({ lifetimeUsage: 50, held: 0 });
  });

  it('still charges what was in flight, young or with a row, once', () => {
    const world = new LedgerWorld({ limits: limits(1_000) });
    const [young, row] = [world.hold(10), world.hold(400)];
    world.ledger.rebuild(openingOf(world, 0, 0));
    expect(world.member()).toMatchObject({ held: 0, lifetimeUsage: 0 });
    for (let told = 0; told < 2; told++) {
      world.settle(young, 8);
      world.settle(row, 300);
    }
    expect(world.member()).toMatchObject({ held: 0, lifetimeUsage: 308 });
  });
});
