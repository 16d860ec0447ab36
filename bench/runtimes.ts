/**
 * The processes that serve, among them every workerd that this process starts, and the CPU time they use. CPU time a request says the same on a busy
 * machine as on an idle one, which throughput does not.
 */
import { type ChildProcess, execFile } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Of /proc/<pid>/stat, on every Linux that Node runs on. */
const MS_PER_TICK = 10;

export interface Runtime {
  /** CPU time used since it started, in ms; null where the system does not tell (only Linux does). */
  cpuMs(): number | null;
  /** Memory that it has in use now. Throws where the system does not tell. */
  rssBytes(): number;
}

/** The version of a workerd. */
export async function versionOf(child: ChildProcess): Promise<string> {
  return (await run(child.spawnfile, ['--version'])).stdout.trim().replace(/^workerd /, '');
}

/** Watches for workerd being started, until stopped. `next` is the first that was not asked for yet. */
export function watchRuntimes(): { next(): ChildProcess; stop(): void } {
  const started: ChildProcess[] = [];
  const watch = (message: unknown) => {
    const { process: child } = message as { process: ChildProcess };
    // The channel speaks before the child has its fields.
    setImmediate(() => {
      if (child.spawnfile?.includes('workerd')) started.push(child);
    });
  };
  diagnostics.subscribe('child_process', watch);
  return {
    next() {
      const child = started.shift();
      if (!child) throw new Error('no workerd was started');
      return child;
    },
    stop: () => diagnostics.unsubscribe('child_process', watch),
  };
}

export function runtimeOf(child: ChildProcess): Runtime {
  return {
    cpuMs() {
      try {
        const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        // Fields 14 and 15 (utime, stime), counted from 1; two went with the name.
        return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
      } catch {
        return null;
      }
    },
    rssBytes() {
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return Number(kilobytes) * 1024;
    },
  };
}
