/** Who pays, who belongs to it, and what opens the gateway to them. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { CustomModel } from '../../budgets/routing.ts';
import type { ProviderKeyKind } from '../../provider-keys/kinds.ts';
import type { StoredBudget, StoredKeyLimits } from '../../teams/budget-body.ts';
import type { BillingDetails } from '../../teams/organization.ts';
import type { Plan, Role } from '../../teams/roles.ts';
import type { StoredRouting } from '../../teams/routing-body.ts';
import type { StoredRules } from '../../teams/rules-body.ts';
import type { MovePhase } from '../../usage/moving/phases.ts';
import type { ShippedKeyStatus } from '../../usage/shipping.ts';
import { users } from './sign-in.ts';

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
