/** Gives every worker test file two migrated databases: the main one, and one more for usage. */
import { applyD1Migrations } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { usageDatabases } from '../../src/usage/databases.ts';

for (const db of usageDatabases(env)) await applyD1Migrations(db, env.TEST_MIGRATIONS);
