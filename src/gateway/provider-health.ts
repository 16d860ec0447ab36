/**
 * Provider health as the relay sees it, by the names of `healthName` (routing/choose.ts). It only orders the choice among
 * mappings and never refuses by itself, so it may be some seconds stale: a request reads what this isolate knows and refreshes it
 * behind the answer, and writes only when something changed. No hop is added to a request's way.
 */
import type { ProviderHealthView } from '../../durable-objects/provider-health.ts';
import { ittyObject } from '../itty-objects.ts';
import { LIMITS } from '../limits.ts';

interface Health {
  report(healthy: boolean, nowMs: number): Promise<ProviderHealthView>;
  view(): Promise<ProviderHealthView>;
}

const known = new Map<string, { view: ProviderHealthView; readAtMs: number }>();

const healthOf = (env: Env, provider: string) => ittyObject<Health>(env, 'PROVIDER_HEALTH', provider);

/** Records how a call to a provider went, after the answer. */
export function noteHealth(env: Env, ctx: ExecutionContext, provider: string, healthy: boolean): void {
  // Success after success is no news: nothing is written for it.
  if (healthy && (known.get(provider)?.view.failures ?? 0) === 0) return;
  ctx.waitUntil(keep(provider, () => healthOf(env, provider).report(healthy, Date.now())));
}

/** Whether a provider, or an organization's own key to one, has failed of late. Refreshes what it knows behind the answer. */
export function isFailing(env: Env, ctx: ExecutionContext, provider: string): boolean {
  const nowMs = Date.now();
  const { view, readAtMs = 0 } = known.get(provider) ?? {};
  if (nowMs - readAtMs >= LIMITS.healthFreshMs) ctx.waitUntil(keep(provider, () => healthOf(env, provider).view()));
  if (!view) return false;
  return view.failures >= LIMITS.healthFailuresMin && nowMs - view.lastFailureAtMs < LIMITS.healthMemoryMs;
}

async function keep(provider: string, ask: () => Promise<ProviderHealthView>): Promise<void> {
  const before = known.get(provider);
  if (!before && known.size >= LIMITS.healthKnownMax) known.clear();
  // Marked as read before it is: a burst of requests asks once.
  known.set(provider, { view: before?.view ?? { failures: 0, lastFailureAtMs: 0 }, readAtMs: Date.now() });
  try {
    known.set(provider, { view: await ask(), readAtMs: Date.now() });
  } catch (error) {
    console.warn(JSON.stringify({ event: 'provider_health_unavailable', provider, error: String(error) }));
  }
}
