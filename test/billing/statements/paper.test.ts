/** A statement on paper: amounts in cents that add up and say what they are, on pages that say of what their rows are. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PDFDocument } from 'pdf-lib';
import { describe, expect, it } from 'vitest';
import { checkDocument } from '../../../src/billing/documents/checks.ts';
import type { Statement as Document } from '../../../src/billing/documents/document.ts';
import { documentPdf } from '../../../src/billing/documents/pdf.ts';
import { statementDocument } from '../../../src/billing/statements/paper.ts';
import { minorUnits } from '../../../src/money/minor-units.ts';
import { drawPages } from '../../support/grey-picture.ts';
import { manyLines, october, statementOfRows } from './samples.ts';

const pagesOf = async (document: Document) =>
  (await drawPages(await documentPdf(document), 0.1)).map(({ text }) => text.replaceAll('\u00a0', ' '));

const textOf = async (document: Document) => (await pagesOf(document)).join('\n');

describe('amounts', () => {
  it('add up in cents on every level, and the exact total stands beside', async () => {
    const document = statementDocument(october());
    const sum = (parts: readonly { amount: number }[]) => parts.reduce((all, { amount }) => all + amount, 0);
    expect(sum(document.groups)).toBe(document.total.amount);
    for (const group of document.groups) expect(sum(group.lines)).toBe(group.amount);
    expect(document.total).toMatchObject({ amount: 54_138, exact: '541.379996229' });
    expect(await textOf(document)).toContain('The exact total is 541.379996229 USD.');
  });

  it('of less than a cent are not shown as nothing, and nothing is', async () => {
    const document = statementDocument(
      statementOfRows([
        ['A', 'Ann', 'tiny', 1, 1, 1],
        ['A', 'Ann', 'none', 1, 1, 0],
        ['A', 'Ann', 'back', 0, 0, -1],
        ['A', 'Ann', 'much', 1, 1, 25_000_000],
      ]),
    );
    const lines = (await textOf(document)).split(/\r?\n/).filter((line) => /^Ann (tiny|none|back|much)/.test(line));
    expect(lines.map((line) => line.trim().split(' ').at(-1)).sort()).toEqual(
      ['$0.00', '$0.03', '<$0.01', '>-$0.01'].sort(),
    );
  });

  it.each<[string, (document: Document) => Partial<Document>]>([
    ['a total that its projects do not add up to', ({ total }) => ({ total: { ...total, amount: minorUnits(1) } })],
    [
      'requests that its lines do not add up to',
      ({ groups }) => ({ groups: groups.map((group) => ({ ...group, requests: group.requests + 1 })) }),
    ],
    [
      'a cent more than it is',
      ({ groups, total }) => ({
        groups: groups.map((group) => ({
          ...group,
          amount: minorUnits(group.amount + 1),
          lines: group.lines.map((line, i) => (i === 0 ? { ...line, amount: minorUnits(line.amount + 1) } : line)),
        })),
        total: { ...total, amount: minorUnits(total.amount + groups.length) },
      }),
    ],
  ])('are never printed with %s', (_, wrong) => {
    const document = statementDocument(october());
    expect(() => checkDocument(document)).not.toThrow();
    expect(() => checkDocument({ ...document, ...wrong(document) })).toThrow('statement 2026-10 of Annapurna Engines');
  });
});

describe('pages', () => {
  it('of 500 lines repeat the header above their rows, once on each, and lose no line', async () => {
    const document = statementDocument(manyLines());
    const pages = await pagesOf(document);
    expect(pages.length).toBeGreaterThan(8);
    const last = pages.findIndex((text) => text.includes('The exact total is'));
    for (const [i, text] of pages.entries()) {
      expect(text).toContain(`Page ${i + 1} of ${pages.length}`);
      if (i < last) expect(text.match(/Project and member\s+Model\s+Requests/g), `page ${i + 1}`).toHaveLength(1);
    }
    const text = pages.join('\n');
    expect(text.match(/Member \d model-\d/g)).toHaveLength(500);
    expect(text.match(/^Project \d+ /gm)).toHaveLength(20);
  });

  it('say which entries of each member’s ledger it is of', async () => {
    const text = await textOf(statementDocument(october()));
    expect(text).toMatch(/Ada Lovelace 1,001 13,909 12,909 12,908 125\.714095004 USD/);
  });

  it('say so while more may come, and only then', async () => {
    const said = 'Preliminary: more usage of this month may come.';
    const before = statementOfRows([['A', 'Ann', 'm', 1, 1, 1]], {}, '2026-10-31T18:14:59.999Z');
    expect(await textOf(statementDocument(before))).toContain(said);
    const after = statementOfRows([['A', 'Ann', 'm', 1, 1, 1]], {}, '2026-10-31T18:15:00.000Z');
    expect(await textOf(statementDocument(after))).not.toContain(said);
  });

  it('are of the size that the organization’s country prints on, A4 where that is not known', async () => {
    const heights = [];
    for (const country of ['US', 'NP', '']) {
      const document = { ...statementDocument(october()), country };
      const [page] = (await PDFDocument.load(await documentPdf(document))).getPages();
      heights.push(Math.round(page?.getHeight() ?? 0));
    }
    expect(heights).toEqual([792, 842, 842]);
  });

  it('of nothing say that', async () => {
    const text = await textOf(statementDocument(statementOfRows([])));
    expect(text).toContain('Nothing was used.');
    expect(text).toContain('$0.00 used in October 2026');
    expect(text).not.toContain('Ledger entries');
  });

  it('name the only project and member that it is of', async () => {
    const [project, member] = [
      { id: 'prj_a', name: 'Search' },
      { id: 'mem_a', name: 'Ada' },
    ];
    const document = statementDocument(statementOfRows([['Search', 'Ada', 'm', 1, 1, 1]], { project, member }));
    expect(await textOf(document)).toMatch(/Project Search\s+Member Ada/);
    const pdf = await PDFDocument.load(await documentPdf(document), { updateMetadata: false });
    expect(pdf.getTitle()).toBe('Statement of usage October 2026');
    expect(pdf.getSubject()).toBe('Statement of usage October 2026, Annapurna Engines, Search, Ada');
  });

  it('are the same bytes for the same statement', async () => {
    const [first, second] = [
      await documentPdf(statementDocument(october())),
      await documentPdf(statementDocument(october())),
    ];
    expect(Buffer.compare(first, second)).toBe(0);
  });
});

const hasPoppler = spawnSync('pdfinfo', ['-v']).status === 0;

it.runIf(hasPoppler)('pdfinfo takes the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'statement-'));
  try {
    const path = join(folder, 'statement.pdf');
    writeFileSync(path, await documentPdf(statementDocument(manyLines())));
    const { status, stdout, stderr } = spawnSync('pdfinfo', [path], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Statement of usage October 2026');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
