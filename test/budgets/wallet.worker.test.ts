/** The wallet between real objects: what the cores decide (wallet.test.ts) over real calls, with objects that hang or fail. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { Recall } from '../../src/budgets/lease.ts';
import { LIMITS } from '../../src/limits.ts';
import { memberBudget } from '../../src/objects.ts';
import { pushPolicy } from '../../src/teams/policy.ts';
import { settlementOf } from '../support/about.ts';
import { until } from '../support/gateway.ts';
import { type Metered, type MeteredMember, meteredOrganization, replace } from '../support/metered.ts';

const never = () => new Promise<never>(() => undefined);
const away = () => Promise.reject(new Error('object unreachable'));

function pair({ members }: Metered): [MeteredMember, MeteredMember] {
  const [a, b] = members;
  if (!a || !b) throw new Error('an organization of fewer than two');
  return [a, b];
}

/** Members whose objects do not answer the wallet. */
async function withRecalls(
  metered: Metered,
  answers: Map<string, (recall: Recall) => Promise<unknown>>,
): Promise<void> {
  const get = (id: string) => {
    const returnLease = answers.get(id);
    return returnLease ? { returnLease } : env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(id));
  };
  await replace(metered.wallet.stub, { MEMBER_BUDGET: { idFromName: (id: string) => id, get } });
}

describe('the wallet object', () => {
  it('lends, tells its state, and knows both after it left memory', async () => {
    const metered = await meteredOrganization(1_000);
    const { wallet } = metered;
    const [a] = pair(metered);
    expect(await a.mayHold(10)).toBe(true);
    const before = await wallet.status();
    expect(before).toMatchObject({ balance: 1_000, entries: [{ id: 'start', credits: 1_000n }] });
    expect(before.lent).toBeGreaterThanOrEqual(10);
    await evictDurableObject(wallet.stub);
    expect(await wallet.status()).toEqual(before);
    expect(await wallet.post('top_up', 1_000, 'start')).toBe('known');
  });

  it('recalls what others do not hold, so that anyone may spend the last of it', async () => {
    const metered = await meteredOrganization(100, 4);
    for (const member of metered.members) expect(await member.mayHold(100)).toBe(true);
    const [a, b] = pair(metered);
    const held = await a.authorize(60);
    expect(held.granted).toBe(true);
    expect(await b.authorize(41)).toEqual({ granted: false, refusal: { kind: 'credits_in_flight', remaining: 40 } });
    expect(await b.mayHold(40)).toBe(true);
    expect(await b.authorize(101)).toMatchObject({ refusal: { kind: 'insufficient_credits' } });
    await a.release(held);
    expect(await b.mayHold(100)).toBe(true);
  });

  it('goes on without members whose objects fail or never answer, within its time', async () => {
    const metered = await meteredOrganization(100, 4);
    const [a, b] = pair(metered);
    const [, , c = a, d = a] = metered.members;
    for (const member of [a, b, c]) expect(await member.mayHold(20)).toBe(true);
    await withRecalls(
      metered,
      new Map([
        [a.memberId, never],
        [b.memberId, away],
      ]),
    );
    const startedAtMs = Date.now();
    expect(await d.authorize(100)).toMatchObject({ refusal: { kind: 'credits_in_flight' } });
    expect(Date.now() - startedAtMs).toBeLessThan(LIMITS.walletSyncMs);
    // What did not answer keeps what it had, and c's part came.
    await withRecalls(metered, new Map());
    expect(await a.mayHold(20)).toBe(true);
    expect(await d.mayHold(100)).toBe(true);
  });

  it('takes back what a refund left lent beyond the credits', async () => {
    const metered = await meteredOrganization(1_000);
    const [a] = pair(metered);
    expect((await a.authorize(50)).granted).toBe(true);
    expect(await metered.wallet.post('refund', 980)).toBe('posted');
    expect(await metered.wallet.status()).toMatchObject({ balance: 20, lent: 50, available: 0 });
    expect(await a.authorize(1)).toMatchObject({ refusal: { kind: 'credits_in_flight' } });
  });
});

describe('members who ask at once', () => {
  it('all get what fits, though each is lent more than it holds on the way', async () => {
    const metered = await meteredOrganization(1_000, 13);
    const admissions = await Promise.all(metered.members.map((member) => member.authorize(80)));
    const refused = admissions.filter(({ granted }) => !granted);
    // Twelve fit; the rest is short of one more, and that is not for ever.
    expect(refused).toMatchObject([{ granted: false, refusal: { kind: 'credits_in_flight', remaining: 40 } }]);
    expect(await metered.wallet.status()).toMatchObject({ balance: 1_000, lent: 1_000 });
    // Nothing is stuck: what is let go of is anybody's, at once.
    const granted = admissions.map((admission, i) => ({ admission, member: metered.members[i] }));
    await Promise.all(granted.map(({ admission, member }) => admission.granted && member?.release(admission)));
    expect(await metered.members[12]?.mayHold(1_000)).toBe(true);
    expect(await metered.members[0]?.mayHold(1_000)).toBe(true);
  });
});

it('what is recalled for one who asked first is not lent to one who came later', async () => {
  const metered = await meteredOrganization(100, 4);
  const [a, b] = pair(metered);
  const [, , c = a, d = a] = metered.members;
  await c.mayHold(60);
  const held = await d.authorize(41);
  await d.release(held);
  let slow = true;
  const stub = () => env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(c.memberId));
  await withRecalls(
    metered,
    new Map([
      [
        c.memberId,
        async (recall: Recall) => {
          while (slow) await new Promise((resolve) => setTimeout(resolve, 10));
          return (stub() as unknown as { returnLease(recall: Recall): Promise<unknown> }).returnLease(recall);
        },
      ],
    ]),
  );
  const first = a.authorize(100);
  const known = (which: string, { memberId }: MeteredMember) =>
    runInDurableObject(metered.wallet.stub, (_, { storage }) =>
      storage.sql.exec(`SELECT 1 FROM accounts WHERE member_id = ? AND ${which}`, memberId).toArray(),
    );
  await until(async () => (await known('granted = returned', d))[0] ?? null, 'what d gave back');
  const second = b.authorize(10);
  await until(async () => (await known('granted >= 0', b))[0] ?? null, 'the ask of b');
  slow = false;
  expect((await first).granted).toBe(true);
  expect(await second).toMatchObject({ granted: false, refusal: { kind: 'credits_in_flight' } });
});

describe('a member whose wallet does not answer', () => {
  it('is refused nothing while its lease lasts, and then everything', async () => {
    const metered = await meteredOrganization(10_000);
    const [a] = pair(metered);
    expect(await a.mayHold(10)).toBe(true);
    let calls = 0;
    const sync = () => {
      calls += 1;
      return away();
    };
    await a.replaceWallet({ sync });
    const { lent } = await metered.wallet.status();
    for (let i = 0; i < lent / 10 - LIMITS.leaseLowRequests; i++) expect((await a.authorize(10)).granted).toBe(true);
    expect(calls).toBe(0);
    // The rest of it too, though the wallet is asked for more behind.
    for (let i = 0; i < LIMITS.leaseLowRequests; i++) expect((await a.authorize(10)).granted).toBe(true);
    expect(calls).toBe(1);
    await expect(a.authorize(10)).rejects.toThrow('the wallet does not answer');
    await a.replaceWallet({ sync: never });
    const startedAtMs = Date.now();
    await expect(a.authorize(10)).rejects.toThrow();
    expect(Date.now() - startedAtMs).toBeLessThan(LIMITS.admissionTimeoutMs);
    await replace(a.stub, {});
    expect(await a.mayHold(10)).toBe(true);
  });
});

describe('a lease', () => {
  it('survives the object, and so does what was held under it', async () => {
    const metered = await meteredOrganization(100);
    const [a, b] = pair(metered);
    expect((await a.authorize(60)).granted).toBe(true);
    await evictDurableObject(a.stub);
    expect(await b.authorize(41)).toMatchObject({ refusal: { kind: 'credits_in_flight' } });
    expect(await b.mayHold(40)).toBe(true);
  });

  it('goes back when the organization is metered no more, whatever is in flight, and comes again', async () => {
    const metered = await meteredOrganization(1_000);
    const [a] = pair(metered);
    const held = await a.authorize(60);
    const setMetered = async (on: boolean) => {
      const { memberId } = a;
      await env.DB.batch([
        env.DB.prepare('UPDATE organizations SET metered = ? WHERE id = ?').bind(on ? 1 : 0, metered.organizationId),
        env.DB.prepare('UPDATE members SET policy_version = policy_version + 1 WHERE id = ?').bind(memberId),
      ]);
      expect(await pushPolicy(env, memberId)).toBe(true);
    };
    await setMetered(false);
    expect(await runDurableObjectAlarm(a.stub)).toBe(true);
    // Told by the member itself: asked it would have told as well.
    const [row] = await runInDurableObject(metered.wallet.stub, (_, { storage }) =>
      storage.sql.exec('SELECT granted - returned AS left FROM accounts').toArray(),
    );
    expect(row).toEqual({ left: 0 });
    expect(await a.mayHold(5_000)).toBe(true);
    await setMetered(true);
    // What is in flight counts again.
    expect(await a.authorize(941)).toMatchObject({ refusal: { kind: 'credits_in_flight' } });
    expect(await a.mayHold(940)).toBe(true);
    await a.release(held);
    expect(await a.mayHold(1_000)).toBe(true);
  });

  it('of an object that lost everything counts on where the wallet says it was', async () => {
    const metered = await meteredOrganization(1_000);
    const [a] = pair(metered);
    const { memberId } = a;
    const held = await a.authorize(300);
    if (!held.granted) throw new Error('refused');
    await memberBudget(env, memberId, (object) => object.settle({ memberId, ...settlementOf(held.ticket, 300) }));
    await memberBudget(env, memberId, (object) => object.ship({ memberId }));
    expect(await metered.wallet.status()).toMatchObject({ balance: 700 });
    await runInDurableObject(a.stub, (_, { storage }) => storage.deleteAll());
    await evictDurableObject(a.stub);
    expect(await a.authorize(701)).toMatchObject({ refusal: { kind: 'insufficient_credits' } });
    expect(await a.mayHold(700)).toBe(true);
    expect(await metered.wallet.status()).toMatchObject({ balance: 700 });
  });
});
