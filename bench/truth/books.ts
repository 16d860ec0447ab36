/** Purser's side, as anyone with a master key sees it, and its usage events in D1. */
import type { Server } from '../../scripts/server.ts';
import type { Seeded } from '../../test/support/organization.ts';
import { manage } from '../ground.ts';
import type { Booked } from './compare.ts';

export interface Health {
  /** Nanodollars by which the books differ, all members together. */
  differenceNanos: number;
  heldNanos: number;
  unresolvedNanos: number;
  overrunNanos: number;
  /** What has not been looked at for too long. */
  stale: string[];
}

async function healthOf(url: string, member: Seeded): Promise<Health> {
  const { difference, books, stale } = (await manage(url, member, 'GET', 'health')) as {
    difference: string;
    books: { held: string | null; unresolved: string; overrun: string }[];
    stale: { part: string }[];
  };
  const sum = (of: (member: (typeof books)[number]) => string | null) =>
    books.reduce((total, one) => total + nanosOf(of(one) ?? '0'), 0);
  return {
    differenceNanos: Number(difference),
    heldNanos: sum(({ held }) => held),
    unresolvedNanos: sum(({ unresolved }) => unresolved),
    overrunNanos: sum(({ overrun }) => overrun),
    stale: stale.map(({ part }) => part),
  };
}

/** Waits until nothing is held; what is still held after `msMax` is leaked. */
export async function whenNothingIsHeld(
  url: string,
  member: Seeded,
  msMax: number,
  signal: AbortSignal,
): Promise<Health> {
  const giveUpAt = Date.now() + msMax;
  for (;;) {
    signal.throwIfAborted();
    const health = await healthOf(url, member);
    if ((health.heldNanos === 0 && health.stale.length === 0) || Date.now() > giveUpAt) return health;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Ships and rolls up what is settled, then reads all that was booked, by request. */
export async function bookedOf({ url, db }: Server, member: Seeded): Promise<Map<string, Booked>> {
  await manage(url, member, 'POST', 'rollups');
  const { results } = await db
    .prepare(
      `SELECT request_id AS requestId, cost, unresolved, overrun, outcome, estimated FROM usage_events
       WHERE member_id = ?1 AND outcome <> 'refused'
       ORDER BY n`,
    )
    .bind(member.memberId)
    .all<{
      requestId: string;
      cost: number;
      unresolved: number;
      overrun: number;
      outcome: string;
      estimated: number;
    }>();
  const booked = new Map<string, Booked>();
  for (const { requestId, cost, unresolved, overrun, outcome, estimated } of results) {
    const known = booked.get(requestId);
    booked.set(requestId, {
      requestId,
      costNanos: (known?.costNanos ?? 0) + cost,
      unresolvedNanos: (known?.unresolvedNanos ?? 0) + unresolved,
      overrunNanos: (known?.overrunNanos ?? 0) + overrun,
      outcome: known?.outcome ?? outcome,
      estimated: estimated !== 0,
    });
  }
  return booked;
}

/** What the member has spent ever, as its own key tells it. Throws where that is not answered. */
export async function spentOf(url: string, { apiKey }: Seeded): Promise<number> {
  const response = await fetch(`${url}/v1/key`, { headers: { authorization: `Bearer ${apiKey}` } });
  if (response.status !== 200) throw new Error(`GET /v1/key answers ${response.status}`);
  const { member } = (await response.json()) as { member: { status: { lifetimeUsage: string } } };
  return nanosOf(member.status.lifetimeUsage);
}

export function usdOf(nanos: number): string {
  return (nanos / 1e9).toFixed(9);
}

function nanosOf(usd: string): number {
  return Math.round(Number(usd) * 1e9);
}
