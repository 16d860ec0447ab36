/**
 * At which rate a request is served, in every protocol's words. Our prices are the standard ones: what is cheaper passes and is
 * held and charged for at those, what is dearer, or not known, is refused by name. A provider whose account may choose a dearer
 * one by itself is told not to; one that serves a request at such a tier all the same is charged as that (decision 29).
 */
import type { ProviderId } from '../models/catalogue.ts';
import type { Json } from './protocol.ts';

const PRICED: ReadonlySet<string> = new Set([
  '',
  'auto',
  'default',
  'standard',
  'standard_only',
  'on_demand',
  'unspecified',
  'service_tier_unspecified',
  'flex',
]);

/** By whatever name a provider sells speed: what is not here, as a capacity that was paid in advance, costs no more. */
const DEARER: ReadonlySet<string> = new Set(['priority', 'fast', 'ultrafast', 'performance']);

/** The standard tier by name, at providers where a request without one, or `auto`, is served as the account's settings say. */
const PINNED: ReadonlyMap<string, string> = new Map<ProviderId, string>([['openai', 'default']]);

export function isPricedTier(tier: unknown): boolean {
  return tier == null || (typeof tier === 'string' && PRICED.has(wordOf(tier)));
}

/** Of a tier that an answer tells. */
export function isDearerTier(tier: string): boolean {
  return DEARER.has(wordOf(tier));
}

/** The request for a provider, at the tier that it is priced for. */
export function withTier(json: Json, provider: string): Json {
  const pinned = PINNED.get(provider);
  const { service_tier: asked } = json;
  const isOpen = asked == null || (typeof asked === 'string' && wordOf(asked) === 'auto');
  return pinned !== undefined && isOpen ? { ...json, service_tier: pinned } : json;
}

/** The tier at which an answer, or what came of it so far, says that it is served; null where it does not say. */
export function tierIn({ service_tier: told }: Json): string | null {
  return typeof told === 'string' ? told : null;
}

function wordOf(tier: string): string {
  return tier.trim().toLowerCase();
}
