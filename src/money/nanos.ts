/**
 * Money. One unit inside (nanodollars, 1e-9 USD, as a safe integer), decimal strings outside.
 *
 * No float ever touches an amount: text is parsed digit by digit, sums over many rows travel as text or bigint.
 * A Nanos that is not a safe integer is a bug and throws; text that is no amount is an expected outcome and gives null.
 */

export type Nanos = number & { readonly unit: 'nanodollars' };

const NANOS_PER_USD = 1_000_000_000;

/** The largest amount anyone may write into a limit: 1,000,000 USD. */
const USD_INPUT_MAX = 1_000_000;

/** An amount as text. */
export const USD = /^(0|[1-9][0-9]{0,6})(?:\.([0-9]{1,9}))?$/;

/** Asserts that `value` is a whole number of nanodollars that a double holds exactly. */
export function nanos(value: number): Nanos {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number of nanodollars: ${value}`);
  return value as Nanos;
}

export const ZERO = nanos(0);

export function addNanos(...amounts: Nanos[]): Nanos {
  return nanos(amounts.reduce((sum: number, amount) => sum + amount, 0));
}

/**
 * Reads an amount as the API takes it: plain decimal USD, at most 9 decimals, at most 1,000,000, no sign, no exponent.
 * Anything else gives null.
 */
export function parseUsd(text: string): Nanos | null {
  const match = USD.exec(text);
  if (!match) return null;
  const [, whole = '0', fraction = ''] = match;
  const value = Number(whole) * NANOS_PER_USD + Number(fraction.padEnd(9, '0'));
  return value <= USD_INPUT_MAX * NANOS_PER_USD ? nanos(value) : null;
}

/** Writes an amount as the API shows it: integers bare, else at least two decimals and no further trailing zeros. */
export function formatUsd(amount: Nanos | bigint): string {
  // Also of a number digit by digit: a safe integer is written as it is.
  const digits = String(amount < 0 ? -amount : amount).padStart(10, '0');
  const whole = digits.slice(0, -9);
  let end = digits.length;
  while (end > whole.length && digits.charCodeAt(end - 1) === ZERO_CODE) end--;
  const fraction = digits.slice(whole.length, end);
  const text = fraction === '' ? whole : `${whole}.${fraction.padEnd(2, '0')}`;
  return amount < 0 ? `-${text}` : text;
}

const ZERO_CODE = 48;
