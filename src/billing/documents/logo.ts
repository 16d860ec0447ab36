/** The seller's picture. Whoever accepts one from somebody says no there; what arrives here and is none is a bug. */
import type { PDFDocument, PDFImage } from 'pdf-lib';
import { LIMITS } from '../../limits.ts';

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const JPEG = [0xff, 0xd8, 0xff];

/** Throws where the bytes are no PNG and no JPEG, or too many. */
export async function embedLogo(pdf: PDFDocument, bytes: Uint8Array): Promise<PDFImage> {
  if (bytes.length > LIMITS.logoBytesMax) throw new Error(`a logo of ${bytes.length} bytes`);
  if (begins(bytes, JPEG)) return pdf.embedJpg(bytes);
  if (!begins(bytes, PNG) || bytes.length < 24) throw new Error('a logo that is neither PNG nor JPEG');
  // Its first chunk has its size: it is looked at before a small file unfolds into a large picture.
  const header = new DataView(bytes.buffer, bytes.byteOffset);
  const pixels = header.getUint32(16) * header.getUint32(20);
  if (pixels > LIMITS.logoPixelsMax) throw new Error(`a logo of ${pixels} pixels`);
  return pdf.embedPng(bytes);
}

function begins(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}
