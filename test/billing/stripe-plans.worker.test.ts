/** Plans and seats on Stripe's subscriptions: bought, renewed, not paid for, given up, and seats told before the next bill. */
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { chargeSeats } from '../../src/billing/seat-charges.ts';
import { endPlansOfDeleted } from '../../src/billing/stripe/plans.ts';
import { endGraces, readSubscription, tellSeats } from '../../src/billing/stripe/subscriptions.ts';
import { LIMITS } from '../../src/limits.ts';
import { refused } from '../support/browser.ts';
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
    expect(world.fake.all('payment_intent').filter(({ amount }) => amount === seats[0]?.total)).toHaveLength(1);
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
