/** Statements put together by hand, from rows of what was used. */
import { monthOf } from '../../../src/billing/statements/month.ts';
import { type Statement, type StatementAsked, statementOf } from '../../../src/billing/statements/statement.ts';
import { SUM_COLUMNS } from '../../../src/usage/sums.ts';
import { nothingUsed, type Used } from '../../../src/usage/used.ts';

type Row = [project: string, member: string, model: string, requests: number, tokens: number, costNanos: number];

function used(requests: number, tokens: number, costNanos: number): Used {
  const sums: Partial<Record<(typeof SUM_COLUMNS)[number], number>> = {
    cost: costNanos,
    requests,
    input_tokens: tokens,
    output_tokens: Math.floor(tokens / 4),
  };
  return { ...nothingUsed(), values: SUM_COLUMNS.map((column) => sums[column] ?? 0) };
}

const OCTOBER = monthOf('2026-10', 'Asia/Kathmandu', 0, Date.parse('2026-11-20T00:00:00Z'));

/** Of October 2026 in Kathmandu, complete unless told. Each member has the numbers after those of the one before. */
export function statementOfRows(
  rows: readonly Row[],
  over: Partial<StatementAsked> = {},
  rolledUpTo?: string,
): Statement {
  const asked = {
    organization: { id: 'org_a', name: 'Annapurna Engines', country: 'NP' },
    month: OCTOBER,
    project: null,
    member: null,
  };
  const named = (name: string) => ({ id: name, name });
  const lines = rows.map(([project, member, model, ...sums]) => ({
    project: named(project),
    member: named(member),
    model,
    used: used(...sums),
  }));
  const members = [...new Set(rows.map(([, member]) => member))];
  return statementOf({ ...asked, ...over }, rolledUpTo ?? '2026-11-01T00:05:00.000Z', lines, (member) => {
    const own = rows.filter((row) => row[1] === member);
    const sum = (i: 3 | 4 | 5) => own.reduce((all, row) => all + row[i], 0);
    const first = members.indexOf(member) * 1_000 + 1;
    return { sequence: { first, last: first + sum(3) }, used: used(sum(3), sum(4), sum(5)) };
  });
}

/** Three projects; lines of less than a cent, of nothing, and one that was taken back. */
export function october(): Statement {
  return statementOfRows([
    ['Search', 'Nguyễn Thị Hồng Phượng', 'gpt-5.5', 48_211, 96_422_100, 412_334_567_891],
    ['Search', 'Ada Lovelace', 'claude-sonnet-5', 12_004, 31_004_000, 118_004_995_002],
    ['Search', 'Ada Lovelace', 'gpt-5.5-mini', 3, 900, 4_100_003],
    ['Search', 'Олександра Ґудзь', 'gemini-3-pro', 211, 800_120, 3_333_333_333],
    [
      'Support: answers to the customers of all subsidiaries, and their translation',
      'Ada Lovelace',
      'gpt-5.5',
      901,
      1_802_000,
      7_704_999_999,
    ],
    [
      'Support: answers to the customers of all subsidiaries, and their translation',
      'Łukasz Żółw',
      'gpt-5.5',
      17,
      0,
      0,
    ],
    ['Nightly tests', 'Nightly job', 'demo-words', 2, 40, 1],
    ['Nightly tests', 'Łukasz Żółw', 'demo-words', 0, 0, -2_000_000],
  ]);
}

/** 500 lines of 20 projects. */
export function manyLines(count = 500): Statement {
  return statementOfRows(
    Array.from({ length: count }, (_, i): Row => {
      const [project, member] = [`Project ${i % 20}`, `Member ${Math.floor(i / 20) % 9}`];
      return [project, member, `model-${Math.floor(i / 180)}`, 1 + i, 100 * i, 1_234_567 * (i + 1)];
    }),
  );
}
