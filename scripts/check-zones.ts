/** `npm run check:zones`: analytics in every time zone that Intl has, against Intl (test/usage/zones.worker.test.ts). Arguments go to vitest. */
import { spawn } from 'node:child_process';

const args = ['run', '--project', 'worker', 'test/usage/zones.worker.test.ts', ...process.argv.slice(2)];
const child = spawn('vitest', args, {
  stdio: 'inherit',
  env: { ...process.env, ALL_ZONES: '1' },
  shell: process.platform === 'win32',
});
process.once('SIGTERM', () => child.kill());
process.once('disconnect', () => child.kill());
child.once('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
// Not left to an empty event loop: the channel to scripts/bootstrap.mjs holds it.
child.once('exit', (status) => process.exit(status ?? 1));
