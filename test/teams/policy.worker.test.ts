/** A policy on its way from D1 to a member's object: confirmed, late, lost and overtaken. */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { runCron } from '../../src/app.ts';
import { trailOf } from '../../src/audit/trail.ts';
import { newId } from '../../src/ids.ts';
import { LIMITS } from '../../src/limits.ts';
import { settledBudget } from '../../src/objects.ts';
import { NO_BUDGET } from '../../src/teams/budget-body.ts';
import { changeOrganization, pushPolicies, pushPolicy, readPolicy } from '../../src/teams/policy.ts';
import { chat, json, keyOf, ORIGIN } from '../support/gateway.ts';
import { insertMember, type Seeded, seedOrganization } from '../support/seed.ts';
import {
  budgetPath,
  call,
  callIn,
  type Json,
  type KeyBody,
  keysPath,
  type MemberBody,
  memberOf,
  policyState,
  refusal,
  request,
  setBudget,
  UNREACHABLE,
  withObjects,
} from './management.ts';

// Every failed push is logged; here they are meant to fail.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

const CALENDAR_DAY = {
  periodUsageLimit: '1',
  periodUsageDurationValue: 1,
  periodUsageDurationUnit: 'day',
  periodAlignment: 'calendar',
} as const;

const cron = (environment: Env = env) => runCron('* * * * *', environment, Date.now());

const without = (...away: string[]) => withObjects((memberId) => (away.includes(memberId) ? UNREACHABLE : null));

/** A change while the member's object cannot be reached. */
async function changeUnreached(seeded: Seeded, body: Json): Promise<MemberBody> {
  const asked = request('PUT', budgetPath(seeded), seeded.masterKey, body);
  const response = await callIn(without(seeded.memberId), asked);
  expect(response.status).toBe(202);
  return json<MemberBody>(response);
}

async function limitInForce({ apiKey }: Seeded): Promise<unknown> {
  return (await keyOf(apiKey)).member;
}

const limitOf = (usageLimit: string) => expect.objectContaining({ limits: expect.objectContaining({ usageLimit }) });

describe('a policy that the object confirms', () => {
  it('is a 200, in force, and no longer waiting', async () => {
    const seeded = await seedOrganization();
    await setBudget(seeded, { usageLimit: '7' });
    expect(await limitInForce(seeded)).toEqual(limitOf('7'));
    expect(await policyState(seeded.memberId)).toEqual({ version: 2, waiting: 0 });
  });
});

describe('a policy that the object does not confirm', () => {
  it('is a 202 that says so; D1 has the change, the object the old one', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '3' } });
    expect(await limitInForce(seeded)).toEqual(limitOf('3'));
    const answer = await changeUnreached(seeded, { usageLimit: '7' });
    expect(answer).toMatchObject({ pending: true, budget: { usageLimit: '7', version: 2 }, status: null });
    expect(await policyState(seeded.memberId)).toEqual({ version: 2, waiting: 1 });
    expect(await limitInForce(seeded)).toEqual(limitOf('3'));
    expect(await memberOf(seeded)).toMatchObject({ budget: { version: 2 }, status: { version: 1 } });
  });

  it('is delivered by the cron of each minute, which tries again for as long as it fails', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '3' } });
    await limitInForce(seeded);
    await changeUnreached(seeded, { usageLimit: '0' });
    for (let minute = 0; minute < 3; minute++) {
      await cron(without(seeded.memberId));
      expect(await policyState(seeded.memberId)).toEqual({ version: 2, waiting: 1 });
    }
    expect((await chat(seeded.apiKey)).status).toBe(200);
    await Promise.all([cron(), cron()]);
    expect(await policyState(seeded.memberId)).toEqual({ version: 2, waiting: 0 });
    expect((await chat(seeded.apiKey)).status).toBe(403);
  });

  it('travels with the next change, and what waited goes with it', async () => {
    const seeded = await seedOrganization();
    await changeUnreached(seeded, { usageLimit: '7' });
    await changeUnreached(seeded, { usageLimit: '8' });
    expect(await policyState(seeded.memberId)).toEqual({ version: 3, waiting: 1 });
    await setBudget(seeded, { usageLimit: '9' });
    expect(await policyState(seeded.memberId)).toEqual({ version: 4, waiting: 0 });
    expect(await limitInForce(seeded)).toEqual(limitOf('9'));
  });

  it('keeps nobody else waiting, however many objects stay away', async () => {
    const seeded = await seedOrganization();
    await limitInForce(seeded);
    const away = Array.from({ length: LIMITS.objectCallsAtOnce }, () => newId('mem'));
    await env.DB.batch([
      ...away.map((id) =>
        env.DB.prepare(
          `INSERT INTO members (id, organization_id, name, role, created_at, budget) VALUES (?, ?, 'Away', 'basic', 0, ?)`,
        ).bind(id, seeded.organizationId, JSON.stringify(NO_BUDGET)),
      ),
      ...away.map((id) => env.DB.prepare('INSERT INTO policy_pushes VALUES (?, 0)').bind(id)),
    ]);
    await changeUnreached(seeded, { usageLimit: '7' });
    await cron(without(...away));
    expect(await limitInForce(seeded)).toEqual(limitOf('7'));
    expect(await policyState(seeded.memberId)).toEqual({ version: 2, waiting: 0 });
    await cron();
    expect(await env.DB.prepare('SELECT count(*) AS n FROM policy_pushes').first()).toEqual({ n: 0 });
  });

  it('leaves a new key pending until it is delivered', async () => {
    const seeded = await seedOrganization();
    await limitInForce(seeded);
    const asked = { projectId: seeded.projectId, memberId: seeded.memberId, name: 'Late' };
    const response = await callIn(without(seeded.memberId), request('POST', keysPath(seeded), seeded.masterKey, asked));
    const { pending, secret = '' } = await json<KeyBody>(response);
    expect([response.status, pending]).toEqual([202, true]);
    expect((await chat(secret)).status).toBe(401);
    await cron();
    expect((await chat(secret)).status).toBe(200);
  });
});

describe('what an organization decides for everybody', () => {
  const limitsOf = (memberId: string) => settledBudget(env, memberId, (object) => object.status({ memberId }));

  it('is in every policy: its time zone in all windows, and whether it is metered', async () => {
    const seeded = await seedOrganization({ budget: CALENDAR_DAY, keyLimits: CALENDAR_DAY });
    await env.DB.prepare("UPDATE organizations SET time_zone = 'Asia/Kathmandu', metered = 1 WHERE id = ?")
      .bind(seeded.organizationId)
      .run();
    const period = {
      limit: 1e9,
      window: { kind: 'calendar', value: 1, unit: 'day', timeZone: 'Asia/Kathmandu' },
    };
    expect(await readPolicy(env.DB, seeded.memberId)).toMatchObject({
      metered: true,
      limits: { period },
      keys: [{ limits: { period } }],
    });
    expect(await readPolicy(env.DB, (await seedOrganization()).memberId)).toMatchObject({ metered: false });
  });

  it('reaches every member when it changes, and nobody else', async () => {
    const seeded = await seedOrganization({ budget: CALENDAR_DAY });
    const other = await seedOrganization({ budget: CALENDAR_DAY });
    const { organizationId } = seeded;
    const admin = await insertMember(organizationId, 'admin', CALENDAR_DAY);
    const removed = await insertMember(organizationId, 'developer');
    await env.DB.prepare('UPDATE members SET removed_at = 1 WHERE id = ?').bind(removed).run();
    for (const id of [seeded.memberId, other.memberId, admin]) await limitsOf(id);

    const toZone = (timeZone: string, environment = env) => {
      const trail = trailOf(new Request(ORIGIN), organizationId, { kind: 'operator' });
      const statement = env.DB.prepare('UPDATE organizations SET time_zone = ?2 WHERE id = ?1');
      return changeOrganization(
        environment,
        trail,
        () => ({
          action: 'organization.settings.updated',
          before: {},
          after: { timeZone },
          statement: statement.bind(organizationId, timeZone),
        }),
        Date.now(),
      );
    };
    expect(await toZone('Europe/Stockholm')).toEqual({ applied: 2, pending: 0 });
    for (const [id, timeZone, version] of [
      [seeded.memberId, 'Europe/Stockholm', 2],
      [admin, 'Europe/Stockholm', 2],
      [other.memberId, 'UTC', 1],
    ] as const) {
      expect((await limitsOf(id)).limits.period?.window.timeZone).toBe(timeZone);
      expect(await policyState(id)).toEqual({ version, waiting: 0 });
    }
    expect(await policyState(removed)).toEqual({ version: 1, waiting: 0 });

    expect(await toZone('UTC', without(admin))).toEqual({ applied: 1, pending: 1 });
    await cron();
    expect((await limitsOf(admin)).limits.period?.window.timeZone).toBe('UTC');
  });

  it('waits no longer than its deadline: whom that leaves out, the cron serves', async () => {
    const seeded = await seedOrganization();
    const called: string[] = [];
    const counting = withObjects((memberId) => {
      called.push(memberId);
      return null;
    });
    const members = [{ id: seeded.memberId }];
    expect(await pushPolicies(counting, members, Date.now())).toEqual({ applied: 0, pending: 1 });
    expect(called).toEqual([]);
    expect(await pushPolicies(counting, members, Date.now() + 10_000)).toEqual({ applied: 1, pending: 0 });
    expect(called).toEqual([seeded.memberId]);
  });
});

describe('an older policy', () => {
  it('never overtakes a newer one', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '3' } });
    const old = await readPolicy(env.DB, seeded.memberId);
    if (!old) throw new Error('no policy');
    await setBudget(seeded, { usageLimit: '7' });
    const inForce = await settledBudget(env, seeded.memberId, (object) => object.configure({ policy: old }));
    expect(inForce).toEqual({ generation: 1, n: 2 });
    expect(await limitInForce(seeded)).toEqual(limitOf('7'));
  });

  it('confirmed late does not take away what waits for a change made meanwhile', async () => {
    const seeded = await seedOrganization();
    const between = withObjects((memberId) => {
      const real = env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId));
      return {
        configure: async (pushed) => {
          await changeUnreached(seeded, { usageLimit: '8' });
          return real.configure(pushed);
        },
        status: (asked) => real.status(asked),
      };
    });
    const response = await callIn(between, request('PUT', budgetPath(seeded), seeded.masterKey, { usageLimit: '7' }));
    expect(response.status).toBe(200);
    expect(await policyState(seeded.memberId)).toEqual({ version: 3, waiting: 1 });
    await cron();
    expect(await policyState(seeded.memberId)).toEqual({ version: 3, waiting: 0 });
    expect(await limitInForce(seeded)).toEqual(limitOf('8'));
  });
});

describe('a change that is refused', () => {
  it('pushes nothing and raises no version', async () => {
    const seeded = await seedOrganization({ budget: { maxApiKeys: 1 } });
    const asked = { projectId: seeded.projectId, memberId: seeded.memberId, name: 'Too many' };
    await refusal(await call('POST', keysPath(seeded), seeded.masterKey, asked));
    await refusal(await call('PUT', budgetPath(seeded), seeded.masterKey, { version: 9 }));
    expect(await policyState(seeded.memberId)).toEqual({ version: 1, waiting: 0 });
  });
});

describe('a member that is not there', () => {
  it('has nothing to push', async () => {
    expect(await pushPolicy(env, newId('mem'))).toBe(true);
  });

  it('has no working key once removed', async () => {
    const seeded = await seedOrganization();
    expect((await chat(seeded.apiKey)).status).toBe(200);
    await env.DB.prepare('UPDATE members SET removed_at = 1, policy_version = policy_version + 1 WHERE id = ?')
      .bind(seeded.memberId)
      .run();
    expect(await pushPolicy(env, seeded.memberId)).toBe(true);
    expect((await chat(seeded.apiKey)).status).toBe(401);
    await expect(memberOf(seeded)).rejects.toThrow();
  });
});
