/**
 * The tables of D1, the record of everything but money in flight. Migrations are generated from here (drizzle-kit) and
 * applied by wrangler; `WITHOUT ROWID` is added to the generated SQL by hand where it saves a row write.
 *
 * Instants are epoch milliseconds, amounts nanodollars, both INTEGER: no REAL column exists. Deleted things keep their
 * row, because history points at them.
 */
export * from './schema/audit.ts';
export * from './schema/billing.ts';
export * from './schema/books.ts';
export * from './schema/budgets.ts';
export * from './schema/prices.ts';
export * from './schema/sign-in.ts';
export * from './schema/teams.ts';
export * from './schema/usage.ts';
