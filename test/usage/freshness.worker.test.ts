/** Usage is in the sums within five minutes of its settlement, whenever in a minute that was. */
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { runCron } from '../../src/app.ts';
import { LIMITS, MINUTE_MS } from '../../src/limits.ts';
import { shipEvents } from '../../src/usage/shipping.ts';
import { forgetUsage, NOON, rows, usageEvent } from './events.ts';

const ANN = { memberId: 'mem_ann', organizationId: 'org_a' };

/** The longest that an event waits in its object while D1 answers, some seconds for the call included. */
const SHIP_MS = LIMITS.shipDelayMs + 15_000;

beforeEach(forgetUsage);

it.each([true, false])('with the cron of five minutes as well: %s', async (alsoFive) => {
  // One every 83 seconds: at all seconds of a minute, sometimes alone.
  const events = Array.from({ length: 30 }, (_, i) => usageEvent(i + 1, { settledAtMs: NOON + 7_000 + i * 83_000 }));
  const seenAtMs = new Map<number, number>();
  let shipped = 0;
  let runs = 0;
  for (let nowMs = NOON; seenAtMs.size < events.length && nowMs < NOON + 2 * 60 * MINUTE_MS; nowMs += MINUTE_MS) {
    const due = events.slice(shipped).filter(({ settledAtMs }) => settledAtMs + SHIP_MS <= nowMs);
    shipped += due.length;
    if (due.length > 0) await shipEvents(env.DB, ANN, due);
    const before = seenAtMs.size;
    await runCron('* * * * *', env, nowMs);
    if (alsoFive && nowMs % (5 * MINUTE_MS) === 0) await runCron('*/5 * * * *', env, nowMs);
    const [seen] = await rows<{ n: number }>('SELECT coalesce(sum(requests), 0) AS n FROM usage_rollups');
    for (let n = before + 1; n <= (seen?.n ?? 0); n++) seenAtMs.set(n, nowMs);
    if (seenAtMs.size > before) runs += 1;
  }
  const waited = events.map(({ n, settledAtMs }) => (seenAtMs.get(n) ?? Number.POSITIVE_INFINITY) - settledAtMs);
  expect(Math.max(...waited)).toBeLessThanOrEqual(4 * MINUTE_MS);
  // Not each by itself, nor every minute: that would write the same rows more often.
  expect(runs).toBeLessThan(events.length / 1.5);
});
