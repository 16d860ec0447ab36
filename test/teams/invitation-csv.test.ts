/** What a CSV of invitations says, line by line, however it was written. */
import { describe, expect, it } from 'vitest';
import { budgetCells, readCsv } from '../../src/teams/invitation-csv.ts';

const cellsOf = (text: string) => readCsv(text).map(({ line, cells }) => [line, ...cells.values()]);

describe('a CSV', () => {
  it.each<[string, string, unknown[][]]>([
    [
      'ends its lines as it likes',
      'email,role\r\na,basic\nb,admin\rc,',
      [
        [2, 'a', 'basic'],
        [3, 'b', 'admin'],
        [4, 'c', ''],
      ],
    ],
    [
      'quotes commas, quotes and ends of lines',
      'email,projects\n"a","x, ""y""\nz"\nb,w',
      [
        [2, 'a', 'x, "y"\nz'],
        [4, 'b', 'w'],
      ],
    ],
    [
      'has shorter lines and empty ones',
      'email,role\n\na\n , \nb,basic\n',
      [
        [3, 'a', ''],
        [5, 'b', 'basic'],
      ],
    ],
    ['begins with a mark of its encoding', '\uFEFFemail\na', [[2, 'a']]],
    ['names its columns in any order', 'role, email \nbasic, a ', [[2, 'basic', 'a']]],
  ])('%s', (_, text, cells) => {
    expect(cellsOf(text)).toEqual(cells);
  });

  it('has amounts of money as text and other numbers as numbers, and leaves out what is empty', () => {
    const [line] = readCsv(
      'email,usageLimit,requestsPerMinute,concurrency,maxApiKeys,periodAlignment\na,50,60,,unlimited,rolling',
    );
    if (!line) throw new Error('no line');
    expect(budgetCells(line)).toEqual({
      usageLimit: '50',
      requestsPerMinute: 60,
      maxApiKeys: 'unlimited',
      periodAlignment: 'rolling',
    });
  });
});
