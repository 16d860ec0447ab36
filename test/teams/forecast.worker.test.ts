/** When limits run out, as the member's status and its key tell it. */
import { describe, expect, it } from 'vitest';
import { chat, keyOf } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';
import { memberOf } from './management.ts';

const spend = async (apiKey: string, outputTokens: number) =>
  (await chat(apiKey, { demo: { outputTokens } })).arrayBuffer();

describe('the forecast of a member and its key', () => {
  it('is null until something is spent, an instant then, and now once a limit is reached', async () => {
    const day = { periodUsageDurationValue: 1, periodUsageDurationUnit: 'day', periodAlignment: 'rolling' } as const;
    const seeded = await seedOrganization({
      budget: { usageLimit: '0.00006', periodUsageLimit: '0.00005', ...day },
      keyLimits: { usageLimit: '1' },
    });
    const nothing = { runsOutAt: null, currentPeriodRunsOutAt: null };
    expect((await memberOf(seeded)).status).toMatchObject(nothing);
    expect(await keyOf(seeded.apiKey)).toMatchObject({ ...nothing, member: { status: nothing } });

    // 22 of 50 and 60 micro-dollars: at 22 a day (22 in 3.4 hours for the day's own limit) both run out.
    await spend(seeded.apiKey, 10);
    const beganMs = Date.now();
    const { status } = await memberOf(seeded);
    const inHours = (instant: unknown) => (Date.parse(String(instant)) - beganMs) / 3_600_000;
    expect(inHours(status?.runsOutAt)).toBeGreaterThan(30);
    expect(inHours(status?.runsOutAt)).toBeLessThan(42);
    expect(inHours(status?.currentPeriodRunsOutAt)).toBeGreaterThan(3);
    expect(inHours(status?.currentPeriodRunsOutAt)).toBeLessThan(5);
    const key = await keyOf(seeded.apiKey);
    expect(key, '$1 lasts for years').toMatchObject(nothing);
    for (const field of ['runsOutAt', 'currentPeriodRunsOutAt'] as const) {
      const ofKey = Date.parse(String((key.member.status as Record<string, unknown>)[field]));
      expect(Math.abs(ofKey - Date.parse(String(status?.[field])))).toBeLessThan(60_000);
    }

    await spend(seeded.apiKey, 13);
    const exhausted = await memberOf(seeded);
    expect(exhausted.status).toMatchObject({ currentPeriodRemaining: '0' });
    expect(inHours(exhausted.status?.currentPeriodRunsOutAt)).toBeLessThan(0.1);
  });
});
