/** How a member's budget was set, as those who may set it see it, and the member. */
import { expect, it } from 'vitest';
import { refused } from '../support/browser.ts';
import { seedTeam } from '../support/team.ts';
import type { Json } from './management.ts';

it("a member's budget history tells what was changed, page by page; to the member not by whom", async () => {
  const { seeded, people } = await seedTeam({
    owner: 'owner',
    finance: 'finance',
    dev: 'developer',
    other: 'developer',
  });
  const path = `/orgs/${seeded.organizationId}/members/${people.dev.memberId}/budget`;
  const set = async (who: 'owner' | 'finance', usageLimit: string) =>
    expect((await people[who].browser.send('PUT', path, { usageLimit })).status).toBe(200);
  await set('owner', '50');
  await set('finance', '20');
  await set('owner', '80');
  const history = async (who: keyof typeof people, query = '') =>
    (await people[who].browser.get(`${path}/history${query}`)).body as { history: Json[]; nextCursor: string | null };

  const all = await history('finance');
  expect(all.nextCursor).toBeNull();
  expect(all.history.map(({ before, after }) => [before, after])).toEqual([
    [{ usageLimit: '20' }, { usageLimit: '80' }],
    [{ usageLimit: '50' }, { usageLimit: '20' }],
    [{ usageLimit: null }, { usageLimit: '50' }],
  ]);
  expect(all.history.map(({ by }) => (by as Json).kind)).toEqual(['user', 'user', 'user']);
  const names = all.history.map(({ by }) => String((by as Json).name).split('-')[0]);
  expect(names).toEqual(['owner', 'finance', 'owner']);

  const first = await history('owner', '?limit=2');
  expect(first.history).toEqual(all.history.slice(0, 2));
  expect((await history('owner', `?limit=2&cursor=${first.nextCursor}`)).history).toEqual(all.history.slice(2));

  const own = await history('dev');
  expect(own.history.map(({ after, by }) => [after, by])).toEqual([
    [{ usageLimit: '80' }, null],
    [{ usageLimit: '20' }, null],
    [{ usageLimit: '50' }, null],
  ]);
  expect(refused(await people.other.browser.get(`${path}/history`))).toEqual([403, 'role_required', null]);
  expect((await people.owner.browser.get(`${path}/history?cursor=x`)).status).toBe(400);
});
