/** `npm run audit:verify`, as somebody runs it over a file. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chain, headOf, linesOf } from './chains.ts';

const directory = mkdtempSync(join(tmpdir(), 'purser-audit-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const entries = chain(4);
const { hash } = headOf(entries);

/** Exit code and output of the script over these lines. */
function run(lines: string[], ...options: string[]): Promise<{ code: number; output: string }> {
  const file = join(directory, 'export.jsonl');
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return runOver(file, ...options);
}

function runOver(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/audit-verify.ts', ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

describe('npm run audit:verify', () => {
  it('ends with 0 over a file that is as it was written, and tells its head', async () => {
    const { code, output } = await run(linesOf(entries), '--head', `4:${hash}`, '--beginning', `0:${'0'.repeat(64)}`);
    expect([code, output]).toEqual([0, `4 entries are as they were written, the last is 4:${hash}\n`]);
  });

  it('says that a cut end shows only against a head', async () => {
    const without = await run(linesOf(entries.slice(0, 3)));
    expect([without.code, without.output]).toEqual([0, expect.stringContaining('--head <n:hash>')]);
    const against = await run(linesOf(entries.slice(0, 3)), '--head', `4:${hash}`);
    expect([against.code, against.output]).toEqual([1, expect.stringContaining('Entry 4: cut.')]);
  });

  it('says where a log begins that begins later, and that only its beginning can tell whether there was more', async () => {
    const head = ['--head', `4:${hash}`];
    const without = await run(linesOf(entries.slice(2)), ...head);
    expect(without).toEqual({
      code: 0,
      output: [
        `2 entries are as they were written, the last is 4:${hash}`,
        'The log begins at entry 3. Whether there were more before it shows only against its beginning: --beginning <n:hash>.\n',
      ].join('\n'),
    });
    const pruned = headOf(entries.slice(0, 2));
    expect(await run(linesOf(entries.slice(2)), ...head, '--beginning', `2:${pruned.hash}`)).toEqual({
      code: 0,
      output: `2 entries are as they were written, the last is 4:${hash}\n`,
    });
    const cut = await run(linesOf(entries.slice(2)), ...head, '--beginning', `0:${'0'.repeat(64)}`);
    expect([cut.code, cut.output]).toEqual([1, expect.stringContaining('Entry 1: ')]);
    const whole = await run(linesOf(entries), ...head);
    expect(whole.output).not.toContain('begins');
  });

  it('ends with 1 where something is wrong, and tells the first entry', async () => {
    const { code, output } = await run(linesOf(entries).with(1, linesOf(entries)[1]?.replace('mem_2', 'mem_3') ?? ''));
    expect([code, output]).toEqual([1, expect.stringMatching(/^1 entries are .*\nEntry 2: edited\. /)]);
  });

  it.each([[[]], [['a', 'b']], [['no-such-file.jsonl']], [['x', '--head', '4']], [['x', '--tail', '4']]])(
    'ends with 2 and says why for %j',
    async (args) => {
      const { code, output } = await runOver(...args);
      expect([code, output]).toEqual([2, expect.stringMatching(/./)]);
    },
  );
});
