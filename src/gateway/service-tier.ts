/**
 * At which rate a request asks to be served, in every protocol's words. Our prices are the standard ones: what is cheaper passes and is
 * held for at those, what is dearer, or not known, is refused by name.
 */
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

export function isPricedTier(tier: unknown): boolean {
  return tier == null || (typeof tier === 'string' && PRICED.has(tier.trim().toLowerCase()));
}
