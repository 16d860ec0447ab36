/**
 * deployment.json: what an operator says of their deployment, and which account it is in. Git does not have it, so that an upgrade
 * is a `git pull` without conflicts; it has nothing secret. The first deployment writes it; without it the defaults hold. Ids of databases
 * are not in it: they are looked up by name each time, so that no copy of it is out of date (docs/decisions/0032-deployments.md).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const Name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'small letters, digits and dashes');

const Settings = z.strictObject({
  /** Of the account at Cloudflare: nothing is deployed to another by mistake. */
  account: z
    .string()
    .regex(/^[0-9a-f]{32}$/, "32 hex digits, as the account's page has them")
    .optional(),
  /** Of the Worker. */
  name: Name.default('purser'),
  /** Of the main database. */
  database: Name.default('purser'),
  /** Further databases for usage: name by binding. */
  usageDatabases: z.record(z.string().regex(/^USAGE_DB_[A-Z0-9_]+$/, 'begins with USAGE_DB_'), Name).default({}),
  /** Where new databases lie. */
  location: z.enum(['weur', 'eeur', 'apac', 'oc', 'wnam', 'enam']).optional(),
  /** A name of a zone in this account, in place of the one at workers.dev. */
  domain: z
    .string()
    .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'a host name, as llm.example.com')
    .optional(),
  /** What else is bound and is no secret: src/environment.d.ts. */
  vars: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).default({}),
});

export type Settings = z.infer<typeof Settings>;

const SECRET = /SECRET|TOKEN|_KEY$|_KEY_|SERVICE_ACCOUNT/;

/** Throws what is wrong with the file, by its name. */
export function readSettings(file: string): Settings {
  if (!existsSync(file)) return Settings.parse({});
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  const read = Settings.safeParse(content);
  if (!read.success) throw new Error(`${file} is wrong:\n${z.prettifyError(read.error)}`);
  for (const name of Object.keys(read.data.vars)) {
    // What is in `vars` is shown to whoever may look at the Worker.
    if (SECRET.test(name))
      throw new Error(
        `${file}: ${name} is a secret, and belongs to the Worker alone: npx wrangler secret put ${name} --name ${read.data.name}`,
      );
    if (name === 'ALLOW_LOOPBACK_UPSTREAMS') throw new Error(`${file}: ${name} is for development only.`);
  }
  return read.data;
}

/** Notes the account of a first deployment, whatever else the file says. */
export function noteAccount(file: string, account: string): void {
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {};
  if ('account' in known && known.account === account) return;
  writeFileSync(file, `${JSON.stringify({ ...known, account }, null, 2)}\n`);
}

/** Every database of the deployment, the main one first. */
export function databasesOf({ database, usageDatabases }: Settings): { binding: string; name: string }[] {
  const further = Object.entries(usageDatabases).map(([binding, name]) => ({ binding, name }));
  const all = [{ binding: 'DB', name: database }, ...further];
  if (new Set(all.map(({ name }) => name)).size < all.length) throw new Error('Two databases have one name.');
  return all;
}
