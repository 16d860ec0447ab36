/** The wallet's object in workerd: what the core decides (wallet.test.ts) over real calls, with recalls that hang or fail. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { Recall, SyncMessage } from '../../src/budgets/lease.ts';
import { newId } from '../../src/ids.ts';
import { LIMITS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';
import { orgWallet } from '../../src/objects.ts';
import { WalletMember } from '../support/wallet-member.ts';

/** How a member's object answers a recall; null for as the member does. */
type Answer = ((recall: Recall) => Promise<SyncMessage>) | null;

/** An organization's real wallet object, with members that are plain values in the place of their objects. */
async function organization(credits: number, members = 2) {
  const organizationId = newId('org');
  const stub = env.ORG_WALLET.get(env.ORG_WALLET.idFromName(organizationId));
  const all = Array.from({ length: members }, () => new WalletMember(newId('mem')));
  const answers = new Map<string, Answer>();
  const recalls: Recall[] = [];
  const byId = (id: string) => all.find((member) => member.id === id) ?? new WalletMember(id);
  const objects = {
    idFromName: (id: string) => id,
    get: (id: string) => ({
      returnLease: async (recall: Recall) => {
        recalls.push(recall);
        return answers.get(id)?.(recall) ?? byId(id).returnLease(recall);
      },
    }),
  };
  const place = () =>
    runInDurableObject(stub, (instance) => {
      Object.assign(instance, { env: { ...env, MEMBER_BUDGET: objects } });
    });
  await place();
  const wallet = {
    sync: (message: SyncMessage) => orgWallet(env, organizationId, (object) => object.sync(message)),
    post: (kind: 'top_up' | 'refund', amount: number, id: string = newId('inv')) =>
      orgWallet(env, organizationId, (object) => object.post({ id, kind, amount: nanos(amount), atMs: 1 })),
    status: () => orgWallet(env, organizationId, (object) => object.status()),
  };
  if (credits > 0) await wallet.post('top_up', credits, 'start');
  return {
    wallet,
    members: all,
    recalls,
    answers,
    async ask(member: WalletMember, amount: number): Promise<boolean> {
      member.hear(await wallet.sync(member.message(member.wanting(amount))));
      return member.hold(amount);
    },
    async restart() {
      await evictDurableObject(stub);
      await place();
    },
  };
}

const never = () => new Promise<never>(() => undefined);

function pair([a, b]: WalletMember[]): [WalletMember, WalletMember] {
  if (!a || !b) throw new Error('an organization of fewer than two');
  return [a, b];
}

describe('the wallet object', () => {
  it('lends, tells its state, and knows both after it left memory', async () => {
    const { wallet, members, ask, restart } = await organization(1_000);
    const [a] = pair(members);
    expect(await ask(a, 10)).toBe(true);
    const before = await wallet.status();
    expect(before).toMatchObject({
      balance: 1_000,
      lent: a.lease.granted,
      entries: [{ id: 'start', credits: 1_000n }],
    });
    await restart();
    expect(await wallet.status()).toEqual(before);
    expect(await wallet.post('top_up', 1_000, 'start')).toBe('known');
    expect(await wallet.sync({ ...a.message(), ask: 1, want: nanos(10) })).toMatchObject({ granted: a.lease.granted });
  });

  it('recalls what others do not hold, so that anyone may spend the last of it', async () => {
    const { members, ask, recalls } = await organization(100, 4);
    for (const member of members) {
      expect(await ask(member, 100)).toBe(true);
      member.holds.length = 0;
    }
    expect(recalls.length).toBe(3);
    const [a, b] = pair(members);
    expect(await ask(a, 60)).toBe(true);
    expect(await ask(b, 41)).toBe(false);
    expect(await ask(b, 40)).toBe(true);
  });

  it('goes on without a member whose object fails or never answers, within its time', async () => {
    const { members, ask, answers } = await organization(100, 4);
    const [a, b] = pair(members);
    const c = members[2] ?? a;
    const d = members[3] ?? a;
    // Three leases, whole: d wants what all of them have.
    for (const member of [a, b, c]) member.hear(await lend(member));
    async function lend(member: WalletMember) {
      return (await ask(member, 20)) ? member.lease : member.lease;
    }
    for (const member of [a, b, c]) member.holds.length = 0;
    answers.set(a.id, never);
    answers.set(b.id, () => Promise.reject(new Error('object unreachable')));
    const startedAtMs = Date.now();
    expect(await ask(d, 100)).toBe(false);
    expect(Date.now() - startedAtMs).toBeLessThan(LIMITS.walletSyncMs);
    // c's part came; a's and b's are theirs still.
    expect(d.unspent).toBe(100 - a.unspent - b.unspent);
    expect(a.hold(a.unspent)).toBe(true);
    answers.clear();
    expect(await ask(d, d.unspent + b.unspent)).toBe(true);
  });

  it('keeps nobody waiting for ever where members recall from each other at once', async () => {
    const { wallet, members, ask } = await organization(1_000, 12);
    for (const member of members) {
      await ask(member, 80);
      member.holds.length = 0;
    }
    const asking = members.map(async (member) => {
      for (let tries = 0; tries < 3; tries++) if (await ask(member, 200)) return true;
      return false;
    });
    const granted = (await Promise.all(asking)).filter(Boolean);
    // At least one gets through, and never more than there is money for.
    expect(granted.length).toBeGreaterThan(0);
    expect(granted.length).toBeLessThanOrEqual(5);
    const { balance, lent } = await wallet.status();
    expect(balance).toBe(1_000);
    expect(lent).toBeLessThanOrEqual(1_000);
    const purses = members.reduce((sum, member) => sum + member.unspent, 0);
    expect(purses).toBeLessThanOrEqual(lent);
  });

  it('takes back what a refund left lent beyond the credits', async () => {
    const { wallet, members, ask } = await organization(1_000);
    const [a] = pair(members);
    await ask(a, 400);
    a.holds.length = 0;
    a.hold(50);
    expect(await wallet.post('refund', 980)).toBe('posted');
    expect(a.unspent).toBe(50);
    expect(await wallet.status()).toMatchObject({ balance: 20, lent: 50, available: 0 });
  });

  it('asks the real objects of members, which have nothing to give before they have a lease', async () => {
    const organizationId = newId('org');
    const [a, b] = [new WalletMember(newId('mem')), new WalletMember(newId('mem'))];
    await orgWallet(env, organizationId, (object) =>
      object.post({ id: 'x', kind: 'top_up', amount: nanos(10), atMs: 1 }),
    );
    const sync = (message: SyncMessage) => orgWallet(env, organizationId, (object) => object.sync(message));
    a.hear(await sync(a.message(10)));
    b.hear(await sync(b.message(10)));
    expect([a.unspent, b.unspent]).toEqual([10, 0]);
  });
});
