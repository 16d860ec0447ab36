/** The pages of analytics: members, one member, oneself, one key, and files; each against a recount of the same events. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { formatUsd } from '../../src/money/nanos.ts';
import type { Freshness } from '../../src/usage/analytics.ts';
import { goOnBackfilling, startBackfill } from '../../src/usage/backfill.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { detail } from '../../src/usage/usage-detail.ts';
import { get, json } from '../support/gateway.ts';
import { grant, type Person, person } from '../support/people.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { mixed, type Owned, usageEvent } from './events.ts';

const HOUR_MS = 3_600_000;
const FIRST = Date.parse('2026-03-01T00:00:00Z');
const RANGE = { from: '2026-03-02', to: '2026-03-05' };
const SINCE = Date.parse('2026-03-02T00:00:00Z');
const UNTIL = Date.parse('2026-03-06T00:00:00Z');

interface Row {
  key: string | null;
  label: string;
  cost: string;
  requestCount: number;
}

interface Detail {
  member: { memberId: string; removed: boolean };
  key: { id: string; deleted: boolean; usage: string | null };
  caps: { status: object; effectiveBudget: object } | null;
  summary: Row;
  mostUsed: Record<'model' | 'provider' | 'app', string>;
  costByModel: Row[];
  topProviders: Row[];
  topApps: Row[];
  activity: (Row & { date: string; breakdown: Row[] })[];
}

/** The budget of a member that has no limit of any kind, of its own or inherited. */
const UNLIMITED = {
  usageLimit: null,
  usageLimitBasis: null,
  periodUsageLimit: null,
  periodUsageDurationUnit: null,
  periodUsageDurationValue: null,
  periodAlignment: null,
  maxApiKeys: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrency: null,
  extras: [],
  inherited: [],
};

interface MembersAnswer {
  members: (Row & { memberId: string; userId: string | null; removed: boolean; apiKeyCount: number })[];
  totals: Row;
}

let team: Seeded;
let ann: Person;
let bob: Person;
let gone: Person;
let events: Owned[];

const owner = () => team.masterKey;

async function ask<T>(key: string, path: string, parameters: Record<string, string> = {}): Promise<T> {
  const query = new URLSearchParams({ organizationId: team.organizationId, ...RANGE, ...parameters });
  const response = await get(`/analytics/${path}?${query}`, key);
  expect(response.status).toBe(200);
  return json<T>(response);
}

async function askAs<T>(who: Person, path: string, parameters: Record<string, string> = {}) {
  const query = new URLSearchParams({ organizationId: team.organizationId, ...RANGE, ...parameters });
  const { status, body } = await who.send('GET', `/analytics/${path}?${query}`);
  return { status, body: body as T };
}

const inRange = (of: (event: Owned) => boolean) =>
  events.filter((event) => event.settledAtMs >= SINCE && event.settledAtMs < UNTIL && of(event));

function counted(some: readonly Owned[]) {
  return {
    cost: formatUsd(BigInt(some.reduce((sum, { costNanos }) => sum + costNanos, 0))),
    requestCount: some.reduce((sum, { requests }) => sum + requests, 0),
  };
}

/** Rows by one dimension, as they must be, in the order of their keys. */
function groups(some: readonly Owned[], of: (event: Owned) => string) {
  return [...Map.groupBy(some, of)]
    .map(([key, group]) => ({ key, ...counted(group) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function shown(rows: readonly Row[]) {
  return rows
    .map(({ key, cost, requestCount }) => ({ key: key ?? '', cost, requestCount }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** Three developers of one organization, one of whom is removed afterwards; usage of eight days, and of two projects. */
beforeAll(async () => {
  team = await seedOrganization();
  const { organizationId } = team;
  [ann, bob, gone] = await Promise.all([
    person(organizationId, 'developer'),
    person(organizationId, 'developer'),
    person(organizationId, 'developer'),
  ]);
  await grant(ann.memberId, team.projectId);
  events = [];
  for (const [m, { memberId }] of [ann, bob, gone].entries()) {
    const own = Array.from({ length: 190 }, (_, i) =>
      usageEvent(i + 1, {
        ...mixed(i),
        projectId: i % 4 === 3 ? 'prj_other' : team.projectId,
        keyId: m === 0 && i % 2 ? team.keyId : `key_of_${m}`,
        settledAtMs: FIRST + i * HOUR_MS + m,
        costNanos: i % 8 === 1 ? 0 : (m + 1) * 1_000 + i,
      }),
    );
    await shipEvents(env.DB, { memberId, organizationId }, own);
    events.push(...own.map((event) => ({ ...event, memberId, organizationId })));
  }
  await rollUp(env.DB, Date.parse('2026-04-01'));
  await env.DB.batch([
    env.DB.prepare('UPDATE members SET removed_at = 1 WHERE id = ?1').bind(gone.memberId),
    env.DB.prepare('UPDATE api_keys SET member_id = ?1 WHERE id = ?2').bind(ann.memberId, team.keyId),
  ]);
});

describe('the table of members', () => {
  it('has everybody with what they used, dearest first, and who was removed too', async () => {
    const { members, totals } = await ask<MembersAnswer>(owner(), 'members');
    const idle = members.filter(({ requestCount }) => requestCount === 0).map(({ memberId }) => memberId);
    expect(idle).toEqual([team.memberId]);
    expect(members.slice(0, 3).map(({ memberId }) => memberId)).toEqual(
      [gone, bob, ann].map(({ memberId }) => memberId),
    );
    for (const { memberId, removed, cost, requestCount } of members) {
      expect({ cost, requestCount }).toEqual(counted(inRange((event) => event.memberId === memberId)));
      expect(removed).toBe(memberId === gone.memberId);
    }
    expect(totals).toMatchObject(counted(inRange(() => true)));
    expect(members.find(({ memberId }) => memberId === ann.memberId)).toMatchObject({ apiKeyCount: 1 });
  });
});

describe('the usage of a member', () => {
  it.each([
    ['its user id', () => ann.userId],
    ['its own id', () => ann.memberId],
  ])('is found by %s and summed by day, model, provider and app', async (_, id) => {
    const answer = await ask<Detail>(owner(), `members/${id()}`, { groupBy: 'project' });
    const own = inRange(({ memberId }) => memberId === ann.memberId);
    expect(answer.member).toMatchObject({ memberId: ann.memberId, removed: false });
    expect(answer.caps?.effectiveBudget).toEqual(UNLIMITED);
    expect(answer.summary).toMatchObject(counted(own));
    expect(shown(answer.costByModel)).toEqual(groups(own, ({ canonicalModel }) => canonicalModel));
    expect(shown(answer.topProviders)).toEqual(groups(own, ({ provider }) => provider));
    expect(shown(answer.topApps)).toEqual(groups(own, ({ app }) => app));
    const byRequests = groups(own, ({ app }) => app).toSorted((a, b) => b.requestCount - a.requestCount);
    expect(answer.mostUsed.app).toBe(byRequests[0]?.key);
    for (const { date, breakdown } of answer.activity) {
      const ofDay = own.filter(({ settledAtMs }) => new Date(settledAtMs).toISOString().startsWith(date));
      expect(shown(breakdown), date).toEqual(groups(ofDay, ({ projectId }) => projectId));
    }
  });

  it('stays when the member is removed, without limits', async () => {
    const answer = await ask<Detail>(owner(), `members/${gone.userId}`);
    expect(answer).toMatchObject({ member: { removed: true }, caps: null });
    expect(answer.summary).toMatchObject(counted(inRange(({ memberId }) => memberId === gone.memberId)));
  });

  it('is the same for themselves, whatever their plan', async () => {
    const asked = await ask<Detail>(owner(), `members/${bob.userId}`);
    for (const plan of ['free', 'enterprise']) {
      await env.DB.prepare('UPDATE organizations SET plan = ?1 WHERE id = ?2').bind(plan, team.organizationId).run();
      const { status, body } = await askAs<Detail>(bob, 'me');
      expect(status).toBe(200);
      expect({ ...body, caps: null }).toEqual({ ...asked, caps: null });
    }
  });

  it('of another organization does not exist', async () => {
    const stranger = await seedOrganization();
    const query = new URLSearchParams({ organizationId: team.organizationId });
    for (const id of [stranger.memberId, 'mem_nobody', newId('usr')]) {
      expect((await get(`/analytics/members/${id}?${query}`, owner())).status).toBe(404);
    }
  });
});

describe('the usage of a key', () => {
  it('is that of its events, also when it is deleted', async () => {
    const own = inRange(({ keyId }) => keyId === team.keyId);
    const before = await ask<Detail>(owner(), `keys/${team.keyId}`);
    expect(before).toMatchObject({ key: { id: team.keyId, deleted: false }, summary: counted(own) });
    expect(shown(before.costByModel)).toEqual(groups(own, ({ canonicalModel }) => canonicalModel));
    await env.DB.prepare('UPDATE api_keys SET deleted_at = 1 WHERE id = ?1').bind(team.keyId).run();
    const after = await ask<Detail>(owner(), `keys/${team.keyId}`);
    await env.DB.prepare('UPDATE api_keys SET deleted_at = NULL WHERE id = ?1').bind(team.keyId).run();
    expect(after).toEqual({ ...before, key: { ...after.key, deleted: true, usage: null } });
    expect((await askAs<Detail>(ann, `keys/${team.keyId}`)).body.summary).toEqual(before.summary);
    expect((await askAs(bob, `keys/${team.keyId}`)).status).toBe(404);
  });
});

describe('of more than is shown by itself', () => {
  it('what was used most and how many the others are is told of the range, dear or not', async () => {
    const seeded = await seedOrganization();
    const { organizationId, masterKey, keyId } = seeded;
    const used = [
      ['old', SINCE - HOUR_MS, 900],
      ['older', FIRST, 5],
      ['dear', SINCE, 700],
      ['cheap', SINCE, 2],
      ['cheap', SINCE + HOUR_MS, 3],
      ['cheaper', SINCE, 1],
      // What it was charged before the range was too much.
      ['older', SINCE + HOUR_MS, -1],
    ] as const;
    await shipEvents(
      env.DB,
      seeded,
      used.map(([model, settledAtMs, costNanos], i) =>
        usageEvent(i + 1, { keyId, canonicalModel: model, provider: model, app: model, settledAtMs, costNanos }),
      ),
    );
    await rollUp(env.DB, Date.parse('2026-04-01'));
    const query = new URLSearchParams({ organizationId, ...RANGE, limit: '1' });
    const answer = await json<Detail>(await get(`/analytics/keys/${keyId}?${query}`, masterKey));
    expect(answer.mostUsed).toEqual({ model: 'cheap', provider: 'cheap', app: 'cheap' });
    expect(answer.costByModel).toMatchObject([
      { key: 'dear', label: 'dear', requestCount: 1 },
      { key: null, label: 'Other (3)', cost: '0.000000005', requestCount: 4 },
    ]);
    query.set('limit', '4');
    const all = await json<Detail>(await get(`/analytics/keys/${keyId}?${query}`, masterKey));
    expect(all.costByModel.map(({ key }) => key)).toEqual(['dear', 'cheap', 'cheaper', 'older']);
  });

  it('all parts of a page are read in one transaction', async () => {
    let transactions = 0;
    const session = env.DB.withSession();
    const usage = {
      withSession: () => ({
        prepare: (sql: string) => session.prepare(sql),
        batch: (statements: D1PreparedStatement[]) => {
          transactions += 1;
          return session.batch(statements);
        },
      }),
    } as unknown as D1Database;
    const spans = [{ label: 'all', startMs: SINCE, endMs: UNTIL }];
    const query = { organizationId: team.organizationId, apiKeyId: team.keyId, limit: 25, spans };
    const { summary } = await detail({ usage, names: env.DB }, { ...query, groupBy: 'project' });
    expect(summary).toMatchObject(counted(inRange(({ keyId }) => keyId === team.keyId)));
    expect(transactions).toBe(1);
  });
});

describe('while the sums are being made anew', () => {
  it('every answer says up to when they are', async () => {
    const { organizationId } = team;
    const fresh = { rolledUpTo: '2026-04-01T00:00:00.000Z', backfilledUpTo: null };
    const paths = ['activity', 'members', `members/${ann.memberId}`, `keys/${team.keyId}`];
    const headers = async (path: string) => {
      const query = new URLSearchParams({ organizationId, ...RANGE, format: 'csv' });
      const { headers: told } = await get(`/analytics/${path}?${query}`, owner());
      return { rolledUpTo: told.get('x-rolled-up-to'), backfilledUpTo: told.get('x-backfilled-up-to') };
    };
    for (const path of paths) {
      expect(await ask(owner(), path), path).toMatchObject(fresh);
      expect(await headers(path), path).toEqual(fresh);
    }
    const nowMs = Date.parse('2026-04-01');
    await startBackfill(env.DB, organizationId, nowMs);
    const seen: (string | null)[] = [];
    for (let more = true; more; ) {
      const told = (await Promise.all(paths.flatMap((path) => [ask(owner(), path), headers(path)]))) as Freshness[];
      expect(new Set(told.map(({ backfilledUpTo }) => backfilledUpTo)).size).toBe(1);
      seen.push(told[0]?.backfilledUpTo ?? null);
      more = (await goOnBackfilling(env.DB, nowMs, 0)).more;
    }
    expect(seen.slice(0, 3)).toEqual([
      '1970-01-01T00:00:00.000Z',
      '2026-03-02T00:00:00.000Z',
      '2026-03-03T00:00:00.000Z',
    ]);
    expect(await ask(owner(), 'activity')).toMatchObject(fresh);
  });
});

describe('the usage of a project', () => {
  it('is, for a developer, their own in it', async () => {
    const { status, body } = await askAs<{ totals: Row; activity: (Row & { breakdown: Row[] })[] }>(ann, 'activity', {
      projectId: team.projectId,
      groupBy: 'app',
    });
    const own = inRange(({ memberId, projectId }) => memberId === ann.memberId && projectId === team.projectId);
    expect(own.length).toBeLessThan(inRange(({ projectId }) => projectId === team.projectId).length);
    expect(status).toBe(200);
    expect(body.totals).toMatchObject(counted(own));
    // Where everybody sees every project, still only their own.
    await env.DB.prepare("UPDATE organizations SET plan = 'pro' WHERE id = ?1").bind(team.organizationId).run();
    const ofBob = await askAs<{ totals: Row }>(bob, 'activity', { projectId: team.projectId });
    expect(ofBob.body.totals).toMatchObject(
      counted(inRange(({ memberId, projectId }) => memberId === bob.memberId && projectId === team.projectId)),
    );
    await env.DB.prepare("UPDATE organizations SET plan = 'enterprise' WHERE id = ?1").bind(team.organizationId).run();
    expect((await askAs(bob, 'activity', { projectId: team.projectId })).status).toBe(404);
    expect((await askAs(bob, 'activity', { projectId: team.projectId, memberId: bob.memberId })).status).toBe(403);
  });
});

describe('a file', () => {
  async function file(path: string, parameters: Record<string, string> = {}): Promise<string[]> {
    const query = new URLSearchParams({ organizationId: team.organizationId, ...RANGE, format: 'csv', ...parameters });
    const response = await get(`/analytics/${path}?${query}`, owner());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const text = await response.text();
    expect(text.endsWith('\r\n')).toBe(true);
    return text.split('\r\n').slice(0, -1);
  }

  it('has one header and a line for each row of each day, the whole and not only the dearest', async () => {
    const { activity } = await ask<{ activity: Detail['activity'] }>(owner(), 'activity', { groupBy: 'apiKey' });
    const lines = await file('activity', { groupBy: 'apiKey', limit: '1' });
    expect(lines[0]).toMatch(/^date,apiKey,label,cost,inputCost,/);
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 4))).toEqual(
      activity.flatMap(({ date, breakdown }) => breakdown.map(({ key, label, cost }) => [date, key, label, cost])),
    );
  });

  it('tells every day of a long range, in order, also those without usage', async () => {
    const lines = await file('activity', { from: '2026-01-01', to: '2026-06-30' });
    const dates = [...new Set(lines.slice(1).map((line) => line.slice(0, 10)))];
    expect(dates).toHaveLength(181);
    expect(dates).toEqual(dates.toSorted());
    expect(lines[1]).toBe('2026-01-01,,,0,0,0,0,0,0,0,0,0,0,0,0,,,,,');
  });

  it('of members has one line for each', async () => {
    const { members } = await ask<MembersAnswer>(owner(), 'members');
    const lines = await file('members');
    expect(lines[0]).toMatch(/^userId,memberId,name,email,role,removed,apiKeyCount,cost,/);
    expect(lines.slice(1).map((line) => line.split(',')[1])).toEqual(members.map(({ memberId }) => memberId));
  });

  it('holds no formula, and amounts below zero as amounts', async () => {
    const seeded = await seedOrganization();
    const { organizationId, masterKey } = seeded;
    const settledAtMs = SINCE;
    await shipEvents(env.DB, seeded, [
      usageEvent(1, { settledAtMs, app: '=cmd|" /c calc"!a1, b' }),
      usageEvent(2, { settledAtMs, app: 'x', costNanos: -5 }),
    ]);
    await rollUp(env.DB, 0);
    const query = new URLSearchParams({
      organizationId,
      from: '2026-03-02',
      to: '2026-03-02',
      groupBy: 'app',
      format: 'csv',
    });
    const response = await (await get(`/analytics/activity?${query}`, masterKey)).text();
    expect(response).toContain(`"'=cmd|"" /c calc""!a1, b"`);
    expect(response).toContain('2026-03-02,x,x,-0.000000005,');
  });
});
