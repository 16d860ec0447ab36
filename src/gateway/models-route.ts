/** GET /v1/models and /v1/models/{id}: the models that the key may use, in OpenAI's shape, with prices and abilities. */
import type { Mapping } from '../models/catalogue.ts';
import { formatUsd, nanos } from '../money/nanos.ts';
import { priceAt, rateOf, type Unit } from '../money/price.ts';
import { refuseKeyFirst } from './admission.ts';
import { authenticate } from './credentials.ts';
import type { Refusal } from './refusals.ts';
import type { GatewayContext } from './router.ts';

/** 1 picodollar per token is 1,000 nanodollars per million tokens. */
const NANOS_PER_MILLION_PER_PICO = 1_000;

export async function listModels(context: GatewayContext): Promise<Response | Refusal> {
  const refusal = await refuseCaller(context);
  if (refusal) return refusal;
  const data = servedModels(context).map((mapping) => describeModel(mapping, Date.now()));
  return Response.json({ object: 'list', data }, { headers: { 'x-request-id': context.requestId } });
}

export async function showModel(context: GatewayContext, name: string): Promise<Response | Refusal> {
  const refusal = await refuseCaller(context);
  if (refusal) return refusal;
  const found = context.catalogue.find(name)?.mappings ?? [];
  const mapping = servedModels(context).find((served) => found.includes(served));
  if (!mapping) return { kind: 'model_not_found', model: name };
  return Response.json(describeModel(mapping, Date.now()), { headers: { 'x-request-id': context.requestId } });
}

async function refuseCaller({ request, env }: GatewayContext): Promise<Refusal | null> {
  const authenticated = await authenticate(request, env);
  return 'refusal' in authenticated ? authenticated.refusal : refuseKeyFirst(env, authenticated.caller);
}

function servedModels({ catalogue, providers, env }: GatewayContext): Mapping[] {
  return catalogue.all().filter((mapping) => providers.get(mapping.provider)?.isConfigured(env));
}

function describeModel(mapping: Mapping, nowMs: number): Record<string, unknown> {
  return {
    id: mapping.id,
    object: 'model',
    created: 0,
    owned_by: mapping.provider,
    canonical_model: mapping.canonicalModel,
    context_length: mapping.contextTokens,
    max_output_tokens: mapping.maxOutputTokens,
    abilities: mapping.abilities,
    pricing: pricing(mapping, nowMs),
  };
}

/** USD per million tokens now, by unit and tier; null where no price is known. */
function pricing(mapping: Mapping, nowMs: number): Record<string, unknown> | null {
  const price = priceAt(mapping.prices, nowMs);
  if (!price) return null;
  const usdPerMillion = (rates: Parameters<typeof rateOf>[0], unit: Unit) => {
    const rate = rateOf(rates, unit);
    return rate === null ? null : formatUsd(nanos(rate * NANOS_PER_MILLION_PER_PICO));
  };
  return {
    unit: 'USD per million tokens',
    version: price.version,
    tiers: price.tiers.map(({ aboveInputTokens, rates }) => ({
      above_input_tokens: aboveInputTokens,
      input: usdPerMillion(rates, 'input'),
      cached_input: usdPerMillion(rates, 'cachedInput'),
      output: usdPerMillion(rates, 'output'),
    })),
  };
}
