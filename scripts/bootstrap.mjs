/**
 * What every npm script begins with, on any Node from 20: installs what is missing by the lock file, then runs
 * scripts/<command>.ts under the Node that the lock file brings, and ends it when we are ended, however that happens.
 *
 * Plain JavaScript without dependencies: it runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.purser-installed');
const [command, ...args] = process.argv.slice(2);

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) fail(`Purser needs Node 20 or newer, this is ${process.versions.node}.`);

await install();
await run();

async function install() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log('Installing packages by the lock file (the first time: about a minute, more on a slow line) ...');
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const progress = setInterval(() => console.log(`  still installing, ${seconds()} s`), 30_000);
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
  });
  let problems = '';
  npm.stderr.on('data', (text) => {
    problems += text;
  });
  const code = await new Promise((resolve) => npm.on('close', resolve));
  clearInterval(progress);
  const [unreachable] = problems.match(/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT/) ?? [];
  if (code !== 0 && unreachable)
    fail(`npm does not reach its registry (${unreachable}). Is this machine online, or behind a proxy that npm should be told of
(npm config set proxy)? Only the first start needs a network, and the first after an upgrade. Run it again then.`);
  if (code !== 0) fail(`npm ci failed:\n${problems}`);
  mkdirSync(modules, { recursive: true });
  // Written last: an install that was interrupted is done again.
  rmSync(stamp, { force: true });
  writeFileSync(stamp, wanted);
  console.log(`  installed in ${seconds()} s`);
}

function run() {
  const bin = join(modules, '.bin');
  const path = `${bin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`;
  const node = join(bin, process.platform === 'win32' ? 'node.cmd' : 'node');
  const child = spawn(node, [join(root, 'scripts', `${command}.ts`), ...args], {
    cwd: root,
    // The channel tells the child when we die, even by SIGKILL.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: path },
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  endWithOurStarter(() => child.kill('SIGTERM'));
}

/**
 * npm passes a signal to the shell between it and us, which dies without passing it on; and nothing at all passes on a
 * SIGKILL of npm. So we look whether the two processes above us are still there.
 */
function endWithOurStarter(end) {
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  const watch = setInterval(() => {
    if (process.ppid === parent && parentOf(parent) === grandparent) return;
    clearInterval(watch);
    end();
  }, 250);
  watch.unref();
}

/** The parent of a process, where the system tells (Linux), else undefined. */
function parentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[1];
  } catch {
    return undefined;
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
