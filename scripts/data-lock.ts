/**
 * One Purser a data folder: two workerds on the same databases would tear them. The lock is a file with our process id;
 * one whose process is gone is nobody's.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOperator } from './operator-file.ts';

/** A Purser whose starter was killed needs a moment to notice and end. */
const WAIT_MS_MAX = 5_000;
const LOOK_EVERY_MS = 100;

export async function lockData(dataDir: string): Promise<{ release(): void }> {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'lock');
  const giveUpAt = Date.now() + WAIT_MS_MAX;
  for (;;) {
    try {
      // 'wx' creates or fails, in one step.
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return { release: () => rmSync(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(readFileSync(file, 'utf8'));
    if (!isAlive(holder)) rmSync(file, { force: true });
    else if (Date.now() > giveUpAt) {
      const url = readOperator(dataDir)?.url;
      const at = url ? `, at ${url}` : '';
      throw new Error(
        `Purser already runs on ${dataDir}${at} (process ${holder}). Stop it, or choose another folder with --data. Should that process be something else, delete ${file}.`,
      );
    } else await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
