/** What the operator does when something was lost: each is told by the audit log, and nothing is lost unasked. */
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_ENTRIES } from '../../src/audit/chain.ts';
import { toldOf } from '../../src/audit/restoration.ts';
import { trailOf } from '../../src/audit/trail.ts';
import type { Verdict } from '../../src/audit/verify.ts';
import { DAY_MS } from '../../src/limits.ts';
import { auditAnchor } from '../../src/objects.ts';
import { deleteOrganization, eraseDeleted } from '../../src/teams/organizations.ts';
import { entry } from '../audit/chains.ts';
import { anchor, change, logOf, logWith, replace, tamper, verdictOn } from '../audit/log.ts';
import { chat, json, keyOf, ORIGIN } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, callIn, type Json, memberOf, refusal, request, setBudget } from '../teams/management.ts';

const SECRET = 'the-operator-of-these-tests-and-nobody-else';
const operated = { ...env, OPERATOR_SECRET: SECRET } as Env;

function operate({ organizationId }: Seeded, path: string, body?: Json, secret = SECRET): Promise<Response> {
  return callIn(operated, request('POST', `/operator/orgs/${organizationId}/${path}`, secret, body));
}

const rollUp = ({ organizationId, masterKey }: Seeded) => call('POST', `/orgs/${organizationId}/rollups`, masterKey);

const spend = async ({ apiKey }: Seeded) => {
  const response = await chat(apiKey, { demo: { outputTokens: 4 }, max_tokens: 4 });
  await response.text();
  expect(response.status).toBe(200);
};

beforeEach(() => {
  for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

describe('a deleted organization', () => {
  const remove = ({ organizationId }: Seeded, nowMs: number) =>
    deleteOrganization(env, trailOf(new Request(ORIGIN), organizationId, { kind: 'operator' }), nowMs);

  it('is had back by the operator, with its keys, and the log tells by whom', async () => {
    const seeded = await seedOrganization();
    expect(await refusal(await operate(seeded, 'restore'))).toMatchObject({ status: 409, code: 'not_deleted' });
    await remove(seeded, Date.now());
    expect((await chat(seeded.apiKey)).status).toBe(401);
    const restored = await operate(seeded, 'restore');
    expect([restored.status, await json(restored)]).toEqual([200, expect.objectContaining({ deletedAt: null })]);
    expect((await chat(seeded.apiKey)).status).toBe(200);
    const [newest] = (await logOf(seeded)).entries;
    expect(newest).toMatchObject({ action: 'organization.restored', actor: { kind: 'operator' } });
  });

  it('is gone after thirty days', async () => {
    const seeded = await seedOrganization();
    await remove(seeded, Date.now() - 31 * DAY_MS);
    await eraseDeleted(env.DB, Date.now());
    expect((await operate(seeded, 'restore')).status).toBe(404);
  });
});

describe("a member's object", () => {
  const rebuild = async (seeded: Seeded, body: Json = {}) => {
    const response = await operate(seeded, `members/${seeded.memberId}/rebuild`, body);
    return { status: response.status, body: await json<Json>(response) };
  };

  it('begins again with what D1 knows, once that is all, and only when asked to', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    for (let i = 0; i < 2; i++) await spend(seeded);
    await rollUp(seeded);
    // What D1 knows is what counts, be it right or wrong.
    await env.DB.prepare('UPDATE member_ledgers SET cost = 5000 WHERE member_id = ?').bind(seeded.memberId).run();
    const plan = await rebuild(seeded);
    expect(plan).toEqual({
      status: 200,
      body: {
        memberId: seeded.memberId,
        rebuilt: false,
        loses: false,
        before: {
          events: 2,
          unshipped: 0,
          lifetimeUsage: '0.00002',
          usage: '0.00002',
          currentPeriodUsage: null,
          held: '0',
        },
        after: {
          events: 2,
          unshipped: 0,
          lifetimeUsage: '0.000005',
          usage: '0.000005',
          currentPeriodUsage: null,
          held: '0',
        },
      },
    });
    expect((await memberOf(seeded)).status).toMatchObject({ lifetimeUsage: '0.00002' });
    expect((await logOf(seeded)).entries).toEqual([]);
    expect(await rebuild(seeded, { apply: true })).toEqual({ status: 200, body: { ...plan.body, rebuilt: true } });
    expect((await memberOf(seeded)).status).toMatchObject({ lifetimeUsage: '0.000005', remaining: '0.999995' });
    expect((await logOf(seeded)).entries).toMatchObject([
      { action: 'member.rebuilt', target: { id: seeded.memberId }, before: plan.body.before, after: plan.body.after },
    ]);
    await spend(seeded);
    await rollUp(seeded);
    const ledger = await env.DB.prepare('SELECT shipped, cost FROM member_ledgers WHERE member_id = ?')
      .bind(seeded.memberId)
      .first();
    expect(ledger).toEqual({ shipped: 3, cost: 15_000 });
  });

  it('keeps what D1 does not know, unless that is to be lost', async () => {
    const seeded = await seedOrganization();
    for (let i = 0; i < 3; i++) await spend(seeded);
    await rollUp(seeded);
    // As after D1 was restored to before the last two: the object has let go of them.
    await env.DB.prepare('UPDATE member_ledgers SET shipped = 1, cost = 10000 WHERE member_id = ?')
      .bind(seeded.memberId)
      .run();
    expect(await rebuild(seeded)).toMatchObject({ body: { loses: true, rebuilt: false } });
    const refused = await rebuild(seeded, { apply: true });
    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'rebuild_would_lose' } } });
    expect((refused.body.error as { message: string }).message).toContain(
      '2 events ($0.00003 would become $0.00001) and $0 held',
    );
    expect((await memberOf(seeded)).status).toMatchObject({ lifetimeUsage: '0.00003' });
    expect((await rebuild(seeded, { apply: true, force: true })).body).toMatchObject({ rebuilt: true });
    expect((await memberOf(seeded)).status).toMatchObject({ lifetimeUsage: '0.00001' });
    // It ships again, which it could not before.
    await spend(seeded);
    expect((await rollUp(seeded)).status).toBe(200);
  });

  it('keeps what is held for a running request, which when forced is charged all the same', async () => {
    const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
    const running = await chat(seeded.apiKey, {
      stream: true,
      max_tokens: 8,
      demo: { outputTokens: 8, tokensPerSecond: 10 },
    });
    expect(await rebuild(seeded, { apply: true })).toMatchObject({ status: 409 });
    expect((await rebuild(seeded, { apply: true, force: true })).body).toMatchObject({ rebuilt: true });
    await running.text();
    await vi.waitFor(async () => expect((await keyOf(seeded.apiKey)).usage).not.toBe('0'), { timeout: 20_000 });
    expect((await memberOf(seeded)).status).toMatchObject({ held: '0' });
  });

  it('is rebuilt for nobody but the operator, and for members of the organization only', async () => {
    const [seeded, other] = [await seedOrganization(), await seedOrganization()];
    const path = `members/${seeded.memberId}/rebuild`;
    expect((await operate(seeded, path, { apply: true }, seeded.masterKey)).status).toBe(401);
    expect((await operate(other, path, { apply: true })).status).toBe(404);
    expect(await refusal(await operate(seeded, path, { force: 'yes' }))).toMatchObject({ status: 400, param: 'force' });
  });
});

describe('a D1 that was restored to an earlier time', () => {
  /** A log of five anchored entries of which D1 has lost the last two, and the instant of the third. */
  async function restored(): Promise<{ seeded: Seeded; restoredTo: string; anchored: Verdict['head'] }> {
    const seeded = await seedOrganization();
    await logWith(seeded, 5);
    const entries = (await logOf(seeded)).entries.toReversed();
    const restoredTo = entries[2]?.at ?? '';
    await tamper(
      seeded,
      'DELETE FROM audit_entries WHERE organization_id = ?1 AND n > 3',
      'UPDATE members SET policy_version = 4 WHERE organization_id = ?1',
    );
    return { seeded, restoredTo, anchored: { n: 5, hash: entries[4]?.hash ?? '' } };
  }

  const tell = async (seeded: Seeded, body: Json) => {
    const response = await operate(seeded, 'd1-restored', body);
    return { status: response.status, body: await json<Json>(response) };
  };

  it.each([0, 4])(
    'is told with both heads, and what was lost with every verdict after, with %i changes since',
    async (since) => {
      const { seeded, restoredTo, anchored } = await restored();
      for (let i = 0; i < since; i++) await change(seeded, { usageLimit: String(i) });
      const broken = await verdictOn(seeded);
      expect(broken).toMatchObject({
        ok: false,
        firstBad: { kind: since === 0 ? 'cut' : 'rewritten' },
        restorations: [],
      });
      const plan = await tell(seeded, { restoredTo });
      expect(plan).toMatchObject({
        status: 200,
        body: { told: false, anchoredHead: anchored, head: { n: 3 + since }, firstLost: 4, entriesLost: 2 },
      });
      expect(await verdictOn(seeded)).toEqual(broken);
      expect(await tell(seeded, { restoredTo, apply: true })).toMatchObject({ status: 200, body: { told: true } });
      const verdict = await verdictOn(seeded);
      expect(verdict).toMatchObject({
        ok: true,
        checked: 4 + since,
        anchoredHead: { n: 4 + since },
        firstBad: null,
        restorations: [
          {
            entry: 4 + since,
            restoredTo,
            anchoredHead: anchored,
            entriesLost: 2,
            message: expect.stringContaining('2 entries (4 to 5) were lost'),
          },
        ],
      });
      const [newest] = (await logOf(seeded)).entries;
      expect(newest).toMatchObject({
        action: 'database.restored',
        actor: { kind: 'operator' },
        before: { head: `5:${anchored.hash}` },
        after: { head: expect.stringMatching(`^${3 + since}:`), restoredTo, entriesLost: 2 },
      });
      await change(seeded);
      await anchor(seeded);
      expect(await verdictOn(seeded)).toMatchObject({ ok: true, anchoredHead: { n: 5 + since } });
      // What is lost from now on is found as before.
      await tamper(seeded, `DELETE FROM audit_entries WHERE organization_id = ?1 AND n > ${4 + since}`);
      expect(await verdictOn(seeded)).toMatchObject({ ok: false, firstBad: { kind: 'cut' }, restorations: [{}] });
    },
  );

  it('does not keep objects from taking budgets that D1 makes after it', async () => {
    const { seeded, restoredTo } = await restored();
    // The object has a newer policy than the next ones of D1 would be.
    await tell(seeded, { restoredTo, apply: true });
    await setBudget(seeded, { usageLimit: '7' });
    expect((await memberOf(seeded)).status).toMatchObject({ remaining: '7' });
    expect((await chat(seeded.apiKey)).headers.get('x-purser-budget-limit')).toBe('7');
  });

  it('is not told of a log that was tampered with, nor for an instant that it cannot be', async () => {
    const { seeded, restoredTo } = await restored();
    const late = new Date(Date.now() + DAY_MS).toISOString();
    for (let i = 0; i < 2; i++) await change(seeded);
    expect(await tell(seeded, { restoredTo: late, apply: true })).toMatchObject({
      status: 400,
      body: { error: { param: 'restoredTo' } },
    });
    expect(await tell(seeded, { restoredTo: 'yesterday', apply: true })).toMatchObject({ status: 400 });
    await tamper(seeded, "UPDATE audit_entries SET target_id = 'x' WHERE organization_id = ?1 AND n = 2");
    expect(await tell(seeded, { restoredTo, apply: true })).toMatchObject({
      status: 409,
      body: { error: { code: 'audit_log_broken' } },
    });
  });

  it('cannot be told by who can edit D1: an entry that says so moves no anchor', async () => {
    const { seeded, restoredTo, anchored } = await restored();
    const head = (await logOf(seeded)).entries[0] ?? NO_ENTRIES;
    const forged = (of: typeof anchored) =>
      entry(head.n + 1, head.hash, {
        organizationId: seeded.organizationId,
        at: new Date().toISOString(),
        actor: { kind: 'operator', id: null, memberId: null, sessionId: null },
        action: 'database.restored',
        target: { kind: 'organization', id: seeded.organizationId },
        ...toldOf({ restoredTo, anchoredHead: of, head, firstLost: 4, entriesLost: 2 }),
      });
    await replace([forged(anchored)]);
    await anchor(seeded);
    expect(await verdictOn(seeded)).toMatchObject({
      ok: false,
      checked: 4,
      firstBad: { kind: 'cut' },
      restorations: [],
    });
    // Nor does the operator's command by an entry that names another head than the anchored one.
    const { organizationId } = seeded;
    await replace([forged({ ...anchored, hash: head.hash })]);
    expect(await auditAnchor(env, organizationId, (object) => object.restart({ organizationId }))).toBe(false);
    expect(await verdictOn(seeded)).toMatchObject({ ok: false, anchoredHead: anchored });
  });

  it('whose log lost nothing is told too, and moves no head', async () => {
    const seeded = await seedOrganization();
    await logWith(seeded, 2);
    const restoredTo = new Date().toISOString();
    expect((await tell(seeded, { restoredTo, apply: true })).body).toMatchObject({ told: true, entriesLost: 0 });
    expect(await verdictOn(seeded)).toMatchObject({ ok: true, checked: 3, restorations: [] });
  });
});
