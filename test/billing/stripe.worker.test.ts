/** Payments through Stripe's own library against a fake of its API: pages, webhooks, saved cards, refunds. */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCron } from '../../src/app.ts';
import { topUpWallets } from '../../src/billing/automatic-top-ups.ts';
import { paymentsOf } from '../../src/billing/payments.ts';
import { readTransaction } from '../../src/billing/transaction-rows.ts';
import { creditWallets } from '../../src/billing/transactions.ts';
import { readWalletBooks } from '../../src/billing/wallet-books.ts';
import { DAY_MS, LIMITS, MINUTE_MS } from '../../src/limits.ts';
import { minorUnits } from '../../src/money/minor-units.ts';
import { nanos } from '../../src/money/nanos.ts';
import { orgWallet } from '../../src/objects.ts';
import { Outbox, refused } from '../support/browser.ts';
import type { FakeEvent } from '../support/fake-stripe.ts';
import { balanceOf } from './paying.ts';
import { StripeWorld, transactionsOf } from './stripe-world.ts';

const DOLLAR = 1_000_000_000;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Opens a top-up on the owner's behalf; the id of Stripe's page. */
async function openPage(
  world: StripeWorld,
  team: Awaited<ReturnType<StripeWorld['team']>>,
  amount = '50',
  saveCard = false,
) {
  const opened = await team.owner.post(`/orgs/${team.organizationId}/wallet/checkout`, { amount, saveCard });
  expect(opened.status).toBe(201);
  const page = world.fake.all('checkout.session').find(({ url }) => url === opened.body.url);
  if (!page) throw new Error(`no page at ${opened.body.url}`);
  return { transactionId: String(opened.body.transactionId), page: page.id };
}

/** A top-up that was paid on a page. */
async function charged(world: StripeWorld, team: Awaited<ReturnType<StripeWorld['team']>>) {
  const { transactionId, page } = await openPage(world, team);
  world.fake.pay(page);
  await world.deliverAll();
  const charge = await readTransaction(env.DB, transactionId);
  if (!charge) throw new Error('no charge');
  return charge;
}

/** Of events that somebody has to look at. */
async function keptProblems() {
  return (await env.DB.prepare('SELECT problem FROM webhook_events WHERE handled_at IS NULL').all()).results;
}

describe('a top-up', () => {
  it('is pending until Stripe says it was paid; then it has an invoice, and the wallet its credit', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const { transactionId, page } = await openPage(world, team);
    expect(await transactionsOf(team.organizationId)).toMatchObject([
      { id: transactionId, status: 'pending', number: null },
    ]);
    world.fake.pay(page);
    await world.deliverAll();
    expect(await transactionsOf(team.organizationId)).toMatchObject([
      {
        id: transactionId,
        kind: 'top_up',
        status: 'completed',
        total: 5_000,
        number: expect.stringMatching(/^20\d\d-\d{6}$/),
      },
    ]);
    expect(await balanceOf(team.organizationId)).toBe(50 * DOLLAR);
    const invoice = await team.owner.get(`/orgs/${team.organizationId}/wallet`);
    expect(invoice.body).toMatchObject({ balance: '50' });
  });

  it('of a double click is one', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const first = await openPage(world, team);
    const second = await openPage(world, team);
    expect(second).toEqual(first);
    expect(await transactionsOf(team.organizationId)).toHaveLength(1);
  });

  it('that nobody pays has failed when its page ends, and counts all the same if the money comes', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const { page } = await openPage(world, team);
    world.fake.expire(page);
    await world.deliverAll();
    expect(await transactionsOf(team.organizationId)).toMatchObject([{ status: 'failed', number: null }]);
    expect(await balanceOf(team.organizationId)).toBe(0);
  });

  it.each([
    ['below $5', '4.99'],
    ['above $999,999.99', '1000000'],
    ['with a part of a cent', '10.001'],
    ['of no amount', 'ten'],
  ])('%s is refused by name, and nothing is opened', async (_, amount) => {
    const world = new StripeWorld();
    const team = await world.team();
    const answer = await team.owner.post(`/orgs/${team.organizationId}/wallet/checkout`, { amount });
    expect(refused(answer)).toEqual([400, 'invalid_request_error', 'amount']);
    expect([await transactionsOf(team.organizationId), world.fake.calls]).toEqual([[], []]);
  });

  it('that was begun with another choice about the card a moment ago has no second page', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    await openPage(world, team, '50', true);
    const again = await team.owner.post(`/orgs/${team.organizationId}/wallet/checkout`, { amount: '50' });
    expect(refused(again)).toEqual([409, 'checkout_open', 'saveCard']);
    expect(world.fake.all('checkout.session')).toHaveLength(1);
  });

  it('is refused while Stripe does not answer, and opens a page of its own afterwards', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    world.fake.failing = 4;
    const path = `/orgs/${team.organizationId}/wallet/checkout`;
    expect(refused(await team.owner.post(path, { amount: '50' }))).toEqual([503, 'unavailable', null]);
    world.fake.failing = 0;
    await openPage(world, team);
    expect((await transactionsOf(team.organizationId)).map(({ status }) => status).sort()).toEqual([
      'failed',
      'pending',
    ]);
  });

  it.each([true, false])('from a bank account is decided days later: refused %s', async (isRefused) => {
    const world = new StripeWorld();
    const team = await world.team();
    const { page } = await openPage(world, team);
    world.fake.slow.add('pm_sepa');
    world.fake.pay(page, 'pm_sepa');
    await world.deliverAll();
    expect(await transactionsOf(team.organizationId)).toMatchObject([{ status: 'pending' }]);
    if (isRefused) world.fake.refused.add('pm_sepa');
    world.fake.arrive(String(world.fake.get(page).payment_intent));
    await world.deliverAll();
    const ended = isRefused ? { status: 'failed', failure: 'Your card was declined.' } : { status: 'completed' };
    expect(await transactionsOf(team.organizationId)).toMatchObject([ended]);
  });

  it('that is paid twice counts once, and the second payment is kept for somebody to look at', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const { page } = await openPage(world, team);
    world.fake.pay(page);
    await world.deliverAll();
    const from = world.fake.events.length;
    Object.assign(world.fake.get(page), { status: 'open' });
    world.fake.pay(page);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await world.deliverAll(from);
    expect(await balanceOf(team.organizationId)).toBe(50 * DOLLAR);
    expect(await keptProblems()).toContainEqual({ problem: expect.stringMatching(/pays: give it back at Stripe/) });
  });

  it('that brings another amount than was asked credits nothing and is kept for somebody to look at', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const { page } = await openPage(world, team);
    world.fake.get(page).amount_total = 4_000;
    world.fake.pay(page);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await world.deliverAll();
    expect(await transactionsOf(team.organizationId)).toMatchObject([{ status: 'pending' }]);
    expect(await balanceOf(team.organizationId)).toBe(0);
    expect(await keptProblems()).toContainEqual({
      problem: expect.stringMatching(/brought 4000 usd for transaction txn_/),
    });
  });
});

describe('a wallet that is nearly full', () => {
  const MAX = LIMITS.walletBalanceMax;
  const fill = (organizationId: string, amount: number) =>
    orgWallet(env, organizationId, (object) =>
      object.post({ id: `filled-${amount}`, kind: 'top_up', amount: nanos(amount), atMs: Date.now() }),
    );

  it('is refused more than it holds before anything is charged, what is on its way included', async () => {
    const world = new StripeWorld();
    const team = await teamWithCard(world);
    await fill(team.organizationId, MAX - 105 * DOLLAR);
    await openPage(world, team, '60');
    const path = `/orgs/${team.organizationId}/wallet/checkout`;
    expect(refused(await team.owner.post(path, { amount: '40.01' }))).toEqual([400, 'invalid_request_error', 'amount']);
    await team.owner.send('PUT', team.path, { below: '9000001', amount: '50' });
    const before = world.fake.all('payment_intent').length;
    await topUpWallets(world.env, Date.now());
    expect(world.fake.all('payment_intent')).toHaveLength(before);
    await openPage(world, team, '40');
  });

  it('that is full when the money comes has it later: the charge is kept, told and posted again', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const { page } = await openPage(world, team);
    await fill(team.organizationId, Number.MAX_SAFE_INTEGER - 10 * DOLLAR);
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    world.fake.pay(page);
    await world.deliverAll();
    expect(await transactionsOf(team.organizationId)).toMatchObject([{ status: 'completed' }]);
    const nowMs = Date.now();
    await creditWallets(world.env, nowMs);
    expect(log.mock.calls.flat().join()).toContain('wallet_not_credited');
    const late = await readWalletBooks(env, team.organizationId, nowMs + LIMITS.walletLateMs + MINUTE_MS);
    expect(late.findings).toContainEqual({ id: expect.any(String), inWallet: null, inTransactions: '50' });
    await orgWallet(env, team.organizationId, (object) =>
      object.post({ id: 'spent', kind: 'refund', amount: nanos(100 * DOLLAR), atMs: nowMs }),
    );
    await creditWallets(world.env, nowMs);
    expect(await balanceOf(team.organizationId)).toBe(Number.MAX_SAFE_INTEGER - 60 * DOLLAR);
  });
});

describe('a webhook', () => {
  const paidEvent = async (world: StripeWorld, team: Awaited<ReturnType<StripeWorld['team']>>): Promise<FakeEvent> => {
    const { page } = await openPage(world, team);
    world.fake.pay(page);
    const event = world.fake.events.find(({ type }) => type === 'checkout.session.completed');
    if (!event) throw new Error('nothing was told');
    return event;
  };

  it.each([
    ['without a signature', async () => ''],
    [
      'signed with another secret',
      (world: StripeWorld, body: string) => world.fake.sign(body, undefined, 'whsec_other'),
    ],
    ['of another body', (world: StripeWorld) => world.fake.sign('{}')],
    [
      'signed too long ago',
      (world: StripeWorld, body: string) =>
        world.fake.sign(body, Math.floor(Date.now() / 1_000) - LIMITS.stripeSignatureAgeSeconds - 5),
    ],
    ['with a broken signature', async () => 't=1,v1=zz'],
  ])('%s is a 400 and has no effect', async (_, signatureOf) => {
    const world = new StripeWorld();
    const team = await world.team();
    const event = await paidEvent(world, team);
    const answer = await world.deliver(event, await signatureOf(world, JSON.stringify(event)));
    expect(answer.status).toBe(400);
    expect(await transactionsOf(team.organizationId)).toMatchObject([{ status: 'pending' }]);
    const kept = await env.DB.prepare('SELECT 1 FROM webhook_events WHERE id = ?').bind(event.id).all();
    expect(kept.results).toEqual([]);
  });

  it('of a kind that means nothing here is taken and forgotten', async () => {
    const world = new StripeWorld();
    const event = { ...(await paidEvent(world, await world.team())), id: 'evt_other', type: 'product.created' };
    const answer = await world.deliver(event);
    expect([answer.status, await answer.json()]).toEqual([200, { received: true, handled: false }]);
  });

  it('that cannot be handled now is kept, and handled later', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const event = await paidEvent(world, team);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    world.fake.failing = 10;
    expect((await world.deliver(event)).status).toBe(200);
    expect(await transactionsOf(team.organizationId)).toMatchObject([{ status: 'pending' }]);
    world.fake.failing = 0;
    await world.retryAll();
    expect(await transactionsOf(team.organizationId)).toMatchObject([{ status: 'completed' }]);
    const kept = await env.DB.prepare('SELECT body, problem FROM webhook_events WHERE id = ?').bind(event.id).first();
    expect(kept).toEqual({ body: null, problem: null });
  });

  it('is handled by a cron of which another part fails', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const event = await paidEvent(world, team);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    world.fake.failing = 10;
    await world.deliver(event);
    world.fake.failing = 0;
    const DB = new Proxy(world.env.DB, {
      get(db, name) {
        if (name !== 'prepare') return Reflect.get(db, name).bind(db);
        return (sql: string) => {
          if (sql.includes('credited_at IS NULL AND credit <> 0')) throw new Error('no wallets now');
          return db.prepare(sql);
        };
      },
    });
    const cron = runCron('* * * * *', { ...world.env, DB }, Date.now() + 2 * DAY_MS);
    await expect(cron).rejects.toThrow('1 of 8 parts of * * * * * failed');
    expect(await transactionsOf(team.organizationId)).toMatchObject([{ status: 'completed' }]);
  });

  it('is not known to a Purser without Stripe', async () => {
    const world = new StripeWorld({ STRIPE_SECRET_KEY: '' });
    const answer = await world.deliver({
      id: 'evt_1',
      object: 'event',
      type: 'x',
      created: 1,
      data: { object: { id: 'x', object: 'x' } },
    });
    expect(answer.status).toBe(404);
  });
});

describe('a refund', () => {
  it('made here takes its part of the credit back and has a credit note, once for its id', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const charge = await charged(world, team);
    const refund = () => paymentsOf(world.env, Date.now()).refund(charge, minorUnits(1_250), 'ticket 7');
    expect(await refund()).toEqual(await refund());
    await world.deliverAll();
    expect(await transactionsOf(team.organizationId)).toMatchObject([
      { kind: 'top_up', total: 5_000 },
      { kind: 'refund', total: -1_250, status: 'completed', number: expect.any(String) },
    ]);
    expect(await balanceOf(team.organizationId)).toBe(37.5 * DOLLAR);
  });

  it('is made once for its id, also where Stripe has forgotten that, and never for another amount', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const charge = await charged(world, team);
    const { refund } = paymentsOf(world.env, Date.now());
    const first = await refund(charge, minorUnits(1_000), 'ticket 7');
    world.fake.forgetKeys();
    expect(await refund(charge, minorUnits(1_000), 'ticket 7')).toEqual(first);
    await expect(refund(charge, minorUnits(2_000), 'ticket 7')).rejects.toMatchObject({ status: 409 });
    expect(world.fake.all('refund')).toHaveLength(1);
  });

  it('of a bill that was not heard of yet waits for it', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    await env.DB.prepare(`UPDATE organizations SET plan = 'free' WHERE id = ?`).bind(team.organizationId).run();
    await team.owner.post(`/orgs/${team.organizationId}/plan`, { plan: 'pro' });
    world.fake.pay(String(world.fake.all('checkout.session').at(-1)?.id));
    world.fake.refund(String(world.fake.all('payment_intent').at(-1)?.id), 2_000);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    for (const event of [...world.fake.events].reverse()) await world.deliver(event);
    await world.retryAll();
    expect((await transactionsOf(team.organizationId)).map(({ kind, status }) => [kind, status])).toEqual([
      ['subscription', 'completed'],
      ['refund', 'completed'],
    ]);
  });

  it('of more than is left is a 400, and of nothing said all that is left', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const charge = await charged(world, team);
    const { refund } = paymentsOf(world.env, Date.now());
    await refund(charge, minorUnits(4_000), 'first');
    await expect(refund(charge, minorUnits(1_001), 'second')).rejects.toMatchObject({ status: 400, param: 'amount' });
    expect(await refund(charge, null, 'third')).toMatchObject({ total: -1_000, status: 'completed' });
    expect(await balanceOf(team.organizationId)).toBe(0);
  });

  it("made in Stripe's dashboard is heard of, also before its charge is", async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const { page } = await openPage(world, team);
    world.fake.pay(page);
    const [intent] = world.fake.all('payment_intent');
    world.fake.refund(String(intent?.id), 5_000);
    for (const event of [...world.fake.events].reverse()) await world.deliver(event);
    expect((await transactionsOf(team.organizationId)).map(({ kind, status }) => [kind, status]).sort()).toEqual([
      ['refund', 'completed'],
      ['top_up', 'completed'],
    ]);
    expect(await balanceOf(team.organizationId)).toBe(0);
  });
});

describe('a dispute', () => {
  async function bought(world: StripeWorld) {
    const team = await world.team();
    const { page } = await openPage(world, team);
    world.fake.pay(page);
    return { ...team, payment: String(world.fake.get(page).payment_intent) };
  }
  const ended = async (organizationId: string) =>
    (await transactionsOf(organizationId)).map(({ kind, status, total, number }) => [
      kind,
      status,
      total,
      number?.startsWith('CN-') ?? null,
    ]);

  it('takes its money from the wallet with a credit note, for good where it is lost', async () => {
    const world = new StripeWorld();
    const team = await bought(world);
    const dispute = world.fake.dispute(team.payment, 5_000);
    world.fake.decide(dispute.id, 'lost');
    for (const event of world.fake.events.toReversed()) await world.deliver(event);
    await world.deliverAll();
    expect(await ended(team.organizationId)).toEqual([
      ['top_up', 'completed', 5_000, false],
      ['dispute', 'completed', -5_000, true],
    ]);
    expect(await balanceOf(team.organizationId)).toBe(0);
    const settings = await team.owner.get(`/orgs/${team.organizationId}/wallet/automatic-top-up`);
    expect(settings.body).toMatchObject({ failure: 'A payment was disputed at the bank.' });
  });

  it.each(['in order', 'the other way round'])(
    'that is won gives it back, %s; then it can be refunded',
    async (how) => {
      const world = new StripeWorld();
      const team = await bought(world);
      const dispute = world.fake.dispute(team.payment, 5_000);
      if (how === 'in order') {
        await world.deliverAll();
        expect(await balanceOf(team.organizationId)).toBe(0);
      }
      world.fake.decide(dispute.id, 'won');
      for (const event of world.fake.events.toReversed()) await world.deliver(event);
      const won = [
        ['top_up', 'completed', 5_000, false],
        ['dispute', 'completed', -5_000, true],
        ['dispute', 'completed', 5_000, false],
      ];
      expect((await ended(team.organizationId)).toSorted()).toEqual(won.toSorted());
      expect(await balanceOf(team.organizationId)).toBe(50 * DOLLAR);
      const from = world.fake.events.length;
      world.fake.refund(team.payment, 5_000);
      await world.deliverAll(from);
      expect(await balanceOf(team.organizationId)).toBe(0);
      // Each of the four has a document that fits together.
      for (const { id } of await transactionsOf(team.organizationId)) {
        const file = await team.owner.get(`/orgs/${team.organizationId}/transactions/${id}/invoice`);
        expect(file.status).toBe(200);
      }
    },
  );

  it('of what was refunded in part takes what is left', async () => {
    const world = new StripeWorld();
    const team = await bought(world);
    world.fake.refund(team.payment, 2_000);
    await world.deliverAll();
    const from = world.fake.events.length;
    world.fake.dispute(team.payment, 5_000);
    await world.deliverAll(from);
    expect((await ended(team.organizationId)).at(-1)).toEqual(['dispute', 'completed', -3_000, true]);
    expect(await balanceOf(team.organizationId)).toBe(0);
  });
});

async function teamWithCard(world: StripeWorld) {
  const team = await world.team();
  await env.DB.prepare('UPDATE organizations SET metered = 1 WHERE id = ?').bind(team.organizationId).run();
  const { page } = await openPage(world, team, '5', true);
  world.fake.pay(page);
  await world.deliverAll();
  const path = `/orgs/${team.organizationId}/wallet/automatic-top-up`;
  const set = await team.owner.send('PUT', path, { below: '10', amount: '20' });
  expect([set.status, set.body]).toEqual([
    200,
    {
      below: '10',
      amount: '20',
      monthlyMax: '1000',
      boughtThisMonth: '0',
      card: 'Visa 4242',
      failedAt: null,
      failure: null,
      retryAt: null,
    },
  ]);
  return { ...team, path };
}

describe('an automatic top-up', () => {
  it('is bought with the saved card when less is left than was said, once', async () => {
    const world = new StripeWorld();
    const team = await teamWithCard(world);
    const nowMs = Date.now();
    await Promise.all([topUpWallets(world.env, nowMs), topUpWallets(world.env, nowMs)]);
    await world.deliverAll();
    await topUpWallets(world.env, nowMs + MINUTE_MS);
    expect(await transactionsOf(team.organizationId)).toMatchObject([
      { kind: 'top_up', status: 'completed' },
      { kind: 'auto_top_up', status: 'completed', total: 2_000 },
    ]);
    expect(await balanceOf(team.organizationId)).toBe(25 * DOLLAR);
  });

  it('is not bought by settings that were turned off while the run was at another organization', async () => {
    const world = new StripeWorld();
    const teams = [await teamWithCard(world), await teamWithCard(world)];
    const before = world.fake.all('payment_intent').length;
    const answer = world.fake.answer.bind(world.fake);
    vi.spyOn(world.fake, 'answer').mockImplementation(async (request) => {
      if (request.url.endsWith('/payment_intents')) {
        for (const { owner, path } of teams) {
          expect((await owner.send('PUT', path, { below: null, amount: null })).status).toBe(200);
        }
      }
      return answer(request);
    });
    await topUpWallets(world.env, Date.now());
    expect(world.fake.all('payment_intent')).toHaveLength(before + 1);
  });

  it('whose answer was lost is paid once', async () => {
    const world = new StripeWorld();
    const team = await teamWithCard(world);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    world.fake.losing = 1 + LIMITS.stripeRetriesMax;
    await topUpWallets(world.env, Date.now());
    await topUpWallets(world.env, Date.now() + MINUTE_MS);
    await world.deliverAll();
    expect(await balanceOf(team.organizationId)).toBe(25 * DOLLAR);
    expect(world.fake.all('payment_intent')).toHaveLength(2);
  });

  it('from a bank account, whose money takes days, is asked for once', async () => {
    const world = new StripeWorld();
    const team = await teamWithCard(world);
    world.fake.slow.add('pm_visa');
    const nowMs = Date.now();
    await topUpWallets(world.env, nowMs);
    world.fake.forgetKeys();
    await topUpWallets(world.env, nowMs + 2 * DAY_MS);
    const [, payment, ...more] = world.fake.all('payment_intent');
    expect(more).toEqual([]);
    world.fake.arrive(String(payment?.id));
    await topUpWallets(world.env, nowMs + 3 * DAY_MS);
    expect(await balanceOf(team.organizationId)).toBe(25 * DOLLAR);
    expect(await transactionsOf(team.organizationId)).toHaveLength(2);
  });

  it('is not bought again while the wallet has yet to take the one before', async () => {
    const world = new StripeWorld();
    const team = await teamWithCard(world);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const nowMs = Date.now();
    // The wallet tells what it has, and takes nothing.
    const ORG_WALLET = new Proxy(world.env.ORG_WALLET, {
      get(wallets, name) {
        if (name !== 'get') return Reflect.get(wallets, name).bind(wallets);
        return (id: DurableObjectId) => {
          const wallet = wallets.get(id);
          return {
            status: () => wallet.status(),
            post: () => Promise.reject(new Error('not now')),
          };
        };
      },
    });
    const broken = { ...world.env, ORG_WALLET };
    await topUpWallets(broken, nowMs);
    await topUpWallets(broken, nowMs + MINUTE_MS);
    expect(world.fake.all('payment_intent')).toHaveLength(2);
    await creditWallets(world.env, nowMs);
    expect(await balanceOf(team.organizationId)).toBe(25 * DOLLAR);
  });

  it('of which no answer came for a day has failed, and another is bought', async () => {
    const world = new StripeWorld();
    const team = await teamWithCard(world);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const nowMs = Date.now();
    world.fake.failing = 2;
    await topUpWallets(world.env, nowMs);
    world.fake.failing = 0;
    await topUpWallets(world.env, nowMs + DAY_MS);
    await topUpWallets(world.env, nowMs + DAY_MS + MINUTE_MS);
    expect((await transactionsOf(team.organizationId)).map(({ kind, status }) => [kind, status])).toEqual([
      ['top_up', 'completed'],
      ['auto_top_up', 'failed'],
      ['auto_top_up', 'completed'],
    ]);
  });

  it('that the bank refuses is told, and not tried again until something changes', async () => {
    const world = new StripeWorld();
    const team = await teamWithCard(world);
    world.fake.refused.add('pm_visa');
    await topUpWallets(world.env, Date.now());
    await world.deliverAll();
    await topUpWallets(world.env, Date.now() + MINUTE_MS);
    expect(await transactionsOf(team.organizationId)).toMatchObject([
      { kind: 'top_up' },
      { kind: 'auto_top_up', status: 'failed', failure: 'Your card was declined.' },
    ]);
    expect((await team.owner.get(team.path)).body).toMatchObject({ failure: 'Your card was declined.' });
    world.fake.refused.clear();
    await team.owner.send('PUT', team.path, { below: '10', amount: '20' });
    await topUpWallets(world.env, Date.now() + 2 * MINUTE_MS);
    expect(await balanceOf(team.organizationId)).toBe(25 * DOLLAR);
  });
});

describe('automatic top-ups', () => {
  it('buy no more in a month than their cap, and go on in the next', async () => {
    const world = new StripeWorld();
    const team = await teamWithCard(world);
    const small = await team.owner.send('PUT', team.path, { below: '10', amount: '20', monthlyMax: '19.99' });
    expect(refused(small)).toEqual([400, 'invalid_request_error', 'monthlyMax']);
    // 5 were bought by hand; nothing is spent, so each of these is short.
    await team.owner.send('PUT', team.path, { below: '500', amount: '20', monthlyMax: '50' });
    const nowMs = Date.now();
    for (let minute = 0; minute < 4; minute++) await topUpWallets(world.env, nowMs + minute * MINUTE_MS);
    expect(await balanceOf(team.organizationId)).toBe(45 * DOLLAR);
    expect((await team.owner.get(team.path)).body).toMatchObject({ monthlyMax: '50', boughtThisMonth: '40' });
    await topUpWallets(world.env, nowMs + 31 * DAY_MS);
    expect(await balanceOf(team.organizationId)).toBe(65 * DOLLAR);
  });

  it('try a refused card again each day, stop at the third, and mail owners and finance of that once', async () => {
    const outbox = new Outbox();
    const world = new StripeWorld(outbox.env);
    const team = await teamWithCard(world);
    const stopped = () => outbox.mails.filter(({ subject }) => subject.endsWith('no longer bought automatically'));
    world.fake.refused.add('pm_visa');
    const nowMs = Date.now();
    const tried = () => world.fake.all('payment_intent').length - 1;
    await topUpWallets(world.env, nowMs);
    await topUpWallets(world.env, nowMs + DAY_MS - MINUTE_MS);
    await world.deliverAll();
    expect([tried(), stopped().length]).toEqual([1, 0]);
    expect((await team.owner.get(team.path)).body).toMatchObject({ retryAt: expect.any(String) });
    for (let day = 1; day < 5; day++) await topUpWallets(world.env, nowMs + day * DAY_MS + day * MINUTE_MS);
    expect([tried(), stopped().length]).toEqual([LIMITS.topUpFailuresMax, 1]);
    expect((await team.owner.get(team.path)).body).toMatchObject({ failedAt: expect.any(String), retryAt: null });
  });
});

describe('the saved card', () => {
  it('is forgotten at Stripe and here, is charged no more, and comes back only with a new payment', async () => {
    const world = new StripeWorld();
    const team = await teamWithCard(world);
    const path = `/orgs/${team.organizationId}/wallet/card`;
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    world.fake.failing = 4;
    expect(refused(await team.owner.send('DELETE', path))).toEqual([503, 'unavailable', null]);
    world.fake.failing = 0;
    for (let i = 0; i < 2; i++) {
      const answer = await team.owner.send('DELETE', path);
      expect([answer.status, answer.body.card, answer.body.below]).toEqual([200, null, '10']);
    }
    expect([...world.fake.detached]).toEqual(['pm_visa']);
    // Old news of the payment that saved it.
    for (const event of world.fake.events) await world.deliver({ ...event, id: `${event.id}_again` });
    await topUpWallets(world.env, Date.now());
    expect(world.fake.all('payment_intent')).toHaveLength(1);
    world.fake.setNow(Date.now() + MINUTE_MS);
    const { page } = await openPage(world, team, '6', true);
    world.fake.pay(page, 'pm_amex');
    await world.deliverAll();
    expect((await team.owner.get(team.path)).body).toMatchObject({ card: 'Amex 4242' });
  });
});

describe('events shuffled, doubled and delayed', () => {
  it('have one outcome', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const runs = Number(env.FUZZ_RUNS || 25);
    const world = new StripeWorld();
    const order = fc.array(fc.record({ at: fc.nat(), fails: fc.boolean() }), { minLength: 4, maxLength: 24 });
    const seed = Number(env.FUZZ_SEED || Date.now() % 1_000_000);
    console.log(`seed ${seed}`);
    await fc.assert(
      fc.asyncProperty(order, async (deliveries) => {
        const from = world.fake.events.length;
        const team = await world.team();
        const bought = await openPage(world, team, '50', true);
        const left = await openPage(world, team, '30');
        world.fake.pay(bought.page);
        world.fake.expire(left.page);
        world.fake.refund(String(world.fake.get(bought.page).payment_intent), 2_000);
        const told = world.fake.events.slice(from);
        for (const { at, fails } of deliveries) {
          world.fake.failing = fails ? 4 : 0;
          await world.deliver(told[at % told.length] as FakeEvent);
        }
        world.fake.failing = 0;
        // Stripe sends on until each was taken; whatever failed here is tried again.
        for (const event of told) await world.deliver(event);
        await world.retryAll();
        const ended = (await transactionsOf(team.organizationId)).map(({ kind, status, total }) => [
          kind,
          status,
          total,
        ]);
        expect(ended).toHaveLength(3);
        expect(ended).toEqual(
          expect.arrayContaining([
            ['top_up', 'completed', 5_000],
            ['top_up', 'failed', 3_000],
            ['refund', 'completed', -2_000],
          ]),
        );
        expect(await balanceOf(team.organizationId)).toBe(30 * DOLLAR);
      }),
      { numRuns: runs, seed },
    );
  }, 600_000);
});
