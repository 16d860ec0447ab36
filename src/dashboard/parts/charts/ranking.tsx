/** A ranking as horizontal bars: a table whose cells are drawn, so that it is its own table view. The largest comes first, the total under it. */
import type { ReactNode } from 'react';
import { seriesProperty } from './colours.ts';

interface Ranked {
  key: string;
  label: ReactNode;
  /** How much of the largest it is, 0 to 1. */
  share: number;
  value: ReactNode;
}

interface RankingProps {
  title: string;
  rows: Ranked[];
  total: ReactNode;
}

export function Ranking({ title, rows, total }: RankingProps) {
  return (
    <table className="w-full table-fixed text-sm">
      <caption className="sr-only">{title}</caption>
      <colgroup>
        <col />
        <col className="w-28" />
      </colgroup>
      <thead className="sr-only">
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Amount</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, label, share, value }, index) => (
          <tr key={key}>
            <th scope="row" className="py-1.5 pr-4 text-left font-normal text-kumo-default">
              <span className="flex items-center gap-2" title={typeof label === 'string' ? label : undefined}>
                <span
                  aria-hidden="true"
                  className="size-2 shrink-0 rounded-full"
                  style={{ backgroundColor: `var(${seriesProperty(index)})` }}
                />
                <span className="truncate">{label}</span>
              </span>
              <span aria-hidden="true" className="mt-1 block h-1.5 rounded-full bg-kumo-fill">
                <span
                  className="block h-full min-w-px rounded-full"
                  style={{ width: `${share * 100}%`, backgroundColor: `var(${seriesProperty(index)})` }}
                />
              </span>
            </th>
            <td className="py-1.5 text-right align-top text-kumo-default tabular-nums">{value}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr className="border-t border-kumo-hairline font-medium text-kumo-default">
          <th scope="row" className="pt-2 text-left">
            Total
          </th>
          <td className="pt-2 text-right tabular-nums">{total}</td>
        </tr>
      </tfoot>
    </table>
  );
}
