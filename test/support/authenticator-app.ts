/** An authenticator app for tests of second factors. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The secret of such an address, which has it as base32. */
export function secretOf(totpUri: string): Uint8Array<ArrayBuffer> {
  let bits = '';
  for (const character of new URL(totpUri).searchParams.get('secret') ?? '') {
    bits += ALPHABET.indexOf(character).toString(2).padStart(5, '0');
  }
  return Uint8Array.from({ length: Math.floor(bits.length / 8) }, (_, i) =>
    Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2),
  );
}

/** What an authenticator app shows for such a secret (RFC 6238: SHA-1, 30 s, six digits). */
export async function codeOf(totpUri: string): Promise<string> {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(Math.floor(Date.now() / 30_000)));
  const key = await crypto.subtle.importKey('raw', secretOf(totpUri), { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter.buffer));
  const number = mac.getUint32(mac.getUint8(19) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}
