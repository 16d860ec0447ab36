/** The numbers of a chart over time as a table: a row for each point in time, a column for each series. */
import { Scrolls } from '../scrolls.tsx';
import type { AreaChartProps } from './area.tsx';

export function ChartTable({ title, times, series, format, formatTime }: AreaChartProps) {
  return (
    <Scrolls label={title} className="max-h-80">
      <table className="w-full text-left text-sm">
        <caption className="sr-only">{title}</caption>
        <thead className="sticky top-0 bg-kumo-elevated text-kumo-subtle">
          <tr>
            <th scope="col" className="px-3 py-2 font-medium">
              Time
            </th>
            {series.map(({ key, label }) => (
              <th key={key} scope="col" className="px-3 py-2 text-right font-medium whitespace-nowrap">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, row) => (
            <tr key={time} className="border-t border-kumo-hairline">
              <th scope="row" className="px-3 py-1.5 font-normal whitespace-nowrap text-kumo-default">
                {formatTime(time)}
              </th>
              {series.map(({ key, values }) => (
                <td key={key} className="px-3 py-1.5 text-right text-kumo-default tabular-nums">
                  {format(values[row] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
