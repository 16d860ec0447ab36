/** On what a bench ran: for the head of its report. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { ROOT } from '../scripts/server.ts';

export interface Machine {
  commit: string;
  cores: number;
  cpu: string;
  node: string;
  /** Before the run: what is much above 0 took time from everything measured. */
  loadBefore: number;
}

export function describeMachine(): Machine {
  return {
    commit: commit(),
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    node: process.versions.node,
    loadBefore: loadavg()[0] ?? 0,
  };
}

export function machineText({ commit, cores, cpu, node, loadBefore }: Machine): string {
  return `Purser ${commit}, Node ${node}, ${cores} cores (${cpu}), load before the run ${loadBefore.toFixed(1)}`;
}

/** The commit that is measured; "+ changes" where the files are not those of the commit. */
export function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' + changes');
  } catch {
    return 'of no known commit';
  }
}
