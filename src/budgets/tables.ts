/**
 * Every statement that reads or writes the ledger's tables (ledger-migrations.ts), rows in and values out. No decisions.
 */
import { attemptIdFloor } from '../ids.ts';
import { type Nanos, nanos } from '../money/nanos.ts';
import type { Period } from './calendar.ts';
import { type MemberLease, NO_LEASE } from './lease.ts';
import { LEDGER_MIGRATIONS } from './ledger-migrations.ts';
import { migrate } from './migrate.ts';
import { type MemberPolicy, NO_THROTTLES } from './policy.ts';
import type { Store } from './store.ts';
import type { AttemptAbout, UsageEvent } from './usage-event.ts';
import { type Bucket, WINDOW_MS_MAX } from './windows.ts';

const ARCHIVE_GRAIN_MS = WINDOW_MS_MAX / 1440;

type HoldState = 'open' | 'settled' | 'released' | 'expired';

export interface Hold {
  id: string;
  keyId: string;
  projectId: string;
  about: AttemptAbout;
  openedAtMs: number;
  state: HoldState;
  held: Nanos;
  chargeAtExpiry: Nanos;
  expiresAtMs: number;
  resolvedAtMs: number | null;
  charged: Nanos | null;
  n: number | null;
  reports: number;
  cycle: number;
}

/** What an earlier life of the object may have granted from memory, as far as nobody has claimed it. */
export interface Ghost {
  epoch: string;
  amount: Nanos;
  untilMs: number;
  dissolved: boolean;
}

export interface Total {
  cycle: number;
  cycleStartedAtMs: number | null;
  spent: Nanos;
  lifetime: Nanos;
}

type HoldRow = {
  id: string;
  key_id: string;
  project_id: string;
  about: string;
  opened_at: number;
  state: HoldState;
  held: number;
  charge_at_expiry: number;
  expires_at: number;
  resolved_at: number | null;
  charged: number | null;
  n: number | null;
  reports: number;
  cycle: number;
};

type LeaseRow = {
  granted: number;
  returned: number;
  spent: number;
  reversed: number;
  ask: number;
  balance: number;
  heard: number;
};

export class Tables {
  readonly #store: Store;
  /** The id that sorts last of all holds ever written here. Ids sort by time: a new attempt's is nearly always above it. */
  #newestHold: string;

  constructor(store: Store) {
    this.#store = store;
    migrate(store, LEDGER_MIGRATIONS);
    const [newest] = store.exec<{ id: string | null }>('SELECT max(id) AS id FROM holds');
    this.#newestHold = newest?.id ?? '';
  }

  transaction<T>(work: () => T): T {
    return this.#store.transaction(work);
  }

  readPolicy(): MemberPolicy | null {
    const [row] = this.#store.exec<{ policy: string }>('SELECT policy FROM policy');
    if (!row) return null;
    const policy = JSON.parse(row.policy) as MemberPolicy;
    // One stored before there were throttles.
    const keys = policy.keys.map((key) => ({ ...key, throttles: key.throttles ?? NO_THROTTLES }));
    return { ...policy, metered: policy.metered ?? false, throttles: policy.throttles ?? NO_THROTTLES, keys };
  }

  writePolicy(policy: MemberPolicy): void {
    this.#store.exec(
      `INSERT INTO policy (only_row, policy) VALUES (1, ?)
       ON CONFLICT DO UPDATE SET policy = excluded.policy`,
      JSON.stringify(policy),
    );
  }

  readShipped(): number {
    const [row] = this.#store.exec<{ shipped: number }>('SELECT shipped FROM shipping');
    return row?.shipped ?? 0;
  }

  /** Remembers that D1 has all up to `n`, and lets those events go. */
  writeShipped(n: number): void {
    this.#store.exec('DELETE FROM outbox WHERE n <= ?', n);
    this.#store.exec(
      `INSERT INTO shipping (only_row, shipped) VALUES (1, ?)
       ON CONFLICT DO UPDATE SET shipped = excluded.shipped`,
      n,
    );
  }

  /** Of all that is counted or held, nothing is left but the tombstones. */
  forgetCounts(): void {
    for (const table of ['totals', 'buckets', 'windows', 'outbox', 'young_holds', 'ghosts']) {
      this.#store.exec(`DELETE FROM ${table}`);
    }
    this.#store.exec("DELETE FROM holds WHERE state = 'open'");
  }

  readTotals(): Map<string, Total> {
    const rows = this.#store.exec<{
      scope: string;
      cycle: number;
      cycle_started_at: number | null;
      spent: number;
      lifetime: number;
    }>('SELECT scope, cycle, cycle_started_at, spent, lifetime FROM totals');
    return new Map(
      rows.map((row) => [
        row.scope,
        {
          cycle: row.cycle,
          cycleStartedAtMs: row.cycle_started_at,
          spent: nanos(row.spent),
          lifetime: nanos(row.lifetime),
        },
      ]),
    );
  }

  writeTotal(scope: string, total: Total): void {
    this.#store.exec(
      `INSERT INTO totals (scope, cycle, cycle_started_at, spent, lifetime) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         cycle = excluded.cycle,
         cycle_started_at = excluded.cycle_started_at,
         spent = excluded.spent,
         lifetime = excluded.lifetime`,
      scope,
      total.cycle,
      total.cycleStartedAtMs,
      total.spent,
      total.lifetime,
    );
  }

  readBuckets(): Map<string, Bucket[]> {
    const byScope = new Map<string, Bucket[]>();
    for (const row of this.#store.exec<{ scope: string; start_at: number; end_at: number; spent: number }>(
      'SELECT scope, start_at, end_at, spent FROM buckets',
    )) {
      const buckets = byScope.get(row.scope) ?? [];
      buckets.push({ startMs: row.start_at, endMs: row.end_at, spent: nanos(row.spent) });
      byScope.set(row.scope, buckets);
    }
    return byScope;
  }

  writeBucket(scope: string, bucket: Bucket): void {
    this.#store.exec(
      `INSERT INTO buckets (scope, start_at, end_at, spent) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET spent = excluded.spent`,
      scope,
      bucket.startMs,
      bucket.endMs,
      bucket.spent,
    );
  }

  readWindows(): Map<string, Period> {
    const rows = this.#store.exec<{ scope: string; start_at: number; end_at: number }>(
      'SELECT scope, start_at, end_at FROM windows',
    );
    return new Map(rows.map((row) => [row.scope, { startMs: row.start_at, endMs: row.end_at }]));
  }

  writeWindow(scope: string, current: Period | null): void {
    if (!current) {
      this.#store.exec('DELETE FROM windows WHERE scope = ?', scope);
      return;
    }
    this.#store.exec(
      `INSERT INTO windows (scope, start_at, end_at) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET start_at = excluded.start_at, end_at = excluded.end_at`,
      scope,
      current.startMs,
      current.endMs,
    );
  }

  /**
   * Joins buckets that have left a window into buckets of WINDOW_MS_MAX / 1440, the grain of the longest window. Only
   * where the coarse bucket has left as well: money must not come back into the window with it. True if any were joined.
   */
  archiveBuckets(scope: string, horizonMs: number): boolean {
    const grainMs = ARCHIVE_GRAIN_MS;
    const leavesBefore = Math.floor(horizonMs / grainMs) * grainMs;
    const fine = 'scope = ? AND end_at <= ? AND end_at - start_at < ?';
    const bindings = [scope, leavesBefore, grainMs] as const;
    const [found] = this.#store.exec<{ rows: number }>(
      `SELECT count(*) AS rows FROM buckets WHERE ${fine}`,
      ...bindings,
    );
    if (!found || found.rows === 0) return false;
    // By their end, rounded up: no money leaves before its time.
    const coarseEnd = `(end_at + ${grainMs - 1}) / ${grainMs} * ${grainMs}`;
    this.#store.exec(
      `INSERT INTO buckets (scope, start_at, end_at, spent)
       SELECT scope, ${coarseEnd} - ${grainMs}, ${coarseEnd}, sum(spent)
       FROM buckets
       WHERE ${fine}
       GROUP BY ${coarseEnd}
       ON CONFLICT DO UPDATE SET spent = spent + excluded.spent`,
      ...bindings,
    );
    this.#store.exec(`DELETE FROM buckets WHERE ${fine}`, ...bindings);
    return true;
  }

  forgetBuckets(scope: string, horizonMs: number): void {
    this.#store.exec('DELETE FROM buckets WHERE scope = ? AND end_at <= ?', scope, horizonMs);
  }

  readOpenHolds(): Hold[] {
    return this.#store.exec<HoldRow>("SELECT * FROM holds WHERE state = 'open'").map(toHold);
  }

  readHold(id: string): Hold | null {
    if (id > this.#newestHold) return null;
    const [row] = this.#store.exec<HoldRow>('SELECT * FROM holds WHERE id = ?', id);
    return row ? toHold(row) : null;
  }

  /** The latest instant that any hold tells of: the ledger's clock never goes back below it. */
  readLastInstant(): number {
    const [row] = this.#store.exec<{ latest: number | null }>(
      'SELECT max(max(opened_at, coalesce(resolved_at, 0))) AS latest FROM holds',
    );
    return row?.latest ?? 0;
  }

  writeHold(hold: Hold): void {
    if (hold.id > this.#newestHold) this.#newestHold = hold.id;
    this.#store.exec(
      `INSERT INTO holds (id, key_id, project_id, about, opened_at, state, held, charge_at_expiry, expires_at, resolved_at, charged, n, reports, cycle)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         state = excluded.state,
         held = excluded.held,
         charge_at_expiry = excluded.charge_at_expiry,
         expires_at = excluded.expires_at,
         resolved_at = excluded.resolved_at,
         charged = excluded.charged,
         n = excluded.n,
         reports = excluded.reports,
         cycle = excluded.cycle`,
      hold.id,
      hold.keyId,
      hold.projectId,
      JSON.stringify(hold.about),
      hold.openedAtMs,
      hold.state,
      hold.held,
      hold.chargeAtExpiry,
      hold.expiresAtMs,
      hold.resolvedAtMs,
      hold.charged,
      hold.n,
      hold.reports,
      hold.cycle,
    );
  }

  /**
   * Tombstones go once they are both old and shipped; one without an event has nothing to ship. Ids sort by time, so
   * the range on the primary key keeps this from reading the young ones.
   */
  forgetTombstones(resolvedBeforeMs: number, shipped: number): void {
    this.#store.exec(
      "DELETE FROM holds WHERE id < ? AND state <> 'open' AND resolved_at < ? AND coalesce(n, 0) <= ?",
      attemptIdFloor(resolvedBeforeMs),
      resolvedBeforeMs,
      shipped,
    );
  }

  readCeiling(): { epoch: string; ceiling: Nanos } | null {
    const [row] = this.#store.exec<{ epoch: string; ceiling: number }>('SELECT epoch, ceiling FROM young_holds');
    return row ? { epoch: row.epoch, ceiling: nanos(row.ceiling) } : null;
  }

  writeCeiling(epoch: string, ceiling: Nanos): void {
    this.#store.exec(
      `INSERT INTO young_holds (only_row, epoch, ceiling) VALUES (1, ?, ?)
       ON CONFLICT DO UPDATE SET epoch = excluded.epoch, ceiling = excluded.ceiling`,
      epoch,
      ceiling,
    );
  }

  readGhosts(): Ghost[] {
    return this.#store
      .exec<{ epoch: string; amount: number; until_at: number; dissolved: number }>(
        'SELECT epoch, amount, until_at, dissolved FROM ghosts',
      )
      .map((row) => ({
        epoch: row.epoch,
        amount: nanos(row.amount),
        untilMs: row.until_at,
        dissolved: row.dissolved === 1,
      }));
  }

  writeGhost(ghost: Ghost): void {
    this.#store.exec(
      `INSERT INTO ghosts (epoch, amount, until_at, dissolved) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET amount = excluded.amount, dissolved = excluded.dissolved`,
      ghost.epoch,
      ghost.amount,
      ghost.untilMs,
      ghost.dissolved ? 1 : 0,
    );
  }

  forgetGhost(epoch: string): void {
    this.#store.exec('DELETE FROM ghosts WHERE epoch = ?', epoch);
  }

  readLease(): MemberLease {
    const [row] = this.#store.exec<LeaseRow>(
      'SELECT granted, returned, spent, reversed, ask, balance, heard FROM lease',
    );
    if (!row) return NO_LEASE;
    return {
      granted: nanos(row.granted),
      returned: nanos(row.returned),
      spent: nanos(row.spent),
      reversed: nanos(row.reversed),
      ask: row.ask,
      balance: nanos(row.balance),
      heard: row.heard === 1,
    };
  }

  writeLease({ granted, returned, spent, reversed, ask, balance, heard }: MemberLease): void {
    this.#store.exec(
      `INSERT INTO lease (only_row, granted, returned, spent, reversed, ask, balance, heard) VALUES (1, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         granted = excluded.granted,
         returned = excluded.returned,
         spent = excluded.spent,
         reversed = excluded.reversed,
         ask = excluded.ask,
         balance = excluded.balance,
         heard = excluded.heard`,
      granted,
      returned,
      spent,
      reversed,
      ask,
      balance,
      heard ? 1 : 0,
    );
  }

  /** Events of one block, in sequence, as one row. */
  writeEvents(events: readonly UsageEvent[]): void {
    const [first] = events;
    const last = events.at(-1);
    if (!first || !last) return;
    this.#store.exec(
      'INSERT INTO outbox (n, first_n, cost, events) VALUES (?, ?, ?, ?)',
      last.n,
      first.n,
      events.reduce((sum, event) => sum + event.costNanos, 0),
      JSON.stringify(events),
    );
  }

  /** The oldest events, whole rows of them: those that begin within `eventsMax` of the first. */
  readEvents(eventsMax: number): UsageEvent[] {
    return this.#store
      .exec<{ events: string }>(
        `SELECT events
         FROM outbox
         WHERE first_n < (SELECT min(first_n) FROM outbox) + ?
         ORDER BY n`,
        eventsMax,
      )
      .flatMap((row) => JSON.parse(row.events) as UsageEvent[]);
  }

  /** How many events wait above `n`, the newest of all, and the cost of those above. */
  outboxAbove(n: number): { rows: number; newest: number | null; cost: number } {
    const [whole] = this.#store.exec<{ rows: number; newest: number | null; cost: number }>(
      `SELECT coalesce(sum(n - first_n + 1), 0) AS rows, max(n) AS newest, coalesce(sum(cost), 0) AS cost
       FROM outbox
       WHERE first_n > ?`,
      n,
    );
    if (!whole) throw new Error('an aggregate without a row');
    const [parted] = this.#store.exec<{ events: string }>(
      'SELECT events FROM outbox WHERE first_n <= ? AND n > ?',
      n,
      n,
    );
    if (!parted) return whole;
    const above = (JSON.parse(parted.events) as UsageEvent[]).filter((event) => event.n > n);
    return {
      rows: whole.rows + above.length,
      newest: whole.newest ?? above.at(-1)?.n ?? null,
      cost: above.reduce((sum, event) => sum + event.costNanos, whole.cost),
    };
  }
}

function toHold(row: HoldRow): Hold {
  return {
    id: row.id,
    keyId: row.key_id,
    projectId: row.project_id,
    about: JSON.parse(row.about) as AttemptAbout,
    openedAtMs: row.opened_at,
    state: row.state,
    held: nanos(row.held),
    chargeAtExpiry: nanos(row.charge_at_expiry),
    expiresAtMs: row.expires_at,
    resolvedAtMs: row.resolved_at,
    charged: row.charged === null ? null : nanos(row.charged),
    n: row.n,
    reports: row.reports,
    cycle: row.cycle,
  };
}
