/** Payments as the operator types them, and the documents of them as an accountant gets them. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/server.ts';
import { drawPages } from '../support/grey-picture.ts';
import { startEmpty } from '../support/purser.ts';

const SELLER = {
  SELLER_NAME: 'Purser Example GmbH',
  SELLER_ADDRESS: 'Musterstraße 12|10115 Berlin',
  SELLER_COUNTRY: 'Germany',
  SELLER_TAX_ID: 'DE123456789',
  SELLER_TAX_NAME: 'VAT',
  SELLER_TAX_PERCENT: '19',
  SELLER_REVERSE_CHARGE: '1',
};

/** Poppler's tools, where this machine has them. */
const HAS_POPPLER = ['pdfinfo', 'pdftotext'].every((tool) =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, tool))),
);

interface Told {
  id: string;
  number: string;
  fileName: string;
  amount: string;
  status: string;
}

describe('billing', () => {
  let purser: Awaited<ReturnType<typeof startEmpty>>;
  let organization: Awaited<ReturnType<typeof purser.seed>>;
  beforeAll(async () => {
    purser = await startEmpty(SELLER);
    organization = await purser.seed();
    await purser.server.db
      .prepare('UPDATE organizations SET billing_details = ? WHERE id = ?')
      .bind(
        JSON.stringify({
          name: 'Łódzkie Zakłady Źdźbło Sp. z o.o.',
          email: 'faktury@example.com',
          address: 'ul. Piotrkowska 1\n90-001 Łódź',
          country: 'Poland',
          taxId: 'PL1234567890',
        }),
        organization.organizationId,
      )
      .run();
  });
  afterAll(() => purser?.stop());

  function run(...args: string[]): Promise<Told> {
    const here = ['--organization', organization.organizationId, '--data', purser.dataDir];
    return new Promise((resolve, reject) => {
      execFile('npm', ['run', '--silent', 'purser', '--', ...args, ...here], { cwd: ROOT }, (error, stdout, stderr) =>
        error ? reject(new Error(stderr)) : resolve(JSON.parse(stdout) as Told),
      );
    });
  }

  async function get(path: string): Promise<Response> {
    const headers = { authorization: `Bearer ${organization.masterKey}` };
    return fetch(`${purser.server.url}/orgs/${organization.organizationId}${path}`, { headers });
  }

  async function fileOf({ id, fileName }: Told): Promise<Uint8Array> {
    const response = await get(`/transactions/${id}/invoice`);
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${fileName}"`);
    return new Uint8Array(await response.arrayBuffer());
  }

  async function textOf(pdf: Uint8Array): Promise<string> {
    return (await drawPages(pdf, 0.2)).map(({ text }) => text).join('\n');
  }

  it('a payment, its refund and an invoice are documents that say so, read by two programs, and mailed', async () => {
    const payment = ['payment', '--kind', 'top_up', '--amount', '250', '--reference', 'wire 1'];
    const paid = await run(...payment);
    expect(await run(...payment)).toEqual(paid);
    const back = await run('payment', '--refund', paid.id, '--amount', '100', '--reference', 'back 1');
    const due = ['--due', '2027-01-31', '--description', 'Enterprise 2027', '--currency', 'EUR'];
    const invoice = await run('invoice', '--kind', 'subscription', '--amount', '5000', '--reference', 'inv 1', ...due);
    expect([paid.amount, back.amount, invoice.amount]).toEqual(['250.00', '-100.00', '5000.00']);

    const invoiceText = await textOf(await fileOf(paid));
    for (const said of [
      `Invoice ${paid.number}`,
      'Purser Example GmbH',
      '10115 Berlin',
      'Tax ID: DE123456789',
      'Łódzkie Zakłady Źdźbło Sp. z o.o.',
      'Tax ID: PL1234567890',
      'Credit for model usage',
      '$250.00',
      'Reverse charge',
      'Page 1 of 1',
    ])
      expect(invoiceText).toContain(said);
    const creditText = await textOf(await fileOf(back));
    for (const said of [`Credit note ${back.number}`, `40% of invoice ${paid.number}`, '-$100.00'])
      expect(creditText).toContain(said);

    const before = await fileOf(invoice);
    expect(await textOf(before)).toContain('€5,000.00 due by 31 January 2027');
    const completed = await run('payment', '--invoice', invoice.id);
    expect([invoice.status, completed.status, completed.number]).toEqual(['pending', 'completed', invoice.number]);
    expect(await fileOf(invoice)).toEqual(before);

    const folder = join(purser.dataDir, 'fetched');
    mkdirSync(folder);
    for (const told of [paid, back, invoice]) {
      const file = join(folder, told.fileName);
      writeFileSync(file, await fileOf(told));
      if (!HAS_POPPLER) continue;
      const read = (tool: string, ...args: string[]) => execFileSync(tool, args, { encoding: 'utf8' });
      expect(read('pdfinfo', file)).toMatch(/Title: +(Invoice|Credit note) .*\n[\s\S]*Producer: +Purser[\s\S]*A4/);
      expect(read('pdftotext', '-layout', file, '-')).toContain('Łódzkie Zakłady Źdźbło Sp. z o.o.');
    }

    const wallet = (await (await get('/wallet')).json()) as { balance: string };
    expect(wallet.balance).toBe('150');

    await purser.server.cron('* * * * *');
    await purser.server.cron('* * * * *');
    const outbox = join(purser.dataDir, 'outbox');
    const mails = readdirSync(outbox).map((name) => readFileSync(join(outbox, name), 'utf8'));
    expect(mails.map((mail) => /filename="(.*)"/.exec(mail)?.[1]).sort()).toEqual(
      [paid, back, invoice].map(({ fileName }) => fileName).sort(),
    );
    const first = mails.find((mail) => mail.includes(`filename="${paid.fileName}"`)) ?? '';
    expect(first).toMatch(/^To: faktury@example\.com$/m);
    const attached = /Content-Transfer-Encoding: base64\n\n([\w+/=\n]+)\n--/.exec(first)?.[1] ?? '';
    expect(new Uint8Array(Buffer.from(attached, 'base64'))).toEqual(await fileOf(paid));
  });

  it('a command that lacks something says what', async () => {
    await expect(run('payment', '--kind', 'top_up', '--amount', '250')).rejects.toThrow('--reference X');
    await expect(run('payment', '--kind', 'top_up', '--reference', 'x')).rejects.toThrow('--amount 100');
    await expect(run('payment', '--amount', '250', '--reference', 'x')).rejects.toThrow('--kind');
    await expect(run('invoice', '--kind', 'seats', '--amount', '2', '--reference', 'x')).rejects.toThrow('--due');
    await expect(run('payment', '--kind', 'top_up', '--amount', '2', '--reference', 'x')).rejects.toThrow('5.00');
  });
});
