/**
 * An await between the check of a budget and its act, planted into the Worker that is served: the calls that a cap holds
 * otherwise pass it together. Counted by the upstream, so that it is no matter of what Purser believes. The same at full
 * size: `npm run bench -- overshoot --plant await-in-check`.
 */
import { Agent } from 'node:http';
import { describe, expect, it } from 'vitest';
import { openGround } from '../../bench/ground.ts';
import { type PlantName, plant } from '../../bench/plants.ts';
import { words } from '../../bench/truth/behave.ts';
import { usdOf } from '../../bench/truth/books.ts';
import { makeCall } from '../../bench/truth/caller.ts';
import { plannedCost } from '../../bench/truth/calls.ts';
import type { Plan } from '../../bench/truth/mix.ts';
import { whenAllEnded } from '../../bench/truth/play.ts';
import { insertOrganization } from '../support/organization.ts';

const CALLS = 100;
/** The cap, in calls. */
const CAP_CALLS = 10.5;
const MODEL = 'gpt-4o-mini';

/** A whole answer of which nearly all that may cost is output: what is held for it is little more than what it costs. */
const ASK = {
  inputTokens: 10,
  textTokens: 400,
  reasoningTokens: 0,
  tokensPerSecond: 2_000,
  tokensPerEvent: 1,
  tailTokens: 0,
  thinkMs: 300,
  fault: null,
  faultAfter: 0,
  lie: null,
} satisfies Plan['ask'];

const PLAN: Plan = {
  bodyFor: (call) =>
    JSON.stringify({
      model: `openai/${MODEL}`,
      messages: [{ role: 'user', content: words(ASK.inputTokens).trim() }],
      max_tokens: ASK.textTokens,
      bench: { call, ...ASK },
    }),
  model: MODEL,
  ask: ASK,
  streamed: false,
  hangUp: null,
  stall: null,
  plannedNanos: plannedCost(MODEL, ASK),
};

/** Makes all calls at once under the cap; answers with what the upstream made of them, in calls. */
async function madeUnderCap(bug: PlantName | null): Promise<number> {
  const ground = await openGround({
    folder: `planted-${bug ?? 'nothing'}`,
    upstream: './truth/upstream.ts',
    crons: false,
    say: () => undefined,
    ...(bug && { patch: (script: string) => plant(bug, script) }),
  });
  try {
    const { server } = ground;
    const usageLimit = usdOf(Math.round(CAP_CALLS * PLAN.plannedNanos));
    const { apiKey } = await insertOrganization(server.db, server.keySecret, { budget: { usageLimit } });
    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
    const told = await Promise.all(
      Array.from({ length: CALLS }, (_, i) =>
        makeCall({ url: server.url, apiKey, requestId: `call-${i}`, plan: PLAN, agent }),
      ),
    );
    for (const { status } of told) expect([200, 403, 429]).toContain(status);
    const calls = await whenAllEnded(ground, AbortSignal.timeout(30_000));
    return calls.reduce((sum, { costNanos }) => sum + costNanos, 0) / PLAN.plannedNanos;
  } finally {
    await ground.stop();
  }
}

describe('a hundred calls at once against a cap of ten and a half', () => {
  it('make no more than the cap', async () => {
    const made = await madeUnderCap(null);
    expect(made).toBeGreaterThan(1);
    expect(made).toBeLessThanOrEqual(CAP_CALLS);
  });

  it('are found to make far more than the cap with an await inside the check', async () => {
    expect(await madeUnderCap('await-in-check')).toBeGreaterThan(2 * CAP_CALLS);
  });
});

it('a bug for which there is no place is not planted in silence', () => {
  expect(() => plant('await-in-check', 'export default {}')).toThrow(/cannot be planted: 0 times, not once/);
  const twice = '\n  authorize(request, wallet = "unasked") {'.repeat(2);
  expect(() => plant('await-in-check', twice)).toThrow(/cannot be planted: 2 times, not once/);
});
