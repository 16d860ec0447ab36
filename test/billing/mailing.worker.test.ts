/** Documents by mail: to whom, each once, also where a mail fails or a cron dies; and nothing where no mail leaves. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { mailDocuments } from '../../src/billing/mailing.ts';
import { openRefund } from '../../src/billing/refunds.ts';
import { completeTransaction, openTransaction } from '../../src/billing/transactions.ts';
import { LIMITS } from '../../src/limits.ts';
import type { Mail } from '../../src/mail/mail.ts';
import { Outbox } from '../support/browser.ts';
import { person } from '../support/people.ts';
import { seedOrganization } from '../support/seed.ts';
import { paid, SELLER, selling, topUp } from './paying.ts';

const addresses = (mails: readonly Mail[]) => mails.map(({ to }) => to).sort();

async function ofDetails(organizationId: string, email: string): Promise<void> {
  const details = { name: 'Engines Ltd', email, address: '1 Way', country: 'GB', taxId: '' };
  await env.DB.prepare('UPDATE organizations SET billing_details = ? WHERE id = ?')
    .bind(JSON.stringify(details), organizationId)
    .run();
}

/** Each test has a time of its own, so that no document of another is due in it. */
let clockMs = Date.UTC(2032, 0, 1);
const later = () => (clockMs += 10 * LIMITS.documentMailMsMax);

describe('a document', () => {
  it('goes to the billing address with the file, once', async () => {
    const nowMs = later();
    const { organizationId } = await seedOrganization();
    await ofDetails(organizationId, 'invoices@engines.example');
    const { number } = await paid(selling(), organizationId, 1_000, nowMs);
    const outbox = new Outbox(SELLER);
    for (let i = 0; i < 3; i++) await mailDocuments(outbox.env, nowMs + i * LIMITS.documentMailLeaseMs);
    const [mail, ...more] = outbox.mails;
    expect(more).toEqual([]);
    expect(mail).toMatchObject({
      to: 'invoices@engines.example',
      subject: `Invoice ${number} from Purser Example GmbH`,
      text: expect.stringContaining('$10.00 were paid. The invoice for Engines Ltd is attached.'),
      attachment: { fileName: `invoice-${number}.pdf`, type: 'application/pdf' },
    });
    expect(atob(mail?.attachment?.base64 ?? '')).toMatch(/^%PDF-[\s\S]*%%EOF\s*$/);
  });

  it('goes to owners and finance where there is no such address, a credit note too', async () => {
    const nowMs = later();
    const { organizationId } = await seedOrganization();
    const people = await Promise.all(
      (['owner', 'finance', 'admin', 'developer'] as const).map((role) => person(organizationId, role)),
    );
    const charge = await paid(selling(), organizationId, 1_000, nowMs);
    const how = { amount: null, paidThrough: 'manual', reference: null } as const;
    const refund = await openRefund(env, charge, how, nowMs + 1);
    await completeTransaction(env, refund.id, nowMs + 1);
    // Not completed: there is nothing to mail.
    await openTransaction(env, await topUp(selling(), organizationId, 900), nowMs);
    const outbox = new Outbox(SELLER);
    await mailDocuments(outbox.env, nowMs + 2);
    const wanted = people.slice(0, 2).map(({ userId }) => userId);
    expect(addresses(outbox.mails)).toEqual([...wanted, ...wanted].sort());
    expect(outbox.mails.map(({ subject }) => subject.split(' ')[0])).toEqual([
      'Invoice',
      'Invoice',
      'Credit',
      'Credit',
    ]);
  });

  it('that did not go to one goes to that one again, when the lease is over', async () => {
    const nowMs = later();
    const { organizationId } = await seedOrganization();
    const [first, second] = [await person(organizationId, 'owner'), await person(organizationId, 'finance')];
    await paid(selling(), organizationId, 1_000, nowMs);
    const outbox = new Outbox(SELLER);
    const ids: (string | undefined)[] = [];
    let broken = true;
    const fetch = async (_: string, init: RequestInit) => {
      const mail = JSON.parse(String(init.body)) as Mail;
      if (mail.to === second.userId) ids.push(mail.id);
      if (broken && mail.to === second.userId) return new Response('', { status: 500 });
      outbox.mails.push(mail);
      return new Response();
    };
    const environment = { ...outbox.env, OUTBOX: { fetch } as unknown as Fetcher };
    await mailDocuments(environment, nowMs);
    await mailDocuments(environment, nowMs + 1);
    expect(addresses(outbox.mails)).toEqual([first.userId]);
    broken = false;
    await mailDocuments(environment, nowMs + LIMITS.documentMailLeaseMs);
    await mailDocuments(environment, nowMs + 2 * LIMITS.documentMailLeaseMs);
    expect(addresses(outbox.mails)).toEqual([first.userId, second.userId].sort());
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  });

  it('is mailed by one of three crons at once', async () => {
    const nowMs = later();
    const { organizationId } = await seedOrganization();
    await ofDetails(organizationId, 'one@engines.example');
    await paid(selling(), organizationId, 1_000, nowMs);
    const outbox = new Outbox(SELLER);
    await Promise.all([1, 2, 3].map(() => mailDocuments(outbox.env, nowMs)));
    expect(addresses(outbox.mails)).toEqual(['one@engines.example']);
  });

  it('is not mailed where no mail leaves, nor when that is turned on long after', async () => {
    const nowMs = later();
    const { organizationId } = await seedOrganization();
    await ofDetails(organizationId, 'late@engines.example');
    await paid(selling(), organizationId, 1_000, nowMs);
    await mailDocuments(selling(), nowMs);
    const outbox = new Outbox(SELLER);
    await mailDocuments(outbox.env, nowMs + LIMITS.documentMailMsMax);
    expect(outbox.mails).toEqual([]);
  });
});
