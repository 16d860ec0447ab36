/** An organization's usage is moved from one database to another: all of it, once, whatever fails and whoever goes on. */
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { nanos } from '../../src/money/nanos.ts';
import { goOn, startMove } from '../../src/usage/moving/move.ts';
import { rollUp } from '../../src/usage/rollups.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { insertMember, seedOrganization } from '../support/seed.ts';
import { forgetUsage, mixed, NOON, rows, usageEvents } from './events.ts';
import { figuresIn, moveTo, operatorTrail, rowsIn } from './moved.ts';

const other = () => {
  const db = env.USAGE_DB_1;
  if (!db) throw new Error('no second database');
  return db;
};

/** An organization with usage in the main database: some rolled up, some not yet; books; and another beside it. */
async function usedOrganization(events = 40) {
  const { organizationId, memberId } = await seedOrganization();
  const second = await insertMember(organizationId, 'developer');
  const stranger = await seedOrganization();
  const ship = async (who: { organizationId: string; memberId: string }, last: number, first = 1) => {
    for (let n = first; n <= last; n += 5_000) {
      const some = usageEvents(n, Math.min(last, n + 4_999), (i) => ({ ...mixed(i), latencyMs: i % 900, firstTokenMs: i % 90 }));
      expect(await shipEvents(env.DB, who, some)).toBeNull();
    }
  };
  await ship(stranger, 7);
  await ship({ organizationId, memberId }, events);
  await ship({ organizationId, memberId: second }, 9);
  await rollUp(env.DB, NOON);
  await ship({ organizationId, memberId }, events + 6, events + 1);
  await env.DB.prepare(
    `INSERT INTO member_books (member_id, organization_id, looked_at, proven_at, proven_seq, differs, proof)
     VALUES (?1, ?2, 5, 5, 3, 0, '{}')`,
  )
    .bind(memberId, organizationId)
    .run();
  return { organizationId, memberId, second, stranger };
}

const placeOf = async (organizationId: string) =>
  (await rows<{ place: string | null }>('SELECT usage_database AS place FROM organizations WHERE id = ?1', organizationId))[0]
    ?.place;

beforeEach(forgetUsage);

describe('a move', () => {
  it('takes everything to the other database, and leaves nothing and nobody else behind', async () => {
    const { organizationId, stranger } = await usedOrganization();
    const strangers = await figuresIn(env.DB, stranger.organizationId);
    let before: unknown;
    await moveTo(organizationId, 'USAGE_DB_1', {
      after: async ({ phase }) => {
        // Rolled up by the move, so as of then.
        if (phase === 'switched') before = await figuresIn(env.DB, organizationId);
      },
    });
    const after = await figuresIn(other(), organizationId);
    expect(after).toEqual(before);
    expect(after.usage_events).toHaveLength(55);
    for (const name of ['member_ledgers', 'usage_dimensions', 'usage_rollups', 'usage_series', 'usage_totals', 'member_days', 'member_books']) {
      expect(after[name]?.length, name).toBeGreaterThan(0);
    }
    expect(await rowsIn(env.DB, organizationId)).toBe(0);
    expect(await placeOf(organizationId)).toBe('USAGE_DB_1');
    expect(await figuresIn(env.DB, stranger.organizationId)).toEqual(strangers);
    // In the sums already: the next rollups there take none of it again.
    await rollUp(other(), NOON + 1);
    expect(await figuresIn(other(), organizationId)).toEqual(after);
  });

  it('goes back the same way, and again', async () => {
    const { organizationId } = await usedOrganization();
    await moveTo(organizationId, 'USAGE_DB_1');
    const there = await figuresIn(other(), organizationId);
    await moveTo(organizationId, 'DB');
    expect(await figuresIn(env.DB, organizationId)).toEqual(there);
    expect(await rowsIn(other(), organizationId)).toBe(0);
    expect(await placeOf(organizationId)).toBeNull();
    await moveTo(organizationId, 'USAGE_DB_1');
    expect(await figuresIn(other(), organizationId)).toEqual(there);
  });
});
