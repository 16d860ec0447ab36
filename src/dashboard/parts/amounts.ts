/**
 * Amounts: decimal USD as the API writes them, shown in the user's locale and never through a float.
 *
 * An amount is never rounded into a lie: cents from a dollar on, and below that as many digits as it takes to see what it is, so that
 * $0.0004 is not $0.00. The exact amount stands in the title.
 */
/** The browser's own. */
const LOCALE = navigator.language;

const AMOUNT = /^(-?)(\d+)(?:\.(\d{1,9}))?$/;

/** Nanodollars of an amount, to compare and to add up. Sums of many rows do not fit into a number. */
export function nanosOf(amount: string): bigint {
  const [, sign, whole, fraction = ''] = AMOUNT.exec(amount) ?? [];
  if (whole === undefined) throw new Error(`not an amount: ${amount}`);
  const value = BigInt(whole + fraction.padEnd(9, '0'));
  return sign ? -value : value;
}

/** How full something is, from 0 to 1, for what is drawn; a limit of 0 is full. */
export function shareOf(part: string, whole: string): number {
  const limit = nanosOf(whole);
  if (limit <= 0n) return 1;
  const share = Number((nanosOf(part) * 10_000n) / limit) / 10_000;
  return Math.max(0, Math.min(1, share));
}

/** As short as it can be said without a lie: `$1,234.57`, `$0.1235`, `$0.0004`, `$0.00000012`. */
export function shortMoney(amount: string, currency = 'USD'): string {
  return write(amount, digitsShown(amount), currency);
}

/** To the last digit. */
export function exactMoney(amount: string, currency = 'USD'): string {
  return write(amount, 9, currency);
}

function digitsShown(amount: string): number {
  const nanos = nanosOf(amount);
  const size = nanos < 0n ? -nanos : nanos;
  if (size === 0n || size >= 1_000_000_000n) return 2;
  // Two digits that are not 0, and never less than four places: $0.1235, $0.0004, $0.000012.
  const zeros = 9 - size.toString().length;
  return Math.min(9, Math.max(4, zeros + 2));
}

const formats = new Map<string, Intl.NumberFormat>();

function write(amount: string, digits: number, currency: string): string {
  const key = `${currency} ${digits}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(LOCALE, {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      // At least as many as the currency itself has: two of USD, none of JPY.
      maximumFractionDigits: digits,
    });
    formats.set(key, format);
  }
  // Text is formatted digit by digit; a number would have been rounded to a double first.
  return format.format(amount as Intl.StringNumericLiteral);
}
