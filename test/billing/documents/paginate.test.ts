/** Blocks on pages: what belongs together stays together, and the table's header stands over its rows. */
import { expect, it } from 'vitest';
import { type Block, paginate } from '../../../src/billing/documents/paginate.ts';

type Named = Block<null> & { name: string };

function block(name: string, height: number, rest: Partial<Named> = {}): Named {
  return { name, height, keepsWithNext: false, tableHeader: null, isSpace: false, draw: () => {}, ...rest };
}

const header = block('H', 10);

/** Pages of 100 from 10 on, as the names on each. */
function paged(blocks: Named[]): string[] {
  const pages = paginate(blocks, { top: 10, bottom: 110 });
  for (const page of pages)
    for (const { block, top } of page) if (block.height <= 100) expect(top + block.height).toBeLessThanOrEqual(110);
  return pages.map((page) => page.map(({ block }) => (block as Named).name).join(' '));
}

const rows = (count: number, height = 20) =>
  Array.from({ length: count }, (_, i) => block(String(i + 1), height, { tableHeader: header }));

it('turns the page where a block does not fit, and repeats the header over rows', () => {
  expect(paged([block('title', 30), ...rows(7)])).toEqual(['title H 1 2 3', 'H 4 5 6 7']);
});

it('has no header on a page without rows', () => {
  expect(paged([...rows(4), block('note', 50)])).toEqual(['H 1 2 3 4', 'note']);
});

it('has the header of each of two tables above its own rows', () => {
  const other = rows(3).map((row) => ({ ...row, name: `o${row.name}`, tableHeader: block('O', 10) }));
  const [first] = other;
  const second = other.map((row) => ({ ...row, tableHeader: first?.tableHeader ?? null }));
  expect(paged([...rows(2), ...second])).toEqual(['H 1 2 O o1 o2', 'O o3']);
});

it('takes the last rows along with the sums, instead of sums alone', () => {
  const [one, two, three, four] = rows(4) as [Named, Named, Named, Named];
  const kept = [one, two, { ...three, keepsWithNext: true }, { ...four, keepsWithNext: true }];
  expect(paged([...kept, block('sums', 30)])).toEqual(['H 1 2', 'H 3 4 sums']);
});

it('parts what belongs together only where it fits on no page', () => {
  const long = Array.from({ length: 8 }, (_, i) =>
    block(`l${i + 1}`, 20, { keepsWithNext: i < 7, tableHeader: header }),
  );
  expect(paged([block('title', 30), ...long])).toEqual(['title H l1 l2 l3', 'H l4 l5 l6 l7', 'H l8']);
});

it('begins no page with a space, and leaves none out elsewhere', () => {
  const space = block('_', 15, { isSpace: true, keepsWithNext: true });
  expect(paged([block('a', 90), space, block('b', 20), space, block('c', 20)])).toEqual(['a', 'b _ c']);
});

it('puts a block that is higher than a page onto one of its own', () => {
  expect(paged([block('a', 20), block('huge', 300), block('b', 20)])).toEqual(['a', 'huge', 'b']);
});
