/** Plans and seats on Stripe's subscriptions: bought, renewed, not paid for, given up, and seats told before the next bill. */
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { unattendedTrail } from '../../src/audit/trail.ts';
import { chargeSeats } from '../../src/billing/seat-charges.ts';
import { endPlansOfDeleted } from '../../src/billing/stripe/plans.ts';
import { endGraces, readSubscription, tellSeats } from '../../src/billing/stripe/subscriptions.ts';
import { DAY_MS, HOUR_MS, LIMITS, MINUTE_MS } from '../../src/limits.ts';
import { formatUsd, ZERO } from '../../src/money/nanos.ts';
import { setPlan } from '../../src/teams/organization.ts';
import { buySeats as buySeatsAt, proratedCost, readSeats } from '../../src/teams/seats.ts';
import { refused } from '../support/browser.ts';
import type { Thing } from '../support/fake-stripe.ts';
import { StripeWorld, transactionsOf } from './stripe-world.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A team on the free plan that has bought the larger one; what Stripe told has arrived. */
async function subscribed(world: StripeWorld, billingDetails: object | null = null) {
  const team = await world.team();
  await env.DB.prepare(`UPDATE organizations SET plan = 'free', billing_details = ?2 WHERE id = ?1`)
    .bind(team.organizationId, billingDetails && JSON.stringify(billingDetails))
    .run();
  const asked = await team.owner.post(`/orgs/${team.organizationId}/plan`, { plan: 'pro' });
  expect([asked.status, asked.body]).toEqual([200, { plan: 'free', url: expect.any(String), endsAt: null }]);
  const page = world.fake.all('checkout.session').find(({ url }) => url === asked.body.url);
  world.fake.pay(String(page?.id));
  await world.deliverAll();
  const subscription = String(world.fake.all('subscription').at(-1)?.id);
  return { ...team, subscription };
}

const seatsOf = (organizationId: string) =>
  env.DB.prepare('SELECT seats_bought AS seats FROM organizations WHERE id = ?').bind(organizationId).first('seats');

const buySeats = (organizationId: string, seats: number) =>
  env.DB.prepare('UPDATE organizations SET seats_bought = ? WHERE id = ?').bind(seats, organizationId).run();

describe('a plan', () => {
  it('begins once it is paid for, with an invoice of ours', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    expect(await team.plan()).toBe('pro');
    expect(await transactionsOf(team.organizationId)).toMatchObject([
      { kind: 'subscription', status: 'completed', total: 2_000, number: expect.any(String) },
    ]);
  });

  it('bears the tax of its seller, in both bills alike', async () => {
    const world = new StripeWorld({ SELLER_TAX_NAME: 'VAT', SELLER_TAX_PERCENT: '19' });
    const team = await subscribed(world);
    expect(await transactionsOf(team.organizationId)).toMatchObject([{ total: 2_380 }]);
  });

  it('is invoiced with the tax that was paid, whatever is set by then', async () => {
    const world = new StripeWorld({ SELLER_TAX_NAME: 'VAT', SELLER_TAX_PERCENT: '19', SELLER_REVERSE_CHARGE: '1' });
    const team = await subscribed(world);
    Object.assign(world.env, { SELLER_TAX_PERCENT: '21' });
    // Seats that came later bear it too.
    await buySeats(team.organizationId, 1);
    await tellSeats(world.env, Date.now());
    const taxId = { name: 'Acme', address: '1 Main St', country: 'US', taxId: 'US1', email: '' };
    await env.DB.prepare('UPDATE organizations SET billing_details = ? WHERE id = ?')
      .bind(JSON.stringify(taxId), team.organizationId)
      .run();
    const from = world.fake.events.length;
    world.fake.renew(team.subscription);
    await world.deliverAll(from);
    expect((await transactionsOf(team.organizationId)).map(({ total }) => total)).toEqual([2_380, 3_570]);
  });

  it('bears no tax where the buyer owes it', async () => {
    const world = new StripeWorld({ SELLER_TAX_NAME: 'VAT', SELLER_TAX_PERCENT: '19', SELLER_REVERSE_CHARGE: '1' });
    const abroad = { name: 'Acme', address: '1 Main St', country: 'FR', taxId: 'FR1', email: '' };
    const team = await subscribed(world, abroad);
    expect(await transactionsOf(team.organizationId)).toMatchObject([{ total: 2_000, status: 'completed' }]);
  });

  it('of two clicks is one page, and after it has ended another', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    await env.DB.prepare(`UPDATE organizations SET plan = 'free' WHERE id = ?`).bind(team.organizationId).run();
    const ask = async () => (await team.owner.post(`/orgs/${team.organizationId}/plan`, { plan: 'pro' })).body.url;
    const first = await ask();
    expect(await ask()).toBe(first);
    expect(world.fake.all('checkout.session')).toHaveLength(1);
    world.fake.pay(String(world.fake.all('checkout.session')[0]?.id));
    world.fake.cancel(String(world.fake.all('subscription')[0]?.id));
    await world.deliverAll();
    expect(await ask()).not.toBe(first);
  });

  it.each(['in order', 'the other way round'])(
    'that is bought on two pages is the older one, and the other is given back: events %s',
    async (how) => {
      const world = new StripeWorld();
      vi.spyOn(console, 'error').mockImplementation(() => undefined);
      vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      const team = await world.team();
      await env.DB.prepare(`UPDATE organizations SET plan = 'free' WHERE id = ?`).bind(team.organizationId).run();
      const ask = () => team.owner.post(`/orgs/${team.organizationId}/plan`, { plan: 'pro' });
      await ask();
      // Something has changed by then, or it is another day: this is another page.
      await buySeats(team.organizationId, 1);
      await ask();
      const pages = world.fake.all('checkout.session');
      expect(pages).toHaveLength(2);
      for (const { id } of pages) world.fake.pay(id);
      const told = [...world.fake.events];
      for (const event of how === 'in order' ? told : told.reverse()) await world.deliver(event);
      await world.retryAll();
      await world.deliverAll();
      await world.deliverAll();
      const [first, second] = world.fake.all('subscription');
      expect([first?.status, second?.status]).toEqual(['active', 'canceled']);
      expect(await readSubscription(world.env, team.organizationId)).toMatchObject({ reference: first?.id });
      expect((await transactionsOf(team.organizationId)).map(({ kind, total }) => [kind, total]).toSorted()).toEqual(
        [
          ['subscription', 2_000],
          ['subscription', 3_000],
          ['refund', -3_000],
        ].toSorted(),
      );
      expect(await team.plan()).toBe('pro');
    },
  );

  it('of an organization that was deleted is billed no more', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await endPlansOfDeleted(world.env, Date.now());
    expect(world.fake.get(team.subscription).cancel_at_period_end).toBe(false);
    await env.DB.prepare('UPDATE organizations SET deleted_at = ? WHERE id = ?')
      .bind(Date.now(), team.organizationId)
      .run();
    await endPlansOfDeleted(world.env, Date.now());
    expect(world.fake.get(team.subscription).cancel_at_period_end).toBe(true);
  });

  it('is a transaction each month', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    const from = world.fake.events.length;
    world.fake.renew(team.subscription);
    await world.deliverAll(from);
    await world.deliverAll();
    expect((await transactionsOf(team.organizationId)).map(({ total }) => total)).toEqual([2_000, 2_000]);
  });

  it('that was given up ends with its period, and can be kept before that', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    const path = `/orgs/${team.organizationId}/plan`;
    expect((await team.owner.post(path, { plan: 'free' })).body).toMatchObject({
      plan: 'pro',
      endsAt: expect.any(String),
    });
    expect((await team.owner.post(path, { plan: 'pro' })).body).toEqual({ plan: 'pro', url: null, endsAt: null });
    expect(world.fake.get(team.subscription).cancel_at_period_end).toBe(false);
    await team.owner.post(path, { plan: 'free' });
    expect(await team.plan()).toBe('pro');
    const from = world.fake.events.length;
    world.fake.renew(team.subscription);
    await world.deliverAll(from);
    expect(await team.plan()).toBe('free');
  });

  it('stays for a grace where a payment fails, ends after it, and is back once it is paid', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buySeats(team.organizationId, 2);
    await tellSeats(world.env, Date.now());
    await world.deliverAll();
    world.fake.refused.add('pm_visa');
    const from = world.fake.events.length;
    const bill = world.fake.renew(team.subscription);
    await world.deliverAll(from);
    await endGraces(world.env, Date.now());
    expect([await team.plan(), (await readSubscription(world.env, team.organizationId))?.status]).toEqual([
      'pro',
      'past_due',
    ]);
    await endGraces(world.env, Date.now() + LIMITS.paymentGraceMs + 1);
    expect(await team.plan()).toBe('free');
    const again = await team.owner.post(`/orgs/${team.organizationId}/plan`, { plan: 'pro' });
    expect(again.body).toEqual({ plan: 'free', url: bill.hosted_invoice_url, endsAt: null });
    const later = world.fake.events.length;
    world.fake.refused.clear();
    world.fake.settle(bill.id);
    await world.deliverAll(later);
    expect(await team.plan()).toBe('pro');
    // The bill had them.
    expect(await seatsOf(team.organizationId)).toBe(2);
  });

  it('is as Stripe has it now, in whatever order its events come', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    world.fake.cancel(team.subscription);
    for (const event of [...world.fake.events].reverse()) await world.deliver({ ...event, id: `${event.id}_late` });
    expect(await team.plan()).toBe('free');
    expect(await transactionsOf(team.organizationId)).toHaveLength(1);
  });

  it('is not changed by itself where it is by contract, or paid by hand', async () => {
    const world = new StripeWorld();
    const team = await world.team();
    const path = `/orgs/${team.organizationId}/plan`;
    expect(refused(await team.owner.post(path, { plan: 'free' }))).toEqual([403, 'plan_by_contract', null]);
    await env.DB.prepare(`UPDATE organizations SET plan = 'pro' WHERE id = ?`).bind(team.organizationId).run();
    for (const plan of ['free', 'pro'])
      expect(refused(await team.owner.post(path, { plan }))).toEqual([403, 'plan_by_operator', null]);
    const byHand = new StripeWorld({ STRIPE_SECRET_KEY: '' });
    const other = await byHand.team();
    const asked = await other.owner.post(`/orgs/${other.organizationId}/plan`, { plan: 'pro' });
    expect(refused(asked)).toEqual([403, 'plan_by_operator', null]);
  });
});

describe('seats', () => {
  /** Two more, for exactly what the 402 without it says. */
  async function buyTwo({ organizationId, owner }: Awaited<ReturnType<typeof subscribed>>): Promise<string> {
    const path = `/orgs/${organizationId}/seats`;
    const quoted = await owner.post(path, { seats: 2 });
    const { metadata } = quoted.body.error as { metadata: { seatCost: string } };
    expect((await owner.post(path, { seats: 2, acceptSeatCost: metadata.seatCost })).status).toBe(201);
    return metadata.seatCost;
  }

  it('are charged once with the saved card, for exactly what was accepted, and have an invoice', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await env.DB.prepare(
      `INSERT INTO billing_accounts (organization_id, payment_method) VALUES (?1, 'pm_visa')
       ON CONFLICT (organization_id) DO UPDATE SET payment_method = excluded.payment_method`,
    )
      .bind(team.organizationId)
      .run();
    const cost = await buyTwo(team);
    const nowMs = Date.now();
    await Promise.all([chargeSeats(world.env, nowMs), chargeSeats(world.env, nowMs)]);
    await chargeSeats(world.env, nowMs);
    await world.deliverAll();
    const seats = (await transactionsOf(team.organizationId)).filter(
      ({ kind, status }) => kind === 'seats' && status === 'completed',
    );
    expect(seats).toMatchObject([{ total: Math.round(Number(cost) * 100), number: expect.any(String) }]);
    const named = ({ metadata }: Thing) => (metadata as Record<string, string>).purser_transaction === seats[0]?.id;
    expect(world.fake.all('payment_intent').filter(named)).toHaveLength(1);
  });

  it('that the bank does not pay for stay, and the transaction says why', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await env.DB.prepare(`UPDATE billing_accounts SET payment_method = 'pm_visa' WHERE organization_id = ?`)
      .bind(team.organizationId)
      .run();
    await buyTwo(team);
    world.fake.refused.add('pm_visa');
    await chargeSeats(world.env, Date.now());
    expect(await transactionsOf(team.organizationId)).toContainEqual(
      expect.objectContaining({ kind: 'seats', status: 'failed', failure: 'Your card was declined.' }),
    );
    expect(await seatsOf(team.organizationId)).toBe(2);
  });

  /** What of them the transaction is. */
  const charged = async (organizationId: string) =>
    (await transactionsOf(organizationId)).filter(({ kind }) => kind === 'seats');

  it('are charged to the card that pays the plan where none was saved, and opened once by two runs', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buyTwo(team);
    const nowMs = Date.now();
    await Promise.all([chargeSeats(world.env, nowMs), chargeSeats(world.env, nowMs)]);
    expect(await charged(team.organizationId)).toMatchObject([{ status: 'completed' }]);
  });

  it('that the bank did not pay for can be paid on a page, another card too, and stay', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buyTwo(team);
    world.fake.refused.add('pm_visa');
    await chargeSeats(world.env, Date.now());
    const [failed] = (await team.owner.get(`/orgs/${team.organizationId}/transactions?kind=seats`)).body
      .transactions as { id: string; payBy: string }[];
    expect(Date.parse(String(failed?.payBy))).toBeGreaterThan(Date.now() + LIMITS.unpaidSeatsMs - MINUTE_MS);
    const path = `/orgs/${team.organizationId}/transactions/${failed?.id}/checkout`;
    const opened = await team.owner.post(path);
    expect(opened.status).toBe(201);
    expect((await team.owner.post(path)).body.url).toBe(opened.body.url);
    const page = () => String(world.fake.all('checkout.session').at(-1)?.id);
    // Left once; the next page is another one.
    const from = world.fake.events.length;
    world.fake.expire(page());
    await world.deliverAll(from);
    expect(await charged(team.organizationId)).toMatchObject([{ status: 'failed' }]);
    const again = await team.owner.post(path);
    expect(again.body.url).not.toBe(opened.body.url);
    world.fake.pay(page());
    await world.deliverAll(from);
    await chargeSeats(world.env, Date.now());
    expect(await charged(team.organizationId)).toMatchObject([{ status: 'pending' }]);
    world.fake.pay(page(), 'pm_amex');
    await world.deliverAll(from);
    await chargeSeats(world.env, Date.now() + LIMITS.unpaidSeatsMs + 1);
    expect(await charged(team.organizationId)).toMatchObject([{ status: 'completed', number: expect.any(String) }]);
    expect(await seatsOf(team.organizationId)).toBe(2);
    expect(refused(await team.owner.post(path))).toEqual([409, 'nothing_to_pay', null]);
  });

  it('that nobody pays for are taken back in the end, and billed no more; who pays after that has them again', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buyTwo(team);
    world.fake.refused.add('pm_visa');
    await chargeSeats(world.env, Date.now());
    const [failed] = await charged(team.organizationId);
    await team.owner.post(`/orgs/${team.organizationId}/transactions/${failed?.id}/checkout`);
    await tellSeats(world.env, Date.now());
    await chargeSeats(world.env, Date.now() + LIMITS.unpaidSeatsMs - MINUTE_MS);
    expect(await seatsOf(team.organizationId)).toBe(2);
    const overMs = Date.now() + LIMITS.unpaidSeatsMs + MINUTE_MS;
    await Promise.all([chargeSeats(world.env, overMs), chargeSeats(world.env, overMs)]);
    expect(await seatsOf(team.organizationId)).toBe(0);
    const { periodEnd = 0 } = (await readSubscription(world.env, team.organizationId)) ?? {};
    await tellSeats(world.env, periodEnd - MINUTE_MS);
    expect(await readSubscription(world.env, team.organizationId)).toMatchObject({ seats: 0 });
    const from = world.fake.events.length;
    world.fake.pay(String(world.fake.all('checkout.session').at(-1)?.id), 'pm_amex');
    await world.deliverAll(from);
    await chargeSeats(world.env, overMs);
    await chargeSeats(world.env, overMs);
    expect(await charged(team.organizationId)).toMatchObject([{ status: 'completed' }]);
    expect(await seatsOf(team.organizationId)).toBe(2);
  });

  it('whose charge had no answer for a day are not charged again, which could be twice', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buyTwo(team);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const nowMs = Date.now();
    const before = world.fake.all('payment_intent').length;
    // The subscription is asked for its card; the answer to the charge is lost.
    const answer = world.fake.answer.bind(world.fake);
    vi.spyOn(world.fake, 'answer').mockImplementation(async (request) => {
      const isCharge = request.url.endsWith('/payment_intents');
      const answered = await answer(request);
      if (isCharge) throw new TypeError('connection lost');
      return answered;
    });
    await chargeSeats(world.env, nowMs);
    world.fake.forgetKeys();
    await chargeSeats(world.env, nowMs + DAY_MS);
    expect(world.fake.all('payment_intent')).toHaveLength(before + 1);
    expect(await charged(team.organizationId)).toMatchObject([{ status: 'failed' }]);
    await world.deliverAll();
    expect(await charged(team.organizationId)).toMatchObject([{ status: 'completed' }]);
  });

  it('of a double click are bought once, and of two owners at once twice, each for its price', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    const path = `/orgs/${team.organizationId}/seats`;
    const quoted = await team.owner.post(path, { seats: 2 });
    const { metadata } = quoted.body.error as { metadata: { seatCost: string } };
    const buy = () => team.owner.post(path, { seats: 2, acceptSeatCost: metadata.seatCost });
    expect((await Promise.all([buy(), buy()])).map(({ status }) => status)).toEqual([201, 201]);
    expect(await seatsOf(team.organizationId)).toBe(2);
    await env.DB.prepare(`UPDATE seat_purchases SET bought_by = 'usr_other' WHERE organization_id = ?`)
      .bind(team.organizationId)
      .run();
    await buy();
    expect(await seatsOf(team.organizationId)).toBe(4);
    await chargeSeats(world.env, Date.now());
    const cents = Math.round(Number(metadata.seatCost) * 100);
    expect((await charged(team.organizationId)).map(({ total }) => total)).toEqual([cents, cents]);
  });

  it('bought in the last second of a period are charged for it and for the next one, whose bill has them not', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    const { periodEnd = 0 } = (await readSubscription(world.env, team.organizationId)) ?? {};
    const trail = unattendedTrail(team.organizationId);
    const atMs = periodEnd - 1;
    const seats = await readSeats(world.env, team.organizationId, atMs);
    const acceptSeatCost = formatUsd(proratedCost(seats, atMs) ?? ZERO);
    await buySeatsAt(world.env, trail, { seats: 1, acceptSeatCost }, atMs);
    const from = world.fake.events.length;
    world.fake.renew(team.subscription);
    await world.deliverAll(from);
    await Promise.all([tellSeats(world.env, periodEnd + HOUR_MS), tellSeats(world.env, periodEnd + HOUR_MS)]);
    await chargeSeats(world.env, periodEnd + HOUR_MS);
    const cents = Math.round(Number(acceptSeatCost) * 100);
    expect((await charged(team.organizationId)).map(({ total }) => total).sort((a, b) => a - b)).toEqual([
      cents,
      1_000,
    ]);
    const later = world.fake.events.length;
    world.fake.renew(team.subscription);
    await world.deliverAll(later);
    const bills = (await transactionsOf(team.organizationId)).filter(({ kind }) => kind === 'subscription');
    expect(bills.map(({ total }) => total)).toEqual([2_000, 2_000, 3_000]);
  });

  it('bought before Stripe has told of the next period are paid until the end of that', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    const { periodEnd = 0 } = (await readSubscription(world.env, team.organizationId)) ?? {};
    const { period } = await readSeats(world.env, team.organizationId, periodEnd + 1);
    const next = new Date(periodEnd);
    expect(period).toEqual({ startMs: periodEnd, endMs: next.setUTCMonth(next.getUTCMonth() + 1) });
  });

  it('that were not paid for are no debt of a plan that came after theirs', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buyTwo(team);
    world.fake.refused.add('pm_visa');
    await chargeSeats(world.env, Date.now());
    const trail = unattendedTrail(team.organizationId);
    await setPlan(world.env, trail, 'free', Date.now());
    await setPlan(world.env, trail, 'pro', Date.now());
    await buySeats(team.organizationId, 5);
    await chargeSeats(world.env, Date.now() + LIMITS.unpaidSeatsMs + MINUTE_MS);
    expect(await seatsOf(team.organizationId)).toBe(5);
    const [failed] = await charged(team.organizationId);
    const pay = await team.owner.post(`/orgs/${team.organizationId}/transactions/${failed?.id}/checkout`);
    expect(refused(pay)).toEqual([409, 'nothing_to_pay', null]);
  });

  it('that went with their plan before they were charged are not charged', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buyTwo(team);
    await setPlan(world.env, unattendedTrail(team.organizationId), 'free', Date.now());
    await chargeSeats(world.env, Date.now());
    expect(await charged(team.organizationId)).toEqual([]);
  });

  it('that a dead run had told to Stripe are noted as told by the next', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buySeats(team.organizationId, 2);
    await env.DB.prepare(
      `INSERT INTO seat_purchases (organization_id, seats, unit_cost, bought_at, period_end, untold)
       VALUES (?1, 2, 1000, ?2, ?2, 1)`,
    )
      .bind(team.organizationId, Date.now())
      .run();
    // As its event told before the run that had told Stripe could write anything.
    await env.DB.prepare('UPDATE subscriptions SET seats = 2 WHERE organization_id = ?')
      .bind(team.organizationId)
      .run();
    await tellSeats(world.env, Date.now());
    const purchases = env.DB.prepare('SELECT untold FROM seat_purchases WHERE organization_id = ?');
    expect((await purchases.bind(team.organizationId).all()).results).toEqual([{ untold: 0 }]);
  });

  it('wait where there is nobody to invoice in the name of, and are paid by hand without Stripe', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buyTwo(team);
    await chargeSeats({ ...world.env, SELLER_NAME: '' }, Date.now());
    expect((await transactionsOf(team.organizationId)).filter(({ kind }) => kind === 'seats')).toEqual([]);
    await chargeSeats({ ...world.env, STRIPE_SECRET_KEY: '' }, Date.now());
    expect(await transactionsOf(team.organizationId)).toContainEqual(
      expect.objectContaining({ kind: 'seats', status: 'pending' }),
    );
  });

  it('of one organization that Stripe refuses keep no other from being told', async () => {
    const world = new StripeWorld();
    const teams = [await subscribed(world), await subscribed(world)];
    for (const { organizationId } of teams) await buySeats(organizationId, 2);
    await env.DB.prepare(`UPDATE subscriptions SET reference = 'sub_gone' WHERE organization_id = ?`)
      .bind(teams[0]?.organizationId)
      .run();
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await tellSeats(world.env, Date.now());
    expect(await readSubscription(world.env, String(teams[0]?.organizationId))).toMatchObject({ seats: 0 });
    expect(await readSubscription(world.env, String(teams[1]?.organizationId))).toMatchObject({ seats: 2 });
  });

  it('that were bought are on the next bill', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buySeats(team.organizationId, 2);
    await tellSeats(world.env, Date.now());
    await tellSeats(world.env, Date.now());
    const from = world.fake.events.length;
    world.fake.renew(team.subscription);
    await world.deliverAll(from);
    expect((await transactionsOf(team.organizationId)).map(({ total }) => total)).toEqual([2_000, 4_000]);
  });

  it('that nobody holds are taken off only as the period ends', async () => {
    const world = new StripeWorld();
    const team = await subscribed(world);
    await buySeats(team.organizationId, 2);
    await tellSeats(world.env, Date.now());
    expect(await seatsOf(team.organizationId)).toBe(2);
    const { periodEnd = 0 } = (await readSubscription(world.env, team.organizationId)) ?? {};
    await tellSeats(world.env, periodEnd - LIMITS.seatsLoweredBeforeMs - 1_000);
    expect(await seatsOf(team.organizationId)).toBe(2);
    await tellSeats(world.env, periodEnd - LIMITS.seatsLoweredBeforeMs + 1_000);
    expect(await seatsOf(team.organizationId)).toBe(0);
    const from = world.fake.events.length;
    world.fake.renew(team.subscription);
    await world.deliverAll(from);
    expect((await transactionsOf(team.organizationId)).map(({ total }) => total)).toEqual([2_000, 2_000]);
  });
});
