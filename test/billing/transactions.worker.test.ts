/** The life of a transaction: numbers without gap or double, credit posted once, whatever is repeated, lost or refused. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { documentOf, fileNameOf } from '../../src/billing/document-of.ts';
import { topUpDraft } from '../../src/billing/drafts.ts';
import { openRefund } from '../../src/billing/refunds.ts';
import {
  completeTransaction,
  creditWallets,
  failTransaction,
  issueInvoice,
  openTransaction,
} from '../../src/billing/transactions.ts';
import { minorUnits } from '../../src/money/minor-units.ts';
import { seedOrganization } from '../support/seed.ts';
import { type Fault, failingD1 } from '../usage/failing-d1.ts';
import { balanceOf, paid, paymentOf, selling, topUp } from './paying.ts';

const MANUAL = { paidThrough: 'manual', reference: null } as const;
const CENT = 10_000_000;

/** Each test counts in a year of its own, because a series belongs to the deployment. */
let nextYear = 2100;
const aYear = () => Date.UTC(nextYear++, 5, 1);

async function numbersOf(nowMs: number): Promise<string[]> {
  const { results } = await env.DB.prepare(
    'SELECT number FROM transactions WHERE numbered_at = ? AND number IS NOT NULL ORDER BY number',
  )
    .bind(nowMs)
    .all<{ number: string }>();
  return results.map(({ number }) => number);
}

describe('a transaction', () => {
  it('is opened once for a payment, and is pending until it is completed', async () => {
    const { organizationId } = await seedOrganization();
    const draft = await topUp(selling(), organizationId, 10_000, 'wire 1');
    const first = await openTransaction(env, draft, 5);
    const again = await openTransaction(env, draft, 6);
    expect(again).toEqual(first);
    expect(first).toMatchObject({ status: 'pending', number: null, total: 10_000, credit: 100_000_000_000 });
    expect(documentOf(first, { logo: null, colour: null })).toBeNull();
    expect(await balanceOf(organizationId)).toBe(0);
  });

  it('is not opened where the reference stands for another amount, or another organization', async () => {
    const [one, other] = [await seedOrganization(), await seedOrganization()];
    await openTransaction(env, await topUp(selling(), one.organizationId, 10_000, 'wire 2'), 5);
    for (const draft of [
      await topUp(selling(), one.organizationId, 10_001, 'wire 2'),
      await topUp(selling(), other.organizationId, 10_000, 'wire 2'),
    ])
      await expect(openTransaction(env, draft, 5)).rejects.toMatchObject({ status: 409, code: 'reference_conflict' });
  });

  it('has its number and its day once it is completed, and the wallet has its credit once', async () => {
    const { organizationId } = await seedOrganization();
    const nowMs = aYear();
    const { id } = await openTransaction(env, await topUp(selling(), organizationId, 2_500), nowMs);
    const first = await completeTransaction(env, id, nowMs, 'pi_1');
    const again = await completeTransaction(env, id, nowMs + 1, 'pi_2');
    expect(again).toEqual(first);
    const year = new Date(nowMs).getUTCFullYear();
    expect(first).toMatchObject({
      status: 'completed',
      reference: 'pi_1',
      number: `${year}-000001`,
      issued: `${year}-06-01`,
      completedAtMs: nowMs,
      creditedAtMs: nowMs,
    });
    expect(fileNameOf(first)).toBe(`invoice-${year}-000001.pdf`);
    expect(await balanceOf(organizationId)).toBe(2_500 * CENT);
  });

  it('is counted in the year of the seller', async () => {
    const { organizationId } = await seedOrganization();
    const kiribati = selling({ SELLER_TIME_ZONE: 'Pacific/Kiritimati' });
    const lastEvening = Date.UTC(2090, 11, 31, 11);
    const { number, issued } = await paid(kiribati, organizationId, 500, lastEvening);
    expect([number, issued]).toEqual(['2091-000001', '2091-01-01']);
    expect((await paid(selling(), organizationId, 500, lastEvening)).number).toBe('2090-000001');
  });

  it('has no document where nothing was charged', async () => {
    const { organizationId } = await seedOrganization();
    const nowMs = aYear();
    expect(await paid(selling(), organizationId, 0, nowMs)).toMatchObject({
      status: 'completed',
      number: null,
      issued: null,
    });
    expect(await numbersOf(nowMs)).toEqual([]);
  });

  it('may fail while it is pending, but money that comes after that counts', async () => {
    const { organizationId } = await seedOrganization();
    const nowMs = aYear();
    const { id } = await openTransaction(env, await topUp(selling(), organizationId, 700), nowMs);
    const failed = await failTransaction(env, id, 'The card was declined.', nowMs);
    expect(failed).toMatchObject({ status: 'failed', failure: 'The card was declined.', number: null });
    const completed = await completeTransaction(env, id, nowMs);
    expect(completed).toMatchObject({ status: 'completed', failure: null, failedAtMs: null });
    expect(await failTransaction(env, id, 'late news', nowMs)).toEqual(completed);
    expect(await balanceOf(organizationId)).toBe(700 * CENT);
  });

  it('keeps the number of an invoice that was sent before it was paid, which says the same ever after', async () => {
    const { organizationId } = await seedOrganization();
    const nowMs = aYear();
    const year = new Date(nowMs).getUTCFullYear();
    const payment = { ...(await paymentOf(selling(), organizationId)), due: `${year}-07-01` };
    const { id } = await openTransaction(env, topUpDraft(payment, minorUnits(5_000)), nowMs);
    const issued = await issueInvoice(env, id, nowMs);
    expect(issued).toMatchObject({ status: 'pending', number: `${year}-000001` });
    expect(await issueInvoice(env, id, nowMs + 1)).toEqual(issued);
    expect(await failTransaction(env, id, 'never', nowMs)).toEqual(issued);
    expect(await balanceOf(organizationId)).toBe(0);

    const other = await paid(selling(), organizationId, 600, nowMs);
    const completed = await completeTransaction(env, id, nowMs + 40 * 86_400_000);
    expect([other.number, completed.number, completed.issued]).toEqual([
      `${year}-000002`,
      `${year}-000001`,
      `${year}-06-01`,
    ]);
    const look = { logo: null, colour: null };
    expect(documentOf(completed, look)).toEqual(documentOf(issued, look));
    expect(documentOf(issued, look)).toMatchObject({
      due: `${year}-07-01`,
      paidOn: null,
      totals: { due: 5_000, paid: 0 },
    });
  });
});

describe('numbers', () => {
  it('have neither gap nor double after 200 completions at once, in which answers are lost and all is repeated', async () => {
    const nowMs = aYear();
    const year = new Date(nowMs).getUTCFullYear();
    const { organizationId } = await seedOrganization();
    const draft = await topUp(selling(), organizationId, 500);
    const opened = await Promise.all(Array.from({ length: 200 }, () => openTransaction(env, draft, nowMs)));
    let calls = 0;
    const faults: (Fault | null)[] = [null, 'answer lost', null, 'broken off', null, 'refused'];
    const DB = failingD1(env.DB, (sql) => (sql.includes('document_series') ? (faults[calls++ % 6] ?? null) : null));
    const shaky = { ...selling(), DB };

    const complete = async (id: string) => {
      for (let tries = 0; tries < 20; tries++) {
        try {
          return await completeTransaction(shaky, id, nowMs);
        } catch (error) {
          if (!/D1|answer|broken|malformed JSON/.test(String(error))) throw error;
        }
      }
      throw new Error(`${id} was never completed`);
    };
    const completed = await Promise.all(opened.flatMap(({ id }) => [complete(id), complete(id)]));
    expect(calls).toBeGreaterThan(200);

    const expected = Array.from({ length: 200 }, (_, i) => `${year}-${String(i + 1).padStart(6, '0')}`);
    expect(await numbersOf(nowMs)).toEqual(expected);
    expect(new Set(completed.map(({ number }) => number)).size).toBe(200);
    await creditWallets(env, nowMs);
    expect(await balanceOf(organizationId)).toBe(200 * 500 * CENT);
  }, 180_000);

  it('of credit notes are a series of their own', async () => {
    const nowMs = aYear();
    const year = new Date(nowMs).getUTCFullYear();
    const { organizationId } = await seedOrganization();
    const charge = await paid(selling(), organizationId, 1_000, nowMs);
    const refund = await openRefund(env, charge, { ...MANUAL, amount: null }, nowMs);
    const completed = await completeTransaction(env, refund.id, nowMs);
    expect([charge.number, completed.number]).toEqual([`${year}-000001`, `CN-${year}-000001`]);
    expect(fileNameOf(completed)).toBe(`credit-note-CN-${year}-000001.pdf`);
  });
});

describe('the wallet', () => {
  it('is told by the cron where it did not answer, or where its answer was lost', async () => {
    const { organizationId } = await seedOrganization();
    const nowMs = aYear();
    const { id } = await openTransaction(env, await topUp(selling(), organizationId, 900), nowMs);
    const DB = failingD1(env.DB, (sql) =>
      sql.includes('credited_at =') && !sql.includes('series') ? 'refused' : null,
    );
    const posted = await completeTransaction({ ...selling(), DB }, id, nowMs);
    expect(posted).toMatchObject({ status: 'completed', creditedAtMs: null });
    expect(await balanceOf(organizationId)).toBe(900 * CENT);
    await creditWallets(env, nowMs + 1);
    await creditWallets(env, nowMs + 2);
    expect(await completeTransaction(env, id, nowMs + 3)).toMatchObject({ creditedAtMs: nowMs + 1 });
    expect(await balanceOf(organizationId)).toBe(900 * CENT);
  });
});

describe('a refund', () => {
  it('takes back a part, and then the rest, and never more', async () => {
    const { organizationId } = await seedOrganization();
    const vat = selling({ SELLER_TAX_NAME: 'VAT', SELLER_TAX_PERCENT: '19' });
    const charge = await paid(vat, organizationId, 10_001);
    expect([charge.total, charge.credit]).toEqual([11_901, 10_001 * CENT]);
    const refund = (amount: number | null, reference: string) =>
      openRefund(
        env,
        charge,
        { paidThrough: 'manual', reference, amount: amount === null ? null : minorUnits(amount) },
        9,
      );

    await expect(refund(11_902, 'back 0')).rejects.toMatchObject({
      status: 400,
      param: 'amount',
      message: 'Of this charge $119.01 are left to refund.',
    });
    const part = await refund(3_967, 'back 1');
    expect(await refund(3_967, 'back 1')).toEqual(part);
    expect(part).toMatchObject({ total: -3_967, status: 'pending' });
    expect(part.snapshot).toMatchObject({ original: { number: charge.number, percent: '33.33' } });
    await expect(refund(7_935, 'back 2')).rejects.toMatchObject({
      message: 'Of this charge $79.34 are left to refund.',
    });

    const rest = await refund(null, 'back 3');
    expect(rest.total).toBe(-7_934);
    expect(await refund(null, 'back 3')).toEqual(rest);
    expect(part.credit + rest.credit).toBe(-charge.credit);
    for (const { id } of [part, rest]) await completeTransaction(env, id, 10);
    expect(await balanceOf(organizationId)).toBe(0);
    await expect(refund(1, 'back 4')).rejects.toMatchObject({ message: 'Of this charge $0.00 are left to refund.' });
  });

  it('that fails leaves what it would have taken to others', async () => {
    const { organizationId } = await seedOrganization();
    const charge = await paid(selling(), organizationId, 1_000);
    const first = await openRefund(env, charge, { ...MANUAL, amount: null }, 9);
    await expect(openRefund(env, charge, { ...MANUAL, amount: null }, 9)).rejects.toMatchObject({ status: 400 });
    await failTransaction(env, first.id, 'The card is gone.', 9);
    expect((await openRefund(env, charge, { ...MANUAL, amount: null }, 9)).total).toBe(-1_000);
  });

  it('of all of it is taken by one of ten who ask at once', async () => {
    const { organizationId } = await seedOrganization();
    const charge = await paid(selling(), organizationId, 1_000);
    const tries = Array.from({ length: 10 }, () => openRefund(env, charge, { ...MANUAL, amount: null }, 9));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('needs a completed charge', async () => {
    const { organizationId } = await seedOrganization();
    const open = await openTransaction(env, await topUp(selling(), organizationId, 1_000), 5);
    await expect(openRefund(env, open, { ...MANUAL, amount: null }, 9)).rejects.toMatchObject({
      status: 400,
      param: 'refund',
    });
  });
});
