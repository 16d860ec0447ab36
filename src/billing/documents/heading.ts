/** The upper part of a document: what it is, who asks whom, and how much in one line. */
import type { PDFImage } from 'pdf-lib';
import type { Party, PrintedDocument } from './document.ts';
import {
  baseline,
  block,
  type Column,
  columns,
  lineHeight,
  type PageBlock,
  type Sheet,
  secondColumn,
  space,
  wrapped,
} from './sheet.ts';

const LOGO_MAX = { width: 150, height: 44 };

export function heading(sheet: Sheet, logo: PDFImage | null): PageBlock[] {
  return [title(sheet, logo), space(10), ...facts(sheet), space(22), ...parties(sheet), space(24), ...headline(sheet)];
}

export function title(
  { document, words, faces, styles, left, right }: Sheet<PrintedDocument>,
  logo: PDFImage | null,
): PageBlock {
  const scale = logo ? Math.min(LOGO_MAX.width / logo.width, LOGO_MAX.height / logo.height, 1) : 0;
  const [width, height] = logo ? [logo.width * scale, logo.height * scale] : [0, 0];
  const text = faces.semiBold.drawn(words.title[document.kind]);
  return block(Math.max(lineHeight(styles.title), height), (canvas, top) => {
    canvas.text(text, left, baseline(top, styles.title), styles.title);
    if (logo) canvas.image(logo, right - width, top, width, height);
  });
}

/** What there is to know. */
function facts(sheet: Sheet): PageBlock[] {
  const { document, words } = sheet;
  const { servicePeriod, original } = { original: null, ...document };
  return named(sheet, [
    [words.number[document.kind], document.number],
    [words.issued, words.day(document.issued)],
    [words.due, document.kind === 'invoice' && document.due !== null ? words.day(document.due) : null],
    [words.servicePeriod, servicePeriod && words.period(servicePeriod)],
    [words.credits, original && words.ofInvoice(original.percent, original.number, original.issued)],
    [words.currency, document.currency],
  ]);
}

/** Each value beside its name; what is null leaves no line. */
export function named(
  { faces, styles, left, width }: Sheet<PrintedDocument>,
  known: readonly (readonly [name: string, value: string | null])[],
): PageBlock[] {
  const said = known.flatMap(([name, value]) => (value === null ? [] : [[faces.regular.drawn(name), value] as const]));
  const valuesAt = left + Math.max(...said.map(([name]) => faces.regular.width(name, styles.label.size))) + 16;
  return said.flatMap(([name, value], i) => {
    const style = i === 0 ? styles.strong : styles.body;
    return columns([
      { x: left, lines: [{ text: name, style: styles.label }] },
      { x: valuesAt, lines: wrapped(value, style, left + width - valuesAt) },
    ]);
  });
}

function parties(sheet: Sheet): PageBlock[] {
  const { document, words, styles, left, right } = sheet;
  const second = secondColumn(sheet);
  const columnWidth = right - second;
  const column = (x: number, name: string, party: Party): Column => ({
    x,
    lines: [
      ...wrapped(name, styles.label, columnWidth),
      ...wrapped(party.name, styles.strong, columnWidth),
      ...[
        ...party.addressLines,
        party.country.name,
        party.email ?? '',
        party.taxId === null ? '' : `${words.taxId}: ${party.taxId}`,
      ].flatMap((text) => wrapped(text, styles.body, columnWidth)),
    ],
  });
  return columns([column(left, words.from, document.seller), column(second, words.billTo, document.buyer)]);
}

function headline({ document, words, styles, left, width, money }: Sheet): PageBlock[] {
  const { paid, due, total } = document.totals;
  const text =
    document.kind === 'invoice'
      ? due > 0
        ? words.dueOn(money(due), document.due)
        : words.paidOn(money(paid), document.paidOn)
      : due === 0 && !document.voids
        ? words.refundedOn(money(unsigned(total)), document.refundedOn)
        : words.credited(money(unsigned(total)));
  return [...columns([{ x: left, lines: wrapped(text, styles.headline, width) }]), space(12)];
}

/** "credited" and "refunded" say which way the money goes. */
function unsigned<Amount extends number>(amount: Amount): Amount {
  return Math.abs(amount) as Amount;
}
