/** Why nothing is deployed onto what was found: each says what to do instead. Pure, so that every one has a test. */
import type { Found } from './found.ts';
import type { MadeSecret } from './secrets.ts';
import type { Settings } from './settings.ts';

export interface Code {
  /** As in "Purser 0.2.0 (3e8cda7)". */
  version: string;
  /** Files of d1-migrations/, in their order. */
  migrations: readonly string[];
  /** Tags of wrangler.toml's migrations of object classes, in their order. */
  objectsTags: readonly string[];
}

/** Null where nothing speaks against it. `given`: secrets that the operator brings, or accepts to be made anew. */
export function objection(
  found: Found,
  code: Code,
  settings: Settings,
  given: (secret: MadeSecret) => boolean,
): string | null {
  for (const { name, applied, tables } of found.databases) {
    const unknown = applied.filter((migration) => !code.migrations.includes(migration));
    if (unknown.length > 0)
      return `The database ${name} is ahead of this code: it has had ${unknown.join(', ')}, which d1-migrations/ does not have. An older Purser must not run on it: take the newer code (git pull). Should it be another program's, choose another name in deployment.json.`;
    if (applied.length === 0 && [...tables].some((table) => table !== 'd1_migrations'))
      return `The database ${name} has tables (${[...tables].slice(0, 3).join(', ')}, ...) that no Purser made. Choose another name in deployment.json.`;
  }
  const tag = found.running?.objectsTag;
  if (tag && !code.objectsTags.includes(tag))
    return `The Worker ${settings.name} is ahead of this code: its object classes are at ${tag}, which wrangler.toml does not have. Take the newer code (git pull).`;
  if (found.secrets && found.databases[0]?.id === null)
    return `There is a Worker ${settings.name} already, but no database ${settings.database}: it may be another program's. Choose another name in deployment.json, or delete that Worker.`;
  const bound = new Set(found.databases.map(({ binding }) => binding));
  const unbound = found.usageLiesIn.filter((binding) => !bound.has(binding));
  if (unbound.length > 0)
    return `The usage of organizations lies in ${unbound.join(', ')}, which deployment.json does not have under usageDatabases: is it the file of this deployment?`;
  const lost = found.missed.filter((secret) => !given(secret));
  if (lost.length > 0)
    return `${lost
      .map(
        ({ name, without }) =>
          `The Worker ${settings.name} has no ${name}, but the database has rows made under one: with another, ${without}.`,
      )
      .join('\n')}
Set the one there was in the environment (export ${lost[0]?.name}=...) and run this again; or, if it is lost for good, --new-secrets makes another.`;
  return null;
}
