/** Statements by HTTP, against analytics of the same month and against the events themselves. */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/ids.ts';
import { DAY_MS, LIMITS } from '../../../src/limits.ts';
import { formatUsd } from '../../../src/money/nanos.ts';
import { pruneEvents } from '../../../src/usage/pruning.ts';
import { rollUp } from '../../../src/usage/rollups.ts';
import { shipEvents } from '../../../src/usage/shipping.ts';
import { get, json } from '../../support/gateway.ts';
import { grant, type Person, person } from '../../support/people.ts';
import { insertMember, type Seeded, seedOrganization } from '../../support/seed.ts';
import { forgetUsage, mixed, type Owned, owned, QUARTER_MS, rows, usageEvent } from '../../usage/events.ts';

const MONTH = '2026-03';

interface Sums {
  cost: string;
  requestCount: number;
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
}

interface Ledger {
  firstSequence: number | null;
  lastSequence: number | null;
  entries: number | null;
  requestCount: number;
  cost: string;
}

interface Shown {
  preliminary: boolean;
  rolledUpTo: string;
  startsAt: string;
  endsAt: string;
  from: string;
  to: string;
  projectId: string | null;
  memberId: string | null;
  totals: Sums;
  projects: (Sums & { projectId: string; project: string })[];
  members: (Sums & { memberId: string; member: string; ledger: Ledger })[];
  lines: (Sums & { projectId: string; project: string; memberId: string; member: string; model: string })[];
  error?: { code: string; param: string | null; message: string };
}

const pathOf = (organizationId: string, month: string, parameters: Record<string, string> = {}) =>
  `/orgs/${organizationId}/statements/${month}?${new URLSearchParams(parameters)}`;

async function ask({ organizationId, masterKey }: Seeded, month = MONTH, parameters: Record<string, string> = {}) {
  const response = await get(pathOf(organizationId, month, { format: 'json', ...parameters }), masterKey);
  return { status: response.status, ...(await json<Shown>(response)) };
}

/** Made long ago, in this zone. */
async function organizationIn(timeZone: string): Promise<Seeded> {
  const seeded = await seedOrganization();
  await env.DB.prepare('UPDATE organizations SET created_at = ?1, time_zone = ?2 WHERE id = ?3')
    .bind(Date.parse('2025-06-15T12:00:00Z'), timeZone, seeded.organizationId)
    .run();
  return seeded;
}

function monthIn(timeZone: string, month = MONTH): [from: number, until: number] {
  const first = Temporal.PlainDate.from(`${month}-01`);
  const [from, until] = [first, first.add({ months: 1 })].map((day) => day.toZonedDateTime(timeZone).epochMilliseconds);
  return [from ?? 0, until ?? 0];
}

function counted(events: readonly Owned[]) {
  const sum = (of: (event: Owned) => number) => events.reduce((all, event) => all + of(event), 0);
  return {
    cost: formatUsd(BigInt(sum(({ costNanos }) => costNanos))),
    requestCount: sum(({ requests }) => requests),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    totalTokens: sum(({ inputTokens, outputTokens }) => inputTokens + outputTokens),
  };
}

/** Of an answer what `counted` tells. */
function sumsOf({ cost, requestCount, inputTokens, outputTokens, totalTokens }: Sums) {
  return { cost, requestCount, inputTokens, outputTokens, totalTokens };
}

/** One each 11 h and 7 minutes from February to April, of every kind; two around each edge of the month. */
function quarterOfAYear(organizationId: string, memberId: string, timeZone: string, projects: readonly string[]) {
  const edges = monthIn(timeZone).flatMap((edge) => [edge - 1, edge]);
  const spread = Array.from({ length: 190 }, (_, i) => Date.parse('2026-02-01T00:00Z') + i * (11 * 60 + 7) * 60_000);
  return owned(
    { memberId, organizationId },
    [...spread, ...edges]
      .sort((a, b) => a - b)
      .map((settledAtMs, i) =>
        usageEvent(i + 1, {
          ...mixed(i),
          settledAtMs,
          costNanos: 1_234_567 * (i + 1),
          canonicalModel: `model-${i % 3}`,
          projectId: projects[i % projects.length] ?? '',
        }),
      ),
  );
}

describe.each(['Asia/Kathmandu', 'America/St_Johns', 'UTC'])('a statement in %s', (timeZone) => {
  let team: Seeded;
  let events: Owned[];
  let others: string[];

  beforeAll(async () => {
    await forgetUsage();
    team = await organizationIn(timeZone);
    const { organizationId, projectId, memberId } = team;
    others = [await insertMember(organizationId, 'developer'), await insertMember(organizationId, 'api')];
    events = [];
    for (const id of [memberId, ...others]) {
      const own = quarterOfAYear(organizationId, id, timeZone, [projectId, 'prj_long_gone']);
      await shipEvents(env.DB, { memberId: id, organizationId }, own);
      events.push(...own);
    }
    await rollUp(env.DB, Date.parse('2026-05-01'));
  });

  const inMonth = () => {
    const [from, until] = monthIn(timeZone);
    return events.filter(({ settledAtMs }) => settledAtMs >= from && settledAtMs < until);
  };

  it('has the totals that analytics have of that month, to the nanodollar', async () => {
    const { organizationId, masterKey } = team;
    const statement = await ask(team);
    const range = { organizationId, from: '2026-03-01', to: '2026-03-31' };
    const activity = await json<{ totals: Sums; timezone: string }>(
      await get(`/analytics/activity?${new URLSearchParams(range)}`, masterKey),
    );
    expect(activity.timezone).toBe(timeZone);
    expect(sumsOf(statement.totals)).toEqual(sumsOf(activity.totals));
    expect(sumsOf(statement.totals)).toEqual(counted(inMonth()));
    expect(statement.totals.requestCount).toBeGreaterThan(0);
    const [startsAt, endsAt] = monthIn(timeZone).map((ms) => new Date(ms).toISOString());
    expect(statement).toMatchObject({ startsAt, endsAt, from: '2026-03-01', to: '2026-03-31', preliminary: false });
  });

  it('has a line for each project, member and model, with the sums of each group', async () => {
    const { lines, projects, members } = await ask(team);
    const keyOf = ({ projectId, memberId }: { projectId: string; memberId: string }, model: string) =>
      `${projectId} ${memberId} ${model}`;
    const expected = Map.groupBy(inMonth(), (event) => keyOf(event, event.canonicalModel));
    expect(lines.map((line) => keyOf(line, line.model)).sort()).toEqual([...expected.keys()].sort());
    for (const line of lines) expect(sumsOf(line)).toEqual(counted(expected.get(keyOf(line, line.model)) ?? []));
    for (const project of projects)
      expect(sumsOf(project)).toEqual(counted(inMonth().filter(({ projectId }) => projectId === project.projectId)));
    for (const member of members)
      expect(sumsOf(member)).toEqual(counted(inMonth().filter(({ memberId }) => memberId === member.memberId)));
    expect([projects.length, members.length]).toEqual([2, 3]);
    expect(projects.map(({ project }) => project).sort()).toEqual(['Project', 'prj_long_gone']);
  });

  it('names the numbers of each member’s ledger entries, which add up to what it says', async () => {
    const { members } = await ask(team);
    for (const { memberId, ledger } of members) {
      const own = inMonth().filter((event) => event.memberId === memberId);
      const { cost, requestCount } = counted(own);
      const [firstSequence, lastSequence] = [own[0]?.n, own.at(-1)?.n];
      expect(ledger).toEqual({ firstSequence, lastSequence, entries: own.length, requestCount, cost });
      expect(requestCount).not.toBe(own.length);
    }
  });

  it('is of one project or member where that is asked, and tells of the whole ledger all the same', async () => {
    const { projectId, memberId } = team;
    const ofProject = await ask(team, MONTH, { projectId });
    expect(sumsOf(ofProject.totals)).toEqual(counted(inMonth().filter((event) => event.projectId === projectId)));
    expect([ofProject.projectId, ofProject.memberId]).toEqual([projectId, null]);
    const own = inMonth().filter((event) => event.memberId === memberId);
    const ofMember = await ask(team, MONTH, { memberId });
    expect(sumsOf(ofMember.totals)).toEqual(counted(own));
    const ofBoth = await ask(team, MONTH, { memberId, projectId });
    expect(sumsOf(ofBoth.totals)).toEqual(counted(own.filter((event) => event.projectId === projectId)));
    expect(ofBoth.members[0]?.ledger.cost).toBe(counted(own).cost);
    expect(ofBoth.totals.cost).not.toBe(counted(own).cost);
  });
});

describe('the numbers of ledger entries', () => {
  beforeEach(forgetUsage);

  const event = fc.record({ kind: fc.nat(7), gapMs: fc.oneof(fc.nat(3 * DAY_MS), fc.constantFrom(0, QUARTER_MS)) });

  it('are those of the month, however events arrive, are rolled up and are pruned', async () => {
    const zones = fc.constantFrom('Asia/Kathmandu', 'America/St_Johns', 'Pacific/Kiritimati', 'Pacific/Marquesas');
    const batches = fc.array(fc.array(event, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(zones, batches, fc.nat(4), async (timeZone, arriving, unrolled) => {
        await forgetUsage();
        const team = await organizationIn(timeZone);
        const member = { memberId: team.memberId, organizationId: team.organizationId };
        const all: Owned[] = [];
        let at = Date.parse('2026-02-25T00:00:00Z');
        for (const [i, batch] of arriving.entries()) {
          const events = batch.map(({ kind, gapMs }, j) => {
            at += gapMs;
            return usageEvent(all.length + j + 1, { ...mixed(kind), settledAtMs: at });
          });
          await shipEvents(env.DB, member, events);
          all.push(...owned(member, events));
          // The last ones wait: they are shipped, and in no sum.
          if (i < arriving.length - unrolled) await rollUp(env.DB, at, 5);
        }
        const [{ seq = 0 } = {}] = await rows<{ seq: number }>('SELECT seq FROM rollup_watermark');
        const known = await rows<{ n: number }>(`SELECT n FROM usage_events WHERE seq <= ${seq} ORDER BY n`);
        await env.DB.prepare('UPDATE rollup_watermark SET proven_seq = seq').run();
        await pruneEvents(env.DB, at + LIMITS.eventRetentionMs + DAY_MS);
        expect((await rows(`SELECT 1 FROM usage_events WHERE seq <= ${seq}`)).length).toBe(0);
        for (const month of ['2026-02', '2026-03', '2026-04']) {
          const [from, until] = monthIn(timeZone, month);
          const within = all
            .slice(0, known.length)
            .filter(({ settledAtMs }) => settledAtMs >= from && settledAtMs < until);
          const { members, totals } = await ask(team, month);
          expect(sumsOf(totals)).toEqual(counted(within));
          if (members.length === 0) continue;
          const [firstSequence, lastSequence] = [within[0]?.n, within.at(-1)?.n];
          expect(members[0]?.ledger).toMatchObject({ firstSequence, lastSequence, entries: within.length });
        }
      }),
      { numRuns: 12 },
    );
  });

  it('are not told of a month from before they were counted, and are right from then on', async () => {
    const team = await organizationIn('UTC');
    const member = { memberId: team.memberId, organizationId: team.organizationId };
    const at = (text: string) => Date.parse(`${text}T12:00:00Z`);
    const older = [1, 2, 3].map((n) => usageEvent(n, { settledAtMs: at('2026-01-10') }));
    await shipEvents(env.DB, member, older);
    await rollUp(env.DB, at('2026-01-11'));
    await env.DB.batch(
      ['usage_rollups', 'usage_totals'].map((table) => env.DB.prepare(`UPDATE ${table} SET events = 0`)),
    );
    const newer = [4, 5, 6].map((n) => usageEvent(n, { settledAtMs: at(n < 6 ? '2026-02-10' : '2026-03-10') }));
    await shipEvents(env.DB, member, newer);
    await rollUp(env.DB, at('2026-03-11'));
    const ledgers = [];
    for (const month of ['2026-01', '2026-02', '2026-03']) ledgers.push((await ask(team, month)).members[0]?.ledger);
    const nothing = { firstSequence: null, lastSequence: null, entries: null };
    // Of February too: that the counting began before it is not known.
    expect(ledgers).toMatchObject([nothing, nothing, { firstSequence: 6, lastSequence: 6, entries: 1 }]);
    expect(ledgers[0]?.requestCount).toBe(3);
  });
});

describe('a month', () => {
  let team: Seeded;
  const now = () => Temporal.Now.zonedDateTimeISO('Asia/Kathmandu').toPlainDate().toPlainYearMonth();

  beforeAll(async () => {
    await forgetUsage();
    team = await organizationIn('Asia/Kathmandu');
    await shipEvents(env.DB, team, [usageEvent(1, { settledAtMs: Date.now() })]);
    await rollUp(env.DB, Date.now());
  });

  it('that is not over is preliminary', async () => {
    const { status, preliminary, rolledUpTo, totals } = await ask(team, now().toString());
    expect([status, preliminary, totals.requestCount]).toEqual([200, true, 1]);
    expect(Date.now() - Date.parse(rolledUpTo)).toBeLessThan(60_000);
  });

  it('that is over is complete once it is rolled up to its end', async () => {
    const set = (text: string) =>
      env.DB.prepare('UPDATE rollup_watermark SET rolled_up_to = ?1').bind(Date.parse(text)).run();
    await set('2026-03-31T18:14:59.999Z');
    expect(await ask(team)).toMatchObject({ preliminary: true, rolledUpTo: '2026-03-31T18:14:59.999Z' });
    await set('2026-03-31T18:15:00.000Z');
    expect(await ask(team)).toMatchObject({ preliminary: false });
  });

  it('that has not begun is a 400, and one from before the organization a 404; either names it', async () => {
    const next = now().add({ months: 1 }).toString();
    expect(await ask(team, next)).toMatchObject({ status: 400, error: { param: 'month' } });
    expect((await ask(team, next)).error?.message).toContain(next);
    expect(await ask(team, '2025-05')).toMatchObject({ status: 404, error: { param: 'month' } });
    expect((await ask(team, '2025-05')).error?.message).toContain('2025-05');
    expect(await ask(team, '2025-06')).toMatchObject({ status: 200, lines: [], totals: { cost: '0' } });
  });

  it.each(['2026-13', '2026-00', '2026-3', '202603', '2026-03-01', 'march', '0x10-01', '20260-1'])(
    '%s is a 400',
    async (month) => {
      expect(await ask(team, month)).toMatchObject({ status: 400, error: { param: 'month' } });
    },
  );

  it.each([
    [{ format: 'xml' }, 'format'],
    [{ timezone: 'UTC' }, 'timezone'],
  ])('asked with %o is a 400', async (parameters, param) => {
    expect(await ask(team, MONTH, parameters)).toMatchObject({ status: 400, error: { param } });
  });
});

describe('who may see a statement', () => {
  let team: Seeded;
  let [developer, basic, finance, owner]: Person[] = [];

  beforeAll(async () => {
    await forgetUsage();
    team = await organizationIn('UTC');
    const { organizationId, projectId } = team;
    [developer, basic, finance, owner] = await Promise.all(
      (['developer', 'basic', 'finance', 'owner'] as const).map((role) => person(organizationId, role)),
    );
    if (developer) await grant(developer.memberId, projectId);
    for (const memberId of [team.memberId, developer?.memberId ?? '']) {
      const events = quarterOfAYear(organizationId, memberId, 'UTC', [projectId, 'prj_other']);
      await shipEvents(env.DB, { memberId, organizationId }, events);
    }
    await rollUp(env.DB, Date.parse('2026-05-01'));
  });

  const as = async (who: Person | undefined, parameters: Record<string, string> = {}) => {
    const path = pathOf(team.organizationId, MONTH, { format: 'json', ...parameters });
    const { status, body } = (await who?.send('GET', path)) ?? { status: 0, body: {} };
    return { status, ...(body as unknown as Shown) };
  };

  it('owners and finance admins see everybody’s', async () => {
    for (const who of [owner, finance]) {
      expect((await as(who)).members).toHaveLength(2);
      expect((await as(who, { memberId: team.memberId })).members).toHaveLength(1);
    }
  });

  it('others see their own, whole or of a project, and nobody else’s', async () => {
    const own = { memberId: developer?.memberId ?? '' };
    expect((await as(developer, own)).members.map(({ memberId }) => memberId)).toEqual([own.memberId]);
    expect((await as(developer, { ...own, projectId: team.projectId })).lines.length).toBeGreaterThan(0);
    expect(await as(basic, { memberId: basic?.memberId ?? '' })).toMatchObject({ status: 200, lines: [] });
    for (const asked of [{}, { memberId: team.memberId }, { projectId: team.projectId }])
      expect(await as(developer, asked)).toMatchObject({ status: 403, error: { code: 'role_required' } });
  });

  it('nothing of another organization is found', async () => {
    const elsewhere = await organizationIn('UTC');
    const path = pathOf(team.organizationId, MONTH, { format: 'json' });
    expect((await get(path, elsewhere.masterKey)).status).toBe(404);
    for (const [name, id] of [
      ['memberId', elsewhere.memberId],
      ['projectId', elsewhere.projectId],
      ['memberId', newId('mem')],
    ] as const)
      expect(await ask(team, MONTH, { [name]: id })).toMatchObject({ status: 404, error: { code: 'not_found' } });
  });

  it.each(['free', 'pro', 'enterprise'])('the %s plan has them', async (plan) => {
    await env.DB.prepare('UPDATE organizations SET plan = ?1 WHERE id = ?2').bind(plan, team.organizationId).run();
    expect((await ask(team)).status).toBe(200);
  });
});

describe('files', () => {
  let team: Seeded;

  beforeAll(async () => {
    await forgetUsage();
    team = await organizationIn('UTC');
    const { organizationId, projectId, memberId } = team;
    await env.DB.batch([
      env.DB.prepare('UPDATE projects SET name = ?1 WHERE id = ?2').bind('=HYPERLINK("x"),\n"quoted"', projectId),
      env.DB.prepare('UPDATE members SET name = ?1 WHERE id = ?2').bind('@Ann, "A"', memberId),
    ]);
    const at = Date.parse('2026-03-10T12:00:00Z');
    await shipEvents(env.DB, { memberId, organizationId }, [
      usageEvent(1, { settledAtMs: at, costNanos: 1_500_000_001, projectId }),
      usageEvent(2, { ...mixed(5), settledAtMs: at + 1, costNanos: -3, canonicalModel: 'taken-back', projectId }),
    ]);
    await rollUp(env.DB, Date.parse('2026-05-01T00:00:00Z'));
  });

  it('as CSV quote what has commas, quotes and lines, stop formulas, and have exact amounts to add up', async () => {
    const { organizationId, projectId, memberId, masterKey } = team;
    const response = await get(pathOf(organizationId, MONTH, { format: 'csv' }), masterKey);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="statement-2026-03.csv"');
    const head = `${MONTH},UTC,false,2026-05-01T00:00:00.000Z,${projectId},"'=HYPERLINK(""x""),\n""quoted""",${memberId},"'@Ann, ""A"""`;
    expect(await response.text()).toBe(
      [
        'month,timezone,preliminary,rolledUpTo,projectId,project,memberId,member,model,cost,requestCount,inputTokens,outputTokens,cachedTokens,reasoningTokens,totalTokens,firstSequence,lastSequence',
        `${head},demo-words,1.500000001,1,11,21,1,1,32,1,2`,
        `${head},taken-back,-0.000000003,0,12,22,2,2,34,1,2`,
        '',
      ].join('\r\n'),
    );
  });

  it('are PDF where nothing else is asked', async () => {
    const { organizationId, masterKey } = team;
    const response = await get(pathOf(organizationId, MONTH), masterKey);
    expect(response.headers.get('content-type')).toBe('application/pdf');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="statement-2026-03.pdf"');
    expect(new TextDecoder('latin1').decode((await response.arrayBuffer()).slice(0, 8))).toBe('%PDF-1.7');
  });

  it('are not made of sums that differ: while these are made right it is a 503', async () => {
    await env.DB.prepare(
      `UPDATE usage_totals SET cost = cost + 1
       WHERE series_id = (SELECT id FROM usage_series WHERE organization_id = ?1 AND kind = 'organization')`,
    )
      .bind(team.organizationId)
      .run();
    expect(await ask(team)).toMatchObject({ status: 503, error: { code: 'unavailable' } });
  });
});
