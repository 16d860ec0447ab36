/**
 * The mix of calls that the proofs make, from a seed: streams and whole answers, three models of which one reasons out of
 * sight, coding agents that ask for all the output there is, clients that hang up or stall, providers that fail.
 */
import type { SeededRandom } from '../../src/local/demo-random.ts';
import { words } from './behave.ts';
import { type Ask, type Fault, type Lie, type ModelName, plannedCost } from './calls.ts';

/** When a client hangs up: so long after it called, or after it got so many tokens. */
type HangUp = { afterMs: number } | { afterTokens: number };

export interface Plan {
  /** What is sent; each try is a call of its own to the upstream. */
  bodyFor: (call: string) => string;
  model: ModelName;
  ask: Omit<Ask, 'call'>;
  streamed: boolean;
  hangUp: HangUp | null;
  /** Reads nothing for a while after so many tokens. */
  stall: { afterTokens: number; ms: number } | null;
  /** What the whole call would truly cost. */
  plannedNanos: number;
}

/** What coding agents ask for: the most that a model of this catalogue makes, up to 64k. */
const MOST: Record<ModelName, number> = { 'gpt-4o-mini': 16_384, 'gpt-4.1-nano': 32_768, 'gpt-5-nano': 64_000 };

const FAULTS: Fault[] = ['fails', 'breaks', 'silent', 'garbage'];
const LIES: Lie[] = ['bills_more', 'bills_less', 'ignores_cap'];

export interface MixOptions {
  /** Whether some providers lie about what they made, or make more than they may. */
  dishonest: boolean;
  /** The part of calls in which the provider fails. */
  faults: number;
  /** The part of calls in which the client hangs up. */
  hangUps: number;
  /** The part of calls that ask for all the output there is. */
  asksForMost: number;
  /** The most words of an answer; most are far shorter. */
  textTokensMax: number;
}

export function planCall(
  random: SeededRandom,
  { dishonest, faults, hangUps, asksForMost, textTokensMax }: MixOptions,
): Plan {
  const chance = (part: number) => random.fraction() < part;
  const pick = <T>(from: readonly [T, ...T[]] | readonly T[]): T => from[random.between(0, from.length - 1)] as T;
  const model = pick<ModelName>(['gpt-4o-mini', 'gpt-4o-mini', 'gpt-4.1-nano', 'gpt-4.1-nano', 'gpt-5-nano']);
  const streamed = chance(0.55);
  const inputTokens = 30 + random.mostlySmall(0, 1_200);
  const textTokens = random.mostlySmall(20, textTokensMax);
  const ask: Omit<Ask, 'call'> = {
    inputTokens,
    textTokens,
    reasoningTokens: model === 'gpt-5-nano' ? random.between(20, 200) : 0,
    tokensPerSecond: random.between(40, 120),
    tokensPerEvent: pick([1, 1, 1, 2, 4]),
    tailTokens: random.between(0, 6),
    thinkMs: random.between(20, 400),
    fault: chance(faults) ? pick(FAULTS) : null,
    faultAfter: random.between(1, textTokens),
    lie: dishonest && chance(0.2) ? pick(LIES) : null,
  };
  const cap = chance(asksForMost) ? MOST[model] : textTokens + ask.reasoningTokens + random.between(0, 400);
  const hangUp = chance(hangUps)
    ? chance(0.4)
      ? { afterMs: random.between(0, 1500) }
      : { afterTokens: random.between(1, textTokens) }
    : null;
  const stall = streamed && chance(0.1) ? { afterTokens: random.between(1, textTokens), ms: 1500 } : null;
  const body = {
    model: `openai/${model}`,
    messages: [{ role: 'user', content: words(inputTokens).trim() }],
    [model === 'gpt-5-nano' ? 'max_completion_tokens' : 'max_tokens']: cap,
    ...(streamed ? { stream: true, stream_options: { include_usage: chance(0.5) } } : {}),
  };
  const bodyFor = (call: string) => JSON.stringify({ ...body, bench: { call, ...ask } });
  return { bodyFor, model, ask, streamed, hangUp, stall, plannedNanos: plannedCost(model, ask) };
}
