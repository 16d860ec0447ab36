/**
 * The wrangler configuration of a deployment: wrangler.toml, which all of them share, with what deployment.json says and the ids that were
 * found. Written anew by each run; nobody edits it. It lies beside wrangler.toml, because its paths are from there.
 */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { experimental_readRawConfig } from 'wrangler';
import { databasesOf, type Settings } from './settings.ts';

/**
 * Beside wrangler.toml, one for each file of settings: what is typed for one deployment must not meet another. For the operator
 * too: `npx wrangler secret put OPENAI_API_KEY --config wrangler.deployment.json`.
 */
export function configFor(settingsFile: string): string {
  return `wrangler.${basename(settingsFile, '.json')}.json`;
}

/** A dry run does not touch that of a deployment. */
export const DRY_RUN_CONFIG = 'wrangler.dry-run.json';

/** For a database that is not there yet. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

interface Source {
  durable_objects: { bindings: { name: string }[] };
  migrations: { tag: string }[];
  triggers: { crons: string[] };
  d1_databases: { binding: string; migrations_dir: string }[];
}

/** What wrangler.toml says. */
export function readSource(root: string): Source {
  const { rawConfig } = experimental_readRawConfig({ config: join(root, 'wrangler.toml') });
  return rawConfig as unknown as Source;
}

export function writeConfig(
  root: string,
  file: string,
  settings: Settings,
  account: string,
  ids: ReadonlyMap<string, string>,
): void {
  const source = readSource(root);
  const { migrations_dir } = source.d1_databases[0] ?? {};
  const config = {
    ...source,
    name: settings.name,
    account_id: account,
    d1_databases: databasesOf(settings).map(({ binding, name }) => ({
      binding,
      database_name: name,
      database_id: ids.get(name) ?? NO_ID,
      migrations_dir,
    })),
    // One address: cookies, passkeys and the list of what may not be called are of one host.
    ...(settings.domain && { workers_dev: false, routes: [{ pattern: settings.domain, custom_domain: true }] }),
    vars: settings.vars,
  };
  writeFileSync(join(root, file), `${JSON.stringify(config, null, 2)}\n`);
}
