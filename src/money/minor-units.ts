/**
 * Money as documents and payments have it: whole minor units of a currency (cents, or yen, which have none), as a safe
 * integer. Wallets and limits are in Nanos; a document keeps the units in which somebody paid.
 *
 * No float touches an amount: products are made of bigints and text of digits. There is one rounding in here, half away
 * from zero (commercial rounding), and it happens once, at the end of a product.
 */

export type MinorUnits = number & { readonly unit: 'minor units' };

/** A plain decimal number as text: "3", "-0.5", "19.25". */
const DECIMAL = /^(-?)([0-9]{1,15})(?:\.([0-9]{1,12}))?$/;

/** Signs that nobody takes for another currency where the document also names its code; the rest are shown by code. */
const SIGNS: Readonly<Record<string, string>> = { USD: '$', EUR: '€', GBP: '£', JPY: '¥' };

const NO_BREAK_SPACE = '\u00a0';

/** Asserts that `value` is a whole number of minor units that a double holds exactly. */
export function minorUnits(value: number): MinorUnits {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number of minor units: ${value}`);
  // Never -0, which would be another value to a comparison, and is written "-0".
  return (value === 0 ? 0 : value) as MinorUnits;
}

export function addMinorUnits(...amounts: MinorUnits[]): MinorUnits {
  return minorUnits(amounts.reduce((sum: number, amount) => sum + amount, 0));
}

/** How many decimals a currency has by Intl's table: 2 for USD, 0 for JPY, 3 for KWD. Throws where it is no code. */
export function exponentOf(currency: string): number {
  const { maximumFractionDigits } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
  if (maximumFractionDigits === undefined) throw new RangeError(`no currency: ${currency}`);
  return maximumFractionDigits;
}

/** An amount as a document shows it: "$1,234.56", "-€0.01", "¥1,234", "CHF 5.00" (with a space that does not break). */
export function formatMinorUnits(amount: MinorUnits, currency: string): string {
  const exponent = exponentOf(currency);
  const digits = Math.abs(amount)
    .toString()
    .padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = exponent === 0 ? '' : `.${digits.slice(-exponent)}`;
  const sign = SIGNS[currency] ?? `${currency}${NO_BREAK_SPACE}`;
  return `${amount < 0 ? '-' : ''}${sign}${grouped(whole)}${fraction}`;
}

/** A decimal number as a document shows it: "1,234.5". Throws where it is none. */
export function formatDecimal(decimal: string): string {
  const [, sign = '', whole = '', fraction] = parts(decimal);
  return `${sign}${grouped(whole)}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** `amount` times a decimal number, rounded half away from zero. */
export function timesDecimal(amount: MinorUnits, decimal: string): MinorUnits {
  return product(amount, decimal, 0);
}

/** So many percent of `amount` ("19", "7.7"), rounded half away from zero. */
export function percentOf(amount: MinorUnits, percent: string): MinorUnits {
  return product(amount, percent, 2);
}

/** What of `gross` is left without so many percent on top of it: the other way round, rounded the same. */
export function netOf(gross: MinorUnits, percent: string): MinorUnits {
  const [, sign, whole = '', fraction = ''] = parts(percent);
  if (sign) throw new RangeError(`not a rate: ${percent}`);
  const hundred = 100n * 10n ** BigInt(fraction.length);
  return quotient(BigInt(gross) * hundred, hundred + BigInt(`${whole}${fraction}`));
}

/** `amount` times `decimal`, with the point moved so many places to the left. */
function product(amount: MinorUnits, decimal: string, places: number): MinorUnits {
  const [, sign, whole = '', fraction = ''] = parts(decimal);
  const divisor = 10n ** BigInt(fraction.length + places);
  return quotient(BigInt(amount) * BigInt(`${whole}${fraction}`) * (sign ? -1n : 1n), divisor);
}

/** The one rounding: half away from zero. */
function quotient(exact: bigint, divisor: bigint): MinorUnits {
  const size = exact < 0n ? -exact : exact;
  const rounded = (size * 2n + divisor) / (divisor * 2n);
  return minorUnits(Number(exact < 0n ? -rounded : rounded));
}

function parts(decimal: string): RegExpExecArray {
  const match = DECIMAL.exec(decimal);
  if (!match) throw new RangeError(`not a decimal number: ${decimal}`);
  return match;
}

function grouped(whole: string): string {
  return whole.replace(/\B(?=([0-9]{3})+$)/g, ',');
}
