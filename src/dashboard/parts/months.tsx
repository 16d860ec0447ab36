/** Months to choose from, the newest first: `YYYY-MM`, as routes of documents take them. */

/** So many back are offered: two years of books. */
const MONTHS_OFFERED = 24;

const monthName = new Intl.DateTimeFormat(navigator.language, { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** October 2026 */
export const formatMonth = (month: string): string => monthName.format(new Date(`${month}-01T00:00:00Z`));

const monthFormats = new Map<string, Intl.DateTimeFormat>();

/** The month that an instant is of, in this zone. */
function monthAt(instant: Date, timeZone: string): string {
  let format = monthFormats.get(timeZone);
  if (!format) {
    // en-CA writes days as ISO 8601 does.
    format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    monthFormats.set(timeZone, format);
  }
  return format.format(instant).slice(0, 7);
}

/** The months of the zone up to now, none of them from before `since`. */
export function lastMonths(timeZone: string, since?: string): string[] {
  const [year = 0, month = 1] = monthAt(new Date(), timeZone).split('-').map(Number);
  const first = since === undefined ? '' : monthAt(new Date(since), timeZone);
  return Array.from({ length: MONTHS_OFFERED }, (_, back) =>
    new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7),
  ).filter((each) => each >= first);
}

interface MonthSelectProps {
  /** Read to screen readers. */
  label: string;
  months: string[];
  value: string;
  onChange: (month: string) => void;
}

export function MonthSelect({ label, months, value, onChange }: MonthSelectProps) {
  return (
    <select
      aria-label={label}
      className="h-9 rounded-lg bg-kumo-control px-3 text-sm text-kumo-default ring ring-kumo-hairline outline-none focus:ring-kumo-focus"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      {months.map((month) => (
        <option key={month} value={month}>
          {formatMonth(month)}
        </option>
      ))}
    </select>
  );
}
