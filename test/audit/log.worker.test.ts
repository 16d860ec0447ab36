/** Reading the log: filters, pages and files, for whom and in which plan. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Entry, lineOf, type SealedEntry } from '../../src/audit/chain.ts';
import { LIMITS } from '../../src/limits.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, refusal } from '../teams/management.ts';
import { chain } from './chains.ts';
import { change, exportOf, logOf, logPath, replace } from './log.ts';

// What stands in these logs was not all written by this Purser, and an anchor says so.
vi.spyOn(console, 'error').mockImplementation(() => undefined);

const operator: Entry['actor'] = { kind: 'operator', id: null, memberId: null, sessionId: null };

/** Six entries that differ in all that can be asked for, an hour apart from midnight in Stockholm. */
const TOLD: Partial<Entry>[] = [
  { action: 'api_key.created', target: { kind: 'api_key', id: 'key_1' }, before: null, after: { name: 'Über "all"' } },
  { actor: operator, action: 'organization.settings.updated', target: { kind: 'organization', id: 'org_1' } },
  { actor: { kind: 'user', id: 'usr_2', memberId: 'mem_2', sessionId: 'ses_2' } },
  {
    actor: { kind: 'master_key', id: 'mky_3', memberId: null, sessionId: null },
    target: { kind: 'member', id: 'mem_3' },
  },
  { from: { ip: '203.0.113.5', userAgent: null, requestId: null } },
  { action: 'default_budget.updated', after: { usageLimit: '42.13' } },
];

const MIDNIGHT = Date.parse('2026-11-02T23:00:00Z');

async function six(plan: 'pro' | 'enterprise' = 'enterprise'): Promise<{ seeded: Seeded; entries: SealedEntry[] }> {
  const seeded = await seedOrganization({ plan });
  const { organizationId } = seeded;
  await env.DB.prepare("UPDATE organizations SET time_zone = 'Europe/Stockholm' WHERE id = ?")
    .bind(organizationId)
    .run();
  const told = TOLD.map((some, i) => {
    const at = new Date(MIDNIGHT + (i - 2) * 3_600_000).toISOString();
    return { ...some, organizationId, at };
  });
  const entries = chain(6, told);
  await replace(entries);
  return { seeded, entries };
}

describe('the log', () => {
  let seeded: Seeded;
  let entries: SealedEntry[];
  beforeAll(async () => {
    ({ seeded, entries } = await six());
  });

  it.each<[string, number[]]>([
    ['', [6, 5, 4, 3, 2, 1]],
    ['?actor=usr_2', [3]],
    ['?actor=mem_2', [3]],
    ['?actor=mky_3', [4]],
    ['?actor=operator', [2]],
    ['?actor=user', [6, 5, 3, 1]],
    ['?actor=usr', []],
    ['?action=member.', [5, 4, 3]],
    ['?action=member.budget.updated', [5, 4, 3]],
    ['?action=budget', []],
    ['?action=%25', []],
    ['?target=key_1', [1]],
    ['?target=key', []],
    ['?q=42.13', [6]],
    ['?q=SETTINGS', [2]],
    ['?q=203.0.113', [5]],
    ['?q=mem_3', [4]],
    ['?q=%25', []],
    ['?from=2026-11-03', [6, 5, 4, 3]],
    ['?to=2026-11-02', [2, 1]],
    ['?from=2026-11-03&to=2026-11-03', [6, 5, 4, 3]],
    ['?from=2026-11-04', []],
    ['?from=2026-11-03T00:00:00Z', [6, 5, 4]],
    ['?to=2026-11-03T00:00:00Z', [3, 2, 1]],
    ['?actor=user&action=member.&from=2026-11-03T00:00:00Z', [5]],
    ['?limit=2', [6, 5]],
    ['?limit=2&cursor=5', [4, 3]],
    ['?limit=1&actor=operator&cursor=3', [2]],
  ])('asked with %j tells entries %j', async (query, numbers) => {
    expect((await logOf(seeded, query)).entries.map(({ n }) => n)).toEqual(numbers);
  });

  it('as a file has the same entries by the same filters, oldest first', async () => {
    for (const [query, numbers] of [
      ['', [1, 2, 3, 4, 5, 6]],
      ['&actor=user&limit=1&cursor=2', [1, 3, 5, 6]],
      ['&from=2026-11-04', []],
    ] as const) {
      const lines = numbers.map((n) => `${lineOf(entries[n - 1] as SealedEntry)}\n`).join('');
      expect(await exportOf(seeded, `?format=jsonl${query}`)).toBe(lines);
    }
  });

  it.each([
    ['?limit=0', 'limit'],
    ['?limit=101', 'limit'],
    ['?cursor=x', 'cursor'],
    ['?cursor=-1', 'cursor'],
    ['?from=yesterday', 'from'],
    ['?to=2026-02-30', 'to'],
    ['?from=2026-11-03T00:00:00', 'from'],
    ['?from=2026-11-03T00:00:00%2B01:00', 'from'],
    ['?format=xml', 'format'],
    [`?q=${'x'.repeat(101)}`, 'q'],
    ['?members=1', 'members'],
  ])('refuses %j and names the field', async (query, param) => {
    const refused = await refusal(await call('GET', logPath(seeded, query), seeded.masterKey));
    expect(refused).toMatchObject({ status: 400, param });
  });

  it("is one organization's, and told to nobody else", async () => {
    const other = await seedOrganization();
    expect((await logOf(other)).entries).toEqual([]);
    expect(await exportOf(other)).toBe('');
    for (const path of [logPath(seeded), logPath(seeded, '/verify'), logPath(seeded, '?format=csv')]) {
      expect(await refusal(await call('GET', path, other.masterKey))).toMatchObject({ status: 404 });
      expect(await refusal(await call('GET', path, seeded.apiKey))).toMatchObject({ status: 401 });
    }
  });
});

describe('pages', () => {
  it('of any size have every entry once, while new ones are written', async () => {
    const { seeded } = await six();
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const { entries, nextCursor } = await logOf(seeded, `?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...entries.map(({ n }) => n));
      cursor = nextCursor;
      await change(seeded);
    } while (cursor !== null);
    expect(seen).toEqual([6, 5, 4, 3, 2, 1]);
    expect((await logOf(seeded, '?limit=2')).entries.map(({ n }) => n)).toEqual([9, 8]);
  });
});

describe('a file', () => {
  it('is in the enterprise plan only; reading and verifying are in every plan', async () => {
    const { seeded } = await six('pro');
    for (const format of ['csv', 'jsonl']) {
      const refused = await call('GET', logPath(seeded, `?format=${format}`), seeded.masterKey);
      expect(await refusal(refused)).toMatchObject({
        status: 403,
        code: 'plan_required',
        message: 'Audit log exports require an enterprise plan.',
      });
    }
    for (const path of [logPath(seeded), logPath(seeded, '?format=json'), logPath(seeded, '/verify')]) {
      expect((await call('GET', path, seeded.masterKey)).status).toBe(200);
    }
  });

  it.each([
    ['csv', 'text/csv; charset=utf-8'],
    ['jsonl', 'application/x-ndjson; charset=utf-8'],
  ])('as %s says what it is and is saved under its own name', async (format, type) => {
    const { seeded } = await six();
    const response = await call('GET', logPath(seeded, `?format=${format}`), seeded.masterKey);
    await response.body?.cancel();
    expect(response.headers.get('content-type')).toBe(type);
    const name = `attachment; filename="audit-log-${seeded.organizationId}.${format}"`;
    expect(response.headers.get('content-disposition')).toBe(name);
  });

  it('longer than a page has every entry once, in order', async () => {
    const seeded = await seedOrganization();
    const length = LIMITS.auditPageRows + 3;
    const entries = chain(length, Array(length).fill({ organizationId: seeded.organizationId }));
    await replace(entries);
    expect(await exportOf(seeded)).toBe(entries.map((entry) => `${lineOf(entry)}\n`).join(''));
  });

  it('as CSV has one row an entry, its JSON and all that a cell may hold quoted', async () => {
    const { seeded, entries } = await six();
    const [first] = entries;
    const rows = (await exportOf(seeded, '?format=csv')).split('\r\n');
    expect(rows).toHaveLength(8);
    expect(rows[0]).toBe(
      'organizationId,n,at,actorKind,actorId,memberId,sessionId,action,targetKind,targetId,before,after,ip,userAgent,requestId,previousHash,hash',
    );
    expect(rows[1]).toBe(
      `${seeded.organizationId},1,${first?.at},user,usr_1,mem_1,ses_1,api_key.created,api_key,key_1,,"{""name"":""Über \\""all\\""""}",192.0.2.1,"Browser ""1""",req_1,${first?.previousHash},${first?.hash}`,
    );
    expect(rows[7]).toBe('');
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    [' =1', "' =1"],
    ['＝1', "'＝1"],
    ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`],
    ['two\nlines', '"two\nlines"'],
    ['Browser', 'Browser'],
  ])('as CSV holds no formula: %j is %j', async (userAgent, cell) => {
    const seeded = await seedOrganization();
    const { organizationId } = seeded;
    await replace(chain(1, [{ organizationId, from: { ip: null, userAgent, requestId: 'end' } }]));
    expect(await exportOf(seeded, '?format=csv')).toContain(`,${cell},end,`);
  });
});
