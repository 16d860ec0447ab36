/**
 * A deployment as the list of what it does, in order. The list that is shown is the list that is run, so that a plan says nothing else
 * than what happens; and each step may be run again, so that a deployment that died is run again from its beginning.
 *
 * The order: tables before the code that needs them, since migrations only add (docs/decisions/0032-deployments.md) and the code that
 * still runs does not mind; secrets before the code that needs them; the set-up code last, when there is something to set up.
 */
import { setUpCodeStatement } from '../../src/sign-in/set-up-code.ts';
import { writeConfig } from './config.ts';
import { type Found, idsByName } from './found.ts';
import { type Waiting, waitForVersion } from './health.ts';
import type { Code } from './objections.ts';
import { MADE_SECRETS, valuesFor } from './secrets.ts';
import type { Settings } from './settings.ts';
import { askJson, query, typed, type Wrangler } from './wrangler.ts';

export interface Step {
  does: string;
  run(): Promise<void>;
}

export interface World {
  root: string;
  /** With the configuration. */
  target: Wrangler;
  config: string;
  account: string;
  settings: Settings;
  found: Found;
  code: Code;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  nowMs: number;
  dryRun: boolean;
  newSetUpCode: boolean;
  waiting?: Waiting;
}

/** What the steps have come to, for what is said at the end. */
export interface Outcome {
  /** Where Purser answers, once it is deployed, if that is known. */
  url: string | null;
  versionId: string | null;
  /** Bookmarks of before, by the database's binding. */
  bookmarks: Map<string, string>;
  setUpCode: string | null;
}

export function stepsOf(world: World, outcome: Outcome): Step[] {
  return [
    ...databaseSteps(world),
    ...migrationSteps(world, outcome),
    ...secretSteps(world),
    codeStep(world, outcome),
    healthStep(world, outcome),
    ...setUpSteps(world, outcome),
  ];
}

function databaseSteps({ root, target, config, account, settings, found }: World): Step[] {
  return found.databases
    .filter(({ id }) => id === null)
    .map(({ binding, name }) => ({
      does: `create the D1 database ${name} (${binding})`,
      async run() {
        const where = settings.location ? ['--location', settings.location] : [];
        await target.run(['d1', 'create', name, ...where]);
        // Its id is told in words only; and what comes next goes by ids.
        writeConfig(root, config, settings, account, await idsByName(target));
      },
    }));
}

function migrationSteps({ target, found, code, say }: World, { bookmarks }: Outcome): Step[] {
  return found.databases.flatMap(({ binding, name, applied }) => {
    const pending = code.migrations.filter((migration) => !applied.includes(migration));
    if (pending.length === 0) return [];
    const apply = {
      does: `apply ${pending.length} migration${pending.length > 1 ? 's' : ''} to ${name}: ${abridged(pending)}`,
      async run() {
        const args = ['d1', 'migrations', 'apply', binding, '--remote'];
        await target.run(args);
      },
    };
    if (applied.length === 0) return [apply];
    const note = {
      does: `note the point to which ${name} could be taken back`,
      async run() {
        const args = ['d1', 'time-travel', 'info', binding, '--json'];
        const { bookmark } = await askJson<{ bookmark: string }>(target, args);
        bookmarks.set(binding, bookmark);
        say(`    ${bookmark}`);
      },
    };
    return [note, apply];
  });
}

function secretSteps({ target, found, env }: World): Step[] {
  const missing = MADE_SECRETS.filter(({ name }) => !found.secrets?.has(name));
  if (missing.length === 0) return [];
  const from = ({ name }: { name: string }) => (env[name] ? `${name} (from the environment)` : name);
  return [
    {
      does: `make the secrets ${missing.map(from).join(', ')}`,
      async run() {
        const values = JSON.stringify(valuesFor(missing, env));
        await target.run(['secret', 'bulk'], values);
      },
    },
  ];
}

function codeStep({ target, settings, found, code }: World, outcome: Outcome): Step {
  const from = found.running?.objectsTag;
  const objects = from ? code.objectsTags.slice(code.objectsTags.indexOf(from) + 1) : [];
  const also = objects.length > 0 ? `, with object classes up to ${objects.at(-1)}` : '';
  return {
    does: `deploy the Worker, its object classes, crons and the dashboard${also}`,
    async run() {
      const args = ['deploy', '--message', code.version];
      const { told } = await target.run(args);
      const deployed = told.find(({ type }) => type === 'deploy');
      const atWorkersDev = deployed?.targets?.find((to) => /^https?:\/\//.test(to));
      outcome.url = settings.domain ? `https://${settings.domain}` : (atWorkersDev ?? null);
      outcome.versionId = deployed?.version_id ?? null;
    },
  };
}

function healthStep({ config, dryRun, say, waiting }: World, outcome: Outcome): Step {
  return {
    does: 'see that the new version answers (GET /health)',
    async run() {
      const { url, versionId } = outcome;
      if (dryRun) return;
      if (url === null || versionId === null) return say('    wrangler told no address: look at it yourself');
      const wrong = await waitForVersion(url, versionId, waiting);
      if (wrong !== null)
        throw new Error(
          `${url}/health: ${wrong}. A new domain's certificate may take some minutes; else see what it logs: ${typed(['tail', '--config', config])}`,
        );
    },
  };
}

function setUpSteps({ target, found, nowMs, newSetUpCode, dryRun, say }: World, outcome: Outcome): Step[] {
  if (found.hasOwner || (found.setUpCodeMadeAt && !newSetUpCode)) return [];
  return [
    {
      does: 'make the set-up code, by which the first owner signs up',
      async run() {
        const { code, sql } = await setUpCodeStatement(nowMs);
        const [made] = await query(target, 'DB', [sql.replace(/\s+/g, ' ')]);
        if (made && made.changes > 0) outcome.setUpCode = code;
        else if (!dryRun) say('    somebody has become owner meanwhile: none is needed');
      },
    },
  ];
}

function abridged(names: readonly string[]): string {
  const [first, ...rest] = names;
  return rest.length === 0 ? `${first}` : `${first} to ${rest.at(-1)}`;
}
