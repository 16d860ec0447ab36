/** Bytes that a request carries as text: what is wrong with them is told before anything is held. */

/**
 * The one rule for all protocols: both alphabets, with padding or without; lines may be broken, as some encoders do. Whoever
 * sends it to a provider of another protocol writes it as all providers take it (standardBase64).
 */
const BASE64 = /^[A-Za-z0-9+/_\-\s]*={0,2}\s*$/;

export function isBase64(data: string): boolean {
  return BASE64.test(data) && (data.length % 4 !== 1 || /\s/.test(data));
}

/** The alphabet that everybody takes, in one line and padded. */
export function standardBase64(data: string): string {
  const plain = /[-_\s]/.test(data) ? data.replaceAll('-', '+').replaceAll('_', '/').replace(/\s+/g, '') : data;
  const missing = -plain.length & 3;
  return missing === 0 ? plain : plain + '='.repeat(missing);
}

/** What is wrong with a link that carries its content; null where nothing is, or where it is an ordinary link. */
export function wrongInDataUrl(url: string): string | null {
  if (!url.startsWith('data:')) return null;
  // Searched by hand: the data may be megabytes, of which a pattern would make copies.
  const comma = url.indexOf(',');
  if (comma < 0) return 'it is no data: URL';
  if (!url.slice(0, comma).endsWith(';base64')) return null;
  return isBase64(url.slice(comma + 1)) ? null : 'its data is not valid base64';
}
