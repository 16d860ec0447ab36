/**
 * The letters of documents: Noto Sans, regular and semibold, cut down beforehand to Latin, Greek, Cyrillic and
 * Vietnamese by scripts/generate-fonts.ts (OFL.txt is its licence). Imported only where a document is rendered.
 */
import { REGULAR, SEMI_BOLD } from './noto-sans.generated.ts';

/** TrueType files. The same arrays for every document: what is read of them is kept by them (typeface.ts). */
export interface Fonts {
  regular: Uint8Array;
  semiBold: Uint8Array;
}

let unpacked: Fonts | null = null;

export async function loadFonts(): Promise<Fonts> {
  // The fonts are kept and not the promise: a request must not wait for what another one's stream does.
  unpacked ??= { regular: await unpack(REGULAR), semiBold: await unpack(SEMI_BOLD) };
  return unpacked;
}

async function unpack(base64: string): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
