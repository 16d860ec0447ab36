/** Amounts as they are asked for: decimal text in a currency, within what one charge may be. */
import { LIMITS } from '../limits.ts';
import { decimalOf, exponentOf, type MinorUnits, minorUnits, parseMinorUnits } from '../money/minor-units.ts';
import { type Nanos, nanos } from '../money/nanos.ts';
import { badRequest } from '../teams/api-error.ts';

/** ISO 4217, as Intl knows them. */
export function isCurrency(text: string): boolean {
  return /^[A-Z]{3}$/.test(text) && Intl.supportedValuesOf('currency').includes(text);
}

/** Credit counts in USD. */
export function centsInNanos(cents: number): Nanos {
  return nanos(cents * NANOS_PER_CENT);
}

const NANOS_PER_CENT = 10_000_000;

/** What one charge may be before taxes. Throws the 400 of anything else. */
export function chargeAmountOf(text: string, currency: string): MinorUnits {
  return amountOf(text, currency, minorUnits(1));
}

/** The same of credit, which is bought in USD. */
export function topUpAmountOf(text: string, currency: string, name = 'amount'): MinorUnits {
  if (currency !== 'USD') throw badRequest('currency', `Credit is bought in USD, not in ${currency}.`);
  return amountOf(text, currency, minorUnits(LIMITS.topUpCentsMin), name);
}

function amountOf(text: string, currency: string, min: MinorUnits, name = 'amount'): MinorUnits {
  const max = minorUnits(LIMITS.chargeMax * 10 ** exponentOf(currency) - 1);
  const amount = parseMinorUnits(text, currency);
  if (amount !== null && amount >= min && amount <= max) return amount;
  const bounds = `from ${decimalOf(min, currency)} to ${decimalOf(max, currency)}`;
  throw badRequest(name, `${name} must be decimal ${currency} ${bounds}, as in ${decimalOf(min, currency)}.`);
}
