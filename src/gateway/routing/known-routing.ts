/**
 * What this isolate knows of its callers' routings: learnt from their members' objects, which say so when it is stale
 * (budgets/routing.ts), so that no request reads D1 for it and none but the first after a change makes a second call.
 *
 * Keys are opened when they are learnt, and kept open in memory as the deployment's own secrets are. One that cannot be opened,
 * or whose base URL may not be called any more, stays in the list as one that cannot be read: whoever would be served by it
 * is told so.
 */
import type { CustomModel, RoutingBundle, SealedProviderKey } from '../../budgets/routing.ts';
import { LIMITS } from '../../limits.ts';
import type { Mapping } from '../../models/catalogue.ts';
import { nanos, parseUsd } from '../../money/nanos.ts';
import type { Price, Rates } from '../../money/price.ts';
import { type ProviderKeySeal, providerKeySeal } from '../../provider-keys/seal.ts';
import type { Credential } from '../providers/provider.ts';
import { leadsBack } from '../providers/ssrf.ts';
import { checkOrganizationsBaseUrl } from '../providers/upstream.ts';
import type { KnownRouting, OwnKey } from './choose.ts';

/** By the hash of an API key: which version it is under. */
const versions = new Map<string, string>();
/** By version. */
const routings = new Map<string, KnownRouting>();

/** What is known of a caller's routing; null: nothing, which most callers have. */
export function knownRouting(keyHash: string): KnownRouting | null {
  const version = versions.get(keyHash);
  return (version !== undefined && routings.get(version)) || null;
}

/** Takes what an object said of an API key; null: there is nothing to know. */
export async function learnRouting(
  env: Env,
  keyHash: string,
  bundle: RoutingBundle | null,
): Promise<KnownRouting | null> {
  if (!bundle) {
    versions.delete(keyHash);
    return null;
  }
  const known = routings.get(bundle.version) ?? (await opened(env, bundle));
  keep(routings, bundle.version, known, LIMITS.routingsKnownMax);
  keep(versions, keyHash, bundle.version, LIMITS.checkedKeysMax);
  return known;
}

/**
 * The same for a request that came in by this URL: a key that leads back there is one that cannot be read. Whoever gave the key may
 * have come in by another of our names.
 */
export function withoutLoops(known: KnownRouting, own: string): KnownRouting {
  const loops = ({ credential }: OwnKey) =>
    credential !== null && credential.baseUrl !== null && leadsBack(credential.baseUrl, own);
  if (!known.keys.some(loops)) return known;
  return { ...known, keys: known.keys.map((key) => (loops(key) ? { ...key, credential: null } : key)) };
}

/** The newest stay: a Map is in the order in which its keys came. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, sizeMax: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > sizeMax && oldest !== undefined) map.delete(oldest);
}

async function opened(
  env: Env,
  { version, organizationId, routing, providerKeys }: RoutingBundle,
): Promise<KnownRouting> {
  const seal = providerKeys.length === 0 ? null : await providerKeySeal(env);
  const keys = providerKeys.map(async (key): Promise<OwnKey> => {
    const credential = await openCredential(env, seal, organizationId, key);
    const { id, provider, models } = key;
    return { id, provider, credential, mappings: models?.map((model) => mappingOf(key, model)) ?? null };
  });
  return { version, routing, keys: await Promise.all(keys) };
}

/** A key of an organization's own; null where it cannot be read, or may not be used, which is logged. */
export async function openCredential(
  env: Env,
  seal: ProviderKeySeal | null,
  organizationId: string,
  { id, sealed, baseUrl, settings }: Pick<SealedProviderKey, 'id' | 'sealed' | 'baseUrl' | 'settings'>,
): Promise<Credential | null> {
  const failed = (why: string) => {
    console.error(JSON.stringify({ event: 'provider_key_unreadable', providerKeyId: id, organizationId, why }));
    return null;
  };
  if (baseUrl !== null && 'problem' in checkOrganizationsBaseUrl(env, baseUrl, null)) {
    return failed('its base URL may not be called');
  }
  if (!seal) return failed('there is no PROVIDER_KEY_SECRET');
  const key = await seal.open(sealed, { organizationId, id });
  return key === null ? failed('no secret opens it') : { key, baseUrl, settings, of: 'organization' };
}

function mappingOf({ slug, version }: SealedProviderKey, model: CustomModel): Mapping {
  const id = `${slug}/${model.name}`;
  return {
    id,
    provider: slug ?? 'custom',
    upstreamModel: model.name,
    canonicalModel: id,
    contextTokens: model.contextTokens,
    maxOutputTokens: model.maxOutputTokens,
    reasons: model.reasoning ? 'always' : 'never',
    serves: model.serves,
    // What it cannot do it refuses itself.
    abilities: { tools: true, images: true, jsonSchema: true, reasoning: model.reasoning },
    prices: pricesOf(`${id}@${version}`, model),
  };
}

/** Picodollars a token, rounded up: a cost is never understated. */
function rateOf(usdPerMillion: string): number {
  return Math.ceil((parseUsd(usdPerMillion) ?? nanos(0)) / 1_000);
}

function pricesOf(version: string, { inputPrice, cachedInputPrice, outputPrice }: CustomModel): Price[] {
  if (inputPrice === null || outputPrice === null) return [];
  const rates: Rates = {
    input: rateOf(inputPrice),
    output: rateOf(outputPrice),
    ...(cachedInputPrice !== null && { cachedInput: rateOf(cachedInputPrice) }),
  };
  return [{ version, effectiveFrom: null, tiers: [{ aboveInputTokens: 0, rates }] }];
}
