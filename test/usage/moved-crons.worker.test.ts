/** What crons do for an organization whose usage lies in another database, or is just on its way there: as if it were here. */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { CATALOGUE_MAPPINGS } from '../../src/models/catalogue.ts';
import { noticePriceChanges } from '../../src/prices/notices.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { Outbox } from '../support/browser.ts';
import { seedOrganization } from '../support/seed.ts';
import { seedTeam } from '../support/team.ts';
import { clock, warnedTeam } from '../teams/warned-team.ts';
import { booksOf, health, shipNow, spend } from './books-world.ts';
import { forgetUsage, usageEvent } from './events.ts';
import { moveTo } from './moved.ts';

const elsewhere = () => {
  const db = env.USAGE_DB_1;
  if (!db) throw new Error('no second database');
  return db;
};

beforeEach(forgetUsage);

describe('a warning', () => {
  it('comes once, be the usage elsewhere or on its way', async () => {
    const { seeded, people, budget, spent, cron, mailed } = await warnedTeam();
    const { memberId } = people.dev;
    await budget(memberId, { usageLimit: '10' });
    await spent(memberId, 8);
    // What is news travels along.
    await moveTo(seeded.organizationId, 'USAGE_DB_1');
    await cron();
    await cron();
    expect(mailed()).toEqual(['dev: Test: 80% of your budget is used']);
    await spent(memberId, 10);
    await Promise.all([cron(), cron()]);
    await cron();
    expect(mailed()).toEqual(['dev: Test: your budget is used up']);
    const news = await elsewhere()
      .prepare('SELECT status_is_news FROM member_ledgers WHERE member_id = ?1')
      .bind(memberId)
      .all();
    expect(news.results).toEqual([{ status_is_news: 0 }]);
  });

  it('waits while the usage is being moved', async () => {
    const { seeded, people, budget, spent, cron, mailed } = await warnedTeam();
    const { memberId } = people.dev;
    await budget(memberId, { usageLimit: '10' });
    await spent(memberId, 10);
    const told: Record<string, string[]> = {};
    let isClosed = false;
    await moveTo(seeded.organizationId, 'USAGE_DB_1', {
      piecesPerCall: 1,
      after: async ({ phase }) => {
        // Before the source is closed it would be told from there; the last call of the copying says so, but closes nothing.
        if (!isClosed) {
          isClosed = phase === 'closing';
          return;
        }
        clock.ms += 1;
        await cron();
        told[phase] = [...(told[phase] ?? []), ...mailed()];
      },
    });
    expect(told.closing).toEqual([]);
    expect(Object.values(told).flat()).toEqual(['dev: Test: your budget is used up']);
    await cron();
    expect(mailed()).toEqual([]);
  });
});

it('a changed price is told to who has used the model elsewhere, and to nobody else', async () => {
  const outbox = new Outbox();
  const { seeded, people } = await seedTeam({ owner: 'owner' }, {}, outbox.env);
  const { organizationId, memberId } = seeded;
  const nowMs = Date.now();
  await moveTo(organizationId, 'USAGE_DB_1');
  await shipEvents(elsewhere(), { organizationId, memberId }, [
    usageEvent(1, { mapping: 'demo/elsewhere', settledAtMs: nowMs }),
  ]);
  await rollUp(elsewhere(), nowMs);
  const [first, second] = CATALOGUE_MAPPINGS;
  if (!first || !second) throw new Error('there are no models');
  const mapping = { ...first, id: 'demo/elsewhere' };
  await noticePriceChanges(outbox.env, [mapping], nowMs);
  await noticePriceChanges(outbox.env, [{ ...mapping, prices: second.prices }], nowMs);
  const told = outbox.mails.filter(({ subject }) => subject.includes('demo/elsewhere'));
  expect(told.map(({ to }) => to)).toEqual([people.owner.email]);
});

it('the books agree at every step of a move, also while events wait in the members’ objects', async () => {
  const team = await seedOrganization();
  const { organizationId, memberId, apiKey } = team;
  expect(await spend(apiKey, 3)).toBe(200);
  await shipNow(memberId);
  await rollUp(env.DB, Date.now());
  const unshipped: Record<string, number> = {};
  await moveTo(organizationId, 'USAGE_DB_1', {
    piecesPerCall: 2,
    after: async ({ phase }) => {
      expect(await spend(apiKey, 2)).toBe(200);
      await shipNow(memberId).catch((error) => expect(String(error)).toContain('is being moved'));
      const told = await health(team, 'now');
      expect(told, phase).toMatchObject({ ok: true, difference: '0', differing: 0, unproven: 0 });
      unshipped[phase] = Math.max(unshipped[phase] ?? 0, booksOf(told, memberId).unshipped ?? 0);
    },
  });
  expect(unshipped).toMatchObject({ copying: 0, done: 0 });
  expect(unshipped.closing).toBeGreaterThan(1);
  await shipNow(memberId);
  expect(await health(team, 'now')).toMatchObject({ ok: true, difference: '0' });
}, 120_000);
