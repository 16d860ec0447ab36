/**
 * The tables of D1, the record of everything but money in flight. Migrations are generated from here (drizzle-kit) and
 * applied by wrangler; `WITHOUT ROWID` is added to the generated SQL by hand where it saves a row write.
 *
 * Instants are epoch milliseconds, amounts nanodollars, both INTEGER: no REAL column exists. Deleted things keep their
 * row, because history points at them.
 */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { Action } from '../audit/actions.ts';
import type { Actor } from '../audit/trail.ts';
import type { Day } from '../billing/documents/document.ts';
import type { ChargeSnapshot, PaidThrough, TransactionKind, TransactionStatus } from '../billing/transaction.ts';
import type { Extra } from '../budgets/policy.ts';
import type { CustomModel } from '../budgets/routing.ts';
import type { RefusedRequest } from '../budgets/usage-event.ts';
import type { Price } from '../money/price.ts';
import type { ProviderKeyKind } from '../provider-keys/kinds.ts';
import type { StoredBudget, StoredKeyLimits } from '../teams/budget-body.ts';
import type { BillingDetails } from '../teams/organization.ts';
import type { Plan, Role } from '../teams/roles.ts';
import type { StoredRouting } from '../teams/routing-body.ts';
import type { StoredRules } from '../teams/rules-body.ts';
import type { WarnedAbout } from '../teams/warning-levels.ts';
import type { Proof } from '../usage/books-findings.ts';
import type { SeriesKind } from '../usage/measures.ts';
import type { FenceState, MovePhase } from '../usage/moving/phases.ts';
import type { ShippedKeyStatus, ShippedStatus } from '../usage/shipping.ts';

/**
 * People who sign in. This table and the next five are read and written by better-auth, which knows their columns by
 * the names they have in code and hands over instants as Date.
 */
export const users = sqliteTable('users', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  /** Lower case. */
  email: text('email').notNull().unique(),
  createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
  updatedAt: integer('updated_at', { mode: 'timestamp_ms' }).notNull().default(sql`0`),
  /** Whether somebody has proven to read that address. Who has not can only do so by resetting the password. */
  emailVerified: integer('email_verified', { mode: 'boolean' }).notNull().default(false),
  image: text('image'),
  twoFactorEnabled: integer('two_factor_enabled', { mode: 'boolean' }).notNull().default(false),
});

/** Browsers that are signed in. The cookie is this token with a signature, so that a copy of the table opens nothing. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    token: text('token').notNull().unique(),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
    updatedAt: integer('updated_at', { mode: 'timestamp_ms' }).notNull(),
    expiresAt: integer('expires_at', { mode: 'timestamp_ms' }).notNull(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
  },
  (table) => [index('sessions_by_user').on(table.userId)],
);

/** Ways in which a user signs in: a password (`credential`), Google, GitHub. */
export const accounts = sqliteTable(
  'accounts',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    providerId: text('provider_id').notNull(),
    /** The user's id there. */
    accountId: text('account_id').notNull(),
    /** Salt and scrypt hash. */
    password: text('password'),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
    updatedAt: integer('updated_at', { mode: 'timestamp_ms' }).notNull(),
    /** What a provider gave with its sign-in. Never stored, as nothing here asks a provider again. */
    scope: text('scope'),
    idToken: text('id_token'),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    accessTokenExpiresAt: integer('access_token_expires_at', { mode: 'timestamp_ms' }),
    refreshTokenExpiresAt: integer('refresh_token_expires_at', { mode: 'timestamp_ms' }),
  },
  (table) => [
    index('accounts_by_user').on(table.userId),
    uniqueIndex('accounts_by_provider').on(table.providerId, table.accountId),
  ],
);

/** What is in the middle of being proven: a password reset, a second factor, a passkey's challenge, a way to a provider. */
export const verifications = sqliteTable(
  'verifications',
  {
    id: text('id').primaryKey(),
    /** A hash of what the caller will present. */
    identifier: text('identifier').notNull(),
    value: text('value').notNull(),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
    updatedAt: integer('updated_at', { mode: 'timestamp_ms' }).notNull(),
    expiresAt: integer('expires_at', { mode: 'timestamp_ms' }).notNull(),
  },
  (table) => [index('verifications_by_identifier').on(table.identifier)],
);

/** A user's authenticator app: its secret and the backup codes, encrypted under the deployment's secret. */
export const twoFactors = sqliteTable(
  'two_factors',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    secret: text('secret').notNull(),
    backupCodes: text('backup_codes').notNull(),
    /** Whether a first code has shown that the app has the secret. */
    verified: integer('verified', { mode: 'boolean' }).notNull(),
    /** Wrong codes in a row; too many lock the second factor for a while. */
    failedVerificationCount: integer('failed_verification_count').notNull().default(0),
    lockedUntil: integer('locked_until', { mode: 'timestamp_ms' }),
  },
  (table) => [uniqueIndex('two_factors_by_user').on(table.userId)],
);

export const passkeys = sqliteTable(
  'passkeys',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    name: text('name'),
    credentialID: text('credential_id').notNull(),
    publicKey: text('public_key').notNull(),
    /** How often the authenticator says it was used; one that goes back was copied. */
    counter: integer('counter').notNull(),
    deviceType: text('device_type').notNull(),
    backedUp: integer('backed_up', { mode: 'boolean' }).notNull(),
    transports: text('transports'),
    /** The authenticator's make. */
    aaguid: text('aaguid'),
    createdAt: integer('created_at', { mode: 'timestamp_ms' }).notNull(),
  },
  (table) => [index('passkeys_by_user').on(table.userId), uniqueIndex('passkeys_by_credential').on(table.credentialID)],
);

/** Who asked for an account and has yet to prove the address. A user is only made of it then. */
export const signUps = sqliteTable('sign_ups', {
  /** SHA-256 of the token in the mail. */
  tokenHash: text('token_hash').primaryKey(),
  email: text('email').notNull(),
  name: text('name').notNull(),
  passwordHash: text('password_hash').notNull(),
  /** Of the set-up code, where one was given. */
  setUpCodeHash: text('set_up_code_hash'),
  /** Of the organization that comes with the account, if any does. */
  organizationName: text('organization_name').notNull(),
  timeZone: text('time_zone').notNull(),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
});

/** One row at most: the code that lets a deployment's first owner in. */
export const setUpCodes = sqliteTable('set_up_codes', {
  onlyRow: integer('only_row').primaryKey(),
  hash: text('hash').notNull(),
  createdAt: integer('created_at').notNull(),
  usedAt: integer('used_at'),
});

/** Who pays. */
export const organizations = sqliteTable('organizations', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  kind: text('kind').$type<'personal' | 'team'>().notNull(),
  plan: text('plan').$type<Plan>().notNull(),
  /** IANA zone: the default of its analytics and calendar windows. */
  timeZone: text('time_zone').notNull(),
  createdAt: integer('created_at').notNull(),
  /** What developers, basic and API-only members inherit where their own budget says nothing; null: nothing is set. */
  defaultDeveloperBudget: text('default_developer_budget', { mode: 'json' }).$type<StoredBudget>(),
  /** Rises with every change of that default: what a caller's `version` is compared with. */
  defaultBudgetVersion: integer('default_budget_version').notNull().default(1),
  /** Whether every attempt also spends the organization's wallet. */
  metered: integer('metered', { mode: 'boolean' }).notNull().default(false),
  /** Whether answers are recorded for repeats under an Idempotency-Key. */
  replay: integer('replay', { mode: 'boolean' }).notNull().default(true),
  /** Whether answers and refusals of the gateway name limits without their amounts. */
  hideAmounts: integer('hide_amounts', { mode: 'boolean' }).notNull().default(false),
  /** Percents of a limit at which members are warned; null: the usual ones. */
  budgetWarnings: text('budget_warnings', { mode: 'json' }).$type<number[]>(),
  /** Whom invoices are made out to; null: nothing was said. */
  billingDetails: text('billing_details', { mode: 'json' }).$type<BillingDetails>(),
  /** Seats beyond those of the plan, or all seats where a contract says how many; null: none, or no contract. */
  seatsBought: integer('seats_bought'),
  /** Since when it is deleted; its owners can undo that for a while. */
  deletedAt: integer('deleted_at'),
  /** When what need not be kept of a deleted organization went. */
  erasedAt: integer('erased_at'),
  /** The binding of the database that its usage lies in; null: this one. src/usage/databases.ts. */
  usageDatabase: text('usage_database'),
  /** When its books last had a turn; null: never. */
  booksTurnAt: integer('books_turn_at'),
});

/** The newest move of an organization's usage to another database, and how far it is: src/usage/moving/. */
export const usageMoves = sqliteTable('usage_moves', {
  organizationId: text('organization_id')
    .primaryKey()
    .references(() => organizations.id),
  /** Bindings. */
  source: text('source').notNull(),
  target: text('target').notNull(),
  phase: text('phase').$type<MovePhase>().notNull(),
  /** The table that is being walked, and after which of its rows to go on (a JSON array; null: at its first). */
  atTable: integer('at_table').notNull().default(0),
  after: text('after'),
  /** Rises as somebody takes the move over: what an earlier one is still about to write has no effect then. */
  turn: integer('turn').notNull().default(1),
  /** Rows written to the target and deleted from the source so far. */
  copied: integer('copied').notNull().default(0),
  deleted: integer('deleted').notNull().default(0),
  beganAt: integer('began_at').notNull(),
  switchedAt: integer('switched_at'),
});

export const projects = sqliteTable(
  'projects',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    name: text('name').notNull(),
    createdAt: integer('created_at').notNull(),
    archivedAt: integer('archived_at'),
    /** What it wants of the choice among providers; null: nothing. */
    routing: text('routing', { mode: 'json' }).$type<StoredRouting>(),
    /** Rises with every change of the routing: what a caller's `version` is compared with. */
    routingVersion: integer('routing_version').notNull().default(1),
  },
  (table) => [index('projects_by_organization').on(table.organizationId)],
);

/** A user (or, without user, a program) in one organization, with one role and one budget. */
export const members = sqliteTable(
  'members',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    /** Null for an API-only member. */
    userId: text('user_id').references(() => users.id),
    name: text('name').notNull(),
    role: text('role').$type<Role>().notNull(),
    createdAt: integer('created_at').notNull(),
    /** Removed members keep their row: usage is theirs for ever. */
    removedAt: integer('removed_at'),
    /** The budget as it was set, whole; inheritance is resolved when it is read. */
    budget: text('budget', { mode: 'json' }).$type<StoredBudget>().notNull(),
    /** Rises with every change of the budget: what a caller's `version` is compared with. */
    budgetVersion: integer('budget_version').notNull().default(1),
    /** The cycle that a one-time budget counts. */
    budgetCycle: integer('budget_cycle').notNull().default(0),
    /** What the member may use, whatever its keys say; null: everything. */
    rules: text('rules', { mode: 'json' }).$type<StoredRules>(),
    /** Percents of a limit at which this member is warned besides; null: none. */
    budgetWarnings: text('budget_warnings', { mode: 'json' }).$type<number[]>(),
    /** Rises with every change of role or projects, and when the member goes or comes back. */
    memberVersion: integer('member_version').notNull().default(1),
    policyGeneration: integer('policy_generation').notNull().default(1),
    /** Rises with every change that the member's object must learn of. */
    policyVersion: integer('policy_version').notNull().default(1),
  },
  (table) => [
    // In the order in which people are listed: a first page reads no more of it than it shows.
    index('members_by_organization').on(table.organizationId, sql`lower(${table.name})`, table.id),
    uniqueIndex('members_by_user').on(table.userId, table.organizationId),
  ],
);

/** Which projects a developer or API-only member may use. */
export const projectGrants = sqliteTable(
  'project_grants',
  {
    memberId: text('member_id')
      .notNull()
      .references(() => members.id),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
  },
  (table) => [primaryKey({ columns: [table.memberId, table.projectId] })],
);

export const apiKeys = sqliteTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    /** Its creator, whose usage it is. */
    memberId: text('member_id')
      .notNull()
      .references(() => members.id),
    name: text('name').notNull(),
    /** SHA-256 of the key; the key itself is stored nowhere. */
    hash: text('hash').notNull(),
    masked: text('masked').notNull(),
    status: text('status').$type<'active' | 'disabled'>().notNull(),
    limits: text('limits', { mode: 'json' }).$type<StoredKeyLimits>().notNull(),
    /** What the key may be used for, within what its member may; null: everything. */
    rules: text('rules', { mode: 'json' }).$type<StoredRules>(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at'),
    deletedAt: integer('deleted_at'),
    /** Whether it is what the playground asks by: its member's own, short-lived, in no list and under no cap of keys. */
    playground: integer('playground', { mode: 'boolean' }).notNull().default(false),
    /** When it was last presented, as its events told: some seconds late, and never written for one request alone. */
    lastUsedAt: integer('last_used_at'),
    /** What its member's object told of the key's own limits, until that was looked at for warnings; null: nothing new. */
    statusNews: text('status_news', { mode: 'json' }).$type<ShippedKeyStatus>(),
    /** When the object last told of the key, by its clock: what comes later and is older tells nothing. */
    toldAt: integer('told_at'),
  },
  (table) => [
    index('api_keys_by_member').on(table.memberId),
    index('api_keys_by_organization').on(table.organizationId, table.createdAt),
    index('api_keys_of_playground')
      .on(table.expiresAt)
      .where(sql`${table.playground} = 1 AND ${table.deletedAt} IS NULL`),
  ],
);

export const masterKeys = sqliteTable(
  'master_keys',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    name: text('name').notNull(),
    hash: text('hash').notNull(),
    masked: text('masked').notNull(),
    createdAt: integer('created_at').notNull(),
    deletedAt: integer('deleted_at'),
  },
  (table) => [uniqueIndex('master_keys_by_hash').on(table.hash)],
);

/** An organization's own keys to providers, and providers of its own. Of a deleted one the sealed key is wiped. */
export const providerKeys = sqliteTable(
  'provider_keys',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    provider: text('provider').$type<ProviderKeyKind>().notNull(),
    /** What a custom provider is called in names of models; null for all others. */
    slug: text('slug'),
    name: text('name').notNull(),
    /** Null: the provider's own. */
    baseUrl: text('base_url'),
    settings: text('settings', { mode: 'json' }).$type<Record<string, string>>().notNull(),
    /** Of a custom provider; null for all others. */
    models: text('models', { mode: 'json' }).$type<CustomModel[]>(),
    /** The key, encrypted under a secret that D1 does not have; it names which (provider-keys/seal.ts). */
    sealed: text('sealed').notNull(),
    masked: text('masked').notNull(),
    /** Rises with every change. */
    version: integer('version').notNull().default(1),
    createdAt: integer('created_at').notNull(),
    /** The member who made it; null: a master key. */
    createdBy: text('created_by'),
    deletedAt: integer('deleted_at'),
    testedAt: integer('tested_at'),
    /** What was wrong when it was tested; null: nothing. */
    testProblem: text('test_problem'),
  },
  (table) => [
    index('provider_keys_by_organization').on(table.organizationId),
    uniqueIndex('provider_keys_by_slug').on(table.organizationId, table.slug).where(sql`${table.deletedAt} IS NULL`),
  ],
);

export const invitations = sqliteTable(
  'invitations',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    /** Lower case. */
    email: text('email').notNull(),
    role: text('role').$type<Role>().notNull(),
    projectIds: text('project_ids', { mode: 'json' }).$type<string[]>().notNull(),
    budget: text('budget', { mode: 'json' }).$type<StoredBudget>().notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    acceptedAt: integer('accepted_at'),
    revokedAt: integer('revoked_at'),
    /** SHA-256 of the token in the newest mail; the token itself is stored nowhere. */
    tokenHash: text('token_hash'),
    /** Rises with every change of the budget: what a caller's `version` is compared with. */
    budgetVersion: integer('budget_version').notNull().default(1),
  },
  (table) => [
    index('invitations_by_organization').on(table.organizationId),
    uniqueIndex('invitations_by_token').on(table.tokenHash),
  ],
);

/** Members who asked for more on one of their limits, and what became of it. Kept: what was granted is history. */
export const budgetRequests = sqliteTable(
  'budget_requests',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    memberId: text('member_id')
      .notNull()
      .references(() => members.id),
    limit: text('limit_name').$type<Extra['limit']>().notNull(),
    /** How much more was asked for, decimal USD; null: whoever decides may say. */
    amount: text('amount'),
    note: text('note'),
    createdAt: integer('created_at').notNull(),
    /** Null while it is open. */
    decision: text('decision').$type<'granted' | 'declined'>(),
    decidedAt: integer('decided_at'),
    /** The member who decided; null: a master key. */
    decidedBy: text('decided_by'),
    decisionNote: text('decision_note'),
    /** The extra, decimal USD. */
    grantedAmount: text('granted_amount'),
    /** The instant at which it lapses. */
    grantedUntil: integer('granted_until'),
    /** The limit as it stood: the extra counts only as long as it stands so (`standing` in teams/effective-budget.ts). */
    grantedOn: text('granted_on'),
  },
  (table) => [
    index('budget_requests_by_organization').on(table.organizationId, table.createdAt),
    index('budget_requests_by_member').on(table.memberId, table.grantedUntil),
  ],
);

/** What each member was last warned of, for each limit of theirs and of their keys, and to whom that has yet to be mailed. */
export const budgetWarnings = sqliteTable(
  'budget_warnings',
  {
    memberId: text('member_id')
      .notNull()
      .references(() => members.id),
    /** Whose limit it is: 'member', or a key's id. */
    scope: text('scope').notNull().default('member'),
    limit: text('limit_name').$type<Extra['limit']>().notNull(),
    /** When the object told the status that this goes by. One that is older changes nothing: the row's version. */
    statusAt: integer('status_at').notNull(),
    /** The highest threshold that was reached under this limit in this window or cycle; 0: none. */
    percent: integer('percent').notNull(),
    /** Nanodollars. */
    limitAmount: integer('limit_amount').notNull(),
    /** The window or cycle: when it began (0: of no matter; below: how long it is, as it rolls), and when it is another one (null: not by time). */
    windowStart: integer('window_start').notNull(),
    windowEnd: integer('window_end'),
    /** What the mail says of it. */
    about: text('about', { mode: 'json' }).$type<WarnedAbout>().notNull(),
    /** Users whom this has yet to be mailed to. */
    unsent: text('unsent', { mode: 'json' }).$type<string[]>().notNull(),
    /** Until then somebody is mailing it. */
    leasedUntil: integer('leased_until').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.memberId, table.scope, table.limit] }),
    index('budget_warnings_unsent').on(table.statusAt).where(sql`${table.unsent} <> '[]'`),
  ],
);

/** A member whose object has yet to confirm its newest policy. The row goes when it does. */
export const policyPushes = sqliteTable('policy_pushes', {
  memberId: text('member_id')
    .primaryKey()
    .references(() => members.id),
  requestedAt: integer('requested_at').notNull(),
});

/** The one record of each attempt, kept for the retention, in the order in which it arrived. */
export const usageEvents = sqliteTable(
  'usage_events',
  {
    /** Only ever rises, also after pruning: what the rollup watermark counts in. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    organizationId: text('organization_id').notNull(),
    memberId: text('member_id').notNull(),
    /** The member's gapless sequence number. */
    n: integer('n').notNull(),
    attemptId: text('attempt_id').notNull(),
    requestId: text('request_id').notNull(),
    projectId: text('project_id').notNull(),
    keyId: text('key_id').notNull(),
    endpoint: text('endpoint').notNull(),
    mapping: text('mapping').notNull(),
    canonicalModel: text('canonical_model').notNull(),
    provider: text('provider').notNull(),
    app: text('app').notNull(),
    outcome: text('outcome').notNull(),
    refusal: text('refusal'),
    /** Of refused: the last of those that it counts. */
    refused: text('refused', { mode: 'json' }).$type<RefusedRequest[]>(),
    /** How many attempts this row stands for: many for counted refusals, 0 for a correction. */
    requests: integer('requests').notNull(),
    openedAt: integer('opened_at').notNull(),
    settledAt: integer('settled_at').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    cachedTokens: integer('cached_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    reasoningTokens: integer('reasoning_tokens').notNull(),
    cost: integer('cost').notNull(),
    inputCost: integer('input_cost').notNull(),
    outputCost: integer('output_cost').notNull(),
    overrun: integer('overrun').notNull(),
    unresolved: integer('unresolved').notNull(),
    priceVersion: text('price_version').notNull(),
    estimated: integer('estimated').notNull(),
    streamed: integer('streamed').notNull(),
    latencyMs: integer('latency_ms'),
    firstTokenMs: integer('first_token_ms'),
    /** The organization's own provider key that it was made with, which no wallet pays for; null: the deployment's. */
    providerKeyId: text('provider_key_id'),
  },
  // Member and cost ride along so that a day's sums, and one member's events among the organization's, are found in the
  // index alone; an index of their own would be one more row written for every request.
  (table) => [
    index('usage_events_by_organization').on(table.organizationId, table.settledAt, table.memberId, table.cost),
    // One more row for every request: without it nobody who has an id from an error, a log or a support case finds what it cost.
    index('usage_events_by_request').on(table.organizationId, table.requestId, table.settledAt),
    // Refusals are counted by the dozen, so this costs next to nothing.
    index('usage_events_refused').on(table.organizationId, table.settledAt).where(sql`${table.outcome} = 'refused'`),
  ],
);

/**
 * In the database with the usage itself: organizations whose usage was ever moved from or to it. Nothing may be added but where it
 * is open, as it is where there is no row. A shipment asks in its own transaction, so what anybody else remembers may be stale.
 */
export const usageFences = sqliteTable('usage_fences', {
  organizationId: text('organization_id').primaryKey(),
  /** arriving: it is being copied to here; leaving: all of it is here, and waits; gone: it lies elsewhere. */
  state: text('state').$type<FenceState>().notNull(),
  /** Of the one (usage_moves.turn) who may copy to here, or delete; it never goes back. */
  turn: integer('turn').notNull(),
});

/** Per member, for good: everything shipped so far. D1's side of the books. */
export const memberLedgers = sqliteTable(
  'member_ledgers',
  {
    memberId: text('member_id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** The last sequence number here. */
    shipped: integer('shipped').notNull(),
    /** Nanodollars of all events up to it. */
    cost: integer('cost').notNull(),
    requests: integer('requests').notNull(),
    overrun: integer('overrun').notNull(),
    unresolved: integer('unresolved').notNull(),
    /** What the object told of its budget with the last of these events; null: nothing yet. */
    status: text('status', { mode: 'json' }).$type<ShippedStatus>(),
    /** 1 until that status was looked at for warnings. */
    statusIsNews: integer('status_is_news').notNull().default(0),
  },
  (table) => [
    // With the member: who asks for the members of an organization reads no row for it.
    index('member_ledgers_by_organization').on(table.organizationId, table.memberId),
    index('member_ledgers_with_news').on(table.statusIsNews).where(sql`${table.statusIsNews} = 1`),
  ],
);

/** Every combination of dimensions that usage has been seen with. */
export const usageDimensions = sqliteTable(
  'usage_dimensions',
  {
    id: integer('id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    projectId: text('project_id').notNull(),
    keyId: text('key_id').notNull(),
    memberId: text('member_id').notNull(),
    mapping: text('mapping').notNull(),
    canonicalModel: text('canonical_model').notNull(),
    provider: text('provider').notNull(),
    app: text('app').notNull(),
  },
  (table) => [
    uniqueIndex('usage_dimensions_unique').on(
      table.organizationId,
      table.projectId,
      table.keyId,
      table.memberId,
      table.mapping,
      table.canonicalModel,
      table.provider,
      table.app,
    ),
  ],
);

/**
 * Usage summed per quarter of an hour and dimensions, for good: the ground truth of every other sum. WITHOUT ROWID, by
 * dimension first: a row is one write, and what is filtered by a project or a key reads no row of another.
 */
export const usageRollups = sqliteTable(
  'usage_rollups',
  {
    dimensionId: integer('dimension_id').notNull(),
    /** Epoch ms of the quarter of an hour, UTC: the only grain from which every zone's days are exact. */
    bucketAt: integer('bucket_at').notNull(),
    ...measures(),
    /** A letter for each (src/usage/measures.ts). Rows from before they were kept have none. */
    latencies: text('latencies').notNull().default(''),
    firstTokens: text('first_tokens').notNull().default(''),
  },
  (table) => [primaryKey({ columns: [table.dimensionId, table.bucketAt] })],
);

/** What has running totals: an organization, and each value of each of its dimensions. */
export const usageSeries = sqliteTable(
  'usage_series',
  {
    id: integer('id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    kind: text('kind').$type<SeriesKind>().notNull(),
    /** A project's id, a model's name...; '' for the organization. */
    value: text('value').notNull(),
  },
  (table) => [
    uniqueIndex('usage_series_unique').on(table.organizationId, table.kind, table.value),
    // What metrics are by, in the order in which they were first used; a row for each provider that an organization ever uses.
    index('usage_series_of_providers').on(table.kind).where(sql`${table.kind} = 'provider'`),
  ],
);

/**
 * Running totals: a row for each quarter of an hour in which the series had usage, with the sum of all its usage from the
 * beginning of time to the end of that quarter. What was used between two instants is the difference of two rows, however
 * much it was. WITHOUT ROWID: a row is one write.
 */
export const usageTotals = sqliteTable(
  'usage_totals',
  {
    seriesId: integer('series_id').notNull(),
    bucketAt: integer('bucket_at').notNull(),
    ...measures(),
    /** Counts of each bin, encoded (src/usage/measures.ts). */
    latencies: text('latencies').notNull().default(''),
    firstTokens: text('first_tokens').notNull().default(''),
  },
  (table) => [primaryKey({ columns: [table.seriesId, table.bucketAt] })],
);

/** The columns of src/usage/measures.ts. */
function measures() {
  return {
    requests: integer('requests').notNull(),
    upstreamErrors: integer('upstream_errors').notNull(),
    clientErrors: integer('client_errors').notNull(),
    refused: integer('refused').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    cachedTokens: integer('cached_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    reasoningTokens: integer('reasoning_tokens').notNull(),
    cost: integer('cost').notNull(),
    inputCost: integer('input_cost').notNull(),
    outputCost: integer('output_cost').notNull(),
    /** Rows from before they were counted have none. */
    events: integer('events').notNull().default(0),
  };
}

/** Organizations whose sums are to be compared with what they are sums of, and made right: src/usage/backfill.ts. */
export const usageBackfills = sqliteTable('usage_backfills', {
  organizationId: text('organization_id').primaryKey(),
  requestedAt: integer('requested_at').notNull(),
  /** All quarters of an hour before this one are done. */
  nextAt: integer('next_at').notNull(),
  /** Null: there is more to do. */
  finishedAt: integer('finished_at'),
  /** Rows that were wrong or missing and are right now. */
  factsChanged: integer('facts_changed').notNull(),
  totalsChanged: integer('totals_changed').notNull(),
});

/** One row: how far events are rolled up, and when that was last looked at. */
export const rollupWatermark = sqliteTable('rollup_watermark', {
  onlyRow: integer('only_row').primaryKey(),
  /** Events with seq up to this are in the rollups, all others are not. */
  seq: integer('seq').notNull(),
  /** When the newest run began, epoch ms: whatever had arrived by then is in the rollups. */
  rolledUpTo: integer('rolled_up_to').notNull(),
  /** Rises with every change of a sum, so that one who read sums writes only if nobody else did meanwhile. */
  version: integer('version').notNull().default(0),
  /** Whether the books agreed at the last reconciliation, and when; pruning asks for it. */
  provenSeq: integer('proven_seq').notNull(),
  provenAt: integer('proven_at'),
});

/**
 * Cost per member and UTC day, for good, added by the transaction that adds to the rollups. What the books compare on
 * both sides, so that neither a ledger nor a day is ever compared with a whole history.
 */
export const memberDays = sqliteTable(
  'member_days',
  {
    memberId: text('member_id').notNull(),
    /** Epoch ms at which the day begins in UTC. */
    dayAt: integer('day_at').notNull(),
    cost: integer('cost').notNull(),
  },
  (table) => [primaryKey({ columns: [table.memberId, table.dayAt] })],
);

/** What the last look at each member's books found. */
export const memberBooks = sqliteTable(
  'member_books',
  {
    memberId: text('member_id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** The last look, whether the member's object answered or not. */
    lookedAt: integer('looked_at').notNull(),
    /** The last look at which it answered. Null: none yet. */
    provenAt: integer('proven_at'),
    /** The rollup watermark of the last look at which everything agreed; 0 while something differs. Pruning asks for it. */
    provenSeq: integer('proven_seq').notNull(),
    /** Since when the object has not answered; null while it does. */
    unprovenSince: integer('unproven_since'),
    unprovenWhy: text('unproven_why'),
    /** 1 while anything differs. */
    differs: integer('differs').notNull(),
    proof: text('proof', { mode: 'json' }).$type<Proof>().notNull(),
    /** When the difference that stands was last logged. */
    alarmedAt: integer('alarmed_at'),
  },
  (table) => [index('member_books_that_differ').on(table.organizationId).where(sql`${table.differs} = 1`)],
);

/** Days on which a member's sums differ, as of the last time each was compared. Empty when all is well. */
export const dayDifferences = sqliteTable(
  'day_differences',
  {
    organizationId: text('organization_id').notNull(),
    dayAt: integer('day_at').notNull(),
    memberId: text('member_id').notNull(),
    /** Nanodollars: the rollups of the day, its row in member_days, and its events below the watermark (null: pruned). */
    rollups: integer('rollups').notNull(),
    days: integer('days').notNull(),
    events: integer('events'),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.dayAt, table.memberId] })],
);

/** How far the comparing of an organization's days has come. */
export const booksTurns = sqliteTable('books_turns', {
  organizationId: text('organization_id').primaryKey(),
  /** Days before this one were compared in the present round. */
  nextDayAt: integer('next_day_at').notNull(),
  roundBeganAt: integer('round_began_at').notNull(),
  /** When the last whole round began: every day was compared at or after it. Null: no round is complete. */
  comparedSince: integer('compared_since'),
});

/**
 * The audit log: one row for every change that an organization's people, programs or operator made, chained by hashes
 * (src/audit/chain.ts has the format). Written in the batch of the change it tells; never changed; pruned from its beginning.
 */
export const auditEntries = sqliteTable(
  'audit_entries',
  {
    organizationId: text('organization_id').notNull(),
    /** Gapless from 1. As the primary key it makes one of two concurrent changes fail as a whole, and try again. */
    n: integer('n').notNull(),
    /** Epoch ms; never before that of the entry before. */
    at: integer('at').notNull(),
    actorKind: text('actor_kind').$type<Actor['kind']>().notNull(),
    /** The user or master key; null for the operator. */
    actorId: text('actor_id'),
    memberId: text('member_id'),
    sessionId: text('session_id'),
    action: text('action').$type<Action>().notNull(),
    targetKind: text('target_kind').notNull(),
    targetId: text('target_id').notNull(),
    /** The changed fields as they were, JSON as JSON.stringify writes it; null: there was nothing. Never a secret. */
    before: text('before'),
    /** The same fields as they are now; null: there is nothing any more. */
    after: text('after'),
    ip: text('ip'),
    userAgent: text('user_agent'),
    requestId: text('request_id'),
    previousHash: text('previous_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.n] })],
);

/** How far each organization's log was last anchored: a note for the cron, which the anchor object itself never reads. */
export const auditAnchors = sqliteTable('audit_anchors', {
  organizationId: text('organization_id').primaryKey(),
  n: integer('n').notNull(),
  /** When that was last tried, so that a log that cannot be anchored keeps no other waiting. */
  lookedAt: integer('looked_at').notNull(),
});

/** What the operator says that a model costs, in place of the built-in price: read by every isolate (src/prices/live-catalogue.ts). */
export const priceOverrides = sqliteTable(
  'price_overrides',
  {
    /** The pinned name of a model. */
    mapping: text('mapping').notNull(),
    /** Epoch ms from which it is in force; 0: since ever. */
    effectiveFrom: integer('effective_from').notNull(),
    price: text('price', { mode: 'json' }).$type<Price>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.mapping, table.effectiveFrom] })],
);

/** The price of each model as it was when it was last looked at: what differs from this has changed. */
export const knownPrices = sqliteTable('known_prices', {
  mapping: text('mapping').primaryKey(),
  /** Tiers and images as JSON.stringify writes them; the text is what is compared. */
  terms: text('terms').notNull(),
});

/** Whom to mail of a price that has changed. A row goes when it was mailed. */
export const priceNotices = sqliteTable(
  'price_notices',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    mapping: text('mapping').notNull(),
    noticedAt: integer('noticed_at').notNull(),
    /** As in known_prices. */
    before: text('before').notNull(),
    after: text('after').notNull(),
    /** Until when one run has it to itself. */
    leasedUntil: integer('leased_until').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.userId, table.mapping, table.noticedAt] })],
);

/**
 * Money in or out of an organization. A completed one never changes: what its document says is `snapshot` and `number`,
 * whatever became of the organization since.
 */
export const transactions = sqliteTable(
  'transactions',
  {
    id: text('id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    kind: text('kind').$type<TransactionKind>().notNull(),
    status: text('status').$type<TransactionStatus>().notNull(),
    /** ISO 4217. */
    currency: text('currency').notNull(),
    /** All of it, with fees and taxes, in minor units; of a refund below 0. */
    total: integer('total').notNull(),
    /** Nanodollars that completing it posts to the wallet, of a refund below 0; 0: it has nothing to do with the wallet. */
    credit: integer('credit').notNull(),
    /** Seller, buyer, lines, fees and tax as they were at the time. */
    snapshot: text('snapshot', { mode: 'json' }).$type<ChargeSnapshot>().notNull(),
    /** Of a refund: the charge it takes back from. */
    refundOf: text('refund_of'),
    /**
     * Its document's: "2026-000123", of a credit note "CN-2026-000001". Given as it is completed, or before that to an invoice
     * that is yet to be paid. Null: none (neither of these, or nothing was charged).
     */
    number: text('number'),
    /** When the number was given, and which day that was for the seller: the date of the document. */
    numberedAt: integer('numbered_at'),
    issued: text('issued').$type<Day>(),
    /** Who was paid: 'manual' or 'stripe'. */
    paidThrough: text('paid_through').$type<PaidThrough>().notNull(),
    /** What it is called there, or what the operator called it: one transaction each. Null: not known yet. */
    reference: text('reference'),
    createdAt: integer('created_at').notNull(),
    completedAt: integer('completed_at'),
    failedAt: integer('failed_at'),
    /** Why it failed, for people. */
    failure: text('failure'),
    /** When the wallet took `credit`: until then it is posted again and again. Null while it has not, or need not. */
    creditedAt: integer('credited_at'),
    /** When its document had been mailed to everybody. */
    mailedAt: integer('mailed_at'),
    /** Who has it already, of several. */
    mailedTo: text('mailed_to', { mode: 'json' }).$type<string[]>().notNull().default([]),
    /** Until when nobody else may mail it. */
    mailLeasedUntil: integer('mail_leased_until').notNull().default(0),
  },
  (table) => [
    index('transactions_by_organization').on(table.organizationId, table.createdAt, table.id),
    uniqueIndex('transactions_by_reference').on(table.paidThrough, table.reference),
    index('transactions_by_refunded').on(table.refundOf).where(sql`refund_of IS NOT NULL`),
    index('transactions_uncredited')
      .on(table.completedAt)
      .where(sql`completed_at IS NOT NULL AND credited_at IS NULL AND credit <> 0`),
    index('transactions_unmailed').on(table.numberedAt).where(sql`number IS NOT NULL AND mailed_at IS NULL`),
    uniqueIndex('transactions_by_number').on(table.number),
  ],
);

/** The last number given in each series of documents: each year has one of invoices and one of credit notes. */
export const documentSeries = sqliteTable(
  'document_series',
  {
    kind: text('kind').$type<'invoice' | 'credit-note'>().notNull(),
    year: integer('year').notNull(),
    last: integer('last').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.year] })],
);

/** How an organization pays by itself: who it is at Stripe, its saved card, its automatic top-ups. */
export const billingAccounts = sqliteTable('billing_accounts', {
  organizationId: text('organization_id')
    .primaryKey()
    .references(() => organizations.id),
  /** Stripe's id of the customer. */
  customer: text('customer').unique(),
  /** Stripe's id of the saved card, and how people know it: "Visa 4242". */
  paymentMethod: text('payment_method'),
  paymentMethodShown: text('payment_method_shown'),
  /** When it was last paid with: an older payment that is heard of later does not bring an older card back. */
  paymentMethodAt: integer('payment_method_at').notNull().default(0),
  /** Nanodollars of available credit below which a top-up is bought; null: never. */
  topUpBelow: integer('top_up_below'),
  /** How much is bought then, in minor units of USD. */
  topUpAmount: integer('top_up_amount'),
  /** Until when nobody else may begin an automatic top-up: one at a time. */
  topUpLeasedUntil: integer('top_up_leased_until').notNull().default(0),
  /** At most how much is bought in a month of UTC, in minor units of USD; null: as LIMITS says. */
  topUpMonthMax: integer('top_up_month_max'),
  /** Why the last automatic one failed, and when; null: it did not. */
  topUpFailedAt: integer('top_up_failed_at'),
  topUpFailure: text('top_up_failure'),
  /** How many have failed in a row, and the last of them: news of it that comes twice counts once. */
  topUpFailures: integer('top_up_failures').notNull().default(0),
  topUpFailedBy: text('top_up_failed_by'),
  /** From when on another is tried after a failure; null: not until the card or the settings change. */
  topUpRetryAt: integer('top_up_retry_at'),
  /** When owners and finance were mailed that it has stopped. */
  topUpStopToldAt: integer('top_up_stop_told_at'),
});

/** What a paid plan runs on. */
export const subscriptions = sqliteTable('subscriptions', {
  organizationId: text('organization_id')
    .primaryKey()
    .references(() => organizations.id),
  paidThrough: text('paid_through').$type<PaidThrough>().notNull(),
  /** Stripe's id of it. */
  reference: text('reference').unique(),
  /** As Stripe has it. */
  status: text('status').$type<'active' | 'past_due' | 'canceled'>().notNull(),
  plan: text('plan').$type<Plan>().notNull(),
  /** Beyond those of the plan. */
  seats: integer('seats').notNull(),
  periodStart: integer('period_start').notNull(),
  periodEnd: integer('period_end').notNull(),
  /** What it becomes at the end of its period; null: what it is. */
  nextPlan: text('next_plan').$type<Plan>(),
  nextSeats: integer('next_seats'),
  /** Since when a payment is owed: the plan stays until LIMITS' grace is over. */
  pastDueSince: integer('past_due_since'),
  /** When Stripe made the newest event that was heard of it: an older one that comes later changes nothing. */
  heardAt: integer('heard_at').notNull().default(0),
});

/** Events that Stripe has told, each handled once. What cannot be handled now is tried again by the cron. */
export const webhookEvents = sqliteTable(
  'webhook_events',
  {
    /** Stripe's. */
    id: text('id').primaryKey(),
    type: text('type').notNull(),
    /** When Stripe made it. */
    createdAt: integer('created_at').notNull(),
    receivedAt: integer('received_at').notNull(),
    /** The event as it came; null once it was handled. */
    body: text('body'),
    handledAt: integer('handled_at'),
    tries: integer('tries').notNull().default(0),
    nextTryAt: integer('next_try_at').notNull(),
    /** What went wrong last. */
    problem: text('problem'),
  },
  (table) => [index('webhook_events_to_handle').on(table.nextTryAt).where(sql`handled_at IS NULL`)],
);

/** Seats that were bought, each to be charged once: src/billing/seat-charges.ts. Written with the change that needs them. */
export const seatPurchases = sqliteTable(
  'seat_purchases',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organizations.id),
    seats: integer('seats').notNull(),
    /** Cents for each of them, until the period ends. */
    unitCost: integer('unit_cost').notNull(),
    boughtAt: integer('bought_at').notNull(),
    periodEnd: integer('period_end').notNull(),
    /** Who bought them beforehand: the same again within a minute is a second click. Null: an invitation needed them. */
    boughtBy: text('bought_by'),
    /** What charges them; null: nothing yet. */
    transactionId: text('transaction_id'),
    /** Whether Stripe has yet to be told of them for its next bill. */
    untold: integer('untold', { mode: 'boolean' }).notNull().default(false),
    /** When they were taken back, because nobody paid for them. */
    takenBackAt: integer('taken_back_at'),
    /** When nothing more could come of it: it was paid, and the seats are there. */
    settledAt: integer('settled_at'),
  },
  (table) => [
    index('seat_purchases_to_charge').on(table.id).where(sql`transaction_id IS NULL`),
    index('seat_purchases_to_settle').on(table.id).where(sql`settled_at IS NULL`),
    index('seat_purchases_by_organization').on(table.organizationId, table.boughtAt),
  ],
);
