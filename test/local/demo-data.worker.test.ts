/** The demo as a first start finds it. Seeded once; the tests go from reading to using it, in this order. */
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCron } from '../../src/app.ts';
import { firstFlaw } from '../../src/audit/anchor.ts';
import { ChainCheck, NO_ENTRIES } from '../../src/audit/chain.ts';
import { PAST_THE_LAST, readEntries } from '../../src/audit/entries.ts';
import { documentOf } from '../../src/billing/document-of.ts';
import { checkDocument } from '../../src/billing/documents/checks.ts';
import { lookOf } from '../../src/billing/seller.ts';
import { type TransactionRow, transactionOf } from '../../src/billing/transaction-rows.ts';
import { DAY_MS, LIMITS } from '../../src/limits.ts';
import { type DemoAccount, seedDemo } from '../../src/local/demo-data.ts';
import { DEMO_ORGANIZATIONS } from '../../src/local/demo-people.ts';
import { shippedStatusOf } from '../../src/local/demo-status.ts';
import { DEMO_SELLER } from '../../src/local/demo-transactions.ts';
import { demoUsage } from '../../src/local/demo-usage.ts';
import { CATALOGUE_MAPPINGS } from '../../src/models/catalogue.ts';
import { memberBudget, orgWallet } from '../../src/objects.ts';
import { BudgetBody, KeyLimitsBody } from '../../src/teams/budget-body.ts';
import { mayOwnKeys, PLAN_KEYS_MAX } from '../../src/teams/roles.ts';
import { proveBooks } from '../../src/usage/books.ts';
import type { ShippedStatus } from '../../src/usage/shipping.ts';
import { paid, selling } from '../billing/paying.ts';
import { Outbox } from '../support/browser.ts';

const nowMs = Date.now();
let demo: DemoAccount;

beforeAll(async () => {
  demo = await seedDemo(env.DB, { keySecret: env.KEY_SECRET, nowMs });
});

async function all<Row>(sql: string): Promise<Row[]> {
  return (await env.DB.prepare(sql).all<Row>()).results;
}

async function number(sql: string): Promise<number> {
  return (await env.DB.prepare(sql).first<number>('number')) ?? Number.NaN;
}

describe('the payments of the demo', () => {
  const ofKinds =
    'SELECT kind, status, count(*) AS number FROM transactions GROUP BY kind, status ORDER BY kind, status';

  it('are a year of every kind, with one given back, one pending and one failed', async () => {
    const counted = await all<{ kind: string; status: string; number: number }>(ofKinds);
    const of = (kind: string, status: string) =>
      counted.find((row) => row.kind === kind && row.status === status)?.number ?? 0;
    expect(of('subscription', 'completed')).toBeGreaterThanOrEqual(11);
    expect(of('top_up', 'completed')).toBeGreaterThanOrEqual(4);
    expect(of('auto_top_up', 'completed')).toBeGreaterThanOrEqual(2);
    expect(of('seats', 'completed')).toBeLessThanOrEqual(1);
    expect([of('refund', 'completed'), of('top_up', 'pending'), of('auto_top_up', 'failed')]).toEqual([1, 1, 1]);
  });

  it('are numbered without gap, in the order in which they were completed, and their documents can be made', async () => {
    const rows = await all<TransactionRow>('SELECT * FROM transactions WHERE number IS NOT NULL ORDER BY completed_at');
    for (const prefix of new Set(rows.map(({ number }) => number?.slice(0, -6)))) {
      const numbers = rows.flatMap(({ number }) =>
        number?.slice(0, -6) === prefix ? [Number(number?.slice(-6))] : [],
      );
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    }
    const given = await number('SELECT sum(last) AS number FROM document_series');
    expect(given).toBe(rows.length);
    for (const row of rows) {
      const document = documentOf(transactionOf(row), lookOf(DEMO_SELLER));
      expect(document && checkDocument(document)).toBeUndefined();
    }
  });

  it('are in the wallet once the first cron has run, and nobody is mailed of them', async () => {
    const outbox = new Outbox(DEMO_SELLER);
    await runCron('* * * * *', outbox.env, nowMs);
    const { balance } = await orgWallet(env, demo.organizationId, (object) => object.status());
    expect(balance).toBe(await number("SELECT sum(credit) AS number FROM transactions WHERE status = 'completed'"));
    expect(balance).toBeGreaterThan(0);
    expect(outbox.mails).toEqual([]);
    // The series goes on.
    expect((await paid(selling(DEMO_SELLER), demo.organizationId, 500)).number).toMatch(/^\d{4}-\d{6}$/);
  });
});

describe('the people of the demo', () => {
  it('are an enterprise team with every role, a pending invitation, a free team and a personal organization', async () => {
    expect(await all('SELECT kind, plan FROM organizations ORDER BY rowid')).toEqual([
      { kind: 'team', plan: 'enterprise' },
      { kind: 'team', plan: 'free' },
      { kind: 'personal', plan: 'free' },
    ]);
    const team = await all<{ role: string }>(
      `SELECT role FROM members WHERE organization_id = '${demo.organizationId}' ORDER BY rowid`,
    );
    expect(team.map(({ role }) => role)).toEqual(['owner', 'admin', 'finance', 'developer', 'basic', 'api']);
    expect(await all("SELECT role FROM members WHERE user_id IS NULL OR role = 'api'")).toEqual([{ role: 'api' }]);
    expect(await all('SELECT expires_at - created_at AS valid FROM invitations WHERE accepted_at IS NULL')).toEqual([
      { valid: 30 * DAY_MS },
    ]);
  });

  it('have four projects, of which the developer is granted two, one of them that of the key', async () => {
    expect(
      await number(`SELECT count(*) AS number FROM projects WHERE organization_id = '${demo.organizationId}'`),
    ).toBe(4);
    const granted = await all<{ project_id: string }>(
      `SELECT project_id FROM project_grants WHERE member_id = '${demo.memberId}'`,
    );
    expect(granted).toHaveLength(2);
    expect(granted).toContainEqual({ project_id: demo.projectId });
    expect(await number(`SELECT count(*) AS number FROM policy_pushes`)).toBe(0);
  });

  it('have one sign-in for each role that signs in', () => {
    expect(demo.signIns.map(({ role }) => role)).toEqual(['owner', 'admin', 'finance', 'developer', 'basic']);
    expect(demo.signIns).toContainEqual({ role: 'owner', ...demo.owner });
    for (const { email, password } of demo.signIns) {
      expect(email).toMatch(/^[a-z.]+@example\.com$/);
      expect(password).toMatch(/^[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}$/);
    }
  });

  it('have only budgets, limits, keys and grants that the API would have allowed', () => {
    for (const { plan, projects, members } of DEMO_ORGANIZATIONS) {
      expect(members.flatMap(({ keys }) => keys).length).toBeLessThanOrEqual(PLAN_KEYS_MAX[plan]);
      for (const { role, budget, granted, keys, joinedDaysAgo } of members) {
        expect(BudgetBody.safeParse(budget).error).toBeUndefined();
        expect(keys.length > 0).toBe(mayOwnKeys(role));
        for (const key of keys) {
          expect(KeyLimitsBody.safeParse(key.limits).error).toBeUndefined();
          expect(projects.map(({ id }) => id)).toContain(key.projectId);
          if (role === 'developer' && plan === 'enterprise') expect(granted).toContain(key.projectId);
          if (role === 'api') expect(granted).toContain(key.projectId);
          expect(key.madeDaysAgo).toBeLessThanOrEqual(joinedDaysAgo);
        }
      }
    }
  });

  it('are below their limits, and the developer has none', async () => {
    for (const { id: memberId } of DEMO_ORGANIZATIONS.flatMap(({ members }) => members)) {
      const status = await memberBudget(env, memberId, (object) => object.status({ memberId }));
      expect(status.remaining ?? 1, memberId).toBeGreaterThan(0);
      expect(status.period?.remaining ?? 1, memberId).toBeGreaterThan(0);
      if (memberId === demo.memberId) expect(status.limits).toEqual({ total: null, period: null });
    }
  });

  it('have told of their budgets what their objects say of them', async () => {
    const rows = await all<{ member_id: string; status: string }>('SELECT member_id, status FROM member_ledgers');
    const toldBy = new Map(rows.map(({ member_id, status }) => [member_id, JSON.parse(status) as ShippedStatus]));
    const events = Map.groupBy(demoUsage(nowMs), ({ memberId }) => memberId);
    expect(toldBy.size).toBe(9);
    for (const { timeZone, members } of DEMO_ORGANIZATIONS) {
      for (const member of members) {
        const told = (atMs: number) => shippedStatusOf(member, timeZone, events.get(member.id) ?? [], atMs);
        expect(toldBy.get(member.id), member.name).toEqual(told(nowMs));
        const askedMs = Date.now();
        const { limits, usage, lifetimeUsage, remaining, period, activeKeys, totalBasis } = await memberBudget(
          env,
          member.id,
          (object) => object.status({ memberId: member.id }),
        );
        const known = { limits, usage, lifetimeUsage, remaining, activeKeys, totalBasis };
        expect(toldBy.get(member.id)?.status, member.name).toMatchObject(known);
        // Money leaves a rolling window as time goes by, also while the object answers.
        const spent = (atMs: number) => told(atMs).status.period?.usage ?? 0;
        expect(period?.usage ?? 0, member.name).toBeLessThanOrEqual(spent(askedMs));
        expect(period?.usage ?? 0, member.name).toBeGreaterThanOrEqual(spent(Date.now()));
      }
    }
  });

  it('have used each key when its newest event says', async () => {
    const used = await all<{ id: string; last_used_at: number }>('SELECT id, last_used_at FROM api_keys ORDER BY id');
    const newest = new Map(demoUsage(nowMs).map(({ keyId, settledAtMs }) => [keyId, settledAtMs]));
    expect(used).toHaveLength(newest.size);
    for (const { id, last_used_at } of used) expect(last_used_at, id).toBe(newest.get(id));
  });

  it('have an audit log of the year that verifies, in which nobody did anything before they joined', async () => {
    const entries = await readEntries(env.DB, demo.organizationId, {
      after: 0,
      before: PAST_THE_LAST,
      order: 'oldest first',
      limit: 1000,
    });
    const check = new ChainCheck(NO_ENTRIES);
    expect(firstFlaw(check, entries) ?? check.end()).toBeNull();
    const [team] = DEMO_ORGANIZATIONS;
    const joinedAtMs = new Map(team.members.map(({ id, joinedDaysAgo }) => [id, nowMs - (joinedDaysAgo + 1) * DAY_MS]));
    for (const { at, actor } of entries) {
      expect(Date.parse(at)).toBeLessThanOrEqual(nowMs);
      expect(Date.parse(at)).toBeGreaterThanOrEqual(joinedAtMs.get(actor.memberId ?? '') ?? Number.POSITIVE_INFINITY);
    }
    expect(new Set(entries.map(({ action }) => action))).toContain('member.budget.updated');
  });
});

describe('the year of usage', () => {
  const events = demoUsage(nowMs);

  it('is the same for the same instant', () => {
    expect(JSON.stringify(demoUsage(nowMs))).toBe(JSON.stringify(events));
  });

  it('never comes from the future, nor from a key that was not made yet', () => {
    const madeAtMs = new Map(
      DEMO_ORGANIZATIONS.flatMap(({ members }) => members)
        .flatMap(({ keys }) => keys)
        .map((key) => [key.id, nowMs - key.madeDaysAgo * DAY_MS]),
    );
    for (const event of events) {
      expect(event.settledAtMs <= nowMs && event.openedAtMs >= (madeAtMs.get(event.keyId) ?? Infinity)).toBe(true);
    }
  });

  it('has every week, grows, and has errors, hang-ups, cached tokens and several apps and models', async () => {
    const team = events.filter(({ organizationId }) => organizationId === demo.organizationId);
    const weeks = Array.from({ length: 52 }, (_, week) => {
      const endMs = nowMs - week * 7 * DAY_MS;
      return team.filter(({ settledAtMs }) => settledAtMs > endMs - 7 * DAY_MS && settledAtMs <= endMs).length;
    });
    expect(Math.min(...weeks)).toBeGreaterThan(150);
    expect(weeks[0]).toBeGreaterThan(weeks[51] ?? Infinity);
    const outcomes = Object.groupBy(team, ({ outcome }) => outcome);
    for (const outcome of ['upstream_error', 'client_error', 'client_gone'] as const) {
      const share = (outcomes[outcome]?.length ?? 0) / team.length;
      expect(share, outcome).toBeGreaterThan(0.005);
      expect(share, outcome).toBeLessThan(0.05);
    }
    expect(outcomes.upstream_error?.every(({ costNanos }) => costNanos === 0)).toBe(true);
    expect(new Set(team.map(({ app }) => app)).size).toBeGreaterThan(5);
    expect(new Set(team.map(({ provider }) => provider))).toEqual(new Set(['openai', 'anthropic']));
    const known = new Set(CATALOGUE_MAPPINGS.map(({ id }) => id));
    expect(team.every(({ mapping }) => known.has(mapping))).toBe(true);
    expect(team.some(({ cachedTokens, inputTokens }) => cachedTokens > 0.8 * inputTokens)).toBe(true);
  });

  it('is in D1 as events within the retention, in order, and all of it in the rollups', async () => {
    const kept = await all<{ seq: number; settled_at: number }>(
      'SELECT seq, settled_at FROM usage_events ORDER BY seq',
    );
    expect(kept.length).toBeGreaterThan(6_000);
    expect(kept.length).toBeLessThan(11_000);
    expect(kept[0]?.settled_at).toBeGreaterThanOrEqual(nowMs - LIMITS.eventRetentionMs);
    expect(kept.every(({ settled_at }, i) => i === 0 || settled_at >= (kept[i - 1]?.settled_at ?? 0))).toBe(true);
    expect(await number('SELECT seq AS number FROM rollup_watermark')).toBe(kept.at(-1)?.seq);
    expect(await number('SELECT rolled_up_to AS number FROM rollup_watermark')).toBe(nowMs);
    expect(await number('SELECT sum(requests) AS number FROM usage_rollups')).toBe(events.length);
    expect(await number('SELECT sum(requests) AS number FROM member_ledgers')).toBe(events.length);
    for (const [column, field] of [
      ['cost', 'costNanos'],
      ['input_cost', 'inputCostNanos'],
      ['output_cost', 'outputCostNanos'],
      ['input_tokens', 'inputTokens'],
      ['cached_tokens', 'cachedTokens'],
      ['output_tokens', 'outputTokens'],
      ['reasoning_tokens', 'reasoningTokens'],
    ] as const) {
      const sum = events.reduce((total, event) => total + event[field], 0);
      expect(await number(`SELECT sum(${column}) AS number FROM usage_rollups`), column).toBe(sum);
    }
  });

  it('is stored in whole numbers only', async () => {
    for (const [table, columns] of [
      ['usage_events', ['n', 'requests', 'opened_at', 'settled_at', 'input_tokens', 'cost', 'latency_ms', 'streamed']],
      ['usage_rollups', ['bucket_at', 'requests', 'input_tokens', 'output_tokens', 'cost', 'input_cost']],
      ['member_ledgers', ['shipped', 'cost', 'requests']],
    ] as const) {
      const odd = columns.map((column) => `typeof(${column}) <> 'integer'`).join(' OR ');
      expect(await number(`SELECT count(*) AS number FROM ${table} WHERE ${odd}`), table).toBe(0);
    }
    expect(await number('SELECT count(*) AS number FROM usage_rollups WHERE bucket_at % 900000 <> 0')).toBe(0);
  });
});

describe('the books of the demo', () => {
  it('agree for every member of every organization', async () => {
    let members = 0;
    for (const { id } of DEMO_ORGANIZATIONS) {
      for (const { proof, unproven } of await proveBooks(env, id, nowMs)) {
        expect(proof).toMatchObject({ objectDifference: '0', rollupDifference: '0', findings: [] });
        expect(unproven).toBeNull();
        members += 1;
      }
    }
    expect(members).toBe(9);
  });
});

describe('the key of the demo', () => {
  it('is served at once, and the books agree afterwards', async () => {
    const response = await exports.default.fetch('http://purser.test/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${demo.apiKey}` },
      body: JSON.stringify({ model: 'demo/echo', messages: [{ role: 'user', content: 'hello there' }] }),
    });
    expect(await response.clone().json()).toMatchObject({ choices: [{ message: { content: 'hello there' } }] });
    expect(response.status).toBe(200);
    const { memberId } = demo;
    await memberBudget(env, memberId, (object) => object.ship({ memberId }));
    const [row] = await all<{ shipped: number; newest: number }>(
      `SELECT shipped, (SELECT max(n) FROM usage_events WHERE member_id = '${memberId}') AS newest
       FROM member_ledgers WHERE member_id = '${memberId}'`,
    );
    expect(row?.shipped).toBe(demoUsage(nowMs).filter((event) => event.memberId === memberId).length + 1);
    expect(row?.newest).toBe(row?.shipped);
    const books = await proveBooks(env, demo.organizationId, nowMs);
    expect(books.every(({ proof, unproven }) => proof.findings.length === 0 && unproven === null)).toBe(true);
  });

  it('has a master key beside it that reads the health of the books', async () => {
    const response = await exports.default.fetch(`http://purser.test/orgs/${demo.organizationId}/health`, {
      headers: { authorization: `Bearer ${demo.masterKey}` },
    });
    expect(await response.json()).toMatchObject({ ok: true, difference: '0' });
  });
});
