/**
 * A document as a PDF file. Nothing but the document and the fonts decides its bytes: no clock, no chance, no list of the
 * runtime's. This file brings the PDF library with it; import it through pdf.ts.
 */
import { PDFDocument, PDFHexString, type PDFImage } from 'pdf-lib';
import { Canvas } from './canvas.ts';
import { checkDocument } from './checks.ts';
import type { BillingDocument } from './document.ts';
import type { Fonts } from './fonts.ts';
import { heading } from './heading.ts';
import { embedLogo } from './logo.ts';
import { paginate } from './paginate.ts';
import { paperOf } from './paper.ts';
import { baseline, columns, HAIRLINE, MARGIN, type PageBlock, type Sheet, sheetOf, space, wrapped } from './sheet.ts';
import { sums, tableHeader, tableRows } from './table.ts';
import { embedFonts } from './typeface.ts';
import { WORDS } from './words.ts';

const ACCENT_HEIGHT = 5;
const FOOTER_HEIGHT = 26;

/** Throws where the document's sums do not fit, or its logo is no picture. */
export async function renderDocument(document: BillingDocument, fonts: Fonts): Promise<Uint8Array> {
  checkDocument(document);
  const pdf = await PDFDocument.create({ updateMetadata: false });
  const words = WORDS[document.language];
  const faces = await embedFonts(pdf, fonts);
  const logo = document.logo ? await embedLogo(pdf, document.logo) : null;
  const paper = paperOf(document.buyer.country.code);
  const sheet = sheetOf(document, words, faces, paper);

  const pages = paginate(blocksOf(sheet, logo), {
    top: MARGIN,
    bottom: paper.height - MARGIN - FOOTER_HEIGHT,
    tableHeader: tableHeader(sheet),
  });
  for (const [i, page] of pages.entries()) {
    const canvas = new Canvas(pdf, paper, faces);
    canvas.box(0, 0, paper.width, ACCENT_HEIGHT, sheet.accent);
    for (const { block, top } of page) block.draw(canvas, top);
    footer(sheet, canvas, words.page(i + 1, pages.length));
    canvas.finish();
  }
  await describe(pdf, document, words.title[document.kind]);
  // By itself it waits for a timer every fifty objects.
  return pdf.save({ objectsPerTick: Number.POSITIVE_INFINITY });
}

function blocksOf(sheet: Sheet, logo: PDFImage | null): PageBlock[] {
  const above = [...heading(sheet, logo), ...tableRows(sheet), ...sums(sheet)];
  const { document, words, faces } = sheet;
  const said = [...(document.reverseCharge ? [words.reverseCharge] : []), ...document.notes];
  const notes = said.flatMap((text) => paragraph(sheet, text));
  // Asked last: whether some letter was missing is known once every text has been broken into lines.
  const missing = faces.regular.hasCodePoints || faces.semiBold.hasCodePoints;
  return [...above, ...notes, ...(missing ? paragraph(sheet, words.codePoints) : [])];
}

function paragraph({ styles, left, width }: Sheet, text: string): PageBlock[] {
  const lines = wrapped(text, styles.label, width);
  const blocks = [space(14), ...columns([{ x: left, lines }], { keepsWithNext: false })];
  return lines.length > 0 ? blocks : [];
}

function footer({ document, words, styles, paper, left, right, width }: Sheet, canvas: Canvas, page: string): void {
  const top = paper.height - MARGIN - styles.small.size;
  canvas.box(left, top - 8, width, 0.6, HAIRLINE);
  const at = baseline(top, styles.small);
  canvas.text(styles.small.face.drawn(`${words.title[document.kind]} ${document.number}`), left, at, styles.small);
  canvas.text(page, right, at, styles.small, 'end');
}

/** What a file manager, a screen reader and an archive know of it. The date is the document's, at its midnight. */
async function describe(pdf: PDFDocument, document: BillingDocument, title: string): Promise<void> {
  const { number, seller, buyer, issued, language } = document;
  const instant = new Date(`${issued}T00:00:00Z`);
  pdf.setTitle(`${title} ${number}`, { showInWindowTitleBar: true });
  pdf.setAuthor(seller.name);
  pdf.setSubject(`${title} ${number}, ${buyer.name}`);
  pdf.setProducer('Purser');
  pdf.setCreator('Purser');
  pdf.setLanguage(language);
  pdf.setCreationDate(instant);
  pdf.setModificationDate(instant);
  const name = new TextEncoder().encode(`${seller.name}\n${document.kind}\n${number}`);
  const id = new Uint8Array(await crypto.subtle.digest('SHA-256', name)).subarray(0, 16);
  const hex = PDFHexString.of(Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join(''));
  pdf.context.trailerInfo.ID = pdf.context.obj([hex, hex]);
}
