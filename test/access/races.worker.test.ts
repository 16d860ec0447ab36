/**
 * What can be had once is had once, however many ask at the same moment: as many win as there is room for, every other
 * hears why in an answer that is no failure, and the audit log tells of the winners alone. Each race is run several times.
 */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { newId } from '../../src/ids.ts';
import { type Caller, callerIn, type Told } from './callers.ts';
import { makeWorld, type World } from './world.ts';

/** Each test makes many calls, some of which hash a password: patience for a machine that is busy with others. */
vi.setConfig({ testTimeout: 180_000 });

const AT_ONCE = 8;
const ROUNDS = 4;

/** Nobody elsewhere takes part. */
interface Ground {
  world: World;
  owner: Caller;
  admin: Caller;
  guest: Caller;
}

interface Race {
  /** What has to be so before. */
  given?: (ground: Ground) => Promise<void>;
  /** The nth of those at once. */
  ask: (ground: Ground, n: number) => Promise<Told>;
  wins: number;
  /** What the others hear. */
  others: string;
  /** What is so afterwards; `won` are the numbers of the winners. */
  after: (ground: Ground, won: number[]) => Promise<void>;
}

async function openGround(): Promise<Ground> {
  const world = await makeWorld();
  const [owner, admin, guest] = await Promise.all(
    (['owner', 'admin', 'invited'] as const).map((who) => callerIn(who, world, world)),
  );
  if (!owner || !admin || !guest) throw new Error('there are three');
  return { world, owner, admin, guest };
}

const either = ({ owner, admin }: Ground, n: number) => (n % 2 === 0 ? owner : admin);
const path = ({ world }: Ground, rest: string) => `/orgs/${world.ids.orgId}${rest}`;

const shown = ({ status, code }: Told) => (status < 400 ? 'won' : `${status} ${code}`);

async function count(sql: string, ...values: string[]): Promise<number> {
  return (
    (await env.DB.prepare(`SELECT count(*) AS n FROM ${sql}`)
      .bind(...values)
      .first<number>('n')) ?? 0
  );
}

const budgetOf = async (ground: Ground, where: string) => (await ground.owner.send('GET', path(ground, where))).body;

/** A body that is sent once for a version. */
const limitOf = (n: number) => ({ usageLimit: `${n + 1}`, version: 1 });

const RACES: Record<string, Race> = {
  'two admins editing one budget': {
    ask: (ground, n) =>
      either(ground, n).send('PUT', path(ground, `/members/${ground.world.ids.memberId}/budget`), limitOf(n)),
    wins: 1,
    others: '409 version_conflict',
    after: async (ground, [winner = -1]) => {
      const { budget } = await budgetOf(ground, `/members/${ground.world.ids.memberId}`);
      expect(budget).toMatchObject({ usageLimit: `${winner + 1}`, version: 2 });
    },
  },
  'two admins editing the developer default': {
    ask: (ground, n) => either(ground, n).send('PUT', path(ground, '/default-developer-budget'), limitOf(n)),
    wins: 1,
    others: '409 version_conflict',
    after: async (ground, [winner = -1]) => {
      const budget = await budgetOf(ground, '/default-developer-budget');
      expect(budget).toMatchObject({ usageLimit: `${winner + 1}`, version: 2 });
    },
  },
  'two admins editing the budget of the invited': {
    ask: (ground, n) =>
      either(ground, n).send('PUT', path(ground, `/invitations/${ground.world.ids.invitationId}/budget`), limitOf(n)),
    wins: 1,
    others: '409 version_conflict',
    after: async (ground, [winner = -1]) => {
      const { invitations } = await budgetOf(ground, '/invitations');
      expect(invitations).toMatchObject([{ budget: { usageLimit: `${winner + 1}`, version: 2 } }]);
    },
  },
  'invitations for the last seat': {
    // Eight people and one who is invited, so one seat is left of ten.
    given: ({ world }) => seats(world, 10),
    ask: (ground, n) =>
      either(ground, n).send('POST', path(ground, '/invitations'), { email: freshAddress(), role: 'basic' }),
    wins: 1,
    others: '402 seats_exhausted',
    after: async (ground) => {
      expect((await ground.owner.send('GET', path(ground, '/seats'))).body).toMatchObject({ pending: 2, left: 0 });
    },
  },
  'invitations of one address': {
    ask: (ground, n) =>
      either(ground, n).send('POST', path(ground, '/invitations'), {
        email: `${ground.world.ids.orgId}@race.example`,
        role: 'basic',
      }),
    wins: 1,
    // Who asks too often for one address hears that before anything is looked up.
    others: '409 already_invited or 429 rate_limited',
    after: async ({ world }) => {
      expect(await count('invitations WHERE email = ?', `${world.ids.orgId}@race.example`)).toBe(1);
    },
  },
  'acceptances of one link': {
    ask: ({ guest, world }) => guest.send('POST', `/invitations/${world.invitationToken}/accept`),
    wins: 1,
    others: '400 invalid_request_error',
    after: async ({ world }) => {
      expect(await count('members WHERE user_id = ?', world.invited.userId)).toBe(1);
    },
  },
  'accepting and revoking one invitation': {
    ask: (ground, n) =>
      n % 2 === 0
        ? ground.guest.send('POST', `/invitations/${ground.world.invitationToken}/accept`)
        : ground.owner.send('DELETE', path(ground, `/invitations/${ground.world.ids.invitationId}`)),
    wins: 1,
    others: '400 invalid_request_error or 404 not_found',
    after: async ({ world }, [winner = -1]) => {
      expect(await count('members WHERE user_id = ?', world.invited.userId)).toBe(winner % 2 === 0 ? 1 : 0);
    },
  },
  'keys for the last places of a member': {
    // One they have, and two more.
    given: async ({ world }) => {
      await env.DB.prepare("UPDATE members SET budget = json_set(budget, '$.maxApiKeys', 3) WHERE id = ?")
        .bind(world.ids.memberId)
        .run();
    },
    ask: (ground, n) => either(ground, n).send('POST', path(ground, '/keys'), newKeyOf(ground)),
    wins: 2,
    others: '400 invalid_request_error',
    after: async ({ world }) => {
      expect(await count('api_keys WHERE member_id = ? AND deleted_at IS NULL', world.ids.memberId)).toBe(3);
    },
  },
  'keys for the last places of a plan': {
    // Six members of the world have a key each; the Pro plan allows 20.
    given: async ({ world }) => {
      await env.DB.batch([
        env.DB.prepare("UPDATE organizations SET plan = 'pro' WHERE id = ?").bind(world.ids.orgId),
        env.DB.prepare(
          `INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at)
           SELECT 'key_' || ?2 || value, organization_id, project_id, member_id, 'Filler', '', '', 'active', limits, 0
           FROM api_keys, json_each('[1,2,3,4,5,6,7,8,9,10,11]') WHERE api_keys.id = ?1`,
        ).bind(world.ids.keyId, world.ids.orgId),
      ]);
      expect(await count('api_keys WHERE organization_id = ?', world.ids.orgId)).toBe(17);
    },
    ask: (ground, n) => either(ground, n).send('POST', path(ground, '/keys'), newKeyOf(ground)),
    wins: 3,
    others: '400 invalid_request_error',
    after: async ({ world }) => {
      expect(await count('api_keys WHERE organization_id = ?', world.ids.orgId)).toBe(20);
    },
  },
  'deletions of one key': {
    ask: (ground, n) => either(ground, n).send('DELETE', path(ground, `/keys/${ground.world.ids.keyId}`)),
    wins: 1,
    others: '404 not_found',
    after: async ({ world }) => {
      expect(await count('api_keys WHERE id = ? AND deleted_at IS NOT NULL', world.ids.keyId)).toBe(1);
    },
  },
  'removals of one member': {
    ask: (ground, n) => either(ground, n).send('DELETE', path(ground, `/members/${ground.world.ids.memberId}`)),
    wins: 1,
    others: '404 not_found or 409 version_conflict',
    after: async ({ world }) => {
      expect(await count('members WHERE id = ? AND removed_at IS NOT NULL', world.ids.memberId)).toBe(1);
    },
  },
  'two owners leaving': {
    given: async ({ world }) => {
      await env.DB.prepare('DELETE FROM project_grants WHERE member_id = ?').bind(world.people.admin.memberId).run();
      await env.DB.batch([
        env.DB.prepare("UPDATE members SET role = 'owner' WHERE id = ?").bind(world.people.admin.memberId),
        env.DB.prepare("UPDATE members SET role = 'basic' WHERE id = ?").bind(world.ids.otherOwnerId),
      ]);
    },
    ask: (ground, n) => {
      const caller = either(ground, n);
      return caller.send('DELETE', path(ground, `/members/${caller.person?.memberId}`));
    },
    wins: 1,
    // Each asks several times: a 403 or 404 to who has left by then.
    others: '400 invalid_request_error or 403 role_required or 404 not_found or 409 version_conflict',
    after: async ({ world }) => {
      const owners = "members WHERE organization_id = ? AND role = 'owner' AND removed_at IS NULL";
      expect(await count(owners, world.ids.orgId)).toBe(1);
    },
  },
};

const freshAddress = () => `${newId('usr').slice(4)}@race.example`;

const newKeyOf = ({ world: { ids } }: Ground) => ({
  projectId: ids.projectId,
  memberId: ids.memberId,
  name: 'One more',
});

async function seats({ ids }: World, all: number): Promise<void> {
  await env.DB.prepare("UPDATE organizations SET plan = 'enterprise', seats_bought = ? WHERE id = ?")
    .bind(all, ids.orgId)
    .run();
}

describe.each(Object.entries(RACES))('%s at once', (_, { given, ask, wins, others, after }) => {
  it('are won by as many as there is room for', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const ground = await openGround();
      await given?.(ground);
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => ask(ground, n)));
      const told = answers.map(shown);
      const won = told.flatMap((answer, n) => (answer === 'won' ? [n] : []));
      expect([told, won.length]).toEqual([told, wins]);
      const lost = new Set(told.filter((answer) => answer !== 'won'));
      expect([...lost].filter((answer) => !others.split(' or ').includes(answer))).toEqual([]);
      expect(await count('audit_entries WHERE organization_id = ?', ground.world.ids.orgId)).toBe(wins);
      await after(ground, won);
    }
  });
});
