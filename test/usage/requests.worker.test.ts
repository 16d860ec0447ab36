/** Requests by HTTP: pages, filters and files against the same events in plain JavaScript; one request with its cost and refusals. */
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RefusedRequest, UsageEvent } from '../../src/budgets/usage-event.ts';
import { newId } from '../../src/ids.ts';
import { LIMITS } from '../../src/limits.ts';
import { formatUsd } from '../../src/money/nanos.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { countD1, type D1Counts, NO_D1_COUNTS } from '../support/d1-counts.ts';
import { chat, type ErrorBody, get, json } from '../support/gateway.ts';
import { insertMember, type Seeded, seedOrganization } from '../support/seed.ts';
import { shipNow } from './books-world.ts';
import { mixed, NOON, usageEvent } from './events.ts';

interface Shown {
  requestId: string;
  attemptId: string | null;
  at: string;
  outcome: string;
  requestCount: number;
  refusal: string | null;
  refused: { requestId: string; code: string; message: string; metadata: Record<string, unknown> }[];
  cost: string;
  project: { id: string; name: string | null };
  apiKey: { id: string; name: string | null };
  member: { id: string; name: string | null };
}

interface Page {
  requests: Shown[];
  nextCursor: string | null;
  keptSince: string;
}

interface Whole {
  requestId: string;
  outcome: string;
  cost: string;
  requestCount: number;
  attempts: (Shown & { costParts: { unit: string; count: number; cost: string }[] | null; costPartsUnknown: string })[];
  moreAttempts: boolean;
}

type Parameters = Record<string, string | number>;

const list = async ({ organizationId, masterKey }: Seeded, parameters: Parameters = {}): Promise<Page> => {
  const query = new URLSearchParams(parameters as Record<string, string>);
  const response = await get(`/orgs/${organizationId}/requests?${query}`, masterKey);
  const body = await json<Page>(response);
  expect([response.status, body]).toEqual([200, expect.objectContaining({ requests: expect.any(Array) })]);
  return body;
};

const one = async ({ organizationId, masterKey }: Seeded, requestId: string) => {
  const response = await get(`/orgs/${organizationId}/requests/${requestId}`, masterKey);
  return { status: response.status, ...(await json<Whole & Partial<ErrorBody>>(response)) };
};

/** All pages, one after the other; `between` runs before each but the first. */
async function walk(seeded: Seeded, parameters: Parameters, between = async () => {}): Promise<Shown[]> {
  const all: Shown[] = [];
  let { requests, nextCursor } = await list(seeded, parameters);
  all.push(...requests);
  for (let pages = 0; nextCursor !== null; pages++) {
    if (pages > 200) throw new Error('pages without an end');
    await between();
    ({ requests, nextCursor } = await list(seeded, { ...parameters, cursor: nextCursor }));
    all.push(...requests);
  }
  return all;
}

const ship = (seeded: Seeded, events: readonly UsageEvent[], memberId = seeded.memberId) =>
  shipEvents(env.DB, { memberId, organizationId: seeded.organizationId }, events);

const idsOf = (shown: readonly { attemptId: string | null }[]) => shown.map(({ attemptId }) => attemptId);

/** Events of one organization, some settled in the same millisecond, in the order in which they are to be shown. */
async function shipped(seeded: Seeded, many: number, over: (n: number) => Partial<UsageEvent>): Promise<UsageEvent[]> {
  const { projectId, keyId } = seeded;
  const events = Array.from({ length: many }, (_, i) => {
    const settledAtMs = NOON + Math.floor((i * 37) % (many / 2)) * 1_000;
    return usageEvent(i + 1, { projectId, keyId, ...mixed(i), settledAtMs, ...over(i) });
  });
  await ship(seeded, events);
  // Newest first; of one millisecond, what arrived last.
  return events.toSorted((a, b) => b.settledAtMs - a.settledAtMs || b.n - a.n);
}

/** What there is so far is rolled up nowhere. */
const forgetWatermark = () =>
  env.DB.prepare('UPDATE rollup_watermark SET seq = (SELECT max(seq) FROM usage_events)').run();

let undo = () => {};
afterEach(() => undo());

function counting(): () => D1Counts {
  const counts = { ...NO_D1_COUNTS };
  undo = countD1(env.DB, ({ statements, rowsRead, rowsWritten }) => {
    counts.statements += statements;
    counts.rowsRead += rowsRead;
    counts.rowsWritten += rowsWritten;
  });
  return () => {
    undo();
    return counts;
  };
}

describe('a list of requests', () => {
  it('has each attempt once, newest first, while others arrive', async () => {
    const seeded = await seedOrganization();
    const events = await shipped(seeded, 60, () => ({}));
    let next = 61;
    const arrive = async () => {
      // One that is newer than all, and one that was settled long before and arrives late, among those shown already.
      const over = { projectId: seeded.projectId, keyId: seeded.keyId };
      await ship(seeded, [
        usageEvent(next, { ...over, settledAtMs: NOON + 3_600_000 + next }),
        usageEvent(next + 1, { ...over, settledAtMs: NOON + 29_500 }),
      ]);
      next += 2;
    };
    const shown = idsOf(await walk(seeded, { limit: 7 }, arrive));
    expect(new Set(shown).size).toBe(shown.length);
    const known = new Set(events.map(({ attemptId }) => attemptId));
    expect(shown.filter((id) => id !== null && known.has(id))).toEqual(events.map(({ attemptId }) => attemptId));
  });

  it('is filtered by all that a request is known by', async () => {
    const seeded = await seedOrganization();
    const [otherProject, otherKey] = [newId('prj'), newId('key')];
    await env.DB.batch([
      env.DB.prepare('INSERT INTO projects (id, organization_id, name, created_at) VALUES (?, ?, ?, 0)').bind(
        otherProject,
        seeded.organizationId,
        'Closed',
      ),
      env.DB.prepare(
        `INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at, deleted_at)
         VALUES (?, ?, ?, ?, 'Lost laptop', ?, '', 'active', '{}', 0, 1)`,
      ).bind(otherKey, seeded.organizationId, otherProject, seeded.memberId, otherKey),
    ]);
    const other = await insertMember(seeded.organizationId, 'developer');
    const events = await shipped(seeded, 48, (i) => ({
      projectId: i % 3 === 0 ? otherProject : seeded.projectId,
      keyId: i % 5 === 0 ? otherKey : seeded.keyId,
      requestId: `req_${Math.floor(i / 2)}`,
      endpoint: i % 2 === 0 ? 'messages' : 'chat/completions',
    }));
    await ship(seeded, [usageEvent(1, { projectId: otherProject, keyId: otherKey, settledAtMs: NOON })], other);
    const ofMember = (event: UsageEvent) => event.attemptId;
    const expectOnly = async (parameters: Parameters, wanted: (event: UsageEvent) => boolean) => {
      const shown = await walk(seeded, { limit: 5, memberId: seeded.memberId, ...parameters });
      expect([parameters, idsOf(shown)]).toEqual([parameters, events.filter(wanted).map(ofMember)]);
      expect(shown.length).toBeGreaterThan(0);
    };
    await expectOnly({ projectId: otherProject }, ({ projectId }) => projectId === otherProject);
    await expectOnly({ apiKeyId: otherKey }, ({ keyId }) => keyId === otherKey);
    await expectOnly({ model: 'demo-thinker' }, ({ canonicalModel }) => canonicalModel === 'demo-thinker');
    await expectOnly({ mapping: 'other/words' }, ({ mapping }) => mapping === 'other/words');
    await expectOnly({ provider: 'other' }, ({ provider }) => provider === 'other');
    await expectOnly({ app: 'curl' }, ({ app }) => app === 'curl');
    await expectOnly({ endpoint: 'messages' }, ({ endpoint }) => endpoint === 'messages');
    for (const outcome of [
      'completed',
      'cut',
      'client_gone',
      'upstream_error',
      'client_error',
      'expired',
      'correction',
      'refused',
    ]) {
      await expectOnly({ outcome }, (event) => event.outcome === outcome);
    }
    await expectOnly({ minCost: '0.00000003' }, ({ costNanos }) => costNanos >= 30);
    await expectOnly({ requestId: 'req_7' }, ({ requestId }) => requestId === 'req_7');
    const bound = new Date(NOON + 7_000).toISOString();
    await expectOnly({ from: bound }, ({ settledAtMs }) => settledAtMs >= NOON + 7_000);
    await expectOnly({ to: bound }, ({ settledAtMs }) => settledAtMs < NOON + 7_000);
    const day = new Date(NOON).toISOString().slice(0, 10);
    await expectOnly({ from: day, to: day, provider: 'other', app: 'Unknown' }, ({ provider }) => provider === 'other');
    // The other member's, and names of what is deleted.
    const [only, ...rest] = (await list(seeded, { memberId: other })).requests;
    expect([only?.project.name, only?.apiKey.name, only?.member.name, rest]).toEqual([
      'Closed',
      'Lost laptop',
      'Another',
      [],
    ]);
  });

  it('refuses what is no filter, and knows nothing of another organization', async () => {
    const [seeded, elsewhere] = [await seedOrganization(), await seedOrganization()];
    await shipped(elsewhere, 4, () => ({ requestId: 'req_shared' }));
    expect(await list(seeded)).toEqual({ requests: [], nextCursor: null, keptSince: expect.any(String) });
    expect((await one(seeded, 'req_shared')).status).toBe(404);
    expect((await list(seeded, { requestId: 'req_shared' })).requests).toEqual([]);
    for (const [parameters, status, param] of [
      [{ minCost: '-1' }, 400, 'minCost'],
      [{ from: 'yesterday' }, 400, 'from'],
      [{ cursor: '7' }, 400, 'cursor'],
      [{ outcome: 'lost' }, 400, 'outcome'],
      [{ color: 'red' }, 400, 'color'],
      [{ projectId: elsewhere.projectId }, 404, null],
      [{ apiKeyId: elsewhere.keyId }, 404, null],
      [{ memberId: elsewhere.memberId }, 404, null],
    ] as [Record<string, string>, number, string | null][]) {
      const query = new URLSearchParams(parameters);
      const response = await get(`/orgs/${seeded.organizationId}/requests?${query}`, seeded.masterKey);
      const { error } = await json<ErrorBody>(response);
      expect([parameters, response.status, error.param]).toEqual([parameters, status, param]);
    }
  });

  it('is a file for a spreadsheet, page by page', async () => {
    const seeded = await seedOrganization();
    const events = await shipped(seeded, 12, (i) => ({ app: i === 0 ? '=cmd()' : 'app, "quoted"' }));
    const response = await get(`/orgs/${seeded.organizationId}/requests?format=csv`, seeded.masterKey);
    expect(response.headers.get('x-next-cursor')).toBeNull();
    const [head = '', ...lines] = (await response.text()).trimEnd().split('\r\n');
    expect(head).toMatch(/^requestId,attemptId,at,/);
    expect(lines.map((line) => line.split(',')[1])).toEqual(events.map(({ attemptId }) => attemptId));
    expect(lines.filter((line) => line.includes(`,'=cmd(),`)).length).toBe(1);
    expect(lines.filter((line) => line.includes(`,"app, ""quoted""",`)).length).toBe(11);
    const costs = head.split(',').indexOf('cost') - head.split(',').length;
    expect(lines.map((line) => line.split(',').at(costs))).toEqual(
      events.map(({ costNanos }) => formatUsd(BigInt(costNanos))),
    );
  });
});

describe('what a page reads', () => {
  /** Two members' events, one a second; every 20,000th is of a rare model. */
  const MANY = 45_000;
  let seeded: Seeded;
  beforeAll(async () => {
    seeded = await seedOrganization();
    const { organizationId, projectId, keyId, memberId } = seeded;
    const insert = (member: string, request: string) =>
      env.DB.prepare(
        `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${MANY})
         INSERT INTO usage_events (
           organization_id, member_id, n, attempt_id, request_id, project_id, key_id, endpoint, mapping, canonical_model,
           provider, app, outcome, requests, opened_at, settled_at, input_tokens, cached_tokens, output_tokens,
           reasoning_tokens, cost, input_cost, output_cost, overrun, unresolved, price_version, estimated, streamed
         )
         SELECT ?1, ?2, n, 'att_' || n, ${request}, ?3, ?4, 'messages', 'demo/words',
                CASE WHEN n % 20000 = 0 THEN 'rare' ELSE 'common' END,
                'demo', 'app', CASE WHEN n % 1000 = 0 THEN 'refused' ELSE 'completed' END, 1, 0, ?5 + n * 1000,
                1, 0, 1, 0, n, 0, n, 0, 0, 'demo@0', 0, 0
         FROM numbers`,
      ).bind(organizationId, member, projectId, keyId, NOON);
    await env.DB.batch([insert(memberId, "'req_' || n"), insert('mem_busy', "'req_always_the_same'")]);
  }, 120_000);

  const reading = async (parameters: Parameters) => {
    const counts = counting();
    const page = await list(seeded, parameters);
    const { rowsRead, rowsWritten, statements } = counts();
    expect([rowsWritten, statements <= 8]).toEqual([0, true]);
    return { ...page, rowsRead };
  };

  it('is the page, however many there are', async () => {
    const first = await reading({ limit: 50 });
    expect([first.requests.length, first.rowsRead < 50 * 3 + 50]).toEqual([50, true]);
    const next = await reading({ limit: 50, cursor: first.nextCursor ?? '' });
    expect([next.requests.length, next.rowsRead < 50 * 3 + 50]).toEqual([50, true]);
    expect((await reading({ limit: 50, outcome: 'refused' })).rowsRead).toBeLessThan(400);
    expect((await reading({ limit: 50, requestId: 'req_77' })).rowsRead).toBeLessThan(50);
    expect((await reading({ limit: 50, requestId: 'req_always_the_same' })).rowsRead).toBeLessThan(400);
  });

  it('ends at a bound where a filter finds little, and the next page goes on there', async () => {
    // SQLite counts an event as it is found, put in order and read, and the end of the scan is found by one more.
    const bound = 5 * LIMITS.requestsScannedMax + 100;
    const found: Shown[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Page & { rowsRead: number } = await reading({ model: 'rare', ...(cursor && { cursor }) });
      expect(page.rowsRead).toBeLessThan(bound);
      found.push(...page.requests);
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor !== null);
    expect([found.length, new Set(idsOf(found)).size]).toEqual([4, 2]);
    expect(pages).toBe(Math.floor((2 * MANY) / LIMITS.requestsScannedMax) + 1);
  });
});

describe('what is skipped', () => {
  /** An hour of 100 events in each of three days, far apart; the rare key has one in each hour, and one that is not rolled up. */
  it('are the hours in which nothing that is filtered by was used, and no request', async () => {
    const seeded = await seedOrganization();
    const { organizationId, projectId, keyId, memberId } = seeded;
    const insert = (from: number, to: number, first: number, rare: number, model: string) =>
      env.DB.prepare(
        `WITH RECURSIVE numbers (n) AS (SELECT CAST(?6 AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n < ?7)
         INSERT INTO usage_events (
           organization_id, member_id, n, attempt_id, request_id, project_id, key_id, endpoint, mapping, canonical_model,
           provider, app, outcome, requests, opened_at, settled_at, input_tokens, cached_tokens, output_tokens,
           reasoning_tokens, cost, input_cost, output_cost, overrun, unresolved, price_version, estimated, streamed
         )
         SELECT ?1, ?2, n, 'att_' || n, 'req_' || n, ?3, CASE WHEN n = ?8 THEN ?4 ELSE 'key_busy' END, 'messages', 'demo/words',
                CASE WHEN n = ?8 THEN ?9 ELSE 'common' END,
                'demo', 'app', 'completed', 1, 0, ?5 + (n - ?6) * 100, 1, 0, 1, 0, n, 0, n, 0, 0, 'demo@0', 0, 0
         FROM numbers`,
      ).bind(organizationId, memberId, projectId, keyId, from, first, to, rare, model);
    const day = 24 * 3_600_000;
    const many = LIMITS.requestsScannedMax * 2 + 500;
    // Before anything was rolled up: the totals know nothing of the first.
    await insert(NOON - day, 10, 1, 5, 'rare').run();
    await forgetWatermark();
    await insert(NOON, many, 11, 20, 'rare').run();
    await insert(NOON + 5 * day, 2 * many, many + 1, 2 * many - 7, 'rare').run();
    while ((await rollUp(env.DB, NOON + 9 * day)).waiting > 0);
    await insert(NOON + 9 * day, 2 * many + 20, 2 * many + 1, 2 * many + 3, 'other').run();
    const pages: number[] = [];
    const found: (string | null)[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await list(seeded, { apiKeyId: keyId, ...(cursor && { cursor }) });
      found.push(...idsOf(page.requests));
      pages.push(page.requests.length);
      cursor = page.nextCursor;
    } while (cursor !== null && pages.length < 20);
    expect(found).toEqual([2 * many + 3, 2 * many - 7, 20, 5].map((n) => `att_${n}`));
    // Two days of more than twenty thousand each would be five pages: the hour of one request is found in one.
    expect(pages.length).toBeLessThanOrEqual(4);
    const both = await walk(seeded, { apiKeyId: keyId, model: 'rare', limit: 100 });
    expect(idsOf(both)).toEqual([2 * many - 7, 20, 5].map((n) => `att_${n}`));
  }, 120_000);
});

describe('one request', () => {
  it('tells its whole cost by part', async () => {
    const seeded = await seedOrganization();
    const response = await chat(seeded.apiKey, { demo: { outputTokens: 7, cachedTokens: 1 } });
    const requestId = response.headers.get('x-request-id') ?? '';
    await response.text();
    await shipNow(seeded.memberId);
    const { attempts, cost, outcome, requestCount, moreAttempts } = await one(seeded, requestId);
    // One token at $1, one cached at $0.10, seven at $2 a million.
    expect([cost, outcome, requestCount, moreAttempts]).toEqual(['0.0000151', 'completed', 1, false]);
    expect(attempts.map(({ costParts }) => costParts)).toEqual([
      [
        { unit: 'input', count: 1, pricePerMillion: '1', cost: '0.000001' },
        { unit: 'cachedInput', count: 1, pricePerMillion: '0.10', cost: '0.0000001' },
        { unit: 'output', count: 7, pricePerMillion: '2', cost: '0.000014' },
      ],
    ]);
    expect(attempts[0]).toMatchObject({
      project: { id: seeded.projectId, name: 'Project' },
      apiKey: { id: seeded.keyId, name: 'Key' },
      member: { id: seeded.memberId, name: 'Member' },
      endpoint: 'chat/completions',
      mapping: 'demo/words',
    });
  });

  it('tells each of its attempts, in their order', async () => {
    const seeded = await seedOrganization();
    const over = { requestId: 'req_twice', projectId: seeded.projectId, keyId: seeded.keyId };
    await ship(seeded, [
      usageEvent(1, { ...over, outcome: 'upstream_error', provider: 'openai', costNanos: 0, latencyMs: 120 }),
      usageEvent(2, { ...over, provider: 'azure', costNanos: 5_000, latencyMs: 900, firstTokenMs: 300 }),
      usageEvent(3, { ...over, requestId: 'req_other' }),
    ]);
    const { attempts, cost, outcome } = await one(seeded, 'req_twice');
    expect([cost, outcome]).toEqual(['0.000005', 'completed']);
    expect(attempts).toMatchObject([
      { provider: 'openai', outcome: 'upstream_error', cost: '0', latencyMs: 120, costParts: [] },
      { provider: 'azure', outcome: 'completed', cost: '0.000005', latencyMs: 900, firstTokenMs: 300 },
    ]);
    // Its event says what it cost, and no price comes to that.
    expect(attempts[1]?.costParts).toBeNull();
    expect(attempts[1]?.costPartsUnknown).toMatch(/counted apart|not known/);
  });

  it('is bounded where a client gives all its requests one id', async () => {
    const seeded = await seedOrganization();
    const many = LIMITS.requestAttemptsMax + 20;
    const events = await shipped(seeded, many, () => ({ requestId: 'req_session' }));
    const { attempts, moreAttempts } = await one(seeded, 'req_session');
    expect([attempts.length, moreAttempts]).toEqual([LIMITS.requestAttemptsMax, true]);
    expect((await walk(seeded, { requestId: 'req_session', limit: 100 })).length).toBe(events.length);
  });
});

describe('a refused request', () => {
  const refusedBy = async (seeded: Seeded, requestId: string) => {
    const response = await chat(seeded.apiKey, {}, { 'x-request-id': requestId });
    return { status: response.status, ...(await json<ErrorBody>(response)) };
  };

  it('is found by its id, with the limit that refused it and its amounts', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '0.000001' } });
    const { status, error } = await refusedBy(seeded, 'req_refused');
    expect([status, error.code]).toEqual([403, 'request_exceeds_budget']);
    await shipNow(seeded.memberId);
    const told = await one(seeded, 'req_refused');
    expect([told.status, told.outcome, told.cost, told.requestCount]).toEqual([200, 'refused', '0', 1]);
    const { requestId: _, alsoExhausted, ...amounts } = error.metadata;
    expect(told.attempts[0]?.refused).toEqual([
      {
        requestId: 'req_refused',
        at: expect.any(String),
        code: error.code,
        message: error.message,
        metadata: expect.objectContaining({ ...amounts, needed: expect.any(String), alsoExhausted }),
      },
    ]);
    expect(amounts).toMatchObject({ scope: 'member_total', limit: '0.000001', spent: '0', held: '0' });
  });

  it('of many that were counted together: the last few are told, each by its own id', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '0' } });
    const many = LIMITS.refusalsKeptMax + 4;
    for (let i = 1; i <= many; i++) await refusedBy(seeded, `req_again_${i}`);
    await shipNow(seeded.memberId);
    const page = await list(seeded, { outcome: 'refused' });
    expect(page.requests.map(({ requestCount, refusal }) => [requestCount, refusal])).toEqual([[many, 'exhausted']]);
    const last = Array.from(
      { length: LIMITS.refusalsKeptMax },
      (_, i) => `req_again_${many - LIMITS.refusalsKeptMax + 1 + i}`,
    );
    expect(page.requests[0]?.refused.map(({ requestId }) => requestId)).toEqual(last);
    for (const requestId of last) {
      const { status, attempts, requestCount } = await one(seeded, requestId);
      expect([status, attempts[0]?.refused.map((refused) => refused.requestId), requestCount]).toEqual([
        200,
        [requestId],
        many,
      ]);
    }
    // The first gave the count its id; of one in between only the count is left.
    expect((await one(seeded, 'req_again_1')).status).toBe(200);
    expect((await one(seeded, 'req_again_2')).status).toBe(404);
    const elsewhere = await seedOrganization();
    expect((await one(elsewhere, last[0] ?? '')).status).toBe(404);
  });

  it('tells amounts to who sees requests, where callers are not told them', async () => {
    const seeded = await seedOrganization();
    const view = {
      scope: 'member_total',
      limit: 5_000,
      spent: 5_000,
      held: 0,
      remaining: 0,
      resetsAtMs: null,
      amountsHidden: true,
    };
    const refused = [
      { requestId: 'req_hidden', atMs: NOON, refusal: { kind: 'exhausted', view, alsoExhausted: [] } },
    ] as unknown as RefusedRequest[];
    await ship(seeded, [
      usageEvent(1, { requestId: 'req_hidden', outcome: 'refused', refusal: 'exhausted', refused, costNanos: 0 }),
    ]);
    const { attempts } = await one(seeded, 'req_hidden');
    expect(attempts[0]?.refused[0]?.metadata).toMatchObject({
      scope: 'member_total',
      limit: '0.000005',
      spent: '0.000005',
    });
  });
});
