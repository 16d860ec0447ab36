/** Counts and rates in the user's locale. */
const whole = new Intl.NumberFormat(navigator.language);
const compact = new Intl.NumberFormat(navigator.language, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(navigator.language, {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const wholePercent = new Intl.NumberFormat(navigator.language, { style: 'percent' });

/** 1,234,567 */
export const formatCount = (value: number): string => whole.format(value);

/** 1.2M: for axes and cards, beside which the whole number is a title. */
export const formatCompact = (value: number): string => compact.format(value);

/** 12.3%, of a share from 0 to 1; what is not 0 is not shown as 0, nor what is not all as all. */
export function formatShare(share: number | null): string {
  if (share === null) return '–';
  if (share === 0 || share === 1) return wholePercent.format(share);
  if (share < 0.001) return `<${percent.format(0.001)}`;
  if (share > 0.999) return `>${percent.format(0.999)}`;
  return percent.format(share);
}

/** 320 ms, 1.4 s. @public */
export function formatMs(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 1000 ? `${whole.format(Math.round(ms))} ms` : `${compact.format(ms / 1000)} s`;
}
