/** A metered organization with its real objects, in worker tests: members with a key each, and a wallet. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { Admission } from '../../src/budgets/protocol.ts';
import type { Posting, WalletStatus } from '../../src/budgets/wallet.ts';
import { newAttemptId, newId } from '../../src/ids.ts';
import { nanos } from '../../src/money/nanos.ts';
import { memberBudget, orgWallet } from '../../src/objects.ts';
import { makeKey } from '../../src/teams/keys.ts';
import { ABOUT } from './about.ts';
import { insertMember, type Seeded, seedOrganization } from './seed.ts';

export class MeteredMember {
  readonly memberId: string;
  readonly apiKey: string;
  readonly #keyHash: string;

  constructor(memberId: string, key: { secret: string; hash: string }) {
    this.memberId = memberId;
    this.apiKey = key.secret;
    this.#keyHash = key.hash;
  }

  get stub(): DurableObjectStub {
    return env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(this.memberId));
  }

  /** Asks its object to set so many nanodollars aside. */
  authorize(amount: number): Promise<Admission> {
    const { memberId } = this;
    const asked = { memberId, keyHash: this.#keyHash, about: ABOUT, amount: nanos(amount), otherwise: null };
    const attemptId = newAttemptId(Date.now());
    return memberBudget(env, memberId, (object) => object.authorize({ attemptId, ...asked }));
  }

  /** The same; frees it again if it was granted. True if it was. */
  async mayHold(amount: number): Promise<boolean> {
    const admission = await this.authorize(amount);
    if (admission.granted) await this.release(admission);
    return admission.granted;
  }

  async release(admission: Admission): Promise<void> {
    if (!admission.granted) throw new Error(`refused: ${admission.refusal.kind}`);
    const { ticket } = admission;
    const { memberId } = this;
    const { attemptId } = ticket;
    await memberBudget(env, memberId, (object) => object.release({ memberId, attemptId, ticket }));
  }

  /** Puts something else in the place of the organization's wallet, as far as this member's object sees. */
  async replaceWallet(object: Record<string, () => Promise<unknown>>): Promise<void> {
    await replace(this.stub, { ORG_WALLET: { idFromName: (id: string) => id, get: () => object } });
  }
}

export interface Metered extends Seeded {
  members: MeteredMember[];
  wallet: {
    stub: DurableObjectStub;
    post(kind: 'top_up' | 'refund', amount: number, id?: string): Promise<Posting>;
    status(): Promise<WalletStatus>;
  };
}

/** Makes an organization metered whose members' objects have not been called yet. `credits` in nanodollars. */
export async function meter({ organizationId }: Seeded, credits: number): Promise<void> {
  await env.DB.prepare('UPDATE organizations SET metered = 1 WHERE id = ?').bind(organizationId).run();
  const topUp = { id: 'start', kind: 'top_up', amount: nanos(credits), atMs: 1 } as const;
  if (credits > 0) await orgWallet(env, organizationId, (object) => object.post(topUp));
}

/** A team of such. */
export async function meteredOrganization(credits: number, members = 2): Promise<Metered> {
  const seeded = await seedOrganization();
  const { organizationId } = seeded;
  await meter(seeded, credits);
  const all: MeteredMember[] = [];
  for (let i = 0; i < members; i++) all.push(await insertKeyed(seeded));
  const wallet: Metered['wallet'] = {
    stub: env.ORG_WALLET.get(env.ORG_WALLET.idFromName(organizationId)),
    post: (kind, amount, id = newId('inv')) =>
      orgWallet(env, organizationId, (object) => object.post({ id, kind, amount: nanos(amount), atMs: 1 })),
    status: () => orgWallet(env, organizationId, (object) => object.status()),
  };
  return { ...seeded, members: all, wallet };
}

async function insertKeyed({ organizationId, projectId }: Seeded): Promise<MeteredMember> {
  const memberId = await insertMember(organizationId, 'developer');
  const key = await makeKey('api', memberId, env.KEY_SECRET);
  await env.DB.batch([
    env.DB.prepare('INSERT INTO project_grants (member_id, project_id) VALUES (?, ?)').bind(memberId, projectId),
    env.DB.prepare(
      `INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at)
       VALUES (?, ?, ?, ?, 'Key', ?, ?, 'active', '{}', 0)`,
    ).bind(newId('key'), organizationId, projectId, memberId, key.hash, key.masked),
  ]);
  return new MeteredMember(memberId, key);
}

/** Replaces bindings in the environment of one living object. */
export async function replace(stub: DurableObjectStub, bindings: Record<string, unknown>): Promise<void> {
  await runInDurableObject(stub, (instance) => {
    Object.assign(instance, { env: { ...env, ...bindings } });
  });
}
