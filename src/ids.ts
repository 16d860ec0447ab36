/**
 * Identifiers. Every id is `<kind>_` and 16 or more characters of Crockford's base32 in lower case: no vowel-like
 * confusions, safe in URLs, double-click selects it whole.
 */

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** How many characters carry 80 random bits. */
export const ID_LENGTH = 16;

const TIME_LENGTH = 10;

export type IdKind =
  | 'org'
  | 'usr'
  | 'mem'
  | 'prj'
  | 'key'
  | 'mky'
  | 'pvk'
  | 'inv'
  | 'brq'
  | 'ses'
  | 'acc'
  | 'ver'
  | 'two'
  | 'pky'
  | 'txn'
  | 'video';

/** `bytes` as base32, 8 characters for every 5 bytes; the length must be a multiple of 5. */
export function base32(bytes: Uint8Array): string {
  if (bytes.length % 5 !== 0) throw new RangeError(`base32 takes a multiple of 5 bytes, not ${bytes.length}`);
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >>> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return text;
}

/** `length` random characters, 5 bits each. */
export function randomText(length: number): string {
  return base32(crypto.getRandomValues(new Uint8Array(Math.ceil(length / 8) * 5))).slice(0, length);
}

export function newId(kind: IdKind): string {
  return `${kind}_${randomText(ID_LENGTH)}`;
}

/**
 * The id of one attempt: `att_`, 10 characters of the millisecond it was made, 14 random ones. It sorts by time, and a
 * member's object reads the instant back to refuse what arrives too late.
 */
export function newAttemptId(nowMs: number): string {
  return attemptIdFloor(nowMs) + randomText(14);
}

/** A text that sorts before every attempt id made at `nowMs` or later, and after every one made earlier. */
export function attemptIdFloor(nowMs: number): string {
  let time = '';
  for (let rest = nowMs, i = 0; i < TIME_LENGTH; i++, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32] + time;
  return `att_${time}`;
}

/** The instant in an attempt id (epoch ms), or null where the text is no attempt id. */
export function attemptMadeAt(id: string): number | null {
  if (!/^att_[0-9a-hjkmnp-tv-z]{24}$/.test(id)) return null;
  let ms = 0;
  for (const character of id.slice(4, 4 + TIME_LENGTH)) ms = ms * 32 + ALPHABET.indexOf(character);
  return ms;
}

export function newRequestId(): string {
  return `req_${randomText(24)}`;
}
