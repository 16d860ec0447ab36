/** A document of plain text is a text in Messages, and bytes in the neutral form. */

export function base64OfText(text: string): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}

/** Null where it is no UTF-8. */
export function textOfBase64(data: string): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(atob(data), (byte) => byte.charCodeAt(0)),
    );
  } catch {
    return null;
  }
}
