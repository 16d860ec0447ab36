/**
 * A document as a PDF file. Nothing but the document and the fonts decides its bytes: no clock, no chance, no list of the
 * runtime's. This file brings the PDF library with it; import it through pdf.ts.
 */
import { PDFDocument, PDFHexString, type PDFImage } from 'pdf-lib';
import { Canvas } from './canvas.ts';
import { checkDocument } from './checks.ts';
import type { Day, PrintedDocument } from './document.ts';
import type { Fonts } from './fonts.ts';
import { heading } from './heading.ts';
import { embedLogo } from './logo.ts';
import { paginate } from './paginate.ts';
import { paperOf } from './paper.ts';
import { baseline, HAIRLINE, MARGIN, type PageBlock, paragraph, type Sheet, sheetOf } from './sheet.ts';
import { sums, tableRows } from './table.ts';
import { embedFonts } from './typeface.ts';
import { usageBlocks } from './usage-statement.ts';
import { WORDS, type Words } from './words.ts';

const ACCENT_HEIGHT = 5;
const FOOTER_HEIGHT = 26;

/** Throws where the document's sums do not fit, or its logo is no picture. */
export async function renderDocument(document: PrintedDocument, fonts: Fonts): Promise<Uint8Array> {
  checkDocument(document);
  const pdf = await PDFDocument.create({ updateMetadata: false });
  const words = WORDS[document.language];
  const faces = await embedFonts(pdf, fonts);
  const logo = document.logo ? await embedLogo(pdf, document.logo) : null;
  const identity = identityOf(document, words);
  const paper = paperOf(identity.countryCode);
  const sheetFor = <Printed extends PrintedDocument>(printed: Printed) => sheetOf(printed, words, faces, paper);
  const sheet = sheetFor(document);
  const blocks =
    document.kind === 'statement' ? usageBlocks(sheetFor(document), logo) : billingBlocks(sheetFor(document), logo);
  // Asked last: whether some letter was missing is known once every text has been broken into lines.
  const missing = faces.regular.hasCodePoints || faces.semiBold.hasCodePoints;
  if (missing) blocks.push(...paragraph(sheet, words.codePoints));

  const pages = paginate(blocks, { top: MARGIN, bottom: paper.height - MARGIN - FOOTER_HEIGHT });
  for (const [i, page] of pages.entries()) {
    const canvas = new Canvas(pdf, paper, faces);
    canvas.box(0, 0, paper.width, ACCENT_HEIGHT, sheet.accent);
    for (const { block, top } of page) block.draw(canvas, top);
    footer(sheet, canvas, identity.name, words.page(i + 1, pages.length));
    canvas.finish();
  }
  await describe(pdf, document, identity);
  // By itself it waits for a timer every fifty objects.
  return pdf.save({ objectsPerTick: Number.POSITIVE_INFINITY });
}

function billingBlocks(sheet: Sheet, logo: PDFImage | null): PageBlock[] {
  const above = [...heading(sheet, logo), ...tableRows(sheet), ...sums(sheet)];
  const { document, words } = sheet;
  const said = [...(document.reverseCharge ? [words.reverseCharge] : []), ...document.notes];
  return [...above, ...said.flatMap((text) => paragraph(sheet, text))];
}

/** What tells a document from all others, and who has it. */
interface Identity {
  /** "Invoice 2026-000123". */
  name: string;
  author: string;
  subject: string;
  /** Its own in all the world. */
  unique: string;
  day: Day;
  /** Empty: not known. */
  countryCode: string;
}

function identityOf(document: PrintedDocument, words: Words): Identity {
  if (document.kind !== 'statement') {
    const { kind, number, seller, buyer, issued } = document;
    const name = `${words.title[kind]} ${number}`;
    const unique = `${seller.name}\n${kind}\n${number}`;
    const subject = `${name}, ${buyer.name}`;
    return { name, author: seller.name, subject, unique, day: issued, countryCode: buyer.country.code };
  }
  const { kind, organization, country, project, member, month, asOf } = document;
  const name = `${words.title[kind]} ${words.month(month)}`;
  const of = [organization, project, member].filter((one) => one !== null);
  const unique = [kind, organization, project ?? '', member ?? '', month, asOf].join('\n');
  const subject = [name, ...of].join(', ');
  return { name, author: organization, subject, unique, day: asOf.slice(0, 10), countryCode: country };
}

function footer(
  { styles, paper, left, right, width }: Sheet<PrintedDocument>,
  canvas: Canvas,
  name: string,
  page: string,
): void {
  const top = paper.height - MARGIN - styles.small.size;
  canvas.box(left, top - 8, width, 0.6, HAIRLINE);
  const at = baseline(top, styles.small);
  canvas.text(styles.small.face.drawn(name), left, at, styles.small);
  canvas.text(page, right, at, styles.small, 'end');
}

/** What a file manager, a screen reader and an archive know of it. The date is the document's, at its midnight. */
async function describe(pdf: PDFDocument, { language }: PrintedDocument, identity: Identity): Promise<void> {
  const instant = new Date(`${identity.day}T00:00:00Z`);
  pdf.setTitle(identity.name, { showInWindowTitleBar: true });
  pdf.setAuthor(identity.author);
  pdf.setSubject(identity.subject);
  pdf.setProducer('Purser');
  pdf.setCreator('Purser');
  pdf.setLanguage(language);
  pdf.setCreationDate(instant);
  pdf.setModificationDate(instant);
  const unique = new TextEncoder().encode(identity.unique);
  const id = new Uint8Array(await crypto.subtle.digest('SHA-256', unique)).subarray(0, 16);
  const hex = PDFHexString.of(Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join(''));
  pdf.context.trailerInfo.ID = pdf.context.obj([hex, hex]);
}
