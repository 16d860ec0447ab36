/**
 * `npm run audit:verify -- <file.jsonl> [--head <n:hash>] [--beginning <n:hash>]`: verifies an exported audit log without
 * any Purser running. Both heads are what GET /orgs/{orgId}/audit-log/verify said at some time: `anchoredHead`, `beginning`.
 *
 * Ends with 0 where nothing is wrong, 1 where something is, 2 where it cannot tell.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Head } from '../src/audit/chain.ts';
import { parseHead, verifyLines } from '../src/audit/verify-lines.ts';

const USAGE = 'Usage: npm run audit:verify -- <file.jsonl> [--head <n:hash>] [--beginning <n:hash>]';

// Not left to an empty event loop: the channel to scripts/bootstrap.mjs holds it.
process.exit(await main().catch(cannotTell));

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { head: { type: 'string' }, beginning: { type: 'string' } },
    allowPositionals: true,
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new Error(USAGE);
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  const known = { head: headOf('head', values.head), beginning: headOf('beginning', values.beginning) };
  const { checked, head, flaw } = await verifyLines(lines, known);
  console.log(`${checked} entries are as they were written, the last is ${head.n}:${head.hash}`);
  if (flaw) console.log(`Entry ${flaw.n}: ${flaw.kind}. ${flaw.message}`);
  const first = head.n - checked + 1;
  if (!flaw && !known.beginning && first > 1) {
    console.log(
      `The log begins at entry ${first}. Whether there were more before it shows only against its beginning: --beginning <n:hash>.`,
    );
  }
  if (!flaw && !known.head) console.log('Whether the end was cut off shows only against a head: --head <n:hash>.');
  return flaw ? 1 : 0;
}

function cannotTell(error: unknown): number {
  console.error(error instanceof Error ? error.message : String(error));
  return 2;
}

function headOf(option: string, text: string | undefined): Head | undefined {
  if (text === undefined) return undefined;
  const head = parseHead(text);
  if (!head) throw new Error(`--${option} must be <number>:<64 hex digits>.\n${USAGE}`);
  return head;
}
