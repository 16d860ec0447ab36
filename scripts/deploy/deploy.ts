/**
 * The story of a deployment, first or upgrade: who and where, what is there, why not, what will be done, is it wanted, done, what next.
 * What happens is decided by what is found, never by what an earlier run remembers: so a run that died is simply run again.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, chooseAccount } from './account.ts';
import { configFor, DRY_RUN_CONFIG, writeConfig } from './config.ts';
import { dryRunOver } from './dry-run.ts';
import { type Found, idsByName, look } from './found.ts';
import type { Waiting } from './health.ts';
import { type Code, objection } from './objections.ts';
import { noteAccount, readSettings, type Settings } from './settings.ts';
import { type Outcome, stepsOf } from './steps.ts';
import { typed, type Wrangler, withConfig } from './wrangler.ts';

export interface DeployOptions {
  /** Where wrangler.toml is. */
  root: string;
  /** deployment.json, or another. */
  settingsFile: string;
  code: Code;
  wrangler: Wrangler;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  /** Whether to do what was shown. */
  confirm: () => Promise<boolean>;
  nowMs: number;
  dryRun: boolean;
  newSetUpCode: boolean;
  /** Whether secrets that are lost may be made anew. */
  newSecrets: boolean;
  /** How long the new version is waited for. */
  waiting?: Waiting;
}

/** Whether it was done. Throws what went wrong, with what to do. */
export async function deploy(options: DeployOptions): Promise<boolean> {
  const { root, settingsFile, code, env, say, dryRun } = options;
  // A dry run is of what anybody would deploy, not of what this machine has.
  const settings = dryRun ? readSettings('') : readSettings(settingsFile);
  const config = dryRun ? DRY_RUN_CONFIG : configFor(settingsFile);
  const wrangler = dryRun ? dryRunOver(options.wrangler, say) : options.wrangler;
  const target = withConfig(wrangler, config);
  try {
    say(dryRun ? 'A first deployment, as it would be; nothing leaves this machine.' : 'Looking at the account ...');
    const account = await chooseAccount(wrangler, settings, dryRun ? {} : env);
    // First without ids: from here on each command knows the account by this file.
    writeConfig(root, config, settings, account.id, new Map());
    const ids = await idsByName(target);
    writeConfig(root, config, settings, account.id, ids);
    const found = await look(target, settings, ids);

    const against = objection(found, code, settings, ({ name }) => options.newSecrets || Boolean(env[name]));
    if (against) throw new Error(against);

    const outcome: Outcome = { url: null, versionId: null, bookmarks: new Map(), setUpCode: null };
    const steps = stepsOf({ ...options, target, config, account: account.id, settings, found }, outcome);
    say(heading(account, settings, found, code));
    for (const [index, { does }] of steps.entries()) say(`  ${index + 1}. ${does}`);
    const dropped = found.running?.vars.filter((name) => !(name in settings.vars)) ?? [];
    if (dropped.length > 0) say(`It takes away what is bound and not in deployment.json: ${dropped.join(', ')}.`);
    if (!dryRun && !(await options.confirm())) return false;

    if (!dryRun) noteAccount(settingsFile, account.id);
    for (const [index, { does, run }] of steps.entries()) {
      say(`[${index + 1}/${steps.length}] ${does}`);
      try {
        await run();
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(
          `${why}\n\nThis deployment stopped at step ${index + 1}. What was done stays; run it again, and it goes on from there.${wayBack(found, outcome, config)}`,
        );
      }
    }
    say(dryRun ? 'Nothing was deployed.' : farewell(found, outcome, config));
    return true;
  } finally {
    if (dryRun) rmSync(join(root, config), { force: true });
  }
}

function heading({ id, name }: Account, settings: Settings, { running }: Found, { version }: Code): string {
  const where = `the Worker ${settings.name} in the account ${name} (${id})`;
  if (!running) return `\n${version}, for the first time, as ${where}:`;
  return `\n${version}, over ${running.message || 'another version'} (${running.versionId}), as ${where}:`;
}

/** How to return to what ran before, where something did. */
function wayBack({ running }: Found, { versionId, bookmarks }: Outcome, config: string): string {
  if (!running) return '';
  const lines: string[] = [];
  if (versionId !== null) {
    const back = typed(['rollback', running.versionId, '--config', config]);
    lines.push(`To return to the code of before, which runs on the tables of now:\n  ${back}`);
  }
  for (const [binding, bookmark] of bookmarks) {
    const back = typed(['d1', 'time-travel', 'restore', binding, `--bookmark=${bookmark}`, '--config', config]);
    lines.push(
      `Only should data be spoilt, to return to it as it was before, losing what came since (docs/recovery.md first):\n  ${back}`,
    );
  }
  return lines.length > 0 ? `\n\n${lines.join('\n')}` : '';
}

function farewell(found: Found, outcome: Outcome, config: string): string {
  const url = outcome.url ?? 'https://<its address>';
  const lines = [`\nPurser is deployed: ${url}${wayBack(found, outcome, config)}`];
  if (outcome.setUpCode) {
    lines.push(`
The set-up code, shown this once: ${outcome.setUpCode}

  1. Open ${url}/dashboard and sign up with it: you are the first owner, others join by invitation.
  2. Give it a provider's key:  ${typed(['secret', 'put', 'OPENAI_API_KEY', '--config', config])}
  3. Have it send mail, take your domain, be paid: docs/deploy-and-upgrade.md`);
  } else if (found.setUpCodeMadeAt && !found.hasOwner) {
    lines.push(
      `It waits for its first owner, with the set-up code of ${found.setUpCodeMadeAt.toISOString()}. If you do not have that: npm run deploy -- --new-set-up-code`,
    );
  }
  return lines.join('\n');
}
