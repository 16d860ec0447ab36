/**
 * Every route of the OpenAPI document, called by everybody, compared with the table (access-table.ts): who is answered
 * and what the others hear; that nobody reads a word of another organization; and that each change that takes place
 * writes one audit entry, and a refused one none.
 */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { newId } from '../../src/ids.ts';
import { ORGANIZATION, outcomeFor, type Row, refusedAtOnce, requestOf } from './access-table.ts';
import { CALLERS, type Caller, callerIn, type Told, type Who } from './callers.ts';
import { OPERATIONS, SERVED } from './document.ts';
import { OWN, type OwnRow, ownOutcomeFor, UNDOCUMENTED } from './own-table.ts';
import { type Ids, makeWorld, type World } from './world.ts';

/** Each test makes many calls, some of which hash a password: patience for a machine that is busy with others. */
vi.setConfig({ testTimeout: 180_000 });

/** Nobody of it changes anything. */
let elsewhere: World;
beforeAll(async () => {
  elsewhere = await makeWorld();
});

async function worldFor(row: Row): Promise<World> {
  const world = await makeWorld();
  if (row.given === 'it is personal') await set(world, "kind = 'personal'");
  if (row.given === 'it is deleted') await set(world, `deleted_at = ${Date.now()}`);
  if (row.given === 'it is on Pro') await set(world, "plan = 'pro'");
  if (row.given === 'somebody has asked for more') await askForMore(world);
  return world;
}

async function askForMore({ ids }: World): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO budget_requests (id, organization_id, member_id, limit_name, amount, created_at)
     VALUES (?, ?, ?, 'total', '5', 0)`,
  )
    .bind(ids.requestId, ids.orgId, ids.memberId)
    .run();
}

async function set({ ids }: World, what: string): Promise<void> {
  await env.DB.prepare(`UPDATE organizations SET ${what} WHERE id = ?`).bind(ids.orgId).run();
}

function shown({ status, code }: Told): string {
  return status < 400 ? 'ok' : `${status} ${code}`;
}

const seen = new Set<string>();

/** The audit entries that were written since this was asked last: organization and action. */
async function newEntries(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    'SELECT organization_id AS organization, n, action FROM audit_entries ORDER BY organization_id, n',
  ).all<{ organization: string; n: number; action: string }>();
  const fresh = results.filter(({ organization, n }) => !seen.has(`${organization} ${n}`));
  for (const { organization, n } of fresh) seen.add(`${organization} ${n}`);
  return fresh.map(({ organization, action }) => `${organization} ${action}`);
}

async function send(row: Row, world: World, caller: Caller, body?: string): Promise<Told> {
  const { method, path, body: given } = requestOf(row, world, caller);
  return caller.send(method, path, body ?? given);
}

/** Of these texts the ones that were told, and that the request did not name itself. */
function leaked(told: Told, texts: readonly string[], asked: object): string[] {
  const named = JSON.stringify(asked);
  return texts.filter((text) => told.text.includes(text) && !named.includes(text));
}

/** Planted texts that this caller may not read: all of another organization's, and, for most, other people's names. */
function unreadable(who: Who, world: World, person: Caller['person']): string[] {
  const own = person ? [person.name, person.email, person.userId] : [];
  const others = (texts: readonly string[]) => texts.filter((text) => !own.includes(text));
  switch (who) {
    case 'stranger':
    case 'invited':
    case 'owner elsewhere':
    case 'master key elsewhere':
      return others(world.planted);
    case 'API key':
    case 'developer':
    case 'developer not granted':
    case 'basic':
      return [...others(world.names), ...elsewhere.planted];
    case 'owner':
    case 'admin':
    case 'finance':
    case 'master key':
      return elsewhere.planted;
  }
}

const TITLED = ORGANIZATION.filter(({ route }) => SERVED.includes(route)).map((row): [string, Row] => [
  row.asked ? `${row.route} (${row.asked})` : row.route,
  row,
]);

/** The operator's alone stand in neither: each `hide`s itself where it is made. */
const HIDDEN = /^\w+ \/operator\//;

describe('the table', () => {
  it('has a row for every route of the document, and no other', () => {
    const rows = [...new Set([...ORGANIZATION, ...OWN].map(({ route }) => route))];
    const routes = OPERATIONS.map(({ route }) => route);
    expect(routes.filter((route) => !rows.includes(route))).toEqual([]);
    expect(rows.filter((route) => !routes.includes(route))).toEqual([]);
  });

  it('has a row for every route that is served', () => {
    const rows = new Set([...ORGANIZATION, ...OWN, ...UNDOCUMENTED].map(({ route }) => route));
    expect(SERVED.filter((route) => !rows.has(route) && !HIDDEN.test(route))).toEqual([]);
    expect(UNDOCUMENTED.filter(({ route }) => !SERVED.includes(route))).toEqual([]);
  });

  it('says of each change which entry it writes, or why none', () => {
    const silent = [...ORGANIZATION, ...OWN, ...UNDOCUMENTED].filter(
      (row) =>
        !row.route.startsWith('GET ') &&
        row.tells === undefined &&
        row.tellsNothing === undefined &&
        !('tellsOnce' in row),
    );
    expect(silent).toEqual([]);
  });
});

describe.each(TITLED)('%s', (_, row) => {
  it('answers each caller as the table has it, and tells nobody of another organization', async () => {
    const expected: Record<string, string> = {};
    const told: Record<string, string> = {};
    const leaks: Record<string, string[]> = {};
    let world = await worldFor(row);
    await newEntries();
    for (const who of CALLERS) {
      const outcome = outcomeFor(row, who);
      expected[who] = outcome;
      const caller = await callerIn(who, world, elsewhere);
      const answer = await send(row, world, caller);
      told[who] = shown(answer);
      const wrote = await newEntries();
      if (outcome !== 'ok') {
        if (wrote.length > 0) told[who] += `, and wrote ${wrote}`;
        // Not even by what is wrong with a request does it learn what is there.
        if (refusedAtOnce(row, who) && row.body) {
          const garbled = shown(await send(row, world, caller, '{"'));
          if (garbled !== outcome) told[who] += `, but ${garbled} to a bad body`;
        }
      } else {
        expect(wrote, `${who} wrote`).toEqual(row.tells ? [`${world.ids.orgId} ${row.tells}`] : []);
      }
      const request = requestOf(row, world, caller);
      const leak = leaked(answer, unreadable(who, world, caller.person), request);
      if (leak.length > 0) leaks[who] = leak;
      if (outcome === 'ok' && row.tells) world = await worldFor(row);
    }
    expect(told).toEqual(expected);
    expect(leaks).toEqual({});
  });

  it('knows nothing of what belongs to another organization', async () => {
    const world = await worldFor(row);
    const caller = await callerIn('owner', world, elsewhere);
    const plain = requestOf(row, world, caller);
    for (const name of Object.keys(world.ids) as (keyof Ids)[]) {
      if (name === 'orgId') continue;
      const foreign = { ids: { ...world.ids, [name]: elsewhere.ids[name] } };
      const asked = requestOf(row, foreign, caller);
      if (JSON.stringify(asked) === JSON.stringify(plain)) continue;
      if (!JSON.stringify(asked).includes(elsewhere.ids[name])) continue;
      const unknownId = `${world.ids[name].slice(0, 4)}${newId('org').slice(4)}`;
      const unknown = { ids: { ...world.ids, [name]: unknownId } };
      await newEntries();
      const toForeign = await caller.send(asked.method, asked.path, asked.body);
      const ofUnknown = requestOf(row, unknown, caller);
      const toUnknown = await caller.send(ofUnknown.method, ofUnknown.path, ofUnknown.body);
      expect([name, shown(toForeign)]).toEqual([
        name,
        expect.stringMatching(/^(404 not_found|400 invalid_request_error)$/),
      ]);
      const masked = (text: string, id: string) => text.replaceAll(id, '<id>');
      expect(masked(toForeign.text, elsewhere.ids[name])).toBe(masked(toUnknown.text, unknownId));
      expect(leaked(toForeign, elsewhere.planted, asked)).toEqual([]);
      expect(await newEntries()).toEqual([]);
    }
  });

  it('asks for the plan and for a team once it knows the role, and not where it needs neither', async () => {
    for (const [what, code, needed] of [
      ["plan = 'free'", 'plan_required', row.feature],
      ["kind = 'personal'", 'team_required', row.ofTeams],
    ] as const) {
      const world = await worldFor(row);
      await set(world, what);
      for (const who of ['owner elsewhere', 'basic', 'owner'] as const) {
        const outcome = outcomeFor(row, who);
        const answer = await send(row, world, await callerIn(who, world, elsewhere));
        if (needed) expect([who, shown(answer)]).toEqual([who, outcome === 'ok' ? `403 ${code}` : outcome]);
        else expect([who, answer.code]).not.toEqual([who, code]);
      }
    }
  });
});

const OWN_SERVED = [...OWN, ...UNDOCUMENTED]
  .filter(({ route }) => SERVED.includes(route))
  .map((row): [string, OwnRow] => [row.route, row]);

describe.each(OWN_SERVED)('%s', (route, row) => {
  it('answers each caller as the table has it, and tells nobody of another organization', async () => {
    const [method = '', template = ''] = route.split(' ');
    const expected: Record<string, string> = {};
    const told: Record<string, string> = {};
    const leaks: Record<string, string[]> = {};
    for (const who of CALLERS) {
      const world = await makeWorld();
      // What people have of their own is used up, elsewhere too.
      const caller = await callerIn(who, world, who === 'owner elsewhere' ? await makeWorld() : elsewhere);
      const asked = (await row.ask?.(caller, world)) ?? {};
      const path = template.replace(/\{(\w+)\}/g, (_, name: string) => asked.path?.[name] ?? '');
      const outcome = ownOutcomeFor(row, who);
      expected[who] = outcome;
      const organizations = await organizationsOf(asked.userId ?? caller.person?.userId ?? '');
      await newEntries();
      const answer = await caller.send(method, path, asked.body, asked.browser);
      const wrote = await newEntries();
      told[who] = shown(answer);
      if (outcome !== 'ok') expect(wrote, `${who} wrote`).toEqual([]);
      else if (row.tellsOnce) expect(wrote, `${who} wrote`).toEqual([expect.stringMatching(` ${row.tellsOnce}$`)]);
      else expect(wrote, `${who} wrote`).toEqual(row.tells ? organizations.map((id) => `${id} ${row.tells}`) : []);
      // Who has an invitation's link is told where it leads.
      const leak = template.includes('{token}') ? [] : leaked(answer, unreadable(who, world, caller.person), asked);
      if (leak.length > 0) leaks[who] = leak;
    }
    expect(told).toEqual(expected);
    expect(leaks).toEqual({});
  });
});

/** Those that somebody is a member of, in the order of newEntries. */
async function organizationsOf(userId: string): Promise<string[]> {
  const { results } = await env.DB.prepare(
    'SELECT organization_id AS id FROM members WHERE user_id = ? AND removed_at IS NULL ORDER BY organization_id',
  )
    .bind(userId)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}
