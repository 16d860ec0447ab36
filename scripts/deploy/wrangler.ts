/**
 * Runs wrangler, as a process that never asks anything. Secrets reach it by its standard input only, never by arguments or the
 * environment; so whatever is printed of a command here can be shown.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MADE_SECRETS } from './secrets.ts';

/** What a run of wrangler printed, and what it told for programs to read. */
export interface Ran {
  text: string;
  told: Told[];
}

/** A line of the file that wrangler writes for programs (WRANGLER_OUTPUT_FILE_PATH), as far as it is read here. */
interface Told {
  type: string;
  version_id?: string | null;
  /** Where a deployment answers: addresses, and schedules. */
  targets?: string[];
}

export interface Wrangler {
  /** Throws `WranglerFailed` with what it said. */
  run(args: readonly string[], input?: string): Promise<Ran>;
}

/** The same, with each command told which account, Worker and databases are meant. */
export function withConfig(wrangler: Wrangler, config: string): Wrangler {
  return { run: (args, input) => wrangler.run([...args, '--config', config], input) };
}

export class WranglerFailed extends Error {
  readonly said: string;

  constructor(args: readonly string[], said: string) {
    super(`wrangler ${args.slice(0, 3).join(' ')} failed:\n${said.trim()}`);
    this.said = said;
  }
}

export interface WranglerOptions {
  /** The program and its first arguments: node and wrangler's own file, or another in tests. */
  program: readonly [string, ...string[]];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

export function wranglerAt({ program: [program, ...first], cwd, env }: WranglerOptions): Wrangler {
  return {
    async run(args, input = '') {
      const folder = mkdtempSync(join(tmpdir(), 'purser-deploy-'));
      const output = join(folder, 'output.ndjson');
      try {
        const child = spawn(program, [...first, ...args], {
          cwd,
          env: {
            ...withoutSecrets(env),
            WRANGLER_OUTPUT_FILE_PATH: output,
            WRANGLER_SEND_METRICS: 'false',
            // Nobody is there to answer its questions.
            CI: 'true',
            NO_COLOR: '1',
            FORCE_COLOR: '0',
          },
        });
        let text = '';
        let complaints = '';
        child.stdout.on('data', (chunk) => {
          text += chunk;
        });
        child.stderr.on('data', (chunk) => {
          complaints += chunk;
        });
        // One that ends before it has read has its own complaint, which says more than a broken pipe.
        child.stdin.on('error', () => {});
        child.stdin.end(input);
        const status = await new Promise<number | null>((resolve, reject) => {
          child.once('error', reject);
          child.once('close', resolve);
        });
        if (status !== 0) throw new WranglerFailed(args, `${text}${complaints}`);
        return { text, told: readTold(output) };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** The JSON that a command with --json printed. Its shape is that of the wrangler which the lock file has. */
export async function askJson<T>(wrangler: Wrangler, args: readonly string[]): Promise<T> {
  const { text } = await wrangler.run(args);
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new WranglerFailed(args, `It did not answer with JSON:\n${text}`);
  }
}

/** The rows of each statement on a deployed database, and how many it changed. Their text is an argument: nothing secret belongs into it. */
export async function query<Row>(
  wrangler: Wrangler,
  binding: string,
  statements: readonly string[],
): Promise<{ rows: Row[]; changes: number }[]> {
  const args = ['d1', 'execute', binding, '--remote', '--json', '--command', statements.join('; ')];
  const answers = await askJson<{ results: Row[]; meta?: { changes?: number } }[]>(wrangler, args);
  return answers.map(({ results, meta }) => ({ rows: results, changes: meta?.changes ?? 0 }));
}

/** A command as it can be typed. */
export function typed(args: readonly string[]): string {
  return ['npx wrangler', ...args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : JSON.stringify(arg)))].join(' ');
}

function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = new Set<string>(MADE_SECRETS.map(({ name }) => name));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}

function readTold(file: string): Told[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Told);
}
