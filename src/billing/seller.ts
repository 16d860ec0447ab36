/**
 * Who sends the bills: the deployment's own `SELLER_...` settings, read anew with every charge. What is missing or wrong is
 * named in a 503 before anything is charged, so that nobody pays for what there can be no invoice of.
 *
 * Tax: with SELLER_TAX_NAME and SELLER_TAX_PERCENT every charge bears that tax on top, whoever buys. With
 * SELLER_REVERSE_CHARGE=1 it is left to a buyer who has a tax id and is in another country, and the invoice says so.
 * Which of this the law asks for is the operator's to know.
 */
import { ApiError } from '../teams/api-error.ts';
import { isTimeZone } from '../usage/time-zones.ts';
import { countryOf } from './countries.ts';
import type { Party } from './documents/document.ts';

/** As they are bound (environment.d.ts). */
export type SellerSettings = Pick<
  Env,
  | 'SELLER_NAME'
  | 'SELLER_ADDRESS'
  | 'SELLER_COUNTRY'
  | 'SELLER_TAX_ID'
  | 'SELLER_EMAIL'
  | 'SELLER_TAX_NAME'
  | 'SELLER_TAX_PERCENT'
  | 'SELLER_REVERSE_CHARGE'
  | 'SELLER_TIME_ZONE'
  | 'SELLER_LOGO'
  | 'SELLER_COLOUR'
>;

export interface Seller {
  party: Party;
  /** What every charge bears on top; null: nothing. */
  tax: { name: string; percent: string } | null;
  /** Whether a buyer with a tax id in another country owes the tax instead. */
  reverseCharge: boolean;
}

/** What a seller's documents look like: of no account, so it may change for old ones too. */
export interface Look {
  logo: Uint8Array | null;
  colour: string | null;
}

/** Above 0 and below 100, as documents compute with it. */
const PERCENT = /^(?=.*[1-9])[0-9]{1,2}(\.[0-9]{1,4})?$/;
const COLOUR = /^#[0-9a-f]{6}$/i;
const PNG = [0x89, 0x50, 0x4e, 0x47];
const JPEG = [0xff, 0xd8, 0xff];

/** Whether anything can be charged; what is wrong is told to who asks for the seller. */
export function hasSeller(env: Env): boolean {
  return Boolean(env.SELLER_NAME?.trim());
}

/** Of what has no document. */
export const NO_SELLER: Seller = {
  party: { name: '', addressLines: [], country: { code: '', name: '' }, taxId: null, email: null },
  tax: null,
  reverseCharge: false,
};

/** Throws the 503 that names what is missing or wrong. */
export function sellerOf(env: SellerSettings): Seller {
  const missing = (['SELLER_NAME', 'SELLER_ADDRESS', 'SELLER_COUNTRY'] as const).filter((name) => !env[name]?.trim());
  if (missing.length > 0)
    throw noSeller(`${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set.`, missing);
  lookOf(env);
  timeZoneOf(env);
  const country = countryOf(env.SELLER_COUNTRY ?? '');
  if (country.code === '') throw noSeller('SELLER_COUNTRY must be a country.', ['SELLER_COUNTRY']);
  const reverseCharge = env.SELLER_REVERSE_CHARGE === '1';
  const tax = taxOf(env);
  if (tax && !env.SELLER_TAX_ID) throw noSeller('SELLER_TAX_ID is not set, and a tax is.', ['SELLER_TAX_ID']);
  return {
    party: {
      name: env.SELLER_NAME?.trim() ?? '',
      addressLines: linesOf(env.SELLER_ADDRESS ?? ''),
      country,
      taxId: env.SELLER_TAX_ID?.trim() || null,
      email: env.SELLER_EMAIL?.trim() || null,
    },
    tax,
    reverseCharge,
  };
}

/** The zone whose days and years documents are counted in. */
export function timeZoneOf(env: SellerSettings): string {
  const zone = env.SELLER_TIME_ZONE || 'UTC';
  if (!isTimeZone(zone)) throw noSeller('SELLER_TIME_ZONE must be an IANA time zone.', ['SELLER_TIME_ZONE']);
  return zone;
}

export function lookOf(env: SellerSettings): Look {
  const colour = env.SELLER_COLOUR || null;
  if (colour !== null && !COLOUR.test(colour)) throw noSeller('SELLER_COLOUR must be as #1a73e8.', ['SELLER_COLOUR']);
  return { logo: env.SELLER_LOGO ? logoOf(env.SELLER_LOGO) : null, colour };
}

/** Lines of an address that was written as one text; in a setting of one line `\n` or `|` parts them. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r\n|\r|\n|\\n|\|/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function taxOf({ SELLER_TAX_NAME: name, SELLER_TAX_PERCENT: percent }: SellerSettings): Seller['tax'] {
  if (!name && !percent) return null;
  if (!name) throw noSeller('SELLER_TAX_NAME is not set, and SELLER_TAX_PERCENT is.', ['SELLER_TAX_NAME']);
  if (!percent || !PERCENT.test(percent))
    throw noSeller('SELLER_TAX_PERCENT must be a decimal number above 0 and below 100.', ['SELLER_TAX_PERCENT']);
  return { name, percent };
}

/** A PNG or JPEG file in base64, as a data URL or bare. */
function logoOf(text: string): Uint8Array {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/^data:[^,]*,/, '')), (character) => character.charCodeAt(0));
    if ([PNG, JPEG].some((magic) => magic.every((byte, i) => bytes[i] === byte))) return bytes;
  } catch {
    // No base64: no logo either.
  }
  throw noSeller('SELLER_LOGO must be a PNG or JPEG in base64.', ['SELLER_LOGO']);
}

function noSeller(wrong: string, settings: readonly string[]): ApiError {
  const message = `There is no seller to bill in the name of: ${wrong} The operator of this Purser sets it.`;
  return new ApiError(503, 'seller_missing', message, { metadata: { settings } });
}
