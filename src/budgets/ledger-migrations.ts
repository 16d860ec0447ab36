/**
 * What a member's object keeps on disk: the ledger's tables, as each version of Purser has added to them. An entry that has
 * been deployed is never edited.
 *
 * Row writes are what an object costs, so keys that are text live WITHOUT ROWID (one row a write instead of two), the
 * sequence number is not stored apart (it is the newest row of the outbox, or what was shipped), and the row of a hold
 * becomes its tombstone.
 */
export const LEDGER_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE policy (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    policy TEXT NOT NULL               -- MemberPolicy as JSON
  );
  CREATE TABLE shipping (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    shipped INTEGER NOT NULL           -- the last sequence number that D1 has confirmed
  );
  CREATE TABLE totals (
    scope TEXT PRIMARY KEY,            -- 'member', or a key id
    cycle INTEGER NOT NULL,            -- the cycle that spent counts
    cycle_started_at INTEGER,          -- epoch ms; null: since ever
    spent INTEGER NOT NULL,            -- nanodollars in this cycle
    lifetime INTEGER NOT NULL          -- nanodollars ever
  ) WITHOUT ROWID;
  CREATE TABLE buckets (
    scope TEXT NOT NULL,
    start_at INTEGER NOT NULL,         -- epoch ms
    end_at INTEGER NOT NULL,           -- epoch ms, the first instant after
    spent INTEGER NOT NULL,            -- nanodollars settled in it
    PRIMARY KEY (scope, start_at, end_at)
  ) WITHOUT ROWID;
  CREATE TABLE holds (
    id TEXT PRIMARY KEY,               -- the attempt's id, which sorts by time
    key_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    about TEXT NOT NULL,               -- AttemptAbout as JSON
    opened_at INTEGER NOT NULL,
    state TEXT NOT NULL,               -- open, settled, released, expired; all but open are tombstones
    held INTEGER NOT NULL,             -- nanodollars set aside; once resolved 0, or after an expiry its bound
    charge_at_expiry INTEGER NOT NULL, -- nanodollars charged should the Worker die now
    expires_at INTEGER NOT NULL,       -- the end of its ttl
    resolved_at INTEGER,
    charged INTEGER,                   -- nanodollars, once resolved
    n INTEGER,                         -- the sequence number of its event, once resolved with one
    reports INTEGER NOT NULL,          -- the newest report of its Worker
    cycle INTEGER NOT NULL             -- once resolved: the member's cycle it was charged in
  ) WITHOUT ROWID;
  CREATE TABLE outbox (
    n INTEGER PRIMARY KEY,             -- gapless
    cost INTEGER NOT NULL,             -- nanodollars, as in the event
    event TEXT NOT NULL                -- UsageEvent as JSON
  );
  `,
  `
  CREATE TABLE young_holds (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch TEXT NOT NULL,               -- the life of the object that holds them in memory
    ceiling INTEGER NOT NULL           -- nanodollars; their sum never passes it
  );
  CREATE TABLE ghosts (
    epoch TEXT PRIMARY KEY,            -- the life that ended with young holds in memory
    amount INTEGER NOT NULL,           -- nanodollars of its ceiling that no ticket has claimed yet
    until_at INTEGER NOT NULL,         -- epoch ms; then no Worker can be alive that holds one of its tickets
    dissolved INTEGER NOT NULL         -- 1 once amount was reported as unresolved and counts as held no more
  ) WITHOUT ROWID;
  CREATE TABLE windows (
    scope TEXT PRIMARY KEY,
    start_at INTEGER NOT NULL,         -- epoch ms: what Window calls current
    end_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  ALTER TABLE outbox RENAME TO outbox_of_one;
  CREATE TABLE outbox (
    n INTEGER PRIMARY KEY,             -- the last number in the batch; gapless
    first_n INTEGER NOT NULL,
    cost INTEGER NOT NULL,             -- nanodollars, the sum of its events
    events TEXT NOT NULL               -- UsageEvents as a JSON array: what was settled together is one row
  );
  INSERT INTO outbox (n, first_n, cost, events) SELECT n, n, cost, '[' || event || ']' FROM outbox_of_one;
  DROP TABLE outbox_of_one;
  `,
  `
  CREATE TABLE lease (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    granted INTEGER NOT NULL,          -- nanodollars since ever, as the next three
    returned INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    reversed INTEGER NOT NULL,
    ask INTEGER NOT NULL,              -- the newest ask that the wallet has answered
    balance INTEGER NOT NULL,          -- nanodollars that the organization had when the wallet last spoke
    heard INTEGER NOT NULL             -- 1 once the wallet has spoken
  );
  `,
];
