/** The door to this folder. The PDF library and the fonts load with the first document, and never for anyone else. */
import type { PrintedDocument } from './document.ts';

/** The document as a PDF file: the same bytes for the same document. Throws where its sums do not fit, or its logo is no picture. */
export async function documentPdf(document: PrintedDocument): Promise<Uint8Array> {
  const [{ renderDocument }, { loadFonts }] = await Promise.all([import('./render.ts'), import('./fonts.ts')]);
  return renderDocument(document, await loadFonts());
}
