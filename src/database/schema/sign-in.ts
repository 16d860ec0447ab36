/** Who signs in, and what proves it. */
import { sql } from 'drizzle-orm';
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

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
