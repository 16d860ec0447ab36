/** Requests for more budget, from asking to the request that passes by the grant, and to the one that does not any more. */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { DAY_MS, LIMITS } from '../../src/limits.ts';
import { type Answer, Browser, Outbox, refused } from '../support/browser.ts';
import { chat, json } from '../support/gateway.ts';
import { seedTeam } from '../support/team.ts';
import { call, type Json, type MemberBody, policyState } from './management.ts';

const DAY = { periodUsageDurationValue: 1, periodUsageDurationUnit: 'day', periodAlignment: 'calendar' };
/** A request costs 22 micro-dollars here: 2 words in, 10 out. */
const COST = '0.000022';
const BOTH = { usageLimit: COST, periodUsageLimit: COST, ...DAY };
const ASKED = { limit: 'usageLimit', amount: '5', note: 'Evaluations until Friday' };
const MORE = { amount: '5' };

async function askingTeam() {
  const outbox = new Outbox();
  const { seeded, people } = await seedTeam(
    { owner: 'owner', admin: 'admin', finance: 'finance', dev: 'developer', other: 'developer', basic: 'basic' },
    {},
    outbox.env,
  );
  const path = `/orgs/${seeded.organizationId}/budget-requests`;
  const memberPath = (who: keyof typeof people) => `/orgs/${seeded.organizationId}/members/${people[who].memberId}`;
  const budget = async (who: keyof typeof people, body: Json) =>
    expect((await people.owner.browser.send('PUT', `${memberPath(who)}/budget`, body)).status).toBe(200);
  await budget('dev', BOTH);
  return {
    outbox,
    seeded,
    people,
    path,
    budget,
    memberOf: async (who: keyof typeof people) =>
      (await people.owner.browser.get(memberPath(who))).body as unknown as MemberBody,
    ask: (body: Json = ASKED, who: keyof typeof people = 'dev') => people[who].browser.post(path, body),
    /** A new request's id. */
    asked: async (body: Json = ASKED, who: keyof typeof people = 'dev') => {
      const { status, body: request } = await people[who].browser.post(path, body);
      expect([status, request]).toEqual([201, expect.objectContaining({ status: 'open' })]);
      return String(request.id);
    },
    decide: (id: string, how: 'grant' | 'decline', body: Json = {}, who: keyof typeof people = 'owner') =>
      people[who].browser.post(`${path}/${id}/${how}`, body),
    /** A key of the developer's own. */
    key: async () => {
      const { memberId } = people.dev;
      await env.DB.prepare('INSERT INTO project_grants (member_id, project_id) VALUES (?, ?)')
        .bind(memberId, seeded.projectId)
        .run();
      const made = await call('POST', `/orgs/${seeded.organizationId}/keys`, seeded.masterKey, {
        projectId: seeded.projectId,
        memberId,
        name: 'Laptop',
      });
      return String((await json(made)).secret);
    },
    actions: async () => {
      const answer = await call('GET', `/orgs/${seeded.organizationId}/audit-log`, seeded.masterKey);
      const { entries } = await json<{ entries: Json[] }>(answer);
      return entries.filter(({ action }) => String(action).startsWith('budget_request.'));
    },
  };
}

const messageOf = ({ body }: Answer) => (body.error as { message: string } | undefined)?.message;
const use = async (secret: string) => {
  const response = await chat(secret, { demo: { outputTokens: 10 }, max_tokens: 10 });
  await response.arrayBuffer();
  return response.status;
};

describe('a budget request', () => {
  it('is asked, mailed to who may decide, granted, in force with the next request, and audited once each', async () => {
    const { outbox, seeded, people, ask, decide, key, memberOf, actions } = await askingTeam();
    const secret = await key();
    expect([await use(secret), await use(secret)]).toEqual([200, 403]);
    const asked = await ask({ ...ASKED, amount: '5.0' });
    expect([asked.status, asked.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^brq_/),
        memberId: people.dev.memberId,
        memberName: 'developer',
        limit: 'usageLimit',
        amount: '5',
        note: ASKED.note,
        status: 'open',
        createdAt: expect.any(String),
        decidedAt: null,
        decidedBy: null,
        decisionNote: null,
        grant: null,
      },
    ]);
    for (const { email } of [people.owner, people.admin, people.finance]) {
      const { text, subject } = await outbox.mailTo(email, /asks for more/);
      expect(subject).toBe('Test: a member asks for more budget');
      expect(text).toBe(
        [
          'Hello,',
          'developer asks for $5 more budget. Their limit is $0.000022 in all.',
          'They say: “Evaluations until Friday”',
          'You can grant an extra amount until an instant, or decline.',
          'See the request:\nhttp://purser.test/dashboard/budget-requests',
          'You get this mail because you may set budgets in Test.',
          'Purser\n',
        ].join('\n\n'),
      );
    }
    expect(outbox.mails).toHaveLength(3);

    const until = new Date(Date.now() + DAY_MS).toISOString();
    const granted = await decide(String(asked.body.id), 'grant', { until, note: 'Enjoy' });
    expect([granted.status, granted.body]).toEqual([
      200,
      {
        ...asked.body,
        status: 'granted',
        decidedAt: expect.any(String),
        decidedBy: people.owner.memberId,
        decisionNote: 'Enjoy',
        grant: { amount: '5', until },
      },
    ]);
    const period = await ask({ limit: 'periodUsageLimit' });
    expect((await decide(String(period.body.id), 'grant', MORE)).status).toBe(200);
    expect(await use(secret)).toBe(200);
    const member = await memberOf('dev');
    expect(member.budget).toMatchObject({ usageLimit: COST });
    expect(member.effectiveBudget).toMatchObject({
      usageLimit: '5.000022',
      periodUsageLimit: '5.000022',
      extras: [
        { limit: 'usageLimit', amount: '5', until },
        { limit: 'periodUsageLimit', amount: '5', until: expect.stringMatching(/T00:00:00.000Z$/) },
      ],
    });
    expect(member.status).toMatchObject({ usage: '0.000044', remaining: '4.999978' });

    const { text } = await outbox.mailTo(people.dev.email, /granted/);
    expect(text).toContain('you were granted $5 more, beside your limit of $0.000022 in all. It is there now, until ');
    expect(text).toContain('(UTC).');
    expect(text).toContain('They say: “Enjoy”');
    expect(text).not.toContain('owner');
    expect((await actions()).map(({ action }) => action)).toEqual([
      'budget_request.granted',
      'budget_request.created',
      'budget_request.granted',
      'budget_request.created',
    ]);
    expect((await actions())[2]).toMatchObject({
      before: { decision: null },
      after: { decision: 'granted', memberId: people.dev.memberId, limit: 'usageLimit', amount: '5', until },
    });
    expect(JSON.stringify(await actions())).not.toContain('Friday');
    expect(await policyState(people.dev.memberId)).toMatchObject({ waiting: 0 });
    expect((await call('GET', `/orgs/${seeded.organizationId}/audit-log/verify`, seeded.masterKey)).status).toBe(200);
  });

  it('granted lapses at its instant, in the object and wherever it is shown, and nobody had to do anything', async () => {
    const { asked, decide, key, memberOf, budget } = await askingTeam();
    await budget('dev', { usageLimit: COST });
    const secret = await key();
    expect(await use(secret)).toBe(200);
    const until = new Date(Date.now() + 1_500).toISOString();
    expect((await decide(await asked(), 'grant', { until })).status).toBe(200);
    expect(await use(secret)).toBe(200);
    const endMs = Date.parse(until);
    while (Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, endMs - Date.now()));
    expect(await use(secret)).toBe(403);
    const { effectiveBudget, status } = await memberOf('dev');
    expect(effectiveBudget).toMatchObject({ usageLimit: COST, extras: [] });
    expect(status).toMatchObject({ usage: '0.000044', remaining: '0' });
  });

  it.each<[string, (team: Awaited<ReturnType<typeof askingTeam>>) => Promise<unknown>]>([
    ['a budget that is set anew, even to the same', ({ budget }) => budget('dev', BOTH)],
    ['a limit of 0, which blocks', ({ budget }) => budget('dev', { ...BOTH, usageLimit: '0' })],
  ])('granted ends with %s', async (_, change) => {
    const team = await askingTeam();
    const secret = await team.key();
    for (const limit of ['usageLimit', 'periodUsageLimit']) {
      expect((await team.decide(await team.asked({ ...ASKED, limit }), 'grant')).status).toBe(200);
    }
    expect([await use(secret), await use(secret)]).toEqual([200, 200]);
    await change(team);
    expect(await use(secret)).toBe(403);
    expect((await team.memberOf('dev')).effectiveBudget).toMatchObject({ extras: [] });
    const answer = await call('GET', `/orgs/${team.seeded.organizationId}/audit-log`, team.seeded.masterKey);
    const [newest] = (await json<{ entries: Json[] }>(answer)).entries;
    expect(newest).toMatchObject({
      action: 'member.budget.updated',
      before: { extras: [expect.objectContaining({ amount: '5' }), expect.objectContaining({ amount: '5' })] },
      after: { extras: [] },
    });
  });

  it('granted on an inherited limit ends when the default becomes another, and not by what else is changed', async () => {
    const { seeded, people, budget, asked, decide, memberOf } = await askingTeam();
    const { browser } = people.owner;
    const setDefault = async (body: Json) =>
      expect(
        (await browser.send('PUT', `/orgs/${seeded.organizationId}/default-developer-budget`, body)).status,
      ).toBeLessThan(300);
    await budget('dev', {});
    await setDefault({ usageLimit: '1' });
    expect((await decide(await asked(), 'grant')).status).toBe(200);
    await setDefault({ usageLimit: '1', maxApiKeys: 3 });
    expect((await memberOf('dev')).effectiveBudget).toMatchObject({ usageLimit: '6' });
    await setDefault({ usageLimit: '0' });
    const { effectiveBudget, status } = await memberOf('dev');
    expect(effectiveBudget).toMatchObject({ usageLimit: '0', extras: [] });
    expect(status).toMatchObject({ remaining: '0' });
  });

  it('ends, if nobody says when, with its window, after a rolling one’s duration, and on a total after 30 days', async () => {
    const { asked, decide, budget } = await askingTeam();
    const endOf = async (limit: string) => {
      const { body } = await decide(await asked({ ...ASKED, limit }), 'grant');
      return Date.parse(String((body.grant as Json).until));
    };
    const midnight = new Date().setUTCHours(24, 0, 0, 0);
    expect(await endOf('periodUsageLimit')).toBe(midnight);
    expect(Math.abs((await endOf('usageLimit')) - Date.now() - 30 * DAY_MS)).toBeLessThan(60_000);
    await budget('dev', { ...BOTH, periodUsageDurationValue: 2, periodAlignment: 'rolling' });
    expect(Math.abs((await endOf('periodUsageLimit')) - Date.now() - 2 * DAY_MS)).toBeLessThan(60_000);
  });

  it('declined changes nothing, and its asker is told why', async () => {
    const { outbox, people, asked, decide, memberOf, actions } = await askingTeam();
    const id = await asked();
    const before = await memberOf('dev');
    const declined = await decide(id, 'decline', { note: 'Ask again <next> month' }, 'finance');
    expect([declined.status, declined.body]).toEqual([
      200,
      expect.objectContaining({ status: 'declined', decidedBy: people.finance.memberId, grant: null }),
    ]);
    expect(await memberOf('dev')).toEqual(before);
    const { text, html } = await outbox.mailTo(people.dev.email, /declined/);
    expect(text).toBe(
      [
        'Hello,',
        'you asked for more than your limit of $0.000022 in all. That was declined; your budget stays as it is.',
        'They say: “Ask again <next> month”',
        'See your budget:\nhttp://purser.test/dashboard/budget',
        'Purser\n',
      ].join('\n\n'),
    );
    expect(html).not.toContain('<next>');
    expect((await actions()).map(({ action }) => action)).toEqual([
      'budget_request.declined',
      'budget_request.created',
    ]);
  });

  it('is decided once: whoever comes second is told how it was decided, and nothing is added', async () => {
    const { asked, decide, memberOf } = await askingTeam();
    const orders = [
      ['grant', 'grant'],
      ['grant', 'decline'],
      ['decline', 'grant'],
      ['decline', 'decline'],
    ] as const;
    for (const [first, second] of orders) {
      const id = await asked();
      expect((await decide(id, first)).status).toBe(200);
      const late = await decide(id, second, {}, 'admin');
      expect(refused(late)).toEqual([409, 'already_decided', null]);
      expect(messageOf(late)).toContain(`was ${first === 'grant' ? 'granted' : 'declined'} already, at 20`);
    }
    expect((await memberOf('dev')).effectiveBudget).toMatchObject({ usageLimit: '10.000022' });
  });

  it('raced for by several deciders is won by one, and granted or declined as that one said', async () => {
    const { asked, decide, memberOf, actions } = await askingTeam();
    const id = await asked();
    const answers = await Promise.all([
      decide(id, 'grant', MORE, 'owner'),
      decide(id, 'decline', {}, 'admin'),
      decide(id, 'grant', { amount: '7' }, 'finance'),
      decide(id, 'grant', MORE, 'admin'),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409]);
    const won = answers.find(({ status }) => status === 200)?.body;
    const amount = (won?.grant as { amount: string } | null)?.amount;
    const { effectiveBudget } = await memberOf('dev');
    expect(effectiveBudget.extras).toEqual(amount === undefined ? [] : [expect.objectContaining({ amount })]);
    expect(await actions()).toHaveLength(2);
  });

  it('raced for by one who asks more often than allowed is made as often as allowed', async () => {
    const { ask } = await askingTeam();
    const answers = await Promise.all(Array.from({ length: LIMITS.budgetRequestsOpenMax + 3 }, () => ask()));
    const refusals = answers.filter(({ status }) => status !== 201);
    expect(refusals.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(refusals.map(messageOf)).toContain(
      `You have ${LIMITS.budgetRequestsOpenMax} open requests. Wait until one of them is decided.`,
    );
  });

  it('is none where there is no such limit, and says what there is to do', async () => {
    const { ask, budget, asked, decide } = await askingTeam();
    expect(messageOf(await ask(ASKED, 'other'))).toBe(
      'Your budget has no usageLimit. Nothing limits your budget; if a key is refused, raise the limit of that key.',
    );
    await budget('other', { usageLimit: '1' });
    expect(messageOf(await ask({ limit: 'periodUsageLimit' }, 'other'))).toBe(
      'Your budget has no periodUsageLimit. Ask for more of your usageLimit.',
    );
    const id = await asked(ASKED, 'other');
    await budget('other', {});
    expect(refused(await decide(id, 'grant'))).toEqual([409, 'limit_gone', null]);
    expect((await decide(id, 'decline')).status).toBe(200);
  });

  it('goes with its member: of who was removed there is nothing to decide, nor when they come back', async () => {
    const { outbox, seeded, people, path, asked, decide } = await askingTeam();
    const id = await asked();
    await people.owner.browser.send('DELETE', `/orgs/${seeded.organizationId}/members/${people.dev.memberId}`);
    expect(refused(await decide(id, 'grant'))).toEqual([404, 'not_found', null]);
    expect((await people.owner.browser.get(path)).body.budgetRequests).toEqual([]);

    const again = { email: people.dev.email, projects: [seeded.projectId] };
    expect((await people.owner.browser.post(`/orgs/${seeded.organizationId}/invitations`, again)).status).toBe(201);
    const accepted = await people.dev.browser.post(
      `/invitations/${await outbox.tokenTo(people.dev.email, /invited/)}/accept`,
    );
    expect(accepted.body).toMatchObject({ id: people.dev.memberId });
    expect((await people.owner.browser.get(path)).body.budgetRequests).toMatchObject([
      { id, status: 'declined', decidedAt: expect.any(String), decidedBy: people.owner.memberId, grant: null },
    ]);
    expect(refused(await decide(id, 'grant', MORE))).toEqual([409, 'already_decided', null]);
  });
});

describe('who sees and decides budget requests', () => {
  let team: Awaited<ReturnType<typeof askingTeam>>;
  let ofDev: string;
  let ofOwner: string;
  beforeAll(async () => {
    team = await askingTeam();
    for (const who of ['other', 'basic', 'owner', 'admin', 'finance'] as const) await team.budget(who, BOTH);
    ofDev = await team.asked();
    ofOwner = await team.asked(ASKED, 'owner');
  });

  it.each([
    ['owner', 'both'],
    ['admin', 'both'],
    ['finance', 'both'],
    ['dev', 'own'],
    ['other', 'none'],
    ['basic', 'none'],
  ] as const)('%s sees %s', async (who, sees) => {
    const { status, body } = await team.people[who].browser.get(team.path);
    const ids = (body.budgetRequests as Json[]).map(({ id }) => id);
    expect([status, ids]).toEqual([200, { both: [ofOwner, ofDev], own: [ofDev], none: [] }[sees]]);
  });

  it.each(['dev', 'other', 'basic'] as const)('%s decides nothing, not even of their own', async (who) => {
    for (const how of ['grant', 'decline'] as const) {
      expect(refused(await team.decide(ofDev, how, {}, who))).toEqual([403, 'role_required', null]);
    }
  });

  it.each(['admin', 'finance'] as const)('%s decides nothing of an owner', async (who) => {
    for (const how of ['grant', 'decline'] as const) {
      const answer = await team.decide(ofOwner, how, {}, who);
      expect([refused(answer), messageOf(answer)]).toEqual([
        [403, 'role_required', null],
        'Admins cannot modify owners.',
      ]);
    }
  });

  it('mails an owner’s request to other owners only', async () => {
    const { outbox, asked } = await askingTeamWithTwoOwners();
    await asked(ASKED, 'owner');
    expect(outbox.mails.map(({ to }) => to)).toEqual([expect.stringMatching(/^partner-/)]);
  });

  it('tells another organization and strangers nothing', async () => {
    const { people, path } = await askingTeam();
    for (const [method, to] of [
      ['GET', team.path],
      ['POST', team.path],
      ['POST', `${team.path}/${ofDev}/grant`],
      ['POST', `${team.path}/${ofDev}/decline`],
    ] as const) {
      const body = method === 'GET' ? undefined : {};
      expect(refused(await people.owner.browser.send(method, to, body))).toEqual([404, 'not_found', null]);
      expect(refused(await new Browser(team.outbox.env).send(method, to, body))).toEqual([401, 'unauthorized', null]);
    }
    // Nor by a path of one's own organization.
    expect(refused(await people.owner.browser.post(`${path}/${ofDev}/grant`, MORE))).toEqual([404, 'not_found', null]);
  });

  it('lets a master key decide as an admin, and ask for nobody', async () => {
    const { seeded, path } = team;
    const asked = await call('POST', path, seeded.masterKey, ASKED);
    expect([asked.status, (await json<{ error: Json }>(asked)).error.message]).toEqual([
      403,
      'Members ask for more budget, signed in. With a master key, set the budget itself.',
    ]);
    const id = await team.asked(ASKED, 'other');
    // No mail leaves the environment of this call.
    vi.spyOn(console, 'warn').mockImplementationOnce(() => undefined);
    const granted = await call('POST', `${path}/${id}/grant`, seeded.masterKey, {});
    expect(await json(granted)).toMatchObject({ status: 'granted', decidedBy: null });
  });

  it('is for teams: a personal organization is told what to do', async () => {
    const { seeded, ask } = await askingTeam();
    await env.DB.prepare("UPDATE organizations SET kind = 'personal' WHERE id = ?").bind(seeded.organizationId).run();
    expect(refused(await ask())).toEqual([403, 'team_required', null]);
  });

  it('lists in pages, and by status', async () => {
    const { people, path, asked, decide } = await askingTeam();
    const ids: string[] = [];
    for (let i = 0; i < LIMITS.budgetRequestsOpenMax; i++) ids.push(await asked());
    await decide(ids[0] ?? '', 'decline');
    const page = async (query: string) => (await people.owner.browser.get(`${path}?${query}`)).body;
    const seen: unknown[] = [];
    let cursor: unknown = '';
    while (cursor !== null) {
      const { budgetRequests, nextCursor } = await page(`limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...(budgetRequests as Json[]).map(({ id }) => id));
      cursor = nextCursor;
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    const withStatus = async (status: string) => ((await page(`status=${status}`)).budgetRequests as Json[]).length;
    expect([await withStatus('open'), await withStatus('declined'), await withStatus('granted')]).toEqual([
      LIMITS.budgetRequestsOpenMax - 1,
      1,
      0,
    ]);
  });

  it.each<[string, string, unknown, string | null]>([
    ['no limit', '', {}, 'limit'],
    ['an unknown limit', '', { limit: 'wallet' }, 'limit'],
    ['an unknown field', '', { ...ASKED, until: null }, 'until'],
    ['nothing asked for', '', { ...ASKED, amount: '0' }, 'amount'],
    ['a negative amount', '', { ...ASKED, amount: '-1' }, 'amount'],
    ['a number', '', { ...ASKED, amount: 5 }, 'amount'],
    ['too much', '', { ...ASKED, amount: '1000000.01' }, 'amount'],
    ['a long note', '', { ...ASKED, note: 'x'.repeat(LIMITS.budgetNoteLengthMax + 1) }, 'note'],
    ['a list', '', [], null],
    ['text', '', '"x"', null],
    ['an end that is over', 'grant', { until: '2020-01-01T00:00:00Z' }, 'until'],
    ['an end in words', 'grant', { until: 'tomorrow' }, 'until'],
    ['an end in years', 'grant', { until: new Date(Date.now() + LIMITS.grantMsMax + DAY_MS).toISOString() }, 'until'],
    ['a grant past what a limit may be', 'grant', { amount: '1000000' }, 'amount'],
    ['a grant of nothing', 'grant', { amount: '0.0' }, 'amount'],
    ['an unknown field of a grant', 'grant', { limit: 'usageLimit' }, 'limit'],
    ['an unknown field of a decline', 'decline', { amount: '1' }, 'amount'],
  ])('refuses %s with the field’s name, and leaves the request open', async (_, how, body, param) => {
    const { people, path } = team;
    const who = how === '' ? 'basic' : 'owner';
    const to = how === '' ? path : `${path}/${ofDev}/${how}`;
    expect(refused(await people[who].browser.post(to, body))).toEqual([400, 'invalid_request_error', param]);
    const { budgetRequests } = (await people.dev.browser.get(path)).body as { budgetRequests: Json[] };
    expect(budgetRequests).toMatchObject([{ id: ofDev, status: 'open' }]);
  });

  it.each([
    ['status=old', 'status'],
    ['limit=0', 'limit'],
    ['member=x', 'member'],
  ])('refuses the list’s %s', async (query, param) => {
    expect(refused(await team.people.owner.browser.get(`${team.path}?${query}`))).toEqual([
      400,
      'invalid_request_error',
      param,
    ]);
  });

  it('is documented as decided by a member, as it is answered', async () => {
    const document = await json<{ components: { schemas: Record<string, { properties: Json }> } }>(
      await call('GET', '/openapi.json', ''),
    );
    const { properties } = document.components.schemas.BudgetRequest ?? {};
    expect(properties?.decidedBy).toMatchObject({ example: expect.stringMatching(/^mem_/) });
  });

  it('needs an amount where none was asked for', async () => {
    const id = await team.asked({ limit: 'usageLimit' }, 'basic');
    expect(refused(await team.decide(id, 'grant'))).toEqual([400, 'invalid_request_error', 'amount']);
  });
});

async function askingTeamWithTwoOwners() {
  const outbox = new Outbox();
  const { seeded, people } = await seedTeam({ owner: 'owner', partner: 'owner', admin: 'admin' }, {}, outbox.env);
  const { browser, memberId } = people.owner;
  const organization = `/orgs/${seeded.organizationId}`;
  expect((await browser.send('PUT', `${organization}/members/${memberId}/budget`, BOTH)).status).toBe(200);
  const asked = async (body: Json, who: keyof typeof people) =>
    expect((await people[who].browser.post(`${organization}/budget-requests`, body)).status).toBe(201);
  return { outbox, asked };
}

it('any body at all to ask, grant or decline is taken or refused, and never a failure of ours', async () => {
  const { people, path, decide } = await askingTeam();
  const value = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('usageLimit', 'periodUsageLimit', '5', '0', '1e5', '\ud800', '9999-12-31T23:59:59Z', '__proto__'),
  );
  const body = fc.oneof(
    value,
    fc.record({ limit: value, amount: value, note: value }, { requiredKeys: [] }),
    fc.record({ amount: value, until: value, note: value }, { requiredKeys: [] }),
  );
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(body, async (given) => {
      const asked = await people.dev.browser.post(path, given);
      const id = String(asked.body.id ?? 'brq_none');
      const answers = [asked, await decide(id, 'grant', given as Json), await decide(id, 'decline', given as Json)];
      for (const { status, body: answer } of answers) {
        seen.add(status);
        expect([status < 500, answer]).toEqual([true, expect.anything()]);
      }
      // One open request too many would refuse all that follow.
      await decide(id, 'decline');
    }),
    { numRuns: 100, examples: [[{ limit: 'usageLimit' }], [{ limit: 'usageLimit', amount: '5' }], [{}]] },
  );
  expect([...seen]).toEqual(expect.arrayContaining([201, 400, 404]));
});
