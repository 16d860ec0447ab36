/** GET .../members: the same figures as the gateway tells, of this organization's members only. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { newId } from '../../src/ids.ts';
import { NO_BUDGET } from '../../src/teams/budget-body.ts';
import type { Role } from '../../src/teams/roles.ts';
import { chat, get, json, keyOf } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import {
  call,
  callIn,
  type MemberBody,
  memberOf,
  refusal,
  request,
  setBudget,
  UNREACHABLE,
  withObjects,
} from './management.ts';

const membersPath = ({ organizationId }: Seeded) => `/orgs/${organizationId}/members`;

interface Page {
  members: MemberBody[];
  nextCursor: string | null;
}

async function list(seeded: Seeded, query: Record<string, string> = {}): Promise<Page> {
  const response = await get(`${membersPath(seeded)}?${new URLSearchParams(query)}`, seeded.masterKey);
  expect(response.status).toBe(200);
  return json<Page>(response);
}

/** A member, with a user of this e-mail address unless null. */
async function insertMember(organizationId: string, name: string, role: Role, email: string | null): Promise<string> {
  const id = newId('mem');
  const userId = email === null ? null : newId('usr');
  if (userId !== null) {
    await env.DB.prepare('INSERT INTO users (id, name, email, created_at) VALUES (?, ?, ?, 0)')
      .bind(userId, name, email)
      .run();
  }
  await env.DB.prepare(
    `INSERT INTO members (id, organization_id, user_id, name, role, created_at, budget) VALUES (?, ?, ?, ?, ?, 0, ?)`,
  )
    .bind(id, organizationId, userId, name, role, JSON.stringify(NO_BUDGET))
    .run();
  return id;
}

const STATUS_FIELDS = [
  'budgetType',
  'usage',
  'lifetimeUsage',
  'cycleStartedAt',
  'held',
  'remaining',
  'runsOutAt',
  'currentPeriodUsage',
  'currentPeriodHeld',
  'currentPeriodRemaining',
  'currentPeriodStartedAt',
  'currentPeriodResetAt',
  'currentPeriodRunsOutAt',
  'activeApiKeys',
  'version',
];

describe("a member's status", () => {
  const DAY = { periodUsageLimit: '0.50', periodUsageDurationValue: 1, periodUsageDurationUnit: 'day' } as const;

  it.each<[string, Parameters<typeof seedOrganization>[0]]>([
    ['a total', { budget: { usageLimit: '1' } }],
    ['a one-time total', { budget: { usageLimit: '1', usageLimitBasis: 'cycle' } }],
    ['a total and a period', { budget: { usageLimit: '1', ...DAY } }],
    ['a period', { budget: DAY }],
    ['a total nearly spent', { budget: { usageLimit: '0.00002' } }],
  ])('under %s agrees with GET /v1/key and with the headers of the last answer', async (_, options) => {
    const seeded = await seedOrganization(options);
    for (const spent of ['0.00001', '0.00002']) {
      const response = await chat(seeded.apiKey, { demo: { outputTokens: 4 }, max_tokens: 4 });
      expect([response.status, response.headers.get('x-purser-cost')]).toEqual([200, '0.00001']);
      const { status } = await memberOf(seeded);
      const { member, usage } = await keyOf(seeded.apiKey);
      // The window slides between the two calls, and a forecast is counted from each call's own instant.
      if (!status) throw new Error('no status');
      const { currentPeriodStartedAt: _start, runsOutAt: _total, currentPeriodRunsOutAt: _period, ...shown } = status;
      expect(member.status).toMatchObject(shown);
      expect([Object.keys(status), Object.keys(member.status)]).toEqual([STATUS_FIELDS, STATUS_FIELDS]);
      expect(status).toMatchObject({ usage: spent, lifetimeUsage: spent, held: '0', activeApiKeys: 1 });
      expect(usage).toBe(spent);
      const tightest =
        response.headers.get('x-purser-budget-scope') === 'member_period' ? 'currentPeriodRemaining' : 'remaining';
      expect(response.headers.get('x-purser-budget-remaining')).toBe(status[tightest]);
      // Told at admission: before the first cost of a period there is nothing to come back.
      const reset = tightest === 'remaining' || spent === '0.00001' ? null : status.currentPeriodResetAt;
      expect(response.headers.get('x-purser-budget-reset')).toBe(reset);
    }
  });

  it('shows what a running request holds, and frees it when that ends', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const running = await chat(seeded.apiKey, {
      stream: true,
      max_tokens: 4,
      demo: { outputTokens: 4, tokensPerSecond: 20 },
    });
    expect((await memberOf(seeded)).status).toMatchObject({ usage: '0', held: '0.00001', remaining: '0.99999' });
    await running.text();
    expect((await memberOf(seeded)).status).toMatchObject({ usage: '0.00001', held: '0', remaining: '0.99999' });
  });

  it('is null where the object does not answer; all else is shown', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const response = await callIn(
      withObjects(() => UNREACHABLE),
      request('GET', `${membersPath(seeded)}/${seeded.memberId}`, seeded.masterKey),
    );
    expect([response.status, await json(response)]).toEqual([
      200,
      expect.objectContaining({
        id: seeded.memberId,
        status: null,
        budget: { ...NO_BUDGET, usageLimit: '1', version: 1 },
      }),
    ]);
    warn.mockRestore();
  });
});

describe('the status in the list of members', () => {
  const listOf = async (seeded: Seeded) => (await list(seeded)).members[0];
  const rollUp = (seeded: Seeded) => call('POST', `/orgs/${seeded.organizationId}/rollups`, seeded.masterKey);

  it('is that of the last shipment, with its instant, and asks no object', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    await chat(seeded.apiKey, { demo: { outputTokens: 4 }, max_tokens: 4 });
    const before = Date.now();
    expect((await rollUp(seeded)).status).toBe(200);
    const objects = vi.fn(() => UNREACHABLE);
    const response = await callIn(withObjects(objects), request('GET', membersPath(seeded), seeded.masterKey));
    const [listed] = (await json<Page>(response)).members;
    expect(objects).not.toHaveBeenCalled();
    expect(listed?.status).toEqual((await memberOf(seeded)).status);
    expect(listed?.status).toMatchObject({ budgetType: 'total', usage: '0.00001', remaining: '0.99999' });
    expect(Date.parse(listed?.statusAt ?? '')).toBeGreaterThanOrEqual(before);
    await chat(seeded.apiKey, { demo: { outputTokens: 4 }, max_tokens: 4 });
    expect((await listOf(seeded))?.status).toMatchObject({ usage: '0.00001' });
    await rollUp(seeded);
    expect((await listOf(seeded))?.status).toMatchObject({ usage: '0.00002' });
  });

  it('is under the budget of now, however long ago it was shipped', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    await chat(seeded.apiKey, { demo: { outputTokens: 4 }, max_tokens: 4 });
    await rollUp(seeded);
    await setBudget(seeded, { usageLimit: '5' });
    expect((await listOf(seeded))?.status).toMatchObject({ remaining: '4.99999', version: 2 });
    await setBudget(seeded, { usageLimit: '5', usageLimitBasis: 'cycle' });
    expect((await listOf(seeded))?.status).toMatchObject({ budgetType: 'one-time', usage: '0', remaining: '5' });
    await setBudget(seeded, {});
    expect((await listOf(seeded))?.status).toMatchObject({
      budgetType: 'unlimited',
      usage: '0.00001',
      remaining: null,
      activeApiKeys: 1,
    });
  });
});

describe('what a member used in a range', () => {
  const rollUp = (seeded: Seeded) => call('POST', `/orgs/${seeded.organizationId}/rollups`, seeded.masterKey);
  const NOTHING = { cost: '0', tokens: 0, requests: 0 };

  it('is told of each in the list and of one, in the days asked for', async () => {
    const seeded = await seedOrganization();
    const idle = await insertMember(seeded.organizationId, 'Idle', 'developer', null);
    for (let i = 0; i < 2; i++) await chat(seeded.apiKey, { demo: { outputTokens: 4 }, max_tokens: 4 });
    await rollUp(seeded);
    const shown = async (query: Record<string, string>) => {
      const listed = new Map((await list(seeded, query)).members.map(({ id, usage }) => [id, usage]));
      expect(await memberOf(seeded, query)).toMatchObject({ usage: listed.get(seeded.memberId) });
      expect(listed.get(idle)).toEqual(NOTHING);
      return listed.get(seeded.memberId);
    };
    // Two words in and four out, twice.
    const used = { cost: '0.00002', tokens: 12, requests: 2 };
    expect(await shown({})).toEqual(used);
    const today = new Date().toISOString().slice(0, 10);
    expect(await shown({ from: today, to: today })).toEqual(used);
    expect(await shown({ from: '2026-01-01', to: '2026-01-31' })).toEqual(NOTHING);
  });

  it.each(['free', 'pro'] as const)('is no part of the %s plan, which says so', async (plan) => {
    const seeded = await seedOrganization({ plan });
    const [listed] = (await list(seeded)).members;
    expect(listed).toMatchObject({ usage: null, planRequired: 'enterprise' });
    expect(await memberOf(seeded)).toMatchObject({ usage: null, planRequired: 'enterprise' });
  });
});

describe('the list of members', () => {
  let seeded: Seeded;
  let other: Seeded;
  const ids: string[] = [];
  beforeAll(async () => {
    seeded = await seedOrganization();
    other = await seedOrganization();
    const { organizationId } = seeded;
    ids.push(
      seeded.memberId,
      await insertMember(organizationId, 'Åsa Berg', 'owner', 'asa@example.com'),
      await insertMember(organizationId, 'Bo', 'finance', 'BO@Example.com'),
      await insertMember(organizationId, 'Batch job', 'api', null),
      await insertMember(organizationId, '100% sure', 'basic', 'sure@example.org'),
    );
    const removed = await insertMember(organizationId, 'Gone', 'admin', 'gone@example.com');
    await env.DB.prepare('UPDATE members SET removed_at = 1 WHERE id = ?').bind(removed).run();
  });

  /** In pages, one after the other. */
  async function inPages(limit: number, query: Record<string, string> = {}): Promise<MemberBody[]> {
    const seen: MemberBody[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await list(seeded, { ...query, limit: `${limit}`, ...(cursor === null ? {} : { cursor }) });
      expect(page.members.length).toBeLessThanOrEqual(limit);
      seen.push(...page.members);
      cursor = page.nextCursor;
    } while (cursor !== null && seen.length <= ids.length);
    return seen;
  }

  it.each([1, 2, 4, 5, 6])(
    'in pages of %i has every member once, by name, and none that was removed',
    async (limit) => {
      const names = (await inPages(limit)).map(({ name }) => name);
      expect(names).toEqual(['100% sure', 'Batch job', 'Bo', 'Member', 'Åsa Berg']);
    },
  );

  it.each<[string, (member: MemberBody) => string]>([
    ['name', ({ name }) => name.toLowerCase()],
    ['email', ({ email }) => email?.toLowerCase() ?? ''],
    ['role', ({ role }) => role],
    ['createdAt', () => ''],
    ['lifetimeUsage', () => ''],
  ])('is sorted by %s, up and down, with who is the same in the order of ids, in pages too', async (sort, sortedBy) => {
    const order = (a: MemberBody, b: MemberBody) => {
      const [left, right] = [`${sortedBy(a)} ${a.id}`, `${sortedBy(b)} ${b.id}`];
      return left < right ? -1 : 1;
    };
    const up = (await list(seeded, { sort })).members;
    expect(up.map(({ id }) => id)).toEqual(up.toSorted(order).map(({ id }) => id));
    expect(up).toHaveLength(ids.length);
    for (const [asked, expected] of [
      [sort, up],
      [`-${sort}`, up.toReversed()],
    ] as const) {
      expect((await inPages(2, { sort: asked })).map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    }
  });

  it('is sorted by what was spent, as numbers, over its pages; who spent nothing comes last', async () => {
    const spent = [900_000_000n, 10_000_000_000n, 2_000_000n].map(String);
    await env.DB.batch(
      spent.map((cost, i) =>
        env.DB.prepare(
          `INSERT INTO member_ledgers (member_id, organization_id, shipped, cost, requests, overrun, unresolved)
           VALUES (?, ?, 1, CAST(? AS INTEGER), 1, 0, 0)`,
        ).bind(ids[i], seeded.organizationId, cost),
      ),
    );
    const nothing = ids.slice(3).toSorted().toReversed();
    const dearest = [ids[1], ids[0], ids[2], ...nothing];
    const sorted = async (sort: string) => (await inPages(2, { sort })).map(({ id }) => id);
    expect(await sorted('-lifetimeUsage')).toEqual(dearest);
    expect(await sorted('lifetimeUsage')).toEqual(dearest.toReversed());
    const removing = env.DB.prepare('DELETE FROM member_ledgers WHERE organization_id = ?');
    await removing.bind(seeded.organizationId).run();
  });

  it.each([
    [{ sort: 'salary' }, 'sort'],
    [{ page: '2' }, 'page'],
    [{ from: '2026-13-01' }, 'from'],
    [{ to: 'today' }, 'to'],
    [{ from: '2026-11-02', to: '2026-11-01' }, 'from'],
    [{ timezone: 'Mars' }, 'timezone'],
  ])('is refused for %j', async (query, param) => {
    const response = await get(
      `${membersPath(seeded)}?${new URLSearchParams(query as Record<string, string>)}`,
      seeded.masterKey,
    );
    expect(await refusal(response)).toMatchObject({ status: 400, param });
  });

  it.each([
    ['bo', ['Bo']],
    ['EXAMPLE.COM', ['Bo', 'Åsa Berg']],
    ['sure@', ['100% sure']],
    ['%', ['100% sure']],
    ['batch', ['Batch job']],
    ['gone', []],
    ["'; DROP TABLE members; --", []],
  ])('finds %j in names and e-mail addresses, as letters only', async (q, names) => {
    expect((await list(seeded, { q })).members.map(({ name }) => name).toSorted()).toEqual(names);
  });

  it('has of each member what that member has alone', async () => {
    for (const listed of (await list(seeded)).members) {
      const alone = await memberOf({ ...seeded, memberId: listed.id });
      // Nobody has spent yet, so no object has told anything; one that is asked answers as of now.
      const { statusAt, ...same } = listed;
      expect(alone).toEqual(same);
      expect(statusAt).toBeNull();
    }
  });

  it('has no user and no e-mail address for an API-only member, and both for others', async () => {
    const byName = new Map((await list(seeded)).members.map((member) => [member.name, member]));
    expect(byName.get('Batch job')).toMatchObject({ role: 'api', userId: null, email: null });
    expect(byName.get('Bo')).toMatchObject({
      role: 'finance',
      userId: expect.stringMatching(/^usr_/),
      email: 'BO@Example.com',
    });
  });

  it('has nobody of another organization, by page or by cursor', async () => {
    expect((await list(other)).members.map(({ id }) => id)).toEqual([other.memberId]);
    expect((await list(other, { cursor: seeded.memberId })).members).toEqual([]);
  });
});

describe('a member that is not of the organization', () => {
  it.each<[string, (other: Seeded, removed: string) => string]>([
    ['never was', () => newId('mem')],
    ['is of another', (other) => other.memberId],
    ['was removed', (_, removed) => removed],
    ['is no id at all', () => "x' OR 1=1 --"],
  ])('because it %s is a 404, to read and to write', async (_, idOf) => {
    const [seeded, other] = [await seedOrganization(), await seedOrganization()];
    const removed = await insertMember(seeded.organizationId, 'Gone', 'admin', null);
    await env.DB.prepare('UPDATE members SET removed_at = 1 WHERE id = ?').bind(removed).run();
    const path = `${membersPath(seeded)}/${encodeURIComponent(idOf(other, removed))}`;
    const asked = [
      request('GET', path, seeded.masterKey),
      request('PUT', `${path}/budget`, seeded.masterKey, { usageLimit: '0' }),
    ];
    for (const each of asked) {
      expect(await refusal(await callIn(env, each))).toEqual({
        status: 404,
        code: 'not_found',
        param: null,
        message: 'There is no such member.',
      });
    }
    expect((await memberOf(other)).budget.version).toBe(1);
  });
});
