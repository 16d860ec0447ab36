/** Warnings of keys' own limits: from the requests that use a key up to the one mail that tells its member. */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { DAY_MS, LIMITS, MINUTE_MS } from '../../src/limits.ts';
import { chat } from '../support/gateway.ts';
import { call, type Json } from './management.ts';
import { clock, warnedTeam } from './warned-team.ts';

const TOTAL = { usageLimit: '10' };
const CALENDAR_DAY = {
  periodUsageLimit: '10',
  periodUsageDurationValue: 1,
  periodUsageDurationUnit: 'day',
  periodAlignment: 'calendar',
};

const USED_UP = 'Test: the limit of one of your API keys is used up';
const used = (percent: number) => `Test: ${percent}% of the limit of one of your API keys is used`;

/** A team in which dev has a key with these limits. */
async function keyTeam(limits: Json, down?: Parameters<typeof warnedTeam>[0]) {
  const team = await warnedTeam(down);
  const { memberId } = team.people.dev;
  const key = await team.newKey(memberId, 'Laptop', limits);
  const path = `${team.organization}/keys/${key.id}`;
  return {
    ...team,
    memberId,
    key,
    change: async (method: string, body?: Json, under = '') => {
      const answer = await call(method, `${path}${under}`, team.seeded.masterKey, body);
      expect(answer.ok).toBe(true);
      return answer.status === 204 ? {} : ((await answer.json()) as Json);
    },
    /** Has the key used so many dollars, and a cron look: what is mailed. */
    at: async (usd: number, window?: { startedAtMs: number; resetAtMs: number }) => {
      await team.spent(memberId, usd, { [key.id]: { usd, ...(window && { window }) } });
      await team.cron();
      return team.mailed();
    },
  };
}

/** What D1 has of a key that was not looked at yet. */
const newsOf = (keyId: string) =>
  env.DB.prepare('SELECT status_news FROM api_keys WHERE id = ?').bind(keyId).first<string>('status_news');

describe('a warning of a key', () => {
  const monthEnds = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() + 1));
  const month = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });

  it.each([
    ['total', { usageLimit: '0.00005' }, '$0.00005 in all', []],
    [
      'period',
      {
        periodUsageLimit: '0.00005',
        periodUsageDurationValue: 1,
        periodUsageDurationUnit: 'month',
        periodAlignment: 'calendar',
      },
      '$0.00005 a calendar month',
      [`All of it comes back on 1 ${month.format(monthEnds)}, 00:00 (UTC).`],
    ],
  ])('comes from what was really spent of its %s, at 50, 80 and 100 %%', async (_, limits, words, comesBack) => {
    const { outbox, seeded, organization, key, people, cron } = await keyTeam(limits);
    const spend = async () => {
      const { status } = await chat(String(key.secret), { demo: { outputTokens: 4 }, max_tokens: 4 });
      await call('POST', `${organization}/rollups`, seeded.masterKey);
      await cron(Date.now());
      return [status, ...outbox.mails.splice(0)];
    };
    const mail = (subject: string, ...said: string[]) => ({
      id: expect.stringContaining(people.dev.memberId),
      to: people.dev.email,
      subject,
      html: expect.any(String),
      text: `${['Hello,', ...said, 'Purser'].join('\n\n')}\n`,
    });
    const spent = (usd: string) => `your API key Laptop (${key.maskedKey}) has used $${usd} of its limit of ${words}.`;
    const more = 'If that is not enough, you can change the limits of your keys in Purser.';
    const once = (percent: number) => `You get this mail once for each limit and window, at ${percent}% of it.`;
    expect(await spend()).toEqual([200]);
    expect(await spend()).toEqual([200]);
    expect(await spend()).toEqual([200, mail(used(50), spent('0.00003'), ...comesBack, more, once(50))]);
    expect(await spend()).toEqual([200, mail(used(80), spent('0.00004'), ...comesBack, more, once(80))]);
    const refused = 'Requests with it are refused while nothing is left.';
    expect(await spend()).toEqual([200, mail(USED_UP, spent('0.00005'), refused, ...comesBack, more, once(100))]);
    expect(await spend()).toEqual([403]);
  });

  it('goes by the keys that were used: no other ships anything, nor does one without limits', async () => {
    const { seeded, organization, people, key, memberId, mailed, cron } = await keyTeam(TOTAL);
    const { id: unlimited, secret } = (await (
      await call('POST', `${organization}/keys`, seeded.masterKey, {
        projectId: seeded.projectId,
        memberId,
        name: 'Unlimited',
      })
    ).json()) as Json;
    const ship = () => call('POST', `${organization}/rollups`, seeded.masterKey);
    await chat(String(secret));
    await ship();
    expect([await newsOf(key.id), await newsOf(String(unlimited))]).toEqual([null, null]);
    await chat(String(key.secret));
    await ship();
    const told = JSON.parse(String(await newsOf(key.id))) as { status: Json };
    expect(Object.keys(told.status).toSorted()).toEqual(['cycleStartedAtMs', 'limits', 'period', 'usage']);
    // It is kept until it was looked at, whatever else is shipped meanwhile, and no longer.
    await chat(String(secret));
    await ship();
    expect(JSON.parse(String(await newsOf(key.id)))).toEqual(told);
    await cron(Date.now());
    expect([await newsOf(key.id), mailed()]).toEqual([null, []]);
    expect((await people.dev.browser.get(`${organization}/members/me`)).body).not.toHaveProperty('keys');
  });

  it('is of every key that was used since the last look, whichever was shipped last', async () => {
    const { memberId, key, spent, cron, mailed, ...team } = await keyTeam(TOTAL);
    const other = await team.newKey(memberId, 'Desk', TOTAL);
    await spent(memberId, 8, { [key.id]: { usd: 8 } });
    await spent(memberId, 9, { [other.id]: { usd: 5 } });
    await cron();
    expect(mailed()).toEqual([`dev: ${used(80)}, and 1 more warning`]);
  });

  it('comes once in a window, and again in the next', async () => {
    const { at } = await keyTeam(CALENDAR_DAY);
    const startedAtMs = clock.ms;
    const first = { startedAtMs, resetAtMs: startedAtMs + DAY_MS };
    expect([await at(6, first), await at(7, first), await at(8, first)]).toEqual([
      [`dev: ${used(50)}`],
      [],
      [`dev: ${used(80)}`],
    ]);
    clock.ms = first.resetAtMs;
    const next = { startedAtMs: first.resetAtMs, resetAtMs: first.resetAtMs + DAY_MS };
    expect([await at(1, next), await at(6, next), await at(7, next)]).toEqual([[], [`dev: ${used(50)}`], []]);
  });

  it('comes anew as a raised limit is used up in turn', async () => {
    const { change, at } = await keyTeam(TOTAL);
    expect(await at(10)).toEqual([`dev: ${USED_UP}`]);
    await change('PATCH', { limits: { usageLimit: '20' } });
    expect(await at(11)).toEqual([]);
    expect(await at(16)).toEqual([`dev: ${used(80)}`]);
    expect(await at(20)).toEqual([`dev: ${USED_UP}`]);
  });

  it('comes at the thresholds of its organization and of its member', async () => {
    const { people, organization, at } = await keyTeam(TOTAL);
    await people.owner.browser.send('PATCH', organization, { budgetWarnings: [60] });
    await people.dev.browser.send('PATCH', `${organization}/members/me`, { budgetWarnings: [25] });
    expect([await at(2.5), await at(5), await at(6)]).toEqual([[`dev: ${used(25)}`], [], [`dev: ${used(60)}`]]);
  });

  it.each([
    ['deleted', ['DELETE', undefined]],
    ['disabled', ['PATCH', { status: 'disabled' }]],
    ['expired', ['PATCH', { expiresAt: new Date(Date.now() + MINUTE_MS).toISOString() }]],
  ] as const)('is never of one that is %s, neither before it is decided nor before it is mailed', async (_, change) => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    let isDown = false;
    const { spent, cron, mailed, memberId, ...team } = await keyTeam(TOTAL, () => isDown);
    const keyId = team.key.id;
    clock.ms = Date.now();
    await spent(memberId, 5, { [keyId]: { usd: 5 } });
    isDown = true;
    await cron();
    isDown = false;
    await team.change(change[0], change[1]);
    // By then the one that expires has.
    clock.ms += 2 * LIMITS.warningLeaseMs;
    await cron();
    expect(mailed()).toEqual([]);
    await spent(memberId, 10, { [keyId]: { usd: 10 } });
    await cron();
    expect([mailed(), await newsOf(keyId)]).toEqual([[], null]);
    errors.mockRestore();
  });

  it('that was disabled comes once it is used again, of what was not told', async () => {
    const { change, at } = await keyTeam(TOTAL);
    await change('PATCH', { status: 'disabled' });
    expect(await at(8)).toEqual([]);
    await change('PATCH', { status: 'active' });
    expect([await at(8), await at(9)]).toEqual([[`dev: ${used(80)}`], []]);
  });

  it('that is rolled goes on where it was, and has its new name', async () => {
    const { change, at, key, outbox, spent, memberId, cron } = await keyTeam(TOTAL);
    expect(await at(5)).toEqual([`dev: ${used(50)}`]);
    const { maskedKey } = await change('POST', {}, '/roll');
    expect(maskedKey).not.toBe(key.maskedKey);
    expect(await at(6)).toEqual([]);
    await spent(memberId, 8, { [key.id]: { usd: 8 } });
    await cron();
    expect(outbox.mails.map(({ text }) => text.includes(`Laptop (${maskedKey}) has used $8`))).toEqual([true]);
  });

  it('and one of its member are one mail, the most urgent first', async () => {
    const { budget, key, spent, cron, outbox, memberId, ...team } = await keyTeam({ ...TOTAL, ...CALENDAR_DAY });
    await budget(memberId, { usageLimit: '20' });
    const other = await team.newKey(memberId, 'Desk', { usageLimit: '4' });
    const window = { startedAtMs: clock.ms, resetAtMs: Date.UTC(2100, 0, 1) };
    const ofKeys = { [key.id]: { usd: 9, window }, [other.id]: { usd: 4 } };
    await spent(memberId, 16, ofKeys);
    await cron();
    expect(outbox.mails.map(({ to, subject }) => [to, subject])).toEqual([
      [team.people.dev.email, 'Test: the limit of one of your API keys is used up, and 3 more warnings'],
    ]);
    const laptop = `• your API key Laptop (${key.maskedKey}) has used $9 of its limit of`;
    expect(outbox.mails[0]?.text.split('\n\n')).toEqual([
      'Hello,',
      `• your API key Desk (${other.maskedKey}) has used $4 of its limit of $4 in all. Requests with it are refused while nothing is left.`,
      '• you have used $16 of a limit of $20 in all.',
      `${laptop} $10 a calendar day. All of it comes back on 1 January 2100, 00:00 (UTC).`,
      `${laptop} $10 in all.`,
      'If that is not enough, you can change the limits of your keys or ask for more budget in Purser.',
      'You get this mail once for each limit and window, at 100% and 80% of it.',
      'Purser\n',
    ]);
    // Each of the four was told.
    outbox.mails.length = 0;
    await spent(memberId, 16, ofKeys);
    await cron();
    expect(outbox.mails).toEqual([]);
  });

  it('is one mail although many crons look at once, and however many keys there are', async () => {
    const { memberId, key, spent, cron, outbox, ...team } = await keyTeam(TOTAL);
    const more = LIMITS.warningsPerMail + 4;
    for (let i = 0; i < more; i += 1) await team.newKey(memberId, `Key ${i}`, TOTAL);
    const { results } = await env.DB.prepare('SELECT id FROM api_keys WHERE member_id = ?')
      .bind(memberId)
      .all<{ id: string }>();
    const ofKeys = Object.fromEntries(results.map(({ id }) => [id, { usd: id === key.id ? 8 : 5 }]));
    await spent(memberId, 100, ofKeys);
    await Promise.all(Array.from({ length: 6 }, () => cron()));
    await cron();
    expect(outbox.mails.map(({ subject }) => subject)).toEqual([`${used(80)}, and ${more} more warnings`]);
    const lines = outbox.mails[0]?.text.split('\n\n').filter((line) => line.startsWith('• '));
    expect([lines?.length, lines?.at(-1)]).toEqual([LIMITS.warningsPerMail + 1, '• So it is with 5 more.']);
  });

  it('that could not be mailed is mailed by a later cron, with what else is due by then', async () => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    let isDown = true;
    const { budget, memberId, key, spent, cron, mailed } = await keyTeam(TOTAL, () => isDown);
    await budget(memberId, { usageLimit: '100' });
    await spent(memberId, 5, { [key.id]: { usd: 5 } });
    await cron();
    isDown = false;
    await spent(memberId, 50, { [key.id]: { usd: 6 } });
    await cron();
    expect(mailed(), 'somebody may still be at the key').toEqual(['dev: Test: 50% of your budget is used']);
    clock.ms += LIMITS.warningLeaseMs;
    await Promise.all([cron(), cron()]);
    expect(mailed()).toEqual([`dev: ${used(50)}`]);
    expect(errors.mock.calls.flat().join()).toContain('mail_failed');
    expect(errors.mock.calls.flat().join(), 'a key’s name may be anything, even a secret').not.toContain('Laptop');
    errors.mockRestore();
  });

  it('of an API-only member goes to the owners', async () => {
    const { seeded, newKey, spent, cron, outbox, mailed } = await warnedTeam();
    const { id, maskedKey } = await newKey(seeded.memberId, 'Nightly', TOTAL);
    await spent(seeded.memberId, 8, { [id]: { usd: 8 } });
    await cron();
    expect(outbox.mails[0]?.text).toContain(
      `Member's API key Nightly (${maskedKey}) has used $8 of its limit of $10 in all.`,
    );
    expect(outbox.mails[0]?.text).toContain('you can change the limits of its keys in Purser.');
    const subject = 'Test: 80% of the limit of an API key of an API-only member is used';
    expect(mailed().toSorted()).toEqual([`owner: ${subject}`, `partner: ${subject}`]);
  });

  it('never comes of another member’s word, of another organization', async () => {
    const { key, at, mailed, cron } = await keyTeam(TOTAL);
    const stranger = await warnedTeam();
    await stranger.spent(stranger.people.dev.memberId, 10, { [key.id]: { usd: 10 } });
    await stranger.cron();
    await cron();
    expect([await newsOf(key.id), mailed(), stranger.mailed()]).toEqual([null, [], []]);
    expect([await at(10), stranger.mailed()]).toEqual([[`dev: ${USED_UP}`], []]);
  });
});
