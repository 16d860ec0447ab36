import { createExecutionContext, runDurableObjectAlarm, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { Hold } from '../../src/gateway/hold.ts';
import { isFailing, noteHealth } from '../../src/gateway/provider-health.ts';
import type { Refusal } from '../../src/gateway/refusals.ts';
import { LIMITS } from '../../src/limits.ts';
import { nanos, ZERO } from '../../src/money/nanos.ts';
import { ABOUT } from '../support/about.ts';
import { chat } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

/** An environment whose member objects answer as told. */
function objectsThat(methods: Record<string, () => Promise<unknown>>): Env {
  return { ...env, MEMBER_BUDGET: { idFromName: () => 'id', get: () => methods } } as unknown as Env;
}

const TTL_MS = 1_000;
const ticket = {
  attemptId: 'att_1',
  keyId: 'key_1',
  projectId: 'prj_1',
  epoch: 'one',
  amount: nanos(10),
  openedAtMs: 0,
  ttlMs: TTL_MS,
};

async function lostAfter(environment: Env): Promise<{ refusal: Refusal; ms: number }> {
  const sentAtMs = Date.now();
  const hold = new Hold(environment, 'mem_1', ABOUT, ticket, sentAtMs);
  const refusal = await new Promise<Refusal>((resolve) => hold.keepAlive(() => ZERO, resolve));
  await hold.release();
  return { refusal, ms: Date.now() - sentAtMs };
}

describe('a hold in the Worker', () => {
  const release = () => Promise.resolve();

  it('is given up before its life ends when no renewal is confirmed', async () => {
    const { refusal, ms } = await lostAfter(objectsThat({ release, extend: () => Promise.reject(new Error('gone')) }));
    expect(refusal).toEqual({ kind: 'budget_unavailable' });
    expect(ms).toBeLessThan(TTL_MS);
  });

  it('is given up at once when a renewal is refused or finds it gone', async () => {
    const disabled = { kind: 'invalid_key', reason: 'disabled' };
    const refused = await lostAfter(
      objectsThat({ release, extend: async () => ({ extended: false, refusal: disabled }) }),
    );
    expect(refused.refusal).toEqual(disabled);
    const gone = await lostAfter(objectsThat({ release, extend: async () => ({ extended: false, refusal: null }) }));
    expect(gone.refusal).toEqual({ kind: 'budget_unavailable' });
  });

  it('lives on as long as renewals are confirmed', async () => {
    let renewals = 0;
    const confirming = objectsThat({
      release,
      extend: async () => {
        renewals += 1;
        return { extended: true, ticket };
      },
    });
    const hold = new Hold(confirming, 'mem_1', ABOUT, ticket, Date.now());
    let lost = false;
    hold.keepAlive(
      () => ZERO,
      () => {
        lost = true;
      },
    );
    while (renewals < 6) await new Promise((resolve) => setTimeout(resolve, 10));
    await hold.release();
    expect(lost).toBe(false);
  });

  it('settles through failures of its object', async () => {
    let calls = 0;
    const flaky = objectsThat({
      settle: async () => {
        calls += 1;
        if (calls < 3) throw new Error('overloaded');
        return { booked: true };
      },
    });
    const request = {
      cost: ZERO,
      inputCost: ZERO,
      outputCost: ZERO,
      inputTokens: 0,
      cachedTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
    };
    const settled = await new Hold(flaky, 'mem_1', ABOUT, ticket, Date.now()).settle(
      {
        ...request,
        outcome: 'completed',
        unresolved: ZERO,
        estimated: false,
        latencyMs: null,
        firstTokenMs: null,
      },
      Date.now(),
    );
    expect([settled, calls]).toEqual([true, 3]);
  });
});

it('events are shipped by the object itself, with nobody asking', async () => {
  const { apiKey, memberId } = await seedOrganization();
  await (await chat(apiKey)).text();
  const object = env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId));
  expect(await runDurableObjectAlarm(object)).toBe(true);
  const { results } = await env.DB.prepare('SELECT n, outcome, cost FROM usage_events WHERE member_id = ?')
    .bind(memberId)
    .all();
  expect(results).toEqual([{ n: 1, outcome: 'completed', cost: 202_000 }]);
  // Nothing is left to do, so nothing wakes it any more.
  expect(await runDurableObjectAlarm(object)).toBe(false);
});

it('a provider that keeps failing is known for it until it answers, and no other is', async () => {
  const failing = () => ['openai', 'anthropic'].filter((name) => isFailing(env, createExecutionContext(), name));
  const note = async (healthy: boolean) => {
    const ctx = createExecutionContext();
    noteHealth(env, ctx, 'openai', healthy);
    await waitOnExecutionContext(ctx);
  };
  expect(failing()).toEqual([]);
  for (let i = 0; i < LIMITS.healthFailuresMin; i++) await note(false);
  expect(failing()).toEqual(['openai']);
  await note(true);
  expect(failing()).toEqual([]);
});
