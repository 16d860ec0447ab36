/** Lists of a large team: what D1 and the objects are asked does not grow with the team. Times are `npm run bench -- teams`. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { type BigTeam, insertBigTeam } from '../support/big-team.ts';
import { countD1, type D1Counts, NO_D1_COUNTS } from '../support/d1-counts.ts';
import { json } from '../support/gateway.ts';
import { callIn, type MemberBody, request, UNREACHABLE, withObjects } from './management.ts';

const FEW = 30;
const MANY = 600;
const KEYS_PER_MEMBER = 5;

/** Of each member shown: row, user, organization, grant, ledger, keys, and what the page keeps of it. */
const ROWS_A_MEMBER_MAX = 2 * (6 + KEYS_PER_MEMBER);
/** Of each member of the organization, where all have to be looked at to sort or search: row, user or ledger, sorting. */
const ROWS_A_LOOK_MAX = 5;

interface Counted extends D1Counts {
  objects: number;
  members: MemberBody[];
}

const teams = new Map<number, Promise<BigTeam>>();

/** Made once each. All are in one database, so rows of another team would be counted too. */
function teamOf(members: number): Promise<BigTeam> {
  const made = teams.get(members) ?? insertBigTeam(env.DB, env.KEY_SECRET, { members, keysPerMember: KEYS_PER_MEMBER });
  teams.set(members, made);
  return made;
}

async function counted(team: BigTeam, query: string): Promise<Counted> {
  const counts = { ...NO_D1_COUNTS };
  const objects = new Set<string>();
  const stop = countD1(env.DB, (one) => {
    counts.statements += one.statements;
    counts.rowsRead += one.rowsRead;
    counts.rowsWritten += one.rowsWritten;
  });
  try {
    const environment = withObjects((memberId) => {
      objects.add(memberId);
      return UNREACHABLE;
    });
    const path = `/orgs/${team.organizationId}/members?${query}`;
    const response = await callIn(environment, request('GET', path, team.masterKey));
    expect(response.status).toBe(200);
    const { members } = await json<{ members: MemberBody[] }>(response);
    return { ...counts, objects: objects.size, members };
  } finally {
    stop();
  }
}

describe.each([
  'limit=20',
  'limit=20&sort=-name',
  'limit=20&sort=email',
  'limit=20&sort=-lifetimeUsage',
  'limit=20&q=member 1',
  'limit=100',
])('a page of members (%s)', (query) => {
  it('takes three statements and no object of a few members, and of many', async () => {
    for (const size of [FEW, MANY]) {
      const { statements, objects, rowsWritten, members } = await counted(await teamOf(size), query);
      // Who asks, the page, what its members used.
      expect({ size, statements, objects, rowsWritten }).toEqual({ size, statements: 3, objects: 0, rowsWritten: 0 });
      expect(members.every(({ status }) => status !== null)).toBe(true);
    }
  });

  it('reads what it shows, and at most looks at each member once', async () => {
    const team = await teamOf(MANY);
    const { rowsRead, members } = await counted(team, query);
    const looks = query.includes('sort=email') || query.includes('Usage') || query.includes('q=') ? MANY : 0;
    expect(members.length).toBe(query === 'limit=100' ? 100 : 20);
    expect(rowsRead).toBeLessThanOrEqual(members.length * ROWS_A_MEMBER_MAX + looks * ROWS_A_LOOK_MAX + 50);
  });
});

it('every member of many is on one page, by pages of any order', async () => {
  const team = await teamOf(MANY);
  for (const sort of ['name', '-email']) {
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = `?limit=100&sort=${sort}${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const asked = request('GET', `/orgs/${team.organizationId}/members${query}`, team.masterKey);
      const page: { members: MemberBody[]; nextCursor: string | null } = await json(await callIn(env, asked));
      seen.push(...page.members.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect([seen.length, new Set(seen).size]).toEqual([MANY, MANY]);
  }
});
