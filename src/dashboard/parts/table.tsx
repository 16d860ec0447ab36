/**
 * The table of every list: columns that sort by the server, search, paging by cursor, and its empty, failed and loading states. What is
 * searched, sorted and shown is in the address (`ListSearch` of search.ts), so it is also behind the back button.
 *
 * On a phone, columns with `from` are left out below that width, and what is still too wide scrolls sideways.
 */
import { Button } from '@cloudflare/kumo/components/button';
import { cn } from '@cloudflare/kumo/utils';
import { ArrowDownIcon, ArrowUpIcon } from '@phosphor-icons/react';
import type { ReactNode } from 'react';
import { Scrolls } from './scrolls.tsx';
import type { ListSearch } from './search.ts';
import { Bone, Failed } from './state.tsx';

export interface Column<Row> {
  header: string;
  cell: (row: Row) => ReactNode;
  /** What the server sorts by, as in `sort=name`. `first` is the direction of the first click. */
  sort?: { by: string; first: 'up' | 'down' };
  align?: 'right';
  /** Left out on screens narrower than this. */
  from?: 'sm' | 'md' | 'lg' | 'xl';
}

interface TableProps<Row> {
  /** Read to screen readers. */
  label: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  idOf: (row: Row) => string;
  /** Of the query, where it failed. */
  error?: unknown;
  again?: () => unknown;
  /** In the place of rows where there are none. */
  empty: ReactNode;
  /** What the address says, and how to change it; without them nothing sorts and there is one page. */
  search?: ListSearch;
  onSearch?: (next: ListSearch) => void;
  /** Of the answer: where the next page begins. */
  nextCursor?: string | null;
}

const FROM = { sm: 'max-sm:hidden', md: 'max-md:hidden', lg: 'max-lg:hidden', xl: 'max-xl:hidden' };
/** Columns of buttons and icons: where there is little room, these say by themselves what they are. */
const SAID_BY_ROWS = ['Actions', 'Document'];

const BONES = ['one', 'two', 'three', 'four', 'five'];

export function Table<Row>({
  label,
  columns,
  rows,
  idOf,
  error,
  again,
  empty,
  search,
  onSearch,
  nextCursor,
}: TableProps<Row>) {
  if (!rows && error) return <Failed error={error} {...(again && { again })} />;
  if (rows?.length === 0) return <div className="rounded-lg ring ring-kumo-hairline">{empty}</div>;
  return (
    <div className="flex flex-col gap-3">
      <Scrolls label={label} className="bg-kumo-base">
        <table className="w-full text-left text-sm" aria-busy={!rows}>
          <caption className="sr-only">{label}</caption>
          <thead className="border-b border-kumo-hairline text-kumo-subtle">
            <tr>
              {columns.map((column) => (
                <Head key={column.header} column={column} search={search} onSearch={onSearch} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows
              ? rows.map((row) => (
                  <tr key={idOf(row)} className="border-b border-kumo-hairline last:border-0 hover:bg-kumo-tint">
                    {columns.map((column) => (
                      <td key={column.header} className={cellClass(column)}>
                        {column.cell(row)}
                      </td>
                    ))}
                  </tr>
                ))
              : BONES.map((bone) => (
                  <tr key={bone} className="border-b border-kumo-hairline last:border-0">
                    {columns.map((column) => (
                      <td key={column.header} className={cellClass(column)}>
                        <Bone className="my-1 h-4 w-full max-w-32" />
                      </td>
                    ))}
                  </tr>
                ))}
          </tbody>
        </table>
      </Scrolls>
      {onSearch && (nextCursor || search?.cursor) && (
        <nav aria-label={`Pages of ${label}`} className="flex justify-end gap-2">
          <Button size="sm" disabled={!search?.cursor} onClick={() => onSearch({ ...search, cursor: undefined })}>
            First page
          </Button>
          <Button
            size="sm"
            disabled={!nextCursor}
            onClick={() => nextCursor && onSearch({ ...search, cursor: nextCursor })}
          >
            Next page
          </Button>
        </nav>
      )}
    </div>
  );
}

function cellClass({ align, from }: Pick<Column<never>, 'align' | 'from'>): string {
  return cn(
    'px-2.5 py-2.5 align-middle text-kumo-default sm:px-3 sm:first:pl-4 sm:last:pr-4',
    align === 'right' && 'text-right [&>button]:ml-auto',
    from && FROM[from],
  );
}

interface HeadProps<Row> {
  column: Column<Row>;
  search: ListSearch | undefined;
  onSearch: ((next: ListSearch) => void) | undefined;
}

function Head<Row>({ column, search, onSearch }: HeadProps<Row>) {
  const { header, sort, align, from } = column;
  const className = cn(
    'px-2.5 py-2.5 font-medium whitespace-nowrap sm:px-3 sm:first:pl-4 sm:last:pr-4',
    align === 'right' && 'text-right',
    from && FROM[from],
  );
  if (!sort || !onSearch) {
    return (
      <th scope="col" className={className}>
        {SAID_BY_ROWS.includes(header) ? <span className="max-sm:sr-only">{header}</span> : header}
      </th>
    );
  }
  const sorted = search?.sort === sort.by ? 'up' : search?.sort === `-${sort.by}` ? 'down' : null;
  const next = sorted === null ? sort.first : sorted === 'up' ? 'down' : 'up';
  const Arrow = sorted === 'down' ? ArrowDownIcon : ArrowUpIcon;
  return (
    <th
      scope="col"
      className={className}
      aria-sort={sorted === 'up' ? 'ascending' : sorted === 'down' ? 'descending' : 'none'}
    >
      <button
        type="button"
        className={cn(
          'inline-flex cursor-pointer items-center gap-1 rounded hover:text-kumo-default focus-visible:outline-2 focus-visible:outline-kumo-focus',
          // The name ends where the column's numbers end.
          align === 'right' && 'flex-row-reverse',
        )}
        onClick={() => onSearch({ ...search, cursor: undefined, sort: next === 'up' ? sort.by : `-${sort.by}` })}
      >
        {header}
        <Arrow aria-hidden="true" className={sorted ? '' : 'opacity-0'} />
      </button>
    </th>
  );
}
