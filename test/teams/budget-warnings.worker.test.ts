/** Warnings from the request that uses up a budget to the mail, exactly once, however crons run and mails fail. */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { warnOfBudgets } from '../../src/teams/budget-warnings.ts';
import { findMember } from '../../src/teams/members.ts';
import { type Answer, refused } from '../support/browser.ts';
import { chat } from '../support/gateway.ts';
import { call, type Json } from './management.ts';
import { clock, warnedTeam } from './warned-team.ts';

const USED_UP = 'Test: your budget is used up';
const used = (percent: number) => `Test: ${percent}% of your budget is used`;
const messageOf = ({ body }: Answer) => (body.error as { message: string } | undefined)?.message;

/** A run that has read what is news; `decide` has it decide about that, and `end` has it go on to its end. */
async function beginLateRun(mailing: Env): Promise<{ decide(): Promise<void>; end(): Promise<void> }> {
  const [hasRead, late, hasDecided, rest] = [1, 2, 3, 4].map(() => Promise.withResolvers<void>()) as [
    PromiseWithResolvers<void>,
    PromiseWithResolvers<void>,
    PromiseWithResolvers<void>,
    PromiseWithResolvers<void>,
  ];
  const slow = {
    prepare: (sql: string) => env.DB.prepare(sql),
    withSession: (constraint: string) => env.DB.withSession(constraint),
    batch: async (statements: D1PreparedStatement[]) => {
      hasRead.resolve();
      await late.promise;
      const results = await env.DB.batch(statements);
      hasDecided.resolve();
      await rest.promise;
      return results;
    },
  };
  const run = warnOfBudgets({ ...mailing, DB: slow as unknown as D1Database }, clock.ms);
  await hasRead.promise;
  const decide = () => {
    late.resolve();
    return hasDecided.promise;
  };
  return {
    decide,
    async end() {
      await decide();
      rest.resolve();
      await run;
    },
  };
}

describe('a warning', () => {
  it('comes from what was really spent, and says how much that is of what, and when it comes back', async () => {
    const { outbox, seeded, people, organization, budget, cron } = await warnedTeam();
    const { memberId, email } = people.dev;
    await budget(memberId, {
      periodUsageLimit: '0.000025',
      periodUsageDurationValue: 1,
      periodUsageDurationUnit: 'month',
      periodAlignment: 'calendar',
    });
    await env.DB.prepare('INSERT INTO project_grants (member_id, project_id) VALUES (?, ?)')
      .bind(memberId, seeded.projectId)
      .run();
    const body = { projectId: seeded.projectId, memberId, name: 'Laptop' };
    const key = (await (await call('POST', `${organization}/keys`, seeded.masterKey, body)).json()) as Json;
    const spend = async (outputTokens: number) => {
      const response = await chat(String(key.secret), { demo: { outputTokens }, max_tokens: outputTokens });
      await response.arrayBuffer();
      await call('POST', `${organization}/rollups`, seeded.masterKey);
      await cron(Date.now());
      return response.status;
    };
    expect(await spend(4)).toBe(200);
    expect(outbox.mails).toEqual([]);
    expect(await spend(4)).toBe(200);
    const monthEnds = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1));
    const month = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });
    expect(outbox.mails.splice(0)).toEqual([
      {
        id: expect.stringContaining(memberId),
        to: email,
        subject: used(80),
        html: expect.any(String),
        text: [
          'Hello,',
          'you have used $0.00002 of a limit of $0.000025 a calendar month.',
          `All of it comes back on 1 ${month.format(monthEnds)}, 00:00 (UTC).`,
          'If that is not enough, you can ask for more budget in Purser.',
          'You get this mail once for each limit and window, at 80% of it.',
          'Purser\n',
        ].join('\n\n'),
      },
    ]);
    // The rest cannot be used: what is refused is told as well, and is no news of a threshold.
    expect(await spend(10)).toBe(403);
    expect(outbox.mails).toEqual([]);
    await chat(String(key.secret), { messages: [{ role: 'user', content: 'a' }], demo: { outputTokens: 2 } });
    expect(await spend(1)).toBe(403);
    expect(outbox.mails.map(({ subject }) => subject)).toEqual([USED_UP]);
    expect(outbox.mails[0]?.text).toContain('Requests are refused while nothing is left.');
  });

  it('is mailed once, however many crons look at once and again', async () => {
    const { people, budget, spent, cron, mailed } = await warnedTeam();
    const everybody = Object.values(people).map(({ memberId }) => memberId);
    for (const memberId of everybody) {
      await budget(memberId, { usageLimit: '10' });
      await spent(memberId, 8);
    }
    await Promise.all(Array.from({ length: 6 }, () => cron()));
    await cron();
    expect(mailed().toSorted()).toEqual(
      ['admin', 'basic', 'dev', 'owner', 'partner'].map((name) => `${name}: ${used(80)}`),
    );
    for (const memberId of everybody) await spent(memberId, 9);
    await Promise.all([cron(), cron()]);
    expect(mailed()).toEqual([]);
    for (const memberId of everybody) await spent(memberId, 10);
    await Promise.all([cron(), cron(), cron()]);
    expect(mailed()).toHaveLength(5);
  });

  it('is mailed once, also where a run decides long after it has read, and others have decided and mailed meanwhile', async () => {
    const { people, mailing, budget, newKey, spent, cron, mailed } = await warnedTeam();
    const { memberId } = people.dev;
    await budget(memberId, { usageLimit: '10' });
    const { id } = await newKey(memberId, 'Laptop', { usageLimit: '10' });
    const both = (usd: number) => spent(memberId, usd, { [id]: { usd } });
    await both(5);
    const first = await beginLateRun(mailing);
    const second = await beginLateRun(mailing);
    await cron();
    await both(8);
    await cron();
    const andTheKey = ', and 1 more warning';
    expect(mailed()).toEqual([`dev: ${used(50)}${andTheKey}`, `dev: ${used(80)}${andTheKey}`]);
    await first.end();
    expect(mailed()).toEqual([]);
    // What comes after it has read is not taken off the news by it.
    await both(10);
    await second.end();
    await cron();
    expect(mailed()).toEqual([`dev: ${USED_UP}${andTheKey}`]);
  });

  it('is told of a status that one run has read while another, which had read the one before it, decides first', async () => {
    const { people, mailing, budget, spent, cron, mailed } = await warnedTeam();
    const { memberId } = people.dev;
    await budget(memberId, { usageLimit: '10' });
    await spent(memberId, 5);
    const first = await beginLateRun(mailing);
    await spent(memberId, 10);
    const second = await beginLateRun(mailing);
    await first.decide();
    await second.end();
    await first.end();
    await cron();
    expect(mailed().at(-1)).toBe(`dev: ${USED_UP}`);
  });

  it('that could not be mailed is mailed by a later cron, once, and is given up after a day', async () => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    let isDown = true;
    const { people, budget, spent, cron, mailed } = await warnedTeam(() => isDown);
    await budget(people.dev.memberId, { usageLimit: '10' });
    await spent(people.dev.memberId, 5);
    await cron();
    const nextMs = clock.ms + LIMITS.warningLeaseMs;
    await cron(nextMs);
    expect([mailed(), errors.mock.calls.length]).toEqual([[], 2]);
    isDown = false;
    const lastMs = nextMs + LIMITS.warningLeaseMs;
    await Promise.all([cron(lastMs), cron(lastMs)]);
    expect(mailed()).toEqual([`dev: ${used(50)}`]);
    await cron();
    expect(mailed()).toEqual([]);

    isDown = true;
    await spent(people.dev.memberId, 8);
    await cron();
    isDown = false;
    await cron(clock.ms + LIMITS.warningMailMsMax + 1);
    expect(mailed()).toEqual([]);
    errors.mockRestore();
  });

  it('goes on after a run that died while it mailed, under the same id', async () => {
    const { people, mailing, outbox, budget, spent, cron } = await warnedTeam();
    await budget(people.dev.memberId, { usageLimit: '10' });
    await spent(people.dev.memberId, 5);
    // The mail is out, and then the run dies: D1 hears nothing of it.
    const dying = {
      ...mailing,
      OUTBOX: {
        fetch: async (url: string, init: RequestInit) => {
          await mailing.OUTBOX?.fetch(url, init);
          throw new Error('died');
        },
      } as unknown as Fetcher,
    };
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await warnOfBudgets(dying, clock.ms);
    await cron();
    expect(outbox.mails, 'somebody may still be at it').toHaveLength(1);
    await cron(clock.ms + LIMITS.warningLeaseMs);
    expect(outbox.mails).toHaveLength(2);
    expect(new Set(outbox.mails.map(({ id }) => id)).size).toBe(1);
    errors.mockRestore();
  });

  it('keeps until there is a way for mail', async () => {
    const { people, budget, spent, cron, mailed } = await warnedTeam();
    await budget(people.dev.memberId, { usageLimit: '10' });
    await spent(people.dev.memberId, 5);
    await warnOfBudgets(env, clock.ms);
    await cron();
    expect(mailed()).toEqual([`dev: ${used(50)}`]);
  });

  it('of an API-only member goes to the owners, each once, also where one address fails', async () => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    let refuses = '';
    const { seeded, people, outbox, budget, spent, cron, mailed } = await warnedTeam(({ to }) => to === refuses);
    await budget(seeded.memberId, { usageLimit: '10' });
    await spent(seeded.memberId, 10);
    refuses = people.owner.email;
    await cron();
    expect(outbox.mails[0]?.text).toContain('Member has used $10 of a limit of $10 in all.');
    expect(outbox.mails[0]?.text).toContain('you can raise its budget in Purser.');
    expect(mailed()).toEqual(['partner: Test: the budget of an API-only member is used up']);
    refuses = '';
    await cron(clock.ms + LIMITS.warningLeaseMs);
    expect(mailed()).toEqual(['owner: Test: the budget of an API-only member is used up']);
    errors.mockRestore();
  });

  it('is of nobody who was removed, neither before it is decided nor before it is mailed, nor of a deleted team', async () => {
    let isDown = true;
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { seeded, people, organization, budget, spent, cron, mailed } = await warnedTeam(() => isDown);
    for (const { memberId } of [people.dev, people.basic, people.admin, seeded]) {
      await budget(memberId, { usageLimit: '10' });
    }
    await spent(people.dev.memberId, 5);
    // Of this one the owners would hear.
    await spent(seeded.memberId, 5);
    await cron();
    await spent(people.basic.memberId, 5);
    const { browser } = people.owner;
    for (const { memberId } of [people.dev, people.basic, seeded]) {
      expect((await browser.send('DELETE', `${organization}/members/${memberId}`)).status).toBeLessThan(300);
    }
    isDown = false;
    await cron(clock.ms + LIMITS.warningLeaseMs);
    expect(mailed()).toEqual([]);
    await spent(people.admin.memberId, 5);
    expect((await browser.send('DELETE', organization)).status).toBeLessThan(300);
    await cron();
    expect(mailed()).toEqual([]);
    errors.mockRestore();
  });

  it('comes anew when what was granted is used up in turn', async () => {
    const { people, organization, budget, spent, cron, mailed } = await warnedTeam();
    const { memberId, browser } = people.dev;
    await budget(memberId, { usageLimit: '10' });
    await spent(memberId, 10);
    await cron();
    expect(mailed()).toEqual([`dev: ${USED_UP}`]);
    const { body } = await browser.post(`${organization}/budget-requests`, { limit: 'usageLimit', amount: '10' });
    expect((await people.owner.browser.post(`${organization}/budget-requests/${body.id}/grant`, {})).status).toBe(200);
    mailed();
    await spent(memberId, 11);
    await cron();
    expect(mailed()).toEqual([]);
    await spent(memberId, 16);
    await cron();
    expect(mailed()).toEqual([`dev: ${used(80)}`]);
    // Set anew the budget is what it was: used up, and told again, because that was not so a moment ago.
    await budget(memberId, { usageLimit: '10' });
    await spent(memberId, 16);
    await cron();
    expect(mailed()).toEqual([`dev: ${USED_UP}`]);
  });

  it('of many is looked at in goes of some, and all are mailed', async () => {
    const { seeded, people, spent, budget, cron, mailed } = await warnedTeam();
    const owners = LIMITS.warningStatusesAtOnce + 10;
    await budget(people.dev.memberId, { usageLimit: '10' });
    const { budget: text } = await findMember(env, seeded.organizationId, people.dev.memberId);
    const ids = Array.from({ length: owners }, (_, i) => `mem_many${i}`);
    await env.DB.batch(
      ids.flatMap((id) => [
        env.DB.prepare('INSERT INTO users (id, name, email, created_at) VALUES (?1, ?1, ?1, 0)').bind(`usr_${id}`),
        env.DB.prepare(
          `INSERT INTO members (id, organization_id, user_id, name, role, created_at, budget)
           VALUES (?1, ?2, ?3, ?1, 'basic', 0, ?4)`,
        ).bind(id, seeded.organizationId, `usr_${id}`, text),
      ]),
    );
    for (const id of ids) await spent(id, 5);
    await cron();
    expect(mailed()).toHaveLength(owners);
    const news = await env.DB.prepare('SELECT sum(status_is_news) AS n FROM member_ledgers').first('n');
    expect(news).toBe(0);
  });
});

describe('thresholds', () => {
  it('are the organization’s, and the member’s own besides', async () => {
    const { people, organization, budget, spent, cron, mailed } = await warnedTeam();
    for (const { memberId } of [people.dev, people.basic]) await budget(memberId, { usageLimit: '100' });
    expect((await people.owner.browser.get(organization)).body.budgetWarnings).toEqual([50, 80, 100]);
    const changed = await people.admin.browser.send('PATCH', organization, { budgetWarnings: [90, 30, 90] });
    expect([changed.status, changed.body.budgetWarnings]).toEqual([200, [30, 90]]);
    const own = await people.dev.browser.send('PATCH', `${organization}/members/me`, { budgetWarnings: [25] });
    expect([own.status, own.body]).toEqual([
      200,
      expect.objectContaining({ id: people.dev.memberId, budgetWarnings: [25] }),
    ]);
    const at = async (usd: number) => {
      for (const { memberId } of [people.dev, people.basic]) await spent(memberId, usd);
      await cron();
      return mailed();
    };
    expect([await at(24), await at(25), await at(30), await at(89), await at(90), await at(100)]).toEqual([
      [],
      [`dev: ${used(25)}`],
      [`dev: ${used(30)}`, `basic: ${used(30)}`],
      [],
      [`dev: ${used(90)}`, `basic: ${used(90)}`],
      [],
    ]);
    await people.owner.browser.send('PATCH', organization, { budgetWarnings: [] });
    await budget(people.basic.memberId, { usageLimit: '50' });
    expect(await at(100)).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['above 100', [101]],
    ['of 0', [0]],
    ['in parts', [50.5]],
    ['as text', ['50']],
    ['too many', [10, 20, 30, 40, 50, 60]],
    ['no list', 50],
    ['nothing', null],
  ])('%s are refused, the organization’s and one’s own', async (_, budgetWarnings) => {
    const { people, organization } = await cachedTeam();
    for (const path of [organization, `${organization}/members/me`]) {
      const answer = await people.owner.browser.send('PATCH', path, { budgetWarnings });
      const [status, code, param] = refused(answer);
      expect([status, code, param?.split('.')[0]]).toEqual([400, 'invalid_request_error', 'budgetWarnings']);
      expect(messageOf(answer)).toMatch(/^budgetWarnings must be /);
    }
  });

  it('of the organization are set by owners and admins, one’s own by everybody but a master key, each audited', async () => {
    const { seeded, people, organization } = await cachedTeam();
    const body = { budgetWarnings: [70] };
    for (const who of ['dev', 'basic'] as const) {
      expect(refused(await people[who].browser.send('PATCH', organization, body))).toEqual([
        403,
        'role_required',
        null,
      ]);
    }
    for (const { browser } of Object.values(people)) {
      expect((await browser.send('PATCH', `${organization}/members/me`, body)).status).toBe(200);
    }
    expect((await call('PATCH', `${organization}/members/me`, seeded.masterKey, body)).status).toBe(404);
    const log = await call('GET', `${organization}/audit-log`, seeded.masterKey);
    const { entries } = (await log.json()) as { entries: Json[] };
    expect(entries).toHaveLength(5);
    expect(entries[0]).toMatchObject({
      action: 'member.warnings.updated',
      before: { budgetWarnings: [] },
      after: { budgetWarnings: [70] },
    });
    const stranger = (await warnedTeam()).people.owner.browser;
    expect(refused(await stranger.send('PATCH', `${organization}/members/me`, body))).toEqual([404, 'not_found', null]);
  });
});

let cached: ReturnType<typeof warnedTeam> | null = null;
function cachedTeam() {
  cached ??= warnedTeam();
  return cached;
}
