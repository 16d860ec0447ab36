/**
 * The peer: Portkey's gateway (MIT), which passes calls on as Purser does and enforces no budget. It runs on Node in a
 * process of its own, on loopback only.
 *
 * Its packages are none of the project's: bench/portkey/ has a lock file of its own, installed on first use into the
 * ignored data folder. The two overrides there are what its streams need to work.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../scripts/server.ts';
import { messageOf } from './children.ts';

const SOURCE = join(ROOT, 'bench', 'portkey');
const INSTALLED = join(ROOT, '.purser', 'bench-portkey');
const FILES = ['package.json', 'package-lock.json'];
const PACKAGE = '@portkey-ai/gateway';

export interface Portkey {
  url: string;
  version: string;
  process: ChildProcess;
}

/** Installs it where it is missing, and starts it. Throws with what npm said where it cannot be installed. */
export async function startPortkey(say: (line: string) => void): Promise<Portkey> {
  await install(say);
  const folder = join(INSTALLED, 'node_modules', PACKAGE);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const child = fork(join(folder, 'build', 'start-server.js'), ['--port=0', '--headless'], {
    execArgv: ['--import', join(SOURCE, 'loopback.mjs')],
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { port } = (await messageOf(child, 'Portkey')) as { port: number };
  return { url: `http://127.0.0.1:${port}`, version, process: child };
}

/** What makes it serve any OpenAI-compatible upstream. */
export function portkeyHeaders(upstreamUrl: string): Record<string, string> {
  return { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': upstreamUrl };
}

async function install(say: (line: string) => void): Promise<void> {
  const wanted = createHash('sha256')
    .update(readFileSync(join(SOURCE, 'package-lock.json')))
    .digest('hex');
  const stamp = join(INSTALLED, 'installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say(`Installing ${PACKAGE} by its lock file into ${INSTALLED} (the first time only) ...`);
  mkdirSync(INSTALLED, { recursive: true });
  for (const file of FILES) copyFileSync(join(SOURCE, file), join(INSTALLED, file));
  // No install script of a stranger is run; none is needed.
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: INSTALLED,
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
  });
  let problems = '';
  npm.stderr.on('data', (text) => {
    problems += text;
  });
  const code = await new Promise((resolve) => npm.on('close', resolve).on('error', resolve));
  if (code !== 0) throw new Error(`npm ci of ${PACKAGE} failed (${code}):\n${problems}`);
  // Written last: an install that was interrupted is done again.
  writeFileSync(stamp, wanted);
}
