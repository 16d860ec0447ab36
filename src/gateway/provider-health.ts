/**
 * Provider health as the relay sees it. It only orders the choice among mappings, it never refuses by itself, so it may
 * be some seconds stale: a request reads what this isolate knows and refreshes it behind the answer, and writes only
 * when something changed. No hop is added to a request's way.
 */
import type { ProviderHealthView } from '../../durable-objects/provider-health.ts';
import { ittyObject } from '../itty-objects.ts';
import { LIMITS } from '../limits.ts';
import type { Mapping, ProviderId } from '../models/catalogue.ts';

interface Health {
  report(healthy: boolean, nowMs: number): Promise<ProviderHealthView>;
  view(): Promise<ProviderHealthView>;
}

const known = new Map<ProviderId, { view: ProviderHealthView; readAtMs: number }>();

const healthOf = (env: Env, provider: ProviderId) => ittyObject<Health>(env, 'PROVIDER_HEALTH', provider);

/** Records how a call to a provider went, after the answer. */
export function noteHealth(env: Env, ctx: ExecutionContext, provider: ProviderId, healthy: boolean): void {
  // Success after success is no news: nothing is written for it.
  if (healthy && (known.get(provider)?.view.failures ?? 0) === 0) return;
  ctx.waitUntil(keep(provider, () => healthOf(env, provider).report(healthy, Date.now())));
}

/** The mappings, failing providers last; otherwise in their order. Refreshes what it knows behind the answer. */
export function healthiestFirst(env: Env, ctx: ExecutionContext, mappings: readonly Mapping[]): Mapping[] {
  const nowMs = Date.now();
  for (const provider of new Set(mappings.map((mapping) => mapping.provider))) {
    if (nowMs - (known.get(provider)?.readAtMs ?? 0) < LIMITS.healthFreshMs) continue;
    ctx.waitUntil(keep(provider, () => healthOf(env, provider).view()));
  }
  return mappings.toSorted((a, b) => Number(isFailing(a.provider, nowMs)) - Number(isFailing(b.provider, nowMs)));
}

function isFailing(provider: ProviderId, nowMs: number): boolean {
  const view = known.get(provider)?.view;
  if (!view) return false;
  return view.failures >= LIMITS.healthFailuresMin && nowMs - view.lastFailureAtMs < LIMITS.healthMemoryMs;
}

async function keep(provider: ProviderId, ask: () => Promise<ProviderHealthView>): Promise<void> {
  const before = known.get(provider);
  // Marked as read before it is: a burst of requests asks once.
  known.set(provider, { view: before?.view ?? { failures: 0, lastFailureAtMs: 0 }, readAtMs: Date.now() });
  try {
    known.set(provider, { view: await ask(), readAtMs: Date.now() });
  } catch (error) {
    console.warn(JSON.stringify({ event: 'provider_health_unavailable', provider, error: String(error) }));
  }
}
