/** Every change writes its entry, and what is no change writes none. */
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it, vi } from 'vitest';
import { changeAudited, noteAudited } from '../../src/audit/change.ts';
import { type Actor, trailOf } from '../../src/audit/trail.ts';
import { LIMITS } from '../../src/limits.ts';
import { guarded } from '../../src/teams/guard.ts';
import { json, ORIGIN } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import {
  budgetPath,
  call,
  callIn,
  defaultPath,
  type KeyBody,
  keysPath,
  refusal,
  request,
  UNREACHABLE,
  withObjects,
} from '../teams/management.ts';
import { change, exportOf, flawOf, logOf, logWith } from './log.ts';

const OPERATOR: Actor = { kind: 'operator' };

const trail = ({ organizationId }: Seeded, headers: Record<string, string> = {}, actor: Actor = OPERATOR) =>
  trailOf(new Request(ORIGIN, { headers }), organizationId, actor);

async function masterKeyId({ organizationId }: Seeded): Promise<unknown> {
  return env.DB.prepare('SELECT id FROM master_keys WHERE organization_id = ?').bind(organizationId).first('id');
}

describe('the entry of a change', () => {
  it('says who changed what from where, and in which fields', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '5', maxApiKeys: 3 } });
    const asked = request('PUT', budgetPath(seeded), seeded.masterKey, { usageLimit: '7', maxApiKeys: 3 });
    asked.headers.set('cf-connecting-ip', '192.0.2.7');
    asked.headers.set('user-agent', `Browser/1 ${'x'.repeat(LIMITS.auditUserAgentLengthMax)}`);
    asked.headers.set('x-request-id', 'mine-1');
    const startedAt = Date.now();
    expect((await callIn(env, asked)).status).toBe(200);

    const { entries } = await logOf(seeded);
    expect(entries).toEqual([
      {
        n: 1,
        at: expect.any(String),
        actor: { kind: 'master_key', id: await masterKeyId(seeded), memberId: null, sessionId: null, name: 'Master' },
        action: 'member.budget.updated',
        target: { kind: 'member', id: seeded.memberId },
        before: { usageLimit: '5' },
        after: { usageLimit: '7' },
        from: {
          ip: '192.0.2.7',
          userAgent: `Browser/1 ${'x'.repeat(LIMITS.auditUserAgentLengthMax - 10)}`,
          requestId: 'mine-1',
        },
        previousHash: '0'.repeat(64),
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
    expect(Date.parse(entries[0]?.at ?? '')).toBeGreaterThanOrEqual(startedAt);
    expect(Date.parse(entries[0]?.at ?? '')).toBeLessThanOrEqual(Date.now());
  });

  it('follows the one before it, in one organization and apart from all others', async () => {
    const [seeded, other] = [await seedOrganization(), await seedOrganization()];
    await change(seeded);
    await change(other);
    await change(seeded);
    const { entries } = await logOf(seeded);
    expect(entries.map(({ n }) => n)).toEqual([2, 1]);
    expect(entries[0]?.previousHash).toBe(entries[1]?.hash);
    expect((await logOf(other)).entries).toHaveLength(1);
  });

  it('of a budget says when a new cycle began', async () => {
    const seeded = await seedOrganization();
    await change(seeded, { usageLimit: '1', usageLimitBasis: 'cycle' });
    await change(seeded, { usageLimit: '1', usageLimitBasis: 'cycle', newCycle: true });
    await change(seeded, { usageLimit: '1', usageLimitBasis: 'cycle' });
    expect((await logOf(seeded)).entries.map(({ after }) => after)).toEqual([
      {},
      { newCycle: true },
      { usageLimit: '1', usageLimitBasis: 'cycle', newCycle: true },
    ]);
  });

  it("of the developer default is the organization's", async () => {
    const seeded = await seedOrganization();
    const asked = await call('PUT', defaultPath(seeded), seeded.masterKey, { requestsPerMinute: 5 });
    expect(asked.status).toBe(200);
    expect((await logOf(seeded)).entries).toMatchObject([
      {
        action: 'default_budget.updated',
        target: { kind: 'organization', id: seeded.organizationId },
        before: { requestsPerMinute: null },
        after: { requestsPerMinute: 5 },
      },
    ]);
  });

  it('of a setting tells what was asked for where it differs, and nothing else', async () => {
    const seeded = await seedOrganization();
    const path = `/orgs/${seeded.organizationId}`;
    expect((await call('PATCH', path, seeded.masterKey, { replay: false, hideAmounts: false })).status).toBe(200);
    expect((await logOf(seeded)).entries).toMatchObject([
      {
        action: 'organization.settings.updated',
        target: { kind: 'organization', id: seeded.organizationId },
        before: { replay: true },
        after: { replay: false },
      },
    ]);
  });

  it('of a made key shows the key masked, and its secret nowhere', async () => {
    const seeded = await seedOrganization();
    const { memberId, projectId, masterKey, apiKey } = seeded;
    const body = { memberId, projectId, name: `for ${apiKey}`, limits: { usageLimit: '3' } };
    const asked = request('POST', keysPath(seeded), masterKey, body);
    asked.headers.set('user-agent', masterKey);
    asked.headers.set('x-request-id', apiKey);
    const response = await callIn(env, asked);
    expect(response.status).toBe(201);
    const key = await json<KeyBody>(response);

    const { entries } = await logOf(seeded);
    expect(entries).toMatchObject([
      {
        action: 'api_key.created',
        target: { kind: 'api_key', id: key.id },
        before: null,
        after: { id: key.id, memberId, projectId, name: 'for psr_(hidden)', maskedKey: key.maskedKey, usageLimit: '3' },
        from: { userAgent: 'psm_(hidden)', requestId: 'psr_(hidden)' },
      },
    ]);
    const hashes = await env.DB.prepare('SELECT hash FROM api_keys UNION ALL SELECT hash FROM master_keys').all<{
      hash: string;
    }>();
    const { results } = await env.DB.prepare('SELECT * FROM audit_entries').all();
    const stored = JSON.stringify(results) + (await exportOf(seeded)) + JSON.stringify(entries);
    for (const secret of [key.secret ?? '', apiKey, masterKey, ...hashes.results.map(({ hash }) => hash)]) {
      expect(secret).toMatch(/.{20}/);
      expect(stored).not.toContain(secret);
    }
  });

  it('is there also when the object has yet to learn of the change', async () => {
    const seeded = await seedOrganization();
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const asked = request('PUT', budgetPath(seeded), seeded.masterKey, { usageLimit: '1' });
    expect(
      (
        await callIn(
          withObjects(() => UNREACHABLE),
          asked,
        )
      ).status,
    ).toBe(202);
    expect((await logOf(seeded)).entries).toHaveLength(1);
  });

  it('is never earlier than the one before, whatever the clocks say', async () => {
    const seeded = await seedOrganization();
    const told = {
      action: 'organization.settings.updated',
      targetId: seeded.organizationId,
      before: {},
      after: {},
    } as const;
    for (const nowMs of [5_000, 3_000, 7_000]) await noteAudited(env.DB, trail(seeded), nowMs, told);
    const times = (await logOf(seeded)).entries.map(({ at }) => Date.parse(at));
    expect(times).toEqual([7_000, 5_000, 5_000]);
  });
});

describe('no entry is written', () => {
  it('for a change made for a stale version', async () => {
    const seeded = await seedOrganization();
    await change(seeded);
    const stale = await call('PUT', budgetPath(seeded), seeded.masterKey, { version: 1 });
    expect(await refusal(stale)).toMatchObject({ status: 409, code: 'version_conflict' });
    expect((await logOf(seeded)).entries).toHaveLength(1);
  });

  it('by those of many who came too late with one version', async () => {
    const seeded = await seedOrganization();
    const asked = Array.from({ length: 8 }, (_, i) =>
      call('PUT', budgetPath(seeded), seeded.masterKey, { version: 1, usageLimit: String(i) }),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    expect((await logOf(seeded)).entries).toHaveLength(1);
    expect(await flawOf(seeded)).toBeNull();
  });

  it('for a key that the cap refused, nor for reading, nor for bad input', async () => {
    const seeded = await seedOrganization({ budget: { maxApiKeys: 0 } });
    const { memberId, projectId, masterKey } = seeded;
    expect((await call('POST', keysPath(seeded), masterKey, { memberId, projectId, name: 'One' })).status).toBe(400);
    expect((await call('PUT', budgetPath(seeded), masterKey, { usageLimit: 'x' })).status).toBe(400);
    expect((await call('GET', keysPath(seeded), masterKey)).status).toBe(200);
    expect((await logOf(seeded)).entries).toEqual([]);
  });

  it('and nothing is changed, where the batch fails', async () => {
    const seeded = await seedOrganization();
    const { organizationId } = seeded;
    const rename = env.DB.prepare('UPDATE organizations SET name = ?2 WHERE id = ?1').bind(organizationId, 'New');
    const failing = env.DB.prepare('INSERT INTO organizations (id) VALUES (1)');
    const own = trail(seeded);
    const made = changeAudited(env.DB, own, 0, () => ({
      action: 'organization.settings.updated',
      targetId: organizationId,
      before: {},
      after: {},
      statement: rename,
      behind: [failing],
    }));
    await expect(made).rejects.toThrow('NOT NULL');
    expect(own.entries).toBe(0);
    expect((await logOf(seeded)).entries).toEqual([]);
    const name = await env.DB.prepare('SELECT name FROM organizations WHERE id = ?').bind(organizationId).first('name');
    expect(name).toBe('Test');
  });
});

describe('changes of one organization at once', () => {
  it('all succeed, twenty of them, each with its entry', async () => {
    const seeded = await seedOrganization();
    const { memberId, projectId, masterKey } = seeded;
    const asked = Array.from({ length: 20 }, (_, i) =>
      call('POST', keysPath(seeded), masterKey, { memberId, projectId, name: `Key ${i}` }),
    );
    const keys = await Promise.all((await Promise.all(asked)).map((response) => json<KeyBody>(response)));
    const { entries } = await logOf(seeded);
    expect(entries.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, i) => 20 - i));
    expect(entries.map(({ target }) => target.id).toSorted()).toEqual(keys.map(({ id }) => id).toSorted());
    expect(await flawOf(seeded)).toBeNull();
  });

  it('each tell what was before as the one before left it', async () => {
    const seeded = await seedOrganization();
    const { organizationId } = seeded;
    const read = () => env.DB.prepare('SELECT name FROM organizations WHERE id = ?').bind(organizationId).first('name');
    const rename = (name: string) =>
      changeAudited(env.DB, trail(seeded), 0, async () => ({
        action: 'organization.settings.updated',
        targetId: organizationId,
        before: { name: await read() },
        after: { name },
        // No version is asked for: the place in the log stands for one.
        statement: env.DB.prepare('UPDATE organizations SET name = ?2 WHERE id = ?1').bind(organizationId, name),
      }));
    await Promise.all(Array.from({ length: 8 }, (_, i) => rename(`Name ${i}`)));
    const oldestFirst = (await logOf(seeded)).entries.toReversed();
    let before: unknown = 'Test';
    for (const entry of oldestFirst) {
      expect(entry.before?.name).toBe(before);
      before = entry.after?.name;
    }
    expect(await read()).toBe(before);
  });

  it('are a 503 where no try finds a moment of its own, and then nothing has changed', async () => {
    const seeded = await seedOrganization();
    await logWith(seeded, 1);
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const own = trail(seeded);
    const made = changeAudited(env.DB, own, 0, async () => {
      // Somebody else is always a little faster.
      await noteAudited(env.DB, trail(seeded), 0, {
        action: 'api_key.created',
        targetId: 'x',
        before: null,
        after: null,
      });
      return {
        action: 'organization.settings.updated',
        targetId: seeded.organizationId,
        before: {},
        after: {},
        statement: env.DB.prepare('UPDATE organizations SET name = ?2 WHERE id = ?1').bind(
          seeded.organizationId,
          'New',
        ),
      };
    });
    await expect(made).rejects.toMatchObject({ status: 503, code: 'audit_log_busy' });
    expect(own.entries).toBe(0);
    expect((await logOf(seeded)).entries).toHaveLength(1 + LIMITS.auditTriesMax);
    vi.restoreAllMocks();
  });
});

describe('a route that changes something', () => {
  const WRITES = { ability: 'budgets.write', roleMessage: 'No.' } as const;

  const app = new Hono<{ Bindings: Env }>();
  app.onError((error, c) => c.text(error.message, 500));
  app.post('/orgs/:orgId/forgets', guarded(WRITES), (c) => c.json({}, 201));
  app.post('/orgs/:orgId/refuses', guarded(WRITES), (c) => c.json({}, 409));
  app.post('/orgs/:orgId/leaves', guarded({ ...WRITES, changesNothing: true }), (c) => c.json({}));
  app.post('/orgs/:orgId/repeats', guarded(WRITES), (c) => {
    c.get('trail').changesNothing = true;
    return c.json({});
  });
  app.post('/orgs/:orgId/redirects', guarded(WRITES), (c) => c.redirect('/', 303));
  app.get('/orgs/:orgId/reads', guarded(WRITES), (c) => c.json({}));
  for (const method of ['post', 'get'] as const) {
    app[method]('/orgs/:orgId/notes/:times', guarded(WRITES), async (c) => {
      const told = { action: 'api_key.created', targetId: 'x', before: null, after: null } as const;
      for (let i = 0; i < Number(c.req.param('times')); i++) await noteAudited(c.env.DB, c.get('trail'), 0, told);
      return c.json({});
    });
  }

  it.each([
    ['POST', 'forgets', 500],
    ['POST', 'refuses', 409],
    ['POST', 'leaves', 200],
    ['POST', 'repeats', 200],
    ['POST', 'redirects', 500],
    ['GET', 'reads', 200],
    ['POST', 'notes/1', 200],
    ['POST', 'notes/2', 500],
    ['GET', 'notes/1', 500],
  ])('%s %s answers %i: it writes exactly one entry, or it is a bug', async (method, path, status) => {
    const { organizationId, masterKey } = await seedOrganization();
    const asked = request(method, `/orgs/${organizationId}/${path}`, masterKey);
    const behind: Promise<unknown>[] = [];
    const context = {
      waitUntil: (work: Promise<unknown>) => behind.push(work),
      passThroughOnException: () => undefined,
    };
    const response = await app.fetch(asked, env, context as unknown as ExecutionContext);
    await Promise.all(behind);
    expect(response.status).toBe(status);
    if (status === 500) expect(await response.text()).toMatch(/^(POST|GET) .* wrote [012] audit entries for org_/);
  });
});

describe('an actor', () => {
  it.each<[Actor, object]>([
    [
      { kind: 'user', userId: 'usr_1', memberId: 'mem_1', sessionId: 'ses_1' },
      { kind: 'user', id: 'usr_1', memberId: 'mem_1', sessionId: 'ses_1', name: null },
    ],
    [OPERATOR, { kind: 'operator', id: null, memberId: null, sessionId: null, name: null }],
  ])('of kind %j is told', async (actor, shown) => {
    const seeded = await seedOrganization();
    const told = { action: 'api_key.created', targetId: 'x', before: null, after: null } as const;
    await noteAudited(env.DB, trail(seeded, {}, actor), 0, told);
    expect((await logOf(seeded)).entries[0]?.actor).toEqual(shown);
  });

  it.each(['', ' ', 'two words', 'x'.repeat(129), '"'])('with the request id %j gets one of our own', async (given) => {
    expect(trail(await seedOrganization(), { 'x-request-id': given }).from.requestId).toMatch(/^req_/);
  });
});
