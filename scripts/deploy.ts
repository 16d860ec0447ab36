/** `npm run deploy`: a first deployment, or an upgrade, whichever it is (docs/deploy-and-upgrade.md). What it does stands in deploy/. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { commit } from '../bench/machine.ts';
import { buildDashboard } from './dashboard.ts';
import { readSource } from './deploy/config.ts';
import { deploy } from './deploy/deploy.ts';
import { wranglerAt } from './deploy/wrangler.ts';

const ROOT = resolve(import.meta.dirname, '..');

const HELP = `npm run deploy -- [--dry-run] [--yes] [--settings deployment.json]

Deploys Purser to Cloudflare, for the first time or over what runs there: shows what it would do, asks, does it. May be run
again after any failure, and goes on.

  --dry-run          shows every command of a first deployment, and builds the code; asks no account and changes nothing
  --yes              does not ask
  --settings FILE    another deployment than that of deployment.json (name, domain, databases, vars)
  --new-set-up-code  another set-up code, as long as nobody is owner; the one before works no more
  --new-secrets      makes secrets anew that are lost, with all that they opened`;

// Its starter is gone: nobody would see how it ends. It may be run again.
process.once('disconnect', () => process.exit(1));

try {
  const done = await main();
  process.exit(done ? 0 : 1);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      settings: { type: 'string', default: 'deployment.json' },
      'new-set-up-code': { type: 'boolean', default: false },
      'new-secrets': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return true;
  }
  await buildDashboard(console.log);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return deploy({
    root: ROOT,
    settingsFile: resolve(ROOT, values.settings),
    code: {
      version: `Purser ${version} (${commit()})`,
      migrations: readdirSync(join(ROOT, 'd1-migrations'))
        .filter((name) => name.endsWith('.sql'))
        .sort(),
      objectsTags: readSource(ROOT).migrations.map(({ tag }) => tag),
    },
    wrangler: wranglerAt({
      program: [process.execPath, join(ROOT, 'node_modules/wrangler/bin/wrangler.js')],
      cwd: ROOT,
      env: process.env,
    }),
    env: process.env,
    say: console.log,
    confirm: () => (values.yes ? Promise.resolve(true) : ask()),
    nowMs: Date.now(),
    dryRun: values['dry-run'],
    newSetUpCode: values['new-set-up-code'],
    newSecrets: values['new-secrets'],
  });
}

async function ask(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.error('\nNothing has changed: this is what would be done. To do it, repeat it with --yes.');
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('\nDo it? [y/N] ');
  terminal.close();
  if (/^y(es)?$/i.test(answer.trim())) return true;
  console.log('Nothing has changed.');
  return false;
}
