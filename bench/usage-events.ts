/** Made-up usage of an organization, evenly over time: the same events for the same organization, member and numbers. */
import type { UsageEvent } from '../src/budgets/usage-event.ts';
import { ZERO } from '../src/money/nanos.ts';

export interface BenchOrganization {
  organizationId: string;
  projects: number;
  keys: number;
  members: number;
  models: number;
  apps: number;
  /** When its first request was settled, and how long after each other they are, over all members. */
  startMs: number;
  betweenMs: number;
}

/** `count` events of the member's sequence from number `first` on. */
export function eventsOf(of: BenchOrganization, member: number, first: number, count: number): UsageEvent[] {
  return Array.from({ length: count }, (_, i) => eventOf(of, member, first + i));
}

function eventOf(of: BenchOrganization, member: number, n: number): UsageEvent {
  const chance = mixed(member * 1_000_003 + n);
  const keysPerMember = Math.max(1, Math.floor(of.keys / of.members));
  const key = member * keysPerMember + (chance % keysPerMember);
  // A key calls a few models by a program or two, more often the first.
  const model = (key * 7 + Math.floor(((chance >>> 8) % 9) ** 2 / 20)) % of.models;
  const app = (key + ((chance >>> 16) % 4 === 0 ? 1 : 0)) % of.apps;
  const provider = `provider-${model % 6}`;
  const settledAtMs = of.startMs + ((n - 1) * of.members + member) * of.betweenMs;
  const latencyMs = 300 + (mixed(chance) % 97) ** 2;
  const outputTokens = 20 + (chance % 700);
  const costNanos = 1_000 + outputTokens * 15_000;
  return {
    n,
    attemptId: `att_${member}_${n}`,
    requestId: `req_${member}_${n}`,
    keyId: `key_${key}`,
    projectId: `prj_${key % of.projects}`,
    endpoint: '/v1/chat/completions',
    mapping: `${provider}/model-${model}`,
    canonicalModel: `model-${model}`,
    provider,
    app: `app-${app}`,
    streamed: true,
    priceVersion: 'bench@0',
    outcome: chance % 50 === 0 ? 'upstream_error' : 'completed',
    refusal: null,
    requests: 1,
    openedAtMs: settledAtMs - latencyMs,
    settledAtMs,
    inputTokens: 100 + (chance % 3_000),
    cachedTokens: chance % 100,
    outputTokens,
    reasoningTokens: 0,
    costNanos,
    inputCostNanos: 1_000,
    outputCostNanos: costNanos - 1_000,
    overrunNanos: ZERO,
    unresolvedNanos: ZERO,
    estimated: false,
    latencyMs,
    firstTokenMs: 100 + (chance % 53) ** 2,
  };
}

/** Spreads a number over 32 bits (the finalizer of MurmurHash3). */
function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
