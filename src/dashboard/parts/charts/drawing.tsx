/** Draws stacked areas with ECharts, on a canvas, in the theme's colours. Tooltips are elements, not text of HTML, which the policy would refuse. */
import { LineChart } from 'echarts/charts';
import { AriaComponent, GridComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import type { AreaChartProps } from './area.tsx';
import { seriesColours, themeColour } from './colours.ts';

use([LineChart, GridComponent, TooltipComponent, AriaComponent, CanvasRenderer]);

/** Of a tooltip, so many lines: what is small is in the table. */
const TOLD_MAX = 8;

interface Hovered {
  seriesIndex: number;
  dataIndex: number;
  color: string;
}

export default function Drawing({ title, times, series, format, formatAxis, formatTime }: AreaChartProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!place.current) return;
    const chart = init(place.current, null, { renderer: 'canvas' });
    const text = themeColour('--text-color-kumo-subtle');
    const line = themeColour('--color-kumo-hairline');
    const colours = seriesColours(series.length);
    const tooltip = (hovered: unknown) => tooltipOf(hovered as Hovered[], { times, series, format, formatTime });
    chart.setOption({
      animation: false,
      color: colours,
      aria: { enabled: true, label: { description: `${title}. The same numbers are in the table view.` } },
      grid: { left: 8, right: 12, top: 12, bottom: 4, containLabel: true },
      tooltip: {
        trigger: 'axis',
        confine: true,
        padding: 0,
        borderWidth: 0,
        backgroundColor: 'transparent',
        axisPointer: { lineStyle: { color: line } },
        formatter: tooltip,
      },
      xAxis: {
        type: 'category',
        boundaryGap: times.length === 1,
        data: times,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: line } },
        axisLabel: { color: text, hideOverlap: true, formatter: formatTime },
      },
      yAxis: {
        type: 'value',
        splitNumber: 4,
        splitLine: { lineStyle: { color: line } },
        axisLabel: { color: text, formatter: (value: number) => formatAxis(plain(value)) },
      },
      series: series.map(({ label, values }) => ({
        name: label,
        type: 'line',
        stack: 'all',
        symbol: times.length === 1 ? 'circle' : 'none',
        lineStyle: { width: 1 },
        areaStyle: { opacity: 0.55 },
        emphasis: { focus: 'series' },
        data: values.map(Number),
      })),
    });
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [title, times, series, format, formatAxis, formatTime]);
  return <div ref={place} role="img" aria-label={`${title}, as a chart`} className="h-72 w-full xl:h-96" />;
}

/** A number of an axis as plain decimals: small ones are written with an exponent by themselves. */
function plain(value: number): string {
  return value.toFixed(9).replace(/\.?0+$/, '');
}

function tooltipOf(
  hovered: Hovered[],
  { times, series, format, formatTime }: Omit<AreaChartProps, 'title' | 'formatAxis'>,
): HTMLElement {
  const at = hovered[0]?.dataIndex ?? 0;
  const box = element('div', 'rounded-lg bg-kumo-base p-3 text-sm text-kumo-default shadow-lg ring ring-kumo-hairline');
  box.append(element('p', 'mb-1 font-medium', formatTime(times[at] ?? '')));
  const lines = hovered
    .map(({ seriesIndex, color }) => ({ shown: series[seriesIndex], color }))
    .flatMap(({ shown, color }) => (shown ? [{ label: shown.label, value: shown.values[at] ?? 0, color }] : []))
    .filter(({ value }) => Number(value) !== 0)
    .sort((a, b) => Number(b.value) - Number(a.value));
  for (const { label, value, color } of lines.slice(0, TOLD_MAX)) {
    const row = element('p', 'flex items-center gap-2');
    const dot = element('span', 'size-2 shrink-0 rounded-full');
    dot.style.backgroundColor = color;
    row.append(
      dot,
      element('span', 'max-w-52 truncate', label),
      element('span', 'ml-auto pl-4 tabular-nums', format(value)),
    );
    box.append(row);
  }
  if (lines.length === 0) box.append(element('p', 'text-kumo-subtle', 'Nothing'));
  if (lines.length > TOLD_MAX) box.append(element('p', 'text-kumo-subtle', `and ${lines.length - TOLD_MAX} more`));
  return box;
}

function element(name: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
