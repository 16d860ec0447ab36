import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../src/limits.ts';
import {
  type Accounts,
  type DaySums,
  findDifferences,
  rollupDifference,
  type Side,
} from '../../src/usage/books-findings.ts';

/** A member's books in which everything agrees: what each day and the waiting events come to. */
interface World {
  days: DaySums[];
  waiting: bigint;
}

const amount = fc.bigInt({ min: 1n, max: 10n ** 15n });

const world: fc.Arbitrary<World> = fc.record({
  days: fc.array(fc.record({ cost: amount, pruned: fc.boolean() }), { minLength: 1, maxLength: 5 }).map((days) =>
    days.map(({ cost, pruned }, i) => ({
      dayAtMs: i * DAY_MS,
      rollups: cost,
      days: cost,
      events: pruned ? null : cost,
    })),
  ),
  waiting: amount,
});

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, each) => total + each, 0n);

/** The accounts after `spoil` has changed something in a copy of the world. */
function accountsOf({ days, waiting }: World, spoil: (accounts: Accounts, days: DaySums[]) => void): Accounts {
  const total = sum(days.map((day) => day.days)) + waiting;
  const accounts: Accounts = {
    object: total,
    shippedLost: false,
    ledger: total,
    days: 0n,
    waiting,
    totals: total - waiting,
    differingDays: [],
  };
  const copies: DaySums[] = days.map((day) => ({ ...day }));
  spoil(accounts, copies);
  accounts.days = sum(copies.map((day) => day.days));
  accounts.differingDays = copies.filter(
    (day) => day.rollups !== day.days || (day.events !== null && day.events !== day.rollups),
  );
  return accounts;
}

const FAULTS: {
  what: string;
  side: Side;
  inDay: boolean;
  spoil: (by: bigint, accounts: Accounts, day: DaySums) => void;
}[] = [
  {
    what: "the object's total",
    side: 'object',
    inDay: false,
    spoil: (by, accounts) => {
      accounts.object = (accounts.object ?? 0n) + by;
    },
  },
  {
    what: "D1's ledger",
    side: 'ledger',
    inDay: false,
    spoil: (by, accounts) => {
      accounts.ledger += by;
    },
  },
  {
    what: 'an event above the watermark',
    side: 'events',
    inDay: false,
    spoil: (by, accounts) => {
      accounts.waiting += by;
    },
  },
  {
    what: 'an event below it, on a day that still has them',
    side: 'events',
    inDay: true,
    spoil: (by, _, day) => {
      day.events = (day.events ?? 0n) + by;
    },
  },
  {
    what: 'a rollup',
    side: 'rollups',
    inDay: true,
    spoil: (by, _, day) => {
      day.rollups += by;
    },
  },
  {
    what: "a day's own sum",
    side: 'days',
    inDay: true,
    spoil: (by, _, day) => {
      day.days += by;
    },
  },
  {
    what: 'the running total',
    side: 'totals',
    inDay: false,
    spoil: (by, accounts) => {
      accounts.totals = (accounts.totals ?? 0n) + by;
    },
  },
  {
    what: 'the sum of a day that has yet to be compared',
    side: 'days',
    inDay: false,
    spoil: (by, _, day) => {
      day.rollups += by;
      day.days += by;
      day.events = day.events === null ? null : day.rollups;
    },
  },
];

describe('the books', () => {
  it('find nothing where everything agrees', () => {
    fc.assert(
      fc.property(world, (right) => {
        const accounts = accountsOf(right, () => undefined);
        expect(findDifferences(accounts)).toEqual([]);
        expect(rollupDifference(accounts)).toBe(0n);
      }),
    );
  });

  it.each(FAULTS)('name $what when that alone is wrong, by how much and on which day', ({ side, inDay, spoil }) => {
    const off = fc.tuple(amount, fc.boolean()).map(([by, less]) => (less ? -by : by));
    fc.assert(
      fc.property(world, off, fc.nat(), (right, by, which) => {
        const index = which % right.days.length;
        // Only where events are left can they be wrong.
        fc.pre(side !== 'events' || !inDay || right.days[index]?.events !== null);
        const accounts = accountsOf(right, (changed, days) => {
          const day = days[index];
          if (day) spoil(by, changed, day);
        });
        const day = inDay ? new Date(index * DAY_MS).toISOString().slice(0, 10) : null;
        expect(findDifferences(accounts)).toEqual([{ side, amount: by.toString(), day }]);
      }),
    );
  });

  it('name each of two rollups that cancel out', () => {
    const day = { rollups: 10n, days: 10n, events: null };
    const accounts = accountsOf(
      {
        days: [
          { dayAtMs: 0, ...day },
          { dayAtMs: DAY_MS, ...day },
        ],
        waiting: 0n,
      },
      (_, [first, second]) => {
        if (first) first.rollups += 4n;
        if (second) second.rollups -= 4n;
      },
    );
    expect(findDifferences(accounts)).toEqual([
      { side: 'rollups', amount: '4', day: '1970-01-01' },
      { side: 'rollups', amount: '-4', day: '1970-01-02' },
    ]);
  });

  it('name the ledger where D1 has lost what it had confirmed', () => {
    const accounts = {
      object: 30n,
      shippedLost: true,
      ledger: 20n,
      days: 20n,
      waiting: 0n,
      totals: 20n,
      differingDays: [],
    };
    expect(findDifferences(accounts)).toEqual([{ side: 'ledger', amount: '-10', day: null }]);
  });

  it('go by D1 alone where the object does not answer', () => {
    const accounts = {
      object: null,
      shippedLost: false,
      ledger: 20n,
      days: 15n,
      waiting: 4n,
      totals: null,
      differingDays: [],
    };
    expect(findDifferences(accounts)).toEqual([{ side: 'events', amount: '-1', day: null }]);
  });
});
