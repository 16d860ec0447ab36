/** How the operator's commands (purser.ts) find the server that runs on a data folder: by a file it leaves there. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const DATA_DEFAULT = '.purser';

export interface Operator {
  url: string;
  /** Of this start of the server only. */
  secret: string;
}

const FILE = 'operator.json';

export function writeOperator(dataDir: string, operator: Operator): void {
  // A file that is there already would keep its own mode.
  rmSync(join(dataDir, FILE), { force: true });
  writeFileSync(join(dataDir, FILE), `${JSON.stringify(operator)}\n`, { mode: 0o600 });
}

/** Null where no server ever ran on this folder. It may have ended since. */
export function readOperator(dataDir: string): Operator | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')) as Operator;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
