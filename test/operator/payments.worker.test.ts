/** Payments recorded by the operator: invoices, credit and refunds, each once, and what is refused. */
import { describe, expect, it } from 'vitest';
import { openTransaction } from '../../src/billing/transactions.ts';
import { balanceOf, selling, topUp } from '../billing/paying.ts';
import { json } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, callIn, type Json, refusal, request } from '../teams/management.ts';

const SECRET = 'the-operator-of-these-tests-and-nobody-else';
const OPERATED = { OPERATOR_SECRET: SECRET };

function operate(seeded: Seeded, rest: string, body?: unknown, environment = selling(OPERATED)): Promise<Response> {
  return callIn(environment, request('POST', `/operator/orgs/${seeded.organizationId}${rest}`, SECRET, body));
}

const pay = (seeded: Seeded, body: Json) => operate(seeded, '/payments', body);
const refund = (seeded: Seeded, body: Json) => operate(seeded, '/refunds', body);

let references = 0;
const reference = () => `wire ${references++}`;

const balance = async ({ organizationId }: Seeded) => (await balanceOf(organizationId)) / 1e9;

async function actionsOf({ organizationId, masterKey }: Seeded): Promise<string[]> {
  const { entries } = await json<{ entries: Json[] }>(
    await call('GET', `/orgs/${organizationId}/audit-log`, masterKey),
  );
  return entries.map(({ action }) => String(action));
}

describe('a payment', () => {
  it('is credit, an invoice and an audit entry, each once however often it is recorded', async () => {
    const seeded = await seedOrganization();
    const payment = { kind: 'top_up', amount: '100', reference: reference() };
    const answers = [await pay(seeded, payment), await pay(seeded, payment), await pay(seeded, payment)];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200]);
    const [first, second] = await Promise.all(answers.map((answer) => json(answer)));
    expect(first).toEqual(second);
    expect(first).toMatchObject({
      kind: 'top_up',
      status: 'completed',
      amount: '100.00',
      currency: 'USD',
      credit: '100',
      number: expect.stringMatching(/^\d{4}-\d{6}$/),
      paidThrough: 'manual',
      reference: payment.reference,
    });
    expect(await balance(seeded)).toBe(100);
    expect(await actionsOf(seeded)).toEqual(['payment.recorded']);
  });

  it('is charged once by ten who record it at once', async () => {
    const seeded = await seedOrganization();
    const payment = { kind: 'top_up', amount: '7', reference: reference() };
    const answers = await Promise.all(Array.from({ length: 10 }, () => pay(seeded, payment)));
    const ids = await Promise.all(answers.map(async (answer) => (await json(answer)).id));
    expect(new Set(ids).size).toBe(1);
    expect(await balance(seeded)).toBe(7);
  });

  it('of seats or a subscription is in any currency, and no credit', async () => {
    const seeded = await seedOrganization();
    const period = { from: '2026-11-12', to: '2026-11-30' };
    const seats = { kind: 'seats', amount: '6.33', currency: 'EUR', quantity: 3, reference: reference(), ...period };
    expect(await json(await pay(seeded, seats))).toMatchObject({ amount: '18.99', currency: 'EUR', credit: '0' });
    const yen = { kind: 'subscription', amount: '999999', currency: 'JPY', reference: reference(), description: 'Pro' };
    const { id } = await json(await pay(seeded, yen));
    const whole = await json(await call('GET', `/orgs/${seeded.organizationId}/transactions/${id}`, seeded.masterKey));
    expect(whole).toMatchObject({
      amount: '999999',
      lines: [{ description: 'Pro', quantity: '1', unitPrice: '999999' }],
    });
    expect(await balance(seeded)).toBe(0);
  });

  const TOP_UP = { kind: 'top_up', amount: '100', reference: 'refused' };
  it.each<[string, Json, string]>([
    ['less than $5', { ...TOP_UP, amount: '4.99' }, 'amount'],
    ['a million', { ...TOP_UP, amount: '1000000' }, 'amount'],
    ['a part of a cent', { ...TOP_UP, amount: '10.001' }, 'amount'],
    ['less than nothing', { ...TOP_UP, amount: '-10' }, 'amount'],
    ['an exponent', { ...TOP_UP, amount: '1e3' }, 'amount'],
    ['a number', { ...TOP_UP, amount: 100 }, 'amount'],
    ['no amount', { kind: 'top_up', reference: 'refused' }, 'amount'],
    ['credit in EUR', { ...TOP_UP, currency: 'EUR' }, 'currency'],
    ['an unknown currency', { ...TOP_UP, currency: 'XQQ' }, 'currency'],
    ['a part of a yen', { ...TOP_UP, kind: 'seats', currency: 'JPY', amount: '1.5' }, 'amount'],
    ['no reference', { kind: 'top_up', amount: '100' }, 'reference'],
    ['an empty reference', { ...TOP_UP, reference: '  ' }, 'reference'],
    ['another kind', { ...TOP_UP, kind: 'gift' }, 'kind'],
    ['many credits', { ...TOP_UP, quantity: 2 }, 'quantity'],
    ['half a seat', { ...TOP_UP, kind: 'seats', quantity: 0.5 }, 'quantity'],
    ['half a period', { ...TOP_UP, kind: 'seats', from: '2026-11-01' }, 'from'],
    ['a period that ends before it begins', { ...TOP_UP, kind: 'seats', from: '2026-11-02', to: '2026-11-01' }, 'from'],
    ['no day', { ...TOP_UP, kind: 'seats', from: '2026-11-31', to: '2026-12-01' }, 'from'],
    ['an unknown field', { ...TOP_UP, total: '1' }, 'total'],
  ])('of %s is refused, and nothing is charged', async (_, payment, param) => {
    const seeded = await seedOrganization();
    expect(await refusal(await pay(seeded, payment))).toMatchObject({ status: 400, param });
    expect([await balance(seeded), await actionsOf(seeded)]).toEqual([0, []]);
  });

  it.each(['5', '5.00', '999999.99'])('of $%s is taken', async (amount) => {
    const seeded = await seedOrganization();
    expect((await pay(seeded, { kind: 'top_up', amount, reference: reference() })).status).toBe(201);
    expect(await balance(seeded)).toBe(Number(amount));
  });

  it('is a 409 where its reference stands for another', async () => {
    const [seeded, other] = [await seedOrganization(), await seedOrganization()];
    const payment = { kind: 'top_up', amount: '10', reference: reference() };
    await pay(seeded, payment);
    for (const answer of [await pay(seeded, { ...payment, amount: '11' }), await pay(other, payment)])
      expect(await refusal(answer)).toMatchObject({ status: 409, code: 'reference_conflict', param: 'reference' });
    expect([await balance(seeded), await balance(other)]).toEqual([10, 0]);
  });

  it('is a 503 where there is no seller, before anything is charged', async () => {
    const seeded = await seedOrganization();
    const nobody = selling({ ...OPERATED, SELLER_NAME: '' });
    const payment = { kind: 'top_up', amount: '10', reference: reference() };
    const refused = await refusal(await operate(seeded, '/payments', payment, nobody));
    expect(refused).toMatchObject({
      status: 503,
      code: 'seller_missing',
      message: expect.stringContaining('SELLER_NAME'),
    });
    expect(await balance(seeded)).toBe(0);
    expect(await json(await call('GET', `/orgs/${seeded.organizationId}/transactions`, seeded.masterKey))).toEqual({
      transactions: [],
      nextCursor: null,
    });
  });
});

describe('a refund', () => {
  it('takes credit back, once for a reference, and never more than is left', async () => {
    const seeded = await seedOrganization();
    const { id } = await json(await pay(seeded, { kind: 'top_up', amount: '50', reference: reference() }));
    const half = { transactionId: id, amount: '20', currency: 'USD', reference: reference() };
    const answers = [await refund(seeded, half), await refund(seeded, half)];
    expect(answers.map(({ status }) => status)).toEqual([201, 200]);
    expect(await json(answers[0] as Response)).toMatchObject({
      kind: 'refund',
      amount: '-20.00',
      refundOf: id,
      number: expect.stringMatching(/^CN-\d{4}-\d{6}$/),
    });
    expect(await balance(seeded)).toBe(30);
    expect(await refusal(await refund(seeded, { ...half, amount: '30.01', reference: reference() }))).toMatchObject({
      status: 400,
      param: 'amount',
      message: 'Of this charge $30.00 are left to refund.',
    });
    const rest = { transactionId: id, reference: reference() };
    for (const status of [201, 200]) expect((await refund(seeded, rest)).status).toBe(status);
    expect(await balance(seeded)).toBe(0);
    expect(await actionsOf(seeded)).toEqual(['payment.refunded', 'payment.refunded', 'payment.recorded']);
  });

  it('may leave the wallet below nothing: what was spent is owed', async () => {
    const seeded = await seedOrganization();
    const { id } = await json(await pay(seeded, { kind: 'top_up', amount: '50', reference: reference() }));
    const taken = { id: 'adjusted', kind: 'refund', amount: '40' };
    expect((await operate(seeded, '/wallet/entries', taken)).status).toBe(201);
    expect((await refund(seeded, { transactionId: id, reference: reference() })).status).toBe(201);
    expect(await balance(seeded)).toBe(-40);
  });

  it.each<[string, (id: unknown) => Json, Json]>([
    [
      'in another currency',
      (id) => ({ transactionId: id, currency: 'EUR', reference: 'r' }),
      { status: 400, param: 'currency' },
    ],
    ['of nothing', (id) => ({ transactionId: id, amount: '0', reference: 'r' }), { status: 400, param: 'amount' }],
    ['of no charge', () => ({ transactionId: 'txn_nothing', reference: 'r' }), { status: 404 }],
    ['without a reference', (id) => ({ transactionId: id }), { status: 400, param: 'reference' }],
  ])('%s is refused', async (_, asked, expected) => {
    const seeded = await seedOrganization();
    const { id } = await json(await pay(seeded, { kind: 'top_up', amount: '50', reference: reference() }));
    expect(await refusal(await refund(seeded, asked(id)))).toMatchObject(expected);
    expect(await balance(seeded)).toBe(50);
  });

  it("of another organization's charge, or of a refund, is refused", async () => {
    const [seeded, other] = [await seedOrganization(), await seedOrganization()];
    const { id } = await json(await pay(seeded, { kind: 'top_up', amount: '50', reference: reference() }));
    expect((await refund(other, { transactionId: id, reference: reference() })).status).toBe(404);
    const back = await json(await refund(seeded, { transactionId: id, reference: reference() }));
    expect((await refund(seeded, { transactionId: back.id, reference: reference() })).status).toBe(400);
  });
});

describe('an invoice that is sent before it is paid', () => {
  it('has its number and due day at once, and its credit with the payment', async () => {
    const seeded = await seedOrganization();
    const asked = { kind: 'top_up', amount: '500', reference: reference(), due: '2027-01-15' };
    const answers = [await operate(seeded, '/invoices', asked), await operate(seeded, '/invoices', asked)];
    expect(answers.map(({ status }) => status)).toEqual([201, 200]);
    const invoice = await json(answers[0] as Response);
    expect(invoice).toMatchObject({ status: 'pending', dueOn: '2027-01-15', number: expect.stringMatching(/^\d{4}-/) });
    expect(await balance(seeded)).toBe(0);
    const file = await callIn(
      selling(),
      request('GET', `/orgs/${seeded.organizationId}/transactions/${invoice.id}/invoice`, seeded.masterKey),
    );
    expect(file.status).toBe(200);

    const paidNow = [
      await operate(seeded, `/invoices/${invoice.id}/payment`),
      await operate(seeded, `/invoices/${invoice.id}/payment`),
    ];
    expect(paidNow.map(({ status }) => status)).toEqual([201, 200]);
    expect(await json(paidNow[0] as Response)).toMatchObject({ status: 'completed', number: invoice.number });
    expect(await balance(seeded)).toBe(500);
    expect(await actionsOf(seeded)).toEqual(['payment.recorded', 'invoice.issued']);
  });

  it('may be what the organization itself asked to buy', async () => {
    const seeded = await seedOrganization();
    const { id } = await openTransaction(selling(), await topUp(selling(), seeded.organizationId, 5_000), Date.now());
    const answer = await operate(seeded, `/invoices/${id}/payment`);
    expect([answer.status, await json(answer)]).toMatchObject([
      201,
      { status: 'completed', number: expect.stringMatching(/^\d{4}-/) },
    ]);
    expect(await balance(seeded)).toBe(50);
  });

  it('is voided by a credit note of all of it, once, keeps its number, and can be paid no more', async () => {
    const seeded = await seedOrganization();
    const asked = { kind: 'top_up', amount: '500', due: '2027-01-15', reference: reference() };
    const invoice = await json(await operate(seeded, '/invoices', asked));
    const answers = await Promise.all([1, 2, 3].map(() => operate(seeded, `/invoices/${invoice.id}/void`)));
    expect(answers.map(({ status }) => status)).toContain(201);
    const notes = await Promise.all(answers.map((answer) => json(answer)));
    expect(new Set(notes.map(({ number }) => number)).size).toBe(1);
    expect(notes[0]).toMatchObject({
      kind: 'refund',
      status: 'completed',
      amount: '-500.00',
      credit: '0',
      refundOf: invoice.id,
      number: expect.stringMatching(/^CN-/),
    });
    const ofIt = (rest = '') => request('GET', `/orgs/${seeded.organizationId}/transactions/${rest}`, seeded.masterKey);
    expect(await json(await callIn(selling(OPERATED), ofIt(String(invoice.id))))).toMatchObject({
      status: 'failed',
      number: invoice.number,
      refunded: '500.00',
    });
    for (const id of [invoice.id, notes[0]?.id])
      expect((await callIn(selling(OPERATED), ofIt(`${id}/invoice`))).status).toBe(200);
    expect(await refusal(await operate(seeded, `/invoices/${invoice.id}/payment`))).toMatchObject({ status: 400 });
    // Money that comes all the same is not told as recorded, for nothing of it was credited.
    const { due: _, ...late } = asked;
    expect(await refusal(await operate(seeded, '/payments', late))).toMatchObject({ status: 409, param: 'reference' });
    expect(await balance(seeded)).toBe(0);
  });

  it('is either paid or voided by who does both at once', async () => {
    const seeded = await seedOrganization();
    const asked = { kind: 'top_up', amount: '500', due: '2027-01-15', reference: reference() };
    const invoice = await json(await operate(seeded, '/invoices', asked));
    await Promise.all(['void', 'payment', 'void'].map((what) => operate(seeded, `/invoices/${invoice.id}/${what}`)));
    const path = `/orgs/${seeded.organizationId}/transactions`;
    const { transactions } = await json<{ transactions: Json[] }>(
      await callIn(selling(OPERATED), request('GET', path, seeded.masterKey)),
    );
    const isPaid = transactions.length === 1;
    expect(await balance(seeded)).toBe(isPaid ? 500 : 0);
    expect(transactions.find(({ id }) => id === invoice.id)).toMatchObject({ status: isPaid ? 'completed' : 'failed' });
    expect((await operate(seeded, `/invoices/${invoice.id}/void`)).status).toBe(isPaid ? 400 : 200);
  });

  it('needs a due day, and an invoice to be paid', async () => {
    const seeded = await seedOrganization();
    const asked = { kind: 'subscription', amount: '500', reference: reference() };
    expect(await refusal(await operate(seeded, '/invoices', asked))).toMatchObject({ status: 400, param: 'due' });
    expect((await operate(seeded, '/invoices/txn_nothing/payment')).status).toBe(404);
  });
});

it('is nothing for anybody but the operator', async () => {
  const seeded = await seedOrganization();
  for (const rest of ['/payments', '/invoices', '/invoices/txn_1/payment', '/invoices/txn_1/void', '/refunds']) {
    const asked = request('POST', `/operator/orgs/${seeded.organizationId}${rest}`, seeded.masterKey, {});
    expect((await callIn(selling(OPERATED), asked)).status).toBe(401);
  }
});
