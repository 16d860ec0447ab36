/** `npm test`: types, lint, format, unused code and the generated table, then every test. Arguments go to vitest. */
import { spawn } from 'node:child_process';

const args = process.argv.slice(2);
const checks: [what: string, command: string, args: string[]][] = [
  ['Types', 'tsc', []],
  ['Types of the dashboard', 'tsc', ['-p', 'src/dashboard']],
  ['Lint and format', 'biome', ['check', '.']],
  ['Unused files, exports and packages', 'knip', []],
  ['Generated prices', 'node', ['scripts/generate-prices.ts', '--check']],
];

// A run of chosen tests is somebody at work on them: checks would only be in the way.
for (const [what, command, commandArgs] of args.length > 0 ? [] : checks) {
  console.log(`${what} ...`);
  await run(command, commandArgs);
}
console.log('Tests ...');
await run('vitest', ['run', ...args]);
// Not left to an empty event loop: the channel to scripts/bootstrap.mjs holds it.
process.exit(0);

async function run(command: string, commandArgs: string[]): Promise<void> {
  const child = spawn(command, commandArgs, { stdio: 'inherit', shell: process.platform === 'win32' });
  process.once('SIGTERM', () => child.kill());
  process.once('disconnect', () => child.kill());
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 1));
  });
  if (code !== 0) {
    console.error(`${command} failed.`);
    process.exit(code);
  }
}
