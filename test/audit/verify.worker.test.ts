/** Whatever is done to the log in D1, its verification finds; anchors, pruning and crons leave it in order. */
import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCron } from '../../src/app.ts';
import { entryOf, type SealedEntry } from '../../src/audit/chain.ts';
import { noteAudited } from '../../src/audit/change.ts';
import { trailOf } from '../../src/audit/trail.ts';
import { verifyLines } from '../../src/audit/verify-lines.ts';
import { DAY_MS, LIMITS } from '../../src/limits.ts';
import { PLAN_AUDIT_DAYS, type Plan } from '../../src/teams/roles.ts';
import { json, ORIGIN, until } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { callIn, refusal, request } from '../teams/management.ts';
import { chain, entry, headOf, reforge } from './chains.ts';
import { anchor, change, exportOf, flawOf, logOf, logPath, logWith, replace, tamper, verdictOn } from './log.ts';

const NO_ENTRIES = { n: 0, hash: '0'.repeat(64) };

/** What was logged as an error. Logs that tests have broken stay broken, so every cron says so. */
let said: unknown[] = [];
beforeEach(() => {
  said = [];
  vi.spyOn(console, 'error').mockImplementation((line) => said.push(JSON.parse(line)));
});
afterEach(() => vi.restoreAllMocks());

const linesIn = (text: string) => text.split('\n').filter((line) => line !== '');

async function entriesOf(seeded: Seeded): Promise<SealedEntry[]> {
  return linesIn(await exportOf(seeded)).flatMap((line) => entryOf(line) ?? []);
}

describe('a log that is as it was written', () => {
  it('is verified, up to where it was anchored and beyond', async () => {
    const seeded = await seedOrganization();
    await logWith(seeded, 3);
    const [newest] = (await logOf(seeded)).entries;
    const head = { n: 3, hash: newest?.hash };
    expect(await verdictOn(seeded)).toEqual({
      ok: true,
      checked: 3,
      head,
      anchoredHead: head,
      beginning: NO_ENTRIES,
      firstBad: null,
      restorations: [],
    });
    const trail = trailOf(new Request(ORIGIN), seeded.organizationId, { kind: 'operator' });
    await noteAudited(env.DB, trail, 0, { action: 'api_key.created', targetId: 'x', before: null, after: null });
    expect(await verdictOn(seeded)).toMatchObject({ ok: true, checked: 4, head: { n: 4 }, anchoredHead: head });
  });

  it('is verified where nothing was ever changed', async () => {
    expect(await verdictOn(await seedOrganization())).toEqual({
      ok: true,
      checked: 0,
      head: NO_ENTRIES,
      anchoredHead: NO_ENTRIES,
      beginning: NO_ENTRIES,
      firstBad: null,
      restorations: [],
    });
  });

  it('is anchored behind the answer to each change', async () => {
    const seeded = await seedOrganization();
    await change(seeded);
    await change(seeded);
    const anchored = async () => ((await verdictOn(seeded)).anchoredHead.n === 2 ? true : null);
    await until(anchored, 'the anchor');
  });

  it('is what an export of it says, which verifies offline', async () => {
    const seeded = await seedOrganization();
    await logWith(seeded, 5);
    const { head, anchoredHead, beginning } = await verdictOn(seeded);
    const lines = linesIn(await exportOf(seeded));
    expect(await verifyLines(lines, { head: anchoredHead, beginning })).toEqual({ checked: 5, head, flaw: null });
    expect(await verifyLines(lines.slice(0, 4), { head: anchoredHead })).toMatchObject({ flaw: { n: 5, kind: 'cut' } });
  });

  it('cannot be verified while its anchor does not answer', async () => {
    const seeded = await seedOrganization();
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const away = { idFromName: () => '', get: () => ({ view: () => Promise.reject(new Error('away')) }) };
    const without = { ...env, AUDIT_ANCHOR: away as unknown as Env['AUDIT_ANCHOR'] };
    const response = await callIn(without, request('GET', logPath(seeded, '/verify'), seeded.masterKey));
    expect(await refusal(response)).toMatchObject({ status: 503, code: 'audit_anchor_unavailable' });
  });
});

/** What each column of the third of five entries is changed to. */
const EDITS: Record<string, string[]> = {
  organization_id: ["'org_0000000000000000'"],
  n: ['9', '3.5', '-3'],
  at: ['at + 1', 'at + 0.5', '0', "'then'", '9e15'],
  actor_kind: ["'operator'", "''"],
  actor_id: ["'mky_0000000000000000'", 'NULL', "''"],
  member_id: ["'mem_0000000000000000'", "''"],
  session_id: ["'ses_1'", "''"],
  action: ["'api_key.created'", "action || ' '"],
  target_kind: ["'user'"],
  target_id: ["'mem_0000000000000000'", 'upper(target_id)'],
  before: ['NULL', "'{}'", "''", "'null'", "before || ' '", "replace(before, ':', ': ')", 'after', "'{'"],
  after: ['NULL', "'{}'", `'{"usageLimit":"1000"}'`, "'nonsense'", 'CAST(after AS BLOB)'],
  ip: ["'192.0.2.9'", "''", "'null'"],
  user_agent: ["'Browser'", "''"],
  request_id: ["'req_2'", 'NULL'],
  previous_hash: ["'0'", 'upper(previous_hash)', 'hash'],
  hash: ["'0'", 'upper(hash)', 'previous_hash'],
};

describe('an edited entry', () => {
  let seeded: Seeded;
  let entries: SealedEntry[];
  beforeAll(async () => {
    seeded = await seedOrganization();
    await logWith(seeded, 5);
    entries = await entriesOf(seeded);
  });

  it('is looked for in every column that there is', async () => {
    const { results } = await env.DB.prepare('PRAGMA table_info(audit_entries)').all<{ name: string }>();
    expect(results.map(({ name }) => name)).toEqual(Object.keys(EDITS));
  });

  const edits = Object.entries(EDITS).flatMap(([column, values]) => values.map((value) => [column, value] as const));

  it.each(edits)('is found by its %s set to %s', async (column, value) => {
    expect(await flawOf(seeded)).toBeNull();
    await tamper(seeded, `UPDATE audit_entries SET ${column} = ${value} WHERE organization_id = ?1 AND n = 3`);
    const flaw = await flawOf(seeded);
    const moved = column === 'n' || column === 'organization_id';
    expect(flaw).toEqual([3, moved ? 'missing' : 'edited']);
    // Put back for the next edit, wherever this one has moved it.
    await env.DB.prepare("DELETE FROM audit_entries WHERE organization_id = 'org_0000000000000000'").run();
    await tamper(seeded, 'DELETE FROM audit_entries WHERE organization_id = ?1 AND n NOT IN (1, 2, 4, 5)');
    await replace(entries.slice(2, 3));
  });

  it('is found also where its hash was made anew, by the next', async () => {
    const [, second, third] = entries;
    const forged = entry(3, second?.hash ?? '', { ...third, after: { usageLimit: '1000' } });
    await replace([forged]);
    expect(await flawOf(seeded)).toEqual([4, 'unlinked']);
    await replace(entries);
    expect(await flawOf(seeded)).toBeNull();
  });

  it('is found by the anchor where all hashes after it were made anew', async () => {
    await replace(reforge(entries.with(2, { ...(entries[2] ?? entry(3, '')), after: { usageLimit: '1000' } }), 2));
    expect(await flawOf(seeded)).toEqual([5, 'rewritten']);
    await replace(entries);
  });
});

describe('entries that are gone or moved', () => {
  it.each<[string, string[], [number, string]]>([
    ['one removed', ['DELETE FROM audit_entries WHERE organization_id = ?1 AND n = 3'], [3, 'missing']],
    ['the first removed', ['DELETE FROM audit_entries WHERE organization_id = ?1 AND n = 1'], [1, 'missing']],
    ['the last cut off', ['DELETE FROM audit_entries WHERE organization_id = ?1 AND n > 3'], [4, 'cut']],
    ['all removed', ['DELETE FROM audit_entries WHERE organization_id = ?1'], [1, 'cut']],
    [
      'one removed and the gap closed',
      [
        'DELETE FROM audit_entries WHERE organization_id = ?1 AND n = 3',
        'UPDATE audit_entries SET n = n - 1 WHERE organization_id = ?1 AND n = 4',
        'UPDATE audit_entries SET n = n - 1 WHERE organization_id = ?1 AND n = 5',
      ],
      [3, 'edited'],
    ],
    [
      'two exchanged',
      [
        'UPDATE audit_entries SET n = 100 WHERE organization_id = ?1 AND n = 2',
        'UPDATE audit_entries SET n = 2 WHERE organization_id = ?1 AND n = 3',
        'UPDATE audit_entries SET n = 3 WHERE organization_id = ?1 AND n = 100',
      ],
      [2, 'edited'],
    ],
    [
      'one doubled at the end',
      [
        `INSERT INTO audit_entries
         SELECT organization_id, 6, at, actor_kind, actor_id, member_id, session_id, action, target_kind, target_id,
           before, after, ip, user_agent, request_id, previous_hash, hash
         FROM audit_entries WHERE organization_id = ?1 AND n = 5`,
      ],
      [6, 'edited'],
    ],
  ])('%s', async (_, statements, flaw) => {
    const seeded = await seedOrganization();
    await logWith(seeded, 5);
    await tamper(seeded, ...statements);
    expect(await flawOf(seeded)).toEqual(flaw);
  });
});

describe('an anchor', () => {
  it('does not follow a log that was cut and then went on', async () => {
    const seeded = await seedOrganization();
    await logWith(seeded, 5);
    await tamper(seeded, 'DELETE FROM audit_entries WHERE organization_id = ?1 AND n > 3');
    for (let i = 0; i < 4; i++) await change(seeded);
    const { anchored, flaw } = await anchor(seeded);
    expect([anchored.head.n, flaw?.n, flaw?.kind]).toEqual([5, 5, 'rewritten']);
    expect(await flawOf(seeded)).toEqual([5, 'rewritten']);
    expect(said).toContainEqual(
      expect.objectContaining({ event: 'audit_log_broken', organizationId: seeded.organizationId, kind: 'rewritten' }),
    );
  });

  it('follows no entries that are edited, and those before them', async () => {
    const seeded = await seedOrganization();
    const { organizationId } = seeded;
    const entries = chain(4, Array(4).fill({ organizationId }));
    await replace(entries);
    await tamper(seeded, "UPDATE audit_entries SET target_id = 'x' WHERE organization_id = ?1 AND n = 3");
    const { anchored, flaw } = await anchor(seeded);
    expect([anchored.head, flaw?.n]).toEqual([headOf(entries.slice(0, 2)), 3]);
  });

  it('never goes back, whatever D1 says, and says what is wrong once and not each minute', async () => {
    const seeded = await seedOrganization();
    await logWith(seeded, 2);
    await tamper(seeded, 'DELETE FROM audit_entries WHERE organization_id = ?1');
    for (let i = 0; i < 3; i++) expect((await anchor(seeded)).anchored.head.n).toBe(2);
    expect(said).toHaveLength(1);
    await replace(chain(2, Array(2).fill({ organizationId: seeded.organizationId })));
    expect((await anchor(seeded)).anchored.head.n).toBe(2);
    expect(said).toHaveLength(2);
  });

  it('follows a log longer than a page, by several calls at once', async () => {
    const seeded = await seedOrganization();
    const { organizationId } = seeded;
    const length = 2 * LIMITS.auditPageRows + 7;
    const entries = chain(length, Array(length).fill({ organizationId }));
    await replace(entries);
    const moved = await Promise.all([anchor(seeded), anchor(seeded), anchor(seeded)]);
    expect(moved.map(({ anchored, flaw }) => [anchored.head, flaw])).toEqual(Array(3).fill([headOf(entries), null]));
    expect(await verdictOn(seeded)).toMatchObject({ ok: true, checked: length });
  });

  it('that was not reached behind the answer is moved by the cron of each minute', async () => {
    const seeded = await seedOrganization();
    await replace(chain(2, Array(2).fill({ organizationId: seeded.organizationId })));
    expect((await verdictOn(seeded)).anchoredHead.n).toBe(0);
    await runCron('* * * * *', env, Date.now());
    expect((await verdictOn(seeded)).anchoredHead.n).toBe(2);
    // There is nothing left to do for it: its object is not asked again.
    const asked: string[] = [];
    const real = env.AUDIT_ANCHOR;
    const counting = {
      idFromName: (name: string) => {
        asked.push(name);
        return real.idFromName(name);
      },
      get: real.get.bind(real),
    };
    await runCron('* * * * *', { ...env, AUDIT_ANCHOR: counting as unknown as typeof real }, Date.now());
    expect(asked).not.toContain(seeded.organizationId);
  });
});

describe('pruning', () => {
  const hourly = (nowMs: number) => runCron('7 * * * *', env, nowMs);

  /** Five entries, one a day, and the instant of the first. */
  async function week(plan: Plan): Promise<{ seeded: Seeded; entries: SealedEntry[]; firstMs: number }> {
    const seeded = await seedOrganization({ plan });
    const firstMs = Date.UTC(2026, 0, 1);
    const told = Array.from({ length: 5 }, (_, i) => ({
      organizationId: seeded.organizationId,
      at: new Date(firstMs + i * DAY_MS).toISOString(),
    }));
    const entries = chain(5, told);
    await replace(entries);
    return { seeded, entries, firstMs };
  }

  it.each<Plan>(['free', 'pro', 'enterprise'])(
    'removes what the plan %s keeps no longer, and the rest verifies',
    async (plan) => {
      const { seeded, entries, firstMs } = await week(plan);
      await anchor(seeded);
      const nowMs = firstMs + (PLAN_AUDIT_DAYS[plan] + 2) * DAY_MS;
      await hourly(nowMs);
      expect((await logOf(seeded)).entries.map(({ n }) => n)).toEqual([5, 4, 3]);
      const verdict = await verdictOn(seeded);
      expect(verdict).toMatchObject({ ok: true, checked: 3, beginning: headOf(entries.slice(0, 2)) });
      if (plan === 'enterprise') {
        const { anchoredHead: head, beginning } = verdict;
        expect((await verifyLines(linesIn(await exportOf(seeded)), { head, beginning })).flaw).toBeNull();
      }
      // Once more, a day later, and the log goes on.
      await hourly(nowMs + DAY_MS);
      await change(seeded);
      expect((await logOf(seeded)).entries.map(({ n }) => n)).toEqual([6, 5, 4]);
      expect(await verdictOn(seeded)).toMatchObject({ ok: true, checked: 3, beginning: { n: 3 } });
    },
  );

  it('keeps what is not anchored, and the anchored entry itself, however old', async () => {
    const { seeded } = await week('pro');
    const farLater = Date.UTC(2030, 0, 1);
    await hourly(farLater);
    expect((await logOf(seeded)).entries).toHaveLength(5);
    await anchor(seeded);
    await hourly(farLater);
    expect((await logOf(seeded)).entries.map(({ n }) => n)).toEqual([5]);
    expect(await verdictOn(seeded)).toMatchObject({ ok: true, checked: 1 });
    await change(seeded);
    expect(await flawOf(seeded)).toBeNull();
  });

  it('removes nothing of a part in which something is wrong', async () => {
    const { seeded, firstMs } = await week('pro');
    await anchor(seeded);
    await tamper(seeded, "UPDATE audit_entries SET target_id = 'x' WHERE organization_id = ?1 AND n = 2");
    await hourly(firstMs + 33 * DAY_MS);
    expect((await logOf(seeded)).entries).toHaveLength(5);
    expect(await flawOf(seeded)).toEqual([2, 'edited']);
    expect(said).toContainEqual(expect.objectContaining({ event: 'audit_log_broken', n: 2, kind: 'edited' }));
  });

  it('hides no removal: older entries than the log begins with may be gone, no others', async () => {
    const { seeded, firstMs } = await week('pro');
    await anchor(seeded);
    await hourly(firstMs + 31 * DAY_MS + 1);
    expect(await verdictOn(seeded)).toMatchObject({ ok: true, beginning: { n: 2 } });
    await tamper(seeded, 'DELETE FROM audit_entries WHERE organization_id = ?1 AND n = 3');
    expect(await flawOf(seeded)).toEqual([3, 'missing']);
  });

  it('that died before D1 let go is finished by the next run, and verifies meanwhile', async () => {
    const { seeded, entries, firstMs } = await week('pro');
    await anchor(seeded);
    const nowMs = firstMs + 32 * DAY_MS;
    await hourly(nowMs);
    await replace(entries.slice(0, 2));
    expect(await verdictOn(seeded)).toMatchObject({ ok: true, checked: 3, beginning: { n: 2 } });
    await hourly(nowMs);
    expect((await logOf(seeded)).entries.map(({ n }) => n)).toEqual([5, 4, 3]);
  });

  it('while a log is verified does not make it bad', async () => {
    const { seeded, firstMs } = await week('pro');
    await anchor(seeded);
    const real = env.AUDIT_ANCHOR;
    let views = 0;
    const pruning = {
      idFromName: real.idFromName.bind(real),
      get: (id: DurableObjectId) => {
        const object = real.get(id);
        return {
          async view(call: { organizationId: string }) {
            const anchored = await object.view(call);
            if (views++ === 0) await hourly(firstMs + 32 * DAY_MS);
            return anchored;
          },
        };
      },
    };
    const environment = { ...env, AUDIT_ANCHOR: pruning as unknown as typeof real };
    const response = await callIn(environment, request('GET', logPath(seeded, '/verify'), seeded.masterKey));
    expect(await json(response)).toMatchObject({ ok: true, checked: 3, beginning: { n: 2 } });
    expect(views).toBe(2);
  });
});
