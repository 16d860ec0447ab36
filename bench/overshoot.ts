/**
 * `npm run bench -- overshoot`: a thousand calls at once against a cap of ten and a half calls' worth, over HTTP, with
 * clients that hang up and providers that fail. What was made is counted by the upstream; Purser's own numbers are what is
 * judged. So few get through under such a cap that bills are judged in a round of its own, without one.
 *
 * Rounds take the four scopes in turn. All is decided by a seed, which is printed; only the timing is the machine's.
 */

import type { Server } from '../scripts/server.ts';
import { SeededRandom } from '../src/local/demo-random.ts';
import { insertOrganization, type Seeded } from '../test/support/organization.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { openGround } from './ground.ts';
import { describeMachine, machineText } from './machine.ts';
import { type CappedRound, describeOvershoot, type Scope } from './overshoot-report.ts';
import { plant } from './plants.ts';
import { usdOf } from './truth/books.ts';
import { judgeRefusals } from './truth/compare.ts';
import { planCall } from './truth/mix.ts';
import { type Played, play } from './truth/play.ts';

const CALLS = 1_000;
const TEXT_TOKENS_MAX = 500;
/** The cap, in what one call truly costs on average. */
const CAP_CALLS = 10.5;
const SCOPES: Scope[] = ['member total', 'member period', 'key total', 'key period'];
/** In the round without a cap, where everything gets through. */
const FREE_CALLS = 600;
const FREE_AT_ONCE = 48;
/** Short, so that a hold which nobody resolves ends within the bench; longer than a busy machine may stall. */
const HOLD_TTL_MS = 6_000;
/** Twice that (ttl and grace), and time for the alarm. */
const HELD_MS_MAX = 2 * HOLD_TTL_MS + 10_000;

export async function overshoot({ seed, dishonest, plant: bug, say, signal }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  const ground = await openGround({
    folder: 'bench-overshoot',
    upstream: './truth/upstream.ts',
    bindings: { HOLD_TTL_MS: String(HOLD_TTL_MS) },
    crons: true,
    ...(bug && { patch: (script: string) => plant(bug, script) }),
    say: (line) => line.startsWith('worker') || say(line),
  });
  const random = new SeededRandom(seed);
  const mix = { dishonest, faults: 0.15, hangUps: 0.3, asksForMost: 0.7, textTokensMax: TEXT_TOKENS_MAX };
  const capped: CappedRound[] = [];
  let free: Played;
  try {
    for (const [i, scope] of SCOPES.entries()) {
      const plans = Array.from({ length: CALLS }, () => planCall(random, mix));
      const mean = plans.reduce((sum, { plannedNanos }) => sum + plannedNanos, 0) / plans.length;
      const capNanos = Math.round(mean * CAP_CALLS);
      say(`Round ${i + 1} of ${SCOPES.length}: ${CALLS} calls at once, ${scope} $${usdOf(capNanos)} ...`);
      const member = await memberWith(ground.server, scope, capNanos);
      const name = `r${i + 1}`;
      const played = await play({ ground, member, plans, atOnce: CALLS, name, heldMsMax: HELD_MS_MAX, signal });
      capped.push({ ...played, scope, capNanos, refused: judgeRefusals(capNanos, played.tries, played.calls) });
    }
    say(`${FREE_CALLS} calls, ${FREE_AT_ONCE} at once, no cap, many hang-ups ...`);
    const plans = Array.from({ length: FREE_CALLS }, () => planCall(random, { ...mix, faults: 0.25, hangUps: 0.6 }));
    const member = await memberWith(ground.server, 'member total', 1e12);
    free = await play({ ground, member, plans, atOnce: FREE_AT_ONCE, name: 'free', heldMsMax: HELD_MS_MAX, signal });
  } finally {
    await ground.stop();
  }
  const { text, broken } = describeOvershoot(capped, free, { dishonest, calls: CALLS, capCalls: CAP_CALLS });
  const again = `npm run bench -- overshoot --seed ${seed}${dishonest ? ' --dishonest' : ''}${bug ? ` --plant ${bug}` : ''}`;
  return {
    text: [`${machineText(machine)}, seed ${seed}`, text, `Again: ${again}`].join('\n\n'),
    json: { bench: 'overshoot', machine, seed, dishonest, plant: bug, capped, free },
    broken,
  };
}

async function memberWith({ db, keySecret }: Server, scope: Scope, capNanos: number): Promise<Seeded> {
  const limit = usdOf(capNanos);
  const limits = scope.endsWith('total')
    ? { usageLimit: limit }
    : {
        periodUsageLimit: limit,
        periodUsageDurationValue: 1,
        periodUsageDurationUnit: 'day' as const,
        periodAlignment: 'rolling' as const,
      };
  return insertOrganization(
    db,
    keySecret,
    scope.startsWith('member') ? { budget: { usageLimitBasis: 'lifetime', ...limits } } : { keyLimits: limits },
  );
}
