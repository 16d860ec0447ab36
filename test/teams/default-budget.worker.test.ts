/** GET and PUT .../default-developer-budget: who inherits what, how a change reaches them, and what it never touches. */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { runCron } from '../../src/app.ts';
import { LIMITS } from '../../src/limits.ts';
import { settledBudget } from '../../src/objects.ts';
import { NO_BUDGET, type StoredBudget } from '../../src/teams/budget-body.ts';
import { pushPolicy } from '../../src/teams/policy.ts';
import type { Role } from '../../src/teams/roles.ts';
import { chat, json } from '../support/gateway.ts';
import { insertMember, type Seeded, seedOrganization } from '../support/seed.ts';
import {
  budgetPath,
  call,
  callIn,
  defaultPath,
  type Json,
  keysPath,
  memberOf,
  policyState,
  refusal,
  request,
  setBudget,
  UNREACHABLE,
  withObjects,
} from './management.ts';

type DefaultBody = StoredBudget & { version: number; applied?: number; pending?: number };

/** Sets a default that must be taken and confirmed by everybody. */
async function setDefault(seeded: Seeded, body: Json): Promise<DefaultBody> {
  const response = await call('PUT', defaultPath(seeded), seeded.masterKey, body);
  const taken = await json<DefaultBody>(response);
  expect([response.status, taken]).toEqual([200, expect.objectContaining({ pending: 0 })]);
  return taken;
}

async function readDefault(seeded: Seeded): Promise<DefaultBody> {
  return json<DefaultBody>(await call('GET', defaultPath(seeded), seeded.masterKey));
}

const as = (seeded: Seeded, memberId: string): Seeded => ({ ...seeded, memberId });

/** What the member's object enforces. */
const inForce = (memberId: string) => settledBudget(env, memberId, (object) => object.status({ memberId }));

/** Costs $0.00001. */
async function spend({ apiKey }: Seeded): Promise<void> {
  expect((await chat(apiKey, { demo: { outputTokens: 4 }, max_tokens: 4 })).status).toBe(200);
}

const DAY = {
  periodUsageLimit: '50',
  periodUsageDurationValue: 1,
  periodUsageDurationUnit: 'day',
  periodAlignment: 'calendar',
} as const;
const HOURS = { periodUsageLimit: '3', periodUsageDurationValue: 5, periodUsageDurationUnit: 'hour' } as const;
const NO_PERIOD = {
  periodUsageLimit: null,
  periodUsageDurationValue: null,
  periodUsageDurationUnit: null,
  periodAlignment: null,
};
const PERIOD_FIELDS = Object.keys(NO_PERIOD);
const TOTAL_FIELDS = ['usageLimit', 'usageLimitBasis'];
const LIFETIME_3 = { usageLimit: '3', usageLimitBasis: 'lifetime' };
const ONE_TIME = { usageLimit: '1', usageLimitBasis: 'cycle' } as const;

describe('a developer default', () => {
  it('is nothing until one is set, and then what was set last, whole', async () => {
    const seeded = await seedOrganization();
    expect(await readDefault(seeded)).toEqual({ ...NO_BUDGET, version: 1 });
    const first = { maxApiKeys: 3, usageLimit: '5.5', ...DAY };
    expect(await setDefault(seeded, first)).toEqual({
      ...NO_BUDGET,
      ...first,
      usageLimit: '5.50',
      version: 2,
      applied: 1,
      pending: 0,
    });
    await setDefault(seeded, { concurrency: 4, version: 2 });
    expect(await readDefault(seeded)).toEqual({ ...NO_BUDGET, concurrency: 4, version: 3 });
  });

  it.each<[Role, boolean]>([
    ['developer', true],
    ['basic', true],
    ['api', true],
    ['owner', false],
    ['admin', false],
    ['finance', false],
  ])('for a member who is %s is inherited: %s', async (role, inherits) => {
    const seeded = await seedOrganization({ role });
    const { memberId } = seeded;
    await inForce(memberId);
    expect((await setDefault(seeded, { usageLimit: '5', maxApiKeys: 2 })).applied).toBe(inherits ? 1 : 0);
    const member = await memberOf(seeded);
    expect(member.budget).toEqual({ ...NO_BUDGET, version: 1 });
    expect(member.effectiveBudget).toMatchObject(
      inherits
        ? { usageLimit: '5', maxApiKeys: 2, inherited: ['maxApiKeys', ...TOTAL_FIELDS] }
        : { usageLimit: null, maxApiKeys: null, inherited: [] },
    );
    expect((await inForce(memberId)).limits.total).toBe(inherits ? 5e9 : null);
  });

  it.each<[string, Json, Partial<StoredBudget>, Json, string[]]>([
    ['null inherits', { usageLimit: '5' }, {}, { usageLimit: '5', usageLimitBasis: 'lifetime' }, TOTAL_FIELDS],
    ['null inherits nothing where nothing is set', {}, {}, { usageLimit: null, maxApiKeys: null }, []],
    ['unlimited overrides', { usageLimit: '5' }, { usageLimit: 'unlimited' }, { usageLimit: null }, []],
    ['0 blocks', { usageLimit: '5' }, { usageLimit: '0' }, { usageLimit: '0' }, []],
    ['a total of its own is not counted by the basis of the default', ONE_TIME, { usageLimit: '3' }, LIFETIME_3, []],
    ['a period of its own is whole', DAY, HOURS, { ...HOURS, periodAlignment: 'rolling' }, []],
    ['a period is inherited whole', DAY, {}, DAY, PERIOD_FIELDS],
    ['an unlimited period overrides all of it', DAY, { periodUsageLimit: 'unlimited' }, NO_PERIOD, []],
    [
      'its own total stands beside the period of the default',
      { ...DAY, usageLimit: '9' },
      { usageLimit: '3' },
      { ...DAY, ...LIFETIME_3 },
      PERIOD_FIELDS,
    ],
    [
      'every count for itself',
      { maxApiKeys: 7, requestsPerMinute: 60, tokensPerMinute: 1_000, concurrency: 4 },
      { maxApiKeys: 0, tokensPerMinute: 'unlimited' },
      { maxApiKeys: 0, requestsPerMinute: 60, tokensPerMinute: null, concurrency: 4 },
      ['requestsPerMinute', 'concurrency'],
    ],
    ['an unlimited default limits nothing', { usageLimit: 'unlimited' }, {}, { usageLimit: null }, TOTAL_FIELDS],
  ])('resolves field by field: %s', async (_, defaults, own, effective, inherited) => {
    const seeded = await seedOrganization({ budget: own });
    await setDefault(seeded, defaults);
    const { budget, effectiveBudget } = await memberOf(seeded);
    expect(budget).toEqual({ ...NO_BUDGET, ...own, version: 1 });
    expect(effectiveBudget).toMatchObject({ ...effective, inherited });
    const { members } = await json<{ members: unknown[] }>(
      await call('GET', `/orgs/${seeded.organizationId}/members`, seeded.masterKey),
    );
    expect(members).toEqual([expect.objectContaining({ effectiveBudget })]);
  });

  it('is felt by the next request, and so is its end', async () => {
    const seeded = await seedOrganization();
    await spend(seeded);
    await setDefault(seeded, { usageLimit: '0' });
    expect((await chat(seeded.apiKey)).status).toBe(403);
    await setDefault(seeded, {});
    await spend(seeded);
  });

  it('ends for who becomes an admin, and applies to who becomes a developer', async () => {
    const seeded = await seedOrganization({ role: 'admin' });
    await setDefault(seeded, { usageLimit: '0' });
    for (const [role, status] of [
      ['admin', 200],
      ['developer', 403],
      ['admin', 200],
    ] as const) {
      await env.DB.prepare('UPDATE members SET role = ?2, policy_version = policy_version + 1 WHERE id = ?1')
        .bind(seeded.memberId, role)
        .run();
      expect(await pushPolicy(env, seeded.memberId)).toBe(true);
      expect((await chat(seeded.apiKey)).status).toBe(status);
    }
  });
});

describe('a key of a member under the default', () => {
  const post = (seeded: Seeded, limits: Json = {}) => {
    const { projectId, memberId } = seeded;
    return call('POST', keysPath(seeded), seeded.masterKey, { projectId, memberId, name: 'New', limits });
  };

  it('counts against its number of keys, unless the member has one of its own', async () => {
    const seeded = await seedOrganization();
    await setDefault(seeded, { maxApiKeys: 1 });
    expect(await refusal(await post(seeded))).toMatchObject({
      status: 400,
      param: 'memberId',
      message: 'You have reached your limit of 1 active API keys set by an organization admin.',
    });
    await setBudget(seeded, { maxApiKeys: 'unlimited' });
    expect((await post(seeded)).status).toBe(201);
  });

  it('is not given more than the member has by it', async () => {
    const seeded = await seedOrganization();
    await setDefault(seeded, { usageLimit: '5', ...DAY });
    const day = (limit: string) => ({ ...DAY, periodUsageLimit: limit });
    expect(await refusal(await post(seeded, { usageLimit: '5.01' }))).toMatchObject({
      status: 400,
      param: 'limits.usageLimit',
      message: "The key's spend limit ($5.01) must be at or below its member's budget ($5).",
    });
    expect(await refusal(await post(seeded, day('50.01')))).toMatchObject({ param: 'limits.periodUsageLimit' });
    expect((await post(seeded, { usageLimit: '5', ...day('50') })).status).toBe(201);
    await setBudget(seeded, { usageLimit: 'unlimited' });
    expect((await post(seeded, { usageLimit: '5.01' })).status).toBe(201);
  });
});

describe('a change of the default', () => {
  it('goes to exactly those who inherit what changed', async () => {
    const seeded = await seedOrganization();
    const other = await seedOrganization();
    const { organizationId } = seeded;
    const ids = {
      inherits: seeded.memberId,
      api: await insertMember(organizationId, 'api'),
      ownPeriod: await insertMember(organizationId, 'developer', HOURS),
      ownTotal: await insertMember(organizationId, 'basic', { usageLimit: 'unlimited' }),
      ownBoth: await insertMember(organizationId, 'developer', { usageLimit: '1', periodUsageLimit: 'unlimited' }),
      admin: await insertMember(organizationId, 'admin'),
      removed: await insertMember(organizationId, 'developer'),
      foreign: other.memberId,
    };
    await env.DB.prepare('UPDATE members SET removed_at = 1 WHERE id = ?').bind(ids.removed).run();

    const pushedBy = async (body: Json): Promise<string[]> => {
      const pushed: string[] = [];
      const listening = withObjects((memberId) => ({
        configure: async ({ policy }) => {
          pushed.push(memberId);
          return policy.version;
        },
        status: () => inForce(memberId),
      }));
      const response = await callIn(listening, request('PUT', defaultPath(seeded), seeded.masterKey, body));
      expect(await json(response)).toMatchObject({ applied: pushed.length, pending: 0 });
      const names = Object.entries(ids).filter(([, id]) => pushed.includes(id));
      expect(names).toHaveLength(pushed.length);
      return names.map(([name]) => name);
    };

    expect(await pushedBy({ usageLimit: '5' })).toEqual(['inherits', 'api', 'ownPeriod']);
    expect(await pushedBy({ usageLimit: '5' })).toEqual([]);
    expect(await pushedBy({ usageLimit: '5', ...DAY })).toEqual(['inherits', 'api', 'ownTotal']);
    expect(await pushedBy({ ...DAY, usageLimit: '6', maxApiKeys: 3 })).toEqual([
      'inherits',
      'api',
      'ownPeriod',
      'ownTotal',
      'ownBoth',
    ]);
    const versions = await Promise.all(Object.values(ids).map(policyState));
    expect(versions.map((state) => state?.version)).toEqual([4, 4, 3, 3, 2, 1, 1, 1]);
  });

  it('that an object does not confirm is a 202 that counts; the cron delivers it', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const seeded = await seedOrganization();
    const away = await insertMember(seeded.organizationId, 'developer');
    for (const id of [seeded.memberId, away]) await inForce(id);
    const without = withObjects((memberId) => (memberId === away ? UNREACHABLE : null));
    const response = await callIn(without, request('PUT', defaultPath(seeded), seeded.masterKey, { usageLimit: '5' }));
    expect([response.status, await json(response)]).toEqual([
      202,
      { ...NO_BUDGET, usageLimit: '5', version: 2, applied: 1, pending: 1 },
    ]);
    expect([(await inForce(seeded.memberId)).limits.total, (await inForce(away)).limits.total]).toEqual([5e9, null]);
    expect(await policyState(away)).toEqual({ version: 2, waiting: 1 });
    await runCron('* * * * *', env, Date.now());
    expect((await inForce(away)).limits.total).toBe(5e9);
    expect(await policyState(away)).toEqual({ version: 2, waiting: 0 });
    warn.mockRestore();
  });

  it('talks to a bounded number of objects at a time', async () => {
    const seeded = await seedOrganization();
    await env.DB.prepare(
      `WITH RECURSIVE count(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM count WHERE i < 69)
       INSERT INTO members (id, organization_id, name, role, created_at, budget)
       SELECT 'mem_' || ?2 || i, organization_id, name, role, 0, budget FROM members, count WHERE members.id = ?1`,
    )
      .bind(seeded.memberId, seeded.memberId.slice(4))
      .run();
    let now = 0;
    let most = 0;
    const slow = withObjects(() => ({
      configure: async ({ policy }) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now -= 1;
        return policy.version;
      },
      status: () => Promise.reject(new Error('not asked')),
    }));
    const response = await callIn(slow, request('PUT', defaultPath(seeded), seeded.masterKey, { usageLimit: '5' }));
    expect([response.status, await json(response)]).toEqual([200, expect.objectContaining({ applied: 70 })]);
    expect(most).toBe(LIMITS.objectCallsAtOnce);
  });

  it('at one version is taken once, however many ask at once', async () => {
    const seeded = await seedOrganization();
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((limit) =>
        call('PUT', defaultPath(seeded), seeded.masterKey, { usageLimit: `${limit}`, version: 1 }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409]);
    const winner = answers.findIndex(({ status }) => status === 200) + 1;
    expect(await readDefault(seeded)).toMatchObject({ usageLimit: `${winner}`, version: 2 });
    expect((await inForce(seeded.memberId)).limits.total).toBe(winner * 1e9);
    expect(await policyState(seeded.memberId)).toEqual({ version: 2, waiting: 0 });
  });
});

describe('a default that becomes one-time', () => {
  it('starts at zero for who inherits it, and for nobody else', async () => {
    const seeded = await seedOrganization();
    await spend(seeded);
    const own = await insertMember(seeded.organizationId, 'developer', { ...ONE_TIME, usageLimit: '2' });
    await setDefault(seeded, { usageLimit: '1' });
    expect((await memberOf(seeded)).status).toMatchObject({ budgetType: 'total', usage: '0.00001' });
    const since = Date.now();
    expect((await setDefault(seeded, ONE_TIME)).applied).toBe(1);
    const { status } = await memberOf(seeded);
    expect(status).toMatchObject({ budgetType: 'one-time', usage: '0', lifetimeUsage: '0.00001', remaining: '1' });
    expect(Date.parse(String(status?.cycleStartedAt))).toBeGreaterThanOrEqual(since);
    expect((await memberOf(as(seeded, own))).status?.cycleStartedAt).toBeNull();
  });

  it('keeps what was spent when its amount changes, and drops it when asked', async () => {
    const seeded = await seedOrganization();
    await setDefault(seeded, ONE_TIME);
    await spend(seeded);
    await setDefault(seeded, { ...ONE_TIME, usageLimit: '2' });
    expect((await memberOf(seeded)).status).toMatchObject({ usage: '0.00001', remaining: '1.99999' });
    const again = await setDefault(seeded, { ...ONE_TIME, usageLimit: '2', newCycle: true });
    expect(again).toMatchObject({ applied: 1 });
    expect(again).not.toHaveProperty('newCycle');
    expect((await memberOf(seeded)).status).toMatchObject({ usage: '0', lifetimeUsage: '0.00001', remaining: '2' });
  });

  it('starts at zero also where the member was never called here but has a past', async () => {
    const seeded = await seedOrganization();
    await env.DB.prepare(
      `INSERT INTO member_ledgers (member_id, organization_id, shipped, cost, requests, overrun, unresolved)
       VALUES (?, ?, 3, 5000000000, 3, 0, 0)`,
    )
      .bind(seeded.memberId, seeded.organizationId)
      .run();
    await setDefault(seeded, ONE_TIME);
    expect((await memberOf(seeded)).status).toMatchObject({ usage: '0', lifetimeUsage: '5', remaining: '1' });
  });

  it.each<[string, Partial<StoredBudget>, string]>([
    ['a total of its own', { usageLimit: '1' }, '0'],
    ['unlimited', { usageLimit: 'unlimited' }, '0'],
    ['a one-time total of its own', { usageLimit: '3', usageLimitBasis: 'cycle' }, '0.00001'],
  ])('counts for who comes to inherit it after %s', async (_, budget, usage) => {
    const seeded = await seedOrganization({ budget });
    await setDefault(seeded, ONE_TIME);
    await spend(seeded);
    const { status, effectiveBudget } = await setBudget(seeded, {});
    expect(effectiveBudget).toMatchObject({ ...ONE_TIME, inherited: TOTAL_FIELDS });
    expect(status).toMatchObject({ budgetType: 'one-time', usage, lifetimeUsage: '0.00001' });
  });

  it('while a budget is being set leaves that to be asked for again', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    await setDefault(seeded, ONE_TIME);
    const before = [await memberOf(seeded), await policyState(seeded.memberId)];
    const meanwhile = withObjects((memberId) => {
      const real = env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId));
      return {
        configure: (pushed) => real.configure(pushed),
        status: async (asked) => {
          await setDefault(seeded, { usageLimit: '2' });
          return real.status(asked);
        },
      };
    });
    const response = await callIn(meanwhile, request('PUT', budgetPath(seeded), seeded.masterKey, {}));
    expect(await refusal(response)).toMatchObject({ status: 409, code: 'version_conflict', param: 'version' });
    expect([await memberOf(seeded), await policyState(seeded.memberId)]).toEqual(before);
  });
});
