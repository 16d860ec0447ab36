/** D1 fails at every point where it can: what is repeated afterwards ends in the figures of an undisturbed run. */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { goOnBackfilling, startBackfill } from '../../src/usage/backfill.ts';
import { pruneEvents } from '../../src/usage/pruning.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import {
  countLedgers,
  countRollups,
  forgetUsage,
  type Member,
  mixed,
  NOON,
  owned,
  QUARTER_MS,
  readLedgers,
  readRollups,
  rows,
  usageEvents,
  watermark,
} from './events.ts';
import { readFacts, readTotals, readTotalsRows, usedBy } from './totals.ts';

const ANN: Member = { memberId: 'mem_ann', organizationId: 'org_a' };
const ZOE: Member = { memberId: 'mem_zoe', organizationId: 'org_z' };
const LATE = NOON + 2 * LIMITS.eventRetentionMs;

/** A call fails before D1 sees it; or is done, but its answer is lost; or breaks off before its statement `at`. */
type Fault = { kind: 'refused' } | { kind: 'answer lost' } | { kind: 'broken off'; at: number };

const FAULTS: Fault[] = [
  { kind: 'refused' },
  { kind: 'answer lost' },
  ...[0, 1, 2, 3, 4, 5].map((at): Fault => ({ kind: 'broken off', at })),
];

class Injected extends Error {}

/** D1 that asks before each call whether it shall fail. */
function faultyD1(next: (statements: number) => Fault | null): D1Database {
  const db = env.DB;
  const failing = async <T>(fault: Fault | null, call: () => Promise<T>): Promise<T> => {
    if (fault?.kind === 'refused') throw new Injected('D1 is away');
    const answer = await call();
    if (fault?.kind === 'answer lost') throw new Injected('the answer is lost');
    return answer;
  };
  const batch = (statements: D1PreparedStatement[]) => {
    const fault = next(statements.length);
    if (fault?.kind !== 'broken off') return failing(fault, () => db.batch(statements));
    return db.batch(statements.toSpliced(fault.at, 0, db.prepare("SELECT json('broken off')")));
  };
  const faulty = (statement: D1PreparedStatement): D1PreparedStatement => {
    const { bind, run, all, first } = statement;
    return Object.assign(statement, {
      bind: (...values: unknown[]) => faulty(bind.apply(statement, values)),
      run: () => failing(next(1), () => run.apply(statement)),
      all: () => failing(next(1), () => all.apply(statement)),
      first: () => failing(next(1), () => (first as () => Promise<unknown>).apply(statement)),
    });
  };
  const prepare = (sql: string) => faulty(db.prepare(sql));
  return { batch, prepare } as unknown as D1Database;
}

type Step = (db: D1Database) => Promise<unknown>;

const ship =
  (member: Member, first: number, last: number): Step =>
  (db) =>
    shipEvents(db, member, usageEvents(first, last, mixed));

/** What a database from before running totals, or one that has lost some, has done to it. */
const backfill: Step = async (db) => {
  await startBackfill(db, null, NOON);
  while ((await goOnBackfilling(db, NOON, 0)).more);
};

const prove: Step = () => env.DB.prepare('UPDATE rollup_watermark SET proven_seq = seq').run();

/** Of a day of usage: shipments of two members, crons that come between them, and one that prunes. */
const DAY: Step[] = [
  ship(ANN, 1, 6),
  ship(ZOE, 1, 4),
  (db) => rollUp(db, NOON, 4),
  ship(ANN, 5, 12),
  (db) => rollUp(db, NOON + 1, 100),
  prove,
  (db) => pruneEvents(db, LATE, 8),
  ship(ZOE, 5, 6),
  (db) => rollUp(db, NOON + 2),
];

/** And of a backfill: the steps before it fail never. */
const REPAIR: Step[] = [
  () => ship(ANN, 1, 12)(env.DB),
  () => ship(ZOE, 1, 6)(env.DB),
  () => rollUp(env.DB, NOON + 2),
  () => env.DB.prepare('DELETE FROM usage_totals').run(),
  backfill,
];

/** Runs the day; a step that fails is repeated, as the next alarm or cron does. Answers with how often one failed. */
async function runDay(day: readonly Step[], next: (statements: number) => Fault | null): Promise<number> {
  await forgetUsage();
  const db = faultyD1(next);
  let failures = 0;
  for (const step of day) {
    try {
      await step(db);
    } catch {
      failures += 1;
      await step(db);
    }
  }
  return failures;
}

/** All that is to be the same; the sequence numbers of D1 count from where this run began. */
async function figures() {
  const [events] = await rows<{ n: number; cost: number; oldest: number }>(
    'SELECT count(*) AS n, sum(cost) AS cost, min(seq) AS oldest FROM usage_events',
  );
  const { seq, rolled_up_to } = await watermark();
  return {
    events: { n: events?.n, cost: events?.cost },
    unpruned: seq - (events?.oldest ?? 0),
    rolledUpTo: rolled_up_to,
    ledgers: await readLedgers(),
    rollups: await readRollups(),
    totals: await readTotalsRows(),
  };
}

describe('after a failure of D1 and a clean run', () => {
  const days = [
    { what: 'usage', day: DAY, left: 10 },
    { what: 'a backfill', day: REPAIR, left: 18 },
  ];
  it.each(days.flatMap((each) => FAULTS.map((fault) => ({ ...each, fault }))))(
    'the figures are those of an undisturbed run: $what, $fault',
    async ({ day, left, fault }) => {
      // How many statements each call has.
      const calls: number[] = [];
      await runDay(day, (statements) => {
        calls.push(statements);
        return null;
      });
      const undisturbed = await figures();
      const all = [...owned(ANN, usageEvents(1, 12, mixed)), ...owned(ZOE, usageEvents(1, 6, mixed))];
      expect(undisturbed).toMatchObject({
        events: { n: left },
        ledgers: countLedgers(all),
        rollups: countRollups(all),
        rolledUpTo: NOON + 2,
      });
      expect(undisturbed.totals.length).toBeGreaterThan(20);
      expect(calls.length).toBeGreaterThan(8);
      let failures = 0;

      for (let k = 1; k <= calls.length; k++) {
        let call = 0;
        failures += await runDay(day, () => {
          call += 1;
          return call === k ? fault : null;
        });
        // Pruning whose answer was lost goes on with the next rows when it is repeated: more is gone, nothing is wrong.
        const { events, unpruned, ...kept } = await figures();
        expect(kept, `call ${k}`).toMatchObject({
          ledgers: undisturbed.ledgers,
          rollups: undisturbed.rollups,
          totals: undisturbed.totals,
          rolledUpTo: undisturbed.rolledUpTo,
        });
        const pruningAgain = fault.kind === 'answer lost' && events.n !== undisturbed.events.n;
        if (pruningAgain) expect(events.n).toBe(2);
        else expect({ events, unpruned }).toEqual({ events: undisturbed.events, unpruned: undisturbed.unpruned });
      }
      // A single statement cannot break off in the middle.
      const failing = fault.kind === 'broken off' ? calls.filter((statements) => statements > 1) : calls;
      expect(failures).toBe(failing.length);
    },
  );

  it('so they are after any mixture of shipments, crons and failures, one after the other or at once', async () => {
    const member = fc.constantFrom(ANN, ZOE);
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc
        .tuple(member, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 8 }))
        .map(([who, first, more]) => ship(who, first, first + more)),
      fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 })).map(
        ([rowsMax, batchesMax]): Step =>
          (db) =>
            rollUp(db, NOON, rowsMax, batchesMax),
      ),
      fc.constant(backfill),
      fc.constant<Step>(async (db) => {
        await prove(db);
        await pruneEvents(db, LATE, 3);
      }),
    );
    const fault = fc.option(fc.constantFrom(...FAULTS));
    const day = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(day, fc.infiniteStream(fault), async (groups, faults) => {
        await forgetUsage();
        const db = faultyD1(() => faults.next().value);
        for (const group of groups) await Promise.allSettled(group.map((each) => each(db)));

        const all = [ANN, ZOE].flatMap((who) => owned(who, usageEvents(1, 20, mixed)));
        for (const who of [ANN, ZOE]) await shipEvents(env.DB, who, usageEvents(1, 20, mixed));
        expect(await rollUp(env.DB, NOON + 1)).toEqual({ waiting: 0 });
        expect(await readLedgers()).toEqual(countLedgers(all));
        expect(await readRollups()).toEqual(countRollups(all));
        const wanted = usedBy(all);
        for (const found of [await readFacts(), await readTotals()]) {
          for (const series of wanted.series) {
            const used = wanted.between(series, 0, NOON + QUARTER_MS);
            expect(found.between(series, 0, NOON + QUARTER_MS), series).toEqual(used);
            expect(found.between(series, 0, LATE), series).toEqual(wanted.between(series, 0, LATE));
          }
        }
        expect((await watermark()).rolled_up_to).toBe(NOON + 1);
      }),
      { numRuns: 25 },
    );
  });
});
