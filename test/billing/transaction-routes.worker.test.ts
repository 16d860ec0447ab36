/** The routes of transactions: lists, files, documents, and who is refused what. */
import { env } from 'cloudflare:workers';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { openRefund } from '../../src/billing/refunds.ts';
import { completeTransaction, failTransaction, openTransaction } from '../../src/billing/transactions.ts';
import { LIMITS } from '../../src/limits.ts';
import { json } from '../support/gateway.ts';
import { person } from '../support/people.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { callIn, type Json, refusal, request } from '../teams/management.ts';
import { paid, selling, topUp } from './paying.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2031, 2, 10, 12);

const path = ({ organizationId }: Seeded, rest = '') => `/orgs/${organizationId}/transactions${rest}`;

function get(seeded: Seeded, rest = '', environment: Env = selling()): Promise<Response> {
  return callIn(environment, request('GET', path(seeded, rest), seeded.masterKey));
}

async function zipOf(seeded: Seeded, month: string, environment: Env = selling()): Promise<Response> {
  const asked = request('GET', `/orgs/${seeded.organizationId}/invoices.zip?month=${month}`, seeded.masterKey);
  return callIn(environment, asked);
}

/** A paid charge, half of it refunded two days later, one pending and one that failed. */
async function aFewDays(seeded: Seeded) {
  const { organizationId } = seeded;
  const vat = selling({ SELLER_TAX_NAME: 'VAT', SELLER_TAX_PERCENT: '19' });
  const charge = await paid(vat, organizationId, 10_000, NOW_MS);
  const manual = { paidThrough: 'manual', reference: `back ${charge.id}` } as const;
  const half = await openRefund(env, charge, { ...manual, amount: 5_950 as typeof charge.total }, NOW_MS + 2 * DAY_MS);
  const refund = await completeTransaction(env, half.id, NOW_MS + 2 * DAY_MS);
  const pending = await openTransaction(env, await topUp(vat, organizationId, 700), NOW_MS + 3 * DAY_MS);
  const opened = await openTransaction(env, await topUp(vat, organizationId, 800), NOW_MS + 4 * DAY_MS);
  const failed = await failTransaction(env, opened.id, '=The card was declined.', NOW_MS + 4 * DAY_MS);
  return { charge, refund, pending, failed };
}

const idsIn = (body: Json) => (body.transactions as Json[]).map(({ id }) => id);

describe('the list of transactions', () => {
  it('is newest first, filtered and sorted, a page at a time', async () => {
    const seeded = await seedOrganization();
    const { charge, refund, pending, failed } = await aFewDays(seeded);
    // Somebody else's.
    await aFewDays(await seedOrganization());
    const list = async (query: Record<string, string>) =>
      idsIn(await json(await get(seeded, `?${new URLSearchParams(query)}`)));
    expect(await list({})).toEqual([failed.id, pending.id, refund.id, charge.id]);
    expect(await list({ sort: 'createdAt' })).toEqual([charge.id, refund.id, pending.id, failed.id]);
    expect(await list({ sort: '-amount' })).toEqual([charge.id, failed.id, pending.id, refund.id]);
    expect(await list({ kind: 'refund' })).toEqual([refund.id]);
    expect(await list({ status: 'pending' })).toEqual([pending.id]);
    expect(await list({ from: '2031-03-12', to: '2031-03-13' })).toEqual([pending.id, refund.id]);
    expect(await list({ q: `BACK ${charge.id}` })).toEqual([refund.id]);
    expect(await list({ q: charge.number ?? '' })).toContain(charge.id);
    expect(await list({ q: 'nowhere' })).toEqual([]);

    const first = await json(await get(seeded, '?limit=3'));
    expect([idsIn(first), first.nextCursor]).toEqual([[failed.id, pending.id, refund.id], refund.id]);
    const second = await json(await get(seeded, `?limit=3&cursor=${refund.id}`));
    expect([idsIn(second), second.nextCursor]).toEqual([[charge.id], null]);
  });

  it('shows amounts as decimals, and of a whole one everything that its document says', async () => {
    const seeded = await seedOrganization();
    const { charge, refund, failed } = await aFewDays(seeded);
    const { transactions } = await json<{ transactions: Json[] }>(await get(seeded));
    expect(transactions.find(({ id }) => id === charge.id)).toEqual({
      id: charge.id,
      kind: 'top_up',
      status: 'completed',
      description: 'Credit for model usage',
      amount: '119.00',
      currency: 'USD',
      credit: '100',
      refundOf: null,
      number: charge.number,
      fileName: `invoice-${charge.number}.pdf`,
      issuedOn: '2031-03-10',
      dueOn: null,
      paidThrough: 'manual',
      reference: null,
      createdAt: '2031-03-10T12:00:00.000Z',
      completedAt: '2031-03-10T12:00:00.000Z',
      failedAt: null,
      failure: null,
      payBy: null,
    });
    expect(transactions.find(({ id }) => id === failed.id)).toMatchObject({
      failure: '=The card was declined.',
      number: null,
    });
    expect(await json(await get(seeded, `/${charge.id}`))).toMatchObject({
      seller: { name: 'Purser Example GmbH', country: { code: 'DE', name: 'Germany' }, taxId: 'DE123456789' },
      buyer: { name: 'Test' },
      lines: [{ quantity: '1', unitPrice: '100.00', amount: '100.00', taxPercent: '19' }],
      taxes: [{ name: 'VAT', percent: '19', taxable: '100.00', amount: '19.00' }],
      refunded: '59.50',
    });
    expect(await json(await get(seeded, `/${refund.id}`))).toMatchObject({
      amount: '-59.50',
      credit: '-50',
      refundOf: charge.id,
      taxes: [{ taxable: '-50.00', amount: '-9.50' }],
    });
  });

  it('is a file too, in which no text is a formula', async () => {
    const seeded = await seedOrganization();
    const { refund } = await aFewDays(seeded);
    const response = await get(seeded, '?format=csv');
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="transactions-${seeded.organizationId}.csv"`,
    );
    const [header, failed, , back, , end] = (await response.text()).split('\r\n');
    expect(header).toMatch(/^createdAt,completedAt,kind,status,description,amount,currency,/);
    expect(failed).toContain("'=The card was declined.");
    expect(back).toContain(`refund,completed,Credit for model usage,-59.50,USD,-50,${refund.number}`);
    expect(end).toBe('');
  });
});

describe('an invoice', () => {
  it('is a PDF by its number, the same bytes whatever became of the organization, and so is a credit note', async () => {
    const seeded = await seedOrganization();
    const { charge, refund } = await aFewDays(seeded);
    const fetched = async (id: string) => {
      const response = await get(seeded, `/${id}/invoice`);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/pdf']);
      const name = /filename="(.*)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
      return { name, bytes: new Uint8Array(await response.arrayBuffer()) };
    };
    const before = await fetched(charge.id);
    expect(before.name).toBe(`invoice-${charge.number}.pdf`);
    expect(new TextDecoder('latin1').decode(before.bytes.subarray(0, 5))).toBe('%PDF-');
    expect((await fetched(refund.id)).name).toBe(`credit-note-${refund.number}.pdf`);

    await env.DB.prepare(`UPDATE organizations SET name = 'Renamed', billing_details = ? WHERE id = ?`)
      .bind(
        JSON.stringify({ name: 'Other Ltd', email: '', address: 'Elsewhere', country: 'FR', taxId: 'FR1' }),
        seeded.organizationId,
      )
      .run();
    expect(await fetched(charge.id)).toEqual(before);
  });

  it('is not there for what is not completed, nor where nothing was charged', async () => {
    const seeded = await seedOrganization();
    const { pending, failed } = await aFewDays(seeded);
    const free = await paid(selling(), seeded.organizationId, 0, NOW_MS);
    for (const { id } of [pending, failed, free]) {
      expect(await refusal(await get(seeded, `/${id}/invoice`))).toEqual({
        status: 400,
        code: 'invalid_request_error',
        param: null,
        message: 'No invoice is available for this transaction',
      });
    }
  });

  it.each<[string, Partial<Env>, string]>([
    [
      'a seller',
      { SELLER_NAME: '', SELLER_ADDRESS: ' ', SELLER_COUNTRY: '' },
      'SELLER_NAME, SELLER_ADDRESS, SELLER_COUNTRY are not set.',
    ],
    ['its country', { SELLER_COUNTRY: 'Atlantis' }, 'SELLER_COUNTRY must be a country.'],
    ["its tax's percent", { SELLER_TAX_NAME: 'VAT' }, 'SELLER_TAX_PERCENT must be'],
    ["its tax's name", { SELLER_TAX_PERCENT: '19' }, 'SELLER_TAX_NAME is not set'],
    [
      'its tax id, where it has a tax',
      { SELLER_TAX_NAME: 'VAT', SELLER_TAX_PERCENT: '19', SELLER_TAX_ID: '' },
      'SELLER_TAX_ID is not set',
    ],
    ['a time zone', { SELLER_TIME_ZONE: 'Mars/Olympus' }, 'SELLER_TIME_ZONE must be'],
    ['a logo that is a picture', { SELLER_LOGO: 'bm90IGEgcGljdHVyZQ==' }, 'SELLER_LOGO must be'],
    ['a colour', { SELLER_COLOUR: 'blue' }, 'SELLER_COLOUR must be'],
  ])('is a 503 without %s, which is named', async (_, settings, named) => {
    const seeded = await seedOrganization();
    const { id } = await paid(selling(), seeded.organizationId, 500, NOW_MS);
    const refused = await refusal(await get(seeded, `/${id}/invoice`, selling(settings)));
    expect(refused).toMatchObject({ status: 503, code: 'seller_missing', message: expect.stringContaining(named) });
    expect((await zipOf(seeded, '2031-03', selling(settings))).status).toBe(503);
  });
});

describe("a month's invoices", () => {
  it('are one ZIP of all documents dated in it, the same bytes each time', async () => {
    const seeded = await seedOrganization();
    const { charge, refund } = await aFewDays(seeded);
    await paid(selling(), seeded.organizationId, 900, Date.UTC(2031, 3, 1));
    const response = await zipOf(seeded, '2031-03');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/zip']);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="invoices-2031-03.zip"');
    const bytes = new Uint8Array(await response.arrayBuffer());
    const files = unzipSync(bytes);
    expect(Object.keys(files)).toEqual([`invoice-${charge.number}.pdf`, `credit-note-${refund.number}.pdf`]);
    const alone = new Uint8Array(await (await get(seeded, `/${refund.id}/invoice`)).arrayBuffer());
    expect(files[`credit-note-${refund.number}.pdf`]).toEqual(alone);
    expect(new Uint8Array(await (await zipOf(seeded, '2031-03')).arrayBuffer())).toEqual(bytes);
  });

  it.each([
    ['2031-13', 400],
    ['2031', 400],
    ['march', 400],
    ['', 400],
    ['2019-01', 404],
  ])('are refused for %j', async (month, status) => {
    const seeded = await seedOrganization();
    expect((await refusal(await zipOf(seeded, month))).status).toBe(status);
  });

  it('are refused where they are too many for one file, which says what to do', async () => {
    const seeded = await seedOrganization();
    const { id } = await paid(selling(), seeded.organizationId, 500, NOW_MS);
    await env.DB.prepare(
      `WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < ?2)
       INSERT INTO transactions (
         id, organization_id, kind, status, currency, total, credit, snapshot, number, issued, paid_through, created_at
       )
       SELECT ?1 || n, organization_id, kind, status, currency, total, 0, snapshot, ?1 || n, issued, paid_through, 0
       FROM transactions, many WHERE id = ?1`,
    )
      .bind(id, LIMITS.zipDocumentsMax)
      .run();
    expect(await refusal(await zipOf(seeded, '2031-03'))).toMatchObject({
      status: 400,
      param: 'month',
      message: expect.stringContaining(`more than ${LIMITS.zipDocumentsMax} documents`),
    });
  });
});

describe('transactions', () => {
  it('of another organization do not exist', async () => {
    const [seeded, other] = [await seedOrganization(), await seedOrganization()];
    const { id } = await paid(selling(), other.organizationId, 500, NOW_MS);
    for (const rest of [`/${id}`, `/${id}/invoice`, '/txn_nothing', '/txn_nothing/invoice'])
      expect(await refusal(await get(seeded, rest))).toMatchObject({
        status: 404,
        message: 'There is no such transaction.',
      });
    const elsewhere = await callIn(selling(), request('GET', path(other), seeded.masterKey));
    expect(await refusal(elsewhere)).toMatchObject({ status: 404, message: 'There is no such organization.' });
  });

  it('are for owners, admins and finance', async () => {
    const seeded = await seedOrganization();
    for (const [role, status] of [
      ['owner', 200],
      ['admin', 200],
      ['finance', 200],
      ['developer', 403],
      ['basic', 403],
    ] as const) {
      const someone = await person(seeded.organizationId, role);
      expect([role, (await someone.send('GET', path(seeded))).status]).toEqual([role, status]);
    }
  });

  it.each([
    ['kind=gift', 'kind'],
    ['status=open', 'status'],
    ['from=yesterday', 'from'],
    ['to=2031-02-30', 'to'],
    ['limit=0', 'limit'],
    ['limit=1000', 'limit'],
    ['sort=total', 'sort'],
    ['format=xlsx', 'format'],
    ['page=2', 'page'],
  ])('are not listed by %s', async (query, param) => {
    const seeded = await seedOrganization();
    expect(await refusal(await get(seeded, `?${query}`))).toMatchObject({ status: 400, param });
  });
});
