/** Pages of a PDF as grey pictures, drawn by PDFium, and PNG files of them, as small as they need be. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { PDFiumLibrary } from '@hyzyla/pdfium';

/** A byte a pixel, row by row, 0 black. */
export interface GreyPicture {
  width: number;
  height: number;
  pixels: Uint8Array;
}

export interface DrawnPage {
  picture: GreyPicture;
  text: string;
}

let library: Promise<PDFiumLibrary> | undefined;

/** Each page as it is drawn, at 72 x `scale` dots an inch, and the text that is read out of it. */
export async function drawPages(pdf: Uint8Array, scale: number): Promise<DrawnPage[]> {
  library ??= PDFiumLibrary.init();
  const document = await (await library).loadDocument(pdf);
  try {
    const drawn: DrawnPage[] = [];
    for (const page of document.pages()) {
      // Read first: drawing closes the page.
      const text = page.getText();
      const { width, height, data } = await page.render({ scale, colorSpace: 'Gray', render: 'bitmap' });
      drawn.push({ picture: { width, height, pixels: new Uint8Array(data) }, text });
    }
    return drawn;
  } finally {
    document.destroy();
  }
}

/** How many pixels differ by more than what another rounding of an edge makes. All of them where the sizes differ. */
export function differingPixels(one: GreyPicture, other: GreyPicture, shadesMax = 48): number {
  if (one.width !== other.width || one.height !== other.height) return one.pixels.length;
  return one.pixels.reduce(
    (count, shade, i) => (Math.abs(shade - (other.pixels[i] ?? 0)) > shadesMax ? count + 1 : count),
    0,
  );
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const HEADER_BYTES = SIGNATURE.length + 25;

export function writePng({ width, height, pixels }: GreyPicture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a pixel, grey.
  header.set([8, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const body = deflateSync(rows, { level: 9 });
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', body), chunk('IEND', Buffer.alloc(0))]);
}

/** Reads what `writePng` wrote, and no other PNG. */
export function readPng(file: Buffer): GreyPicture {
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const length = file.readUInt32BE(HEADER_BYTES);
  const rows = inflateSync(file.subarray(HEADER_BYTES + 8, HEADER_BYTES + 8 + length));
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) pixels.set(rows.subarray(y * (width + 1) + 1, (y + 1) * (width + 1)), y * width);
  return { width, height, pixels };
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
