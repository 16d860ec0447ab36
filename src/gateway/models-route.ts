/** GET /v1/models and /v1/models/{id}: the models that the key may use, in OpenAI's shape, with prices and abilities. */
import { z } from '@hono/zod-openapi';
import { brokenRule, type ModelUse } from '../budgets/rules.ts';
import { type Mapping, namesOf, otherNamesOf } from '../models/catalogue.ts';
import { formatUsd } from '../money/nanos.ts';
import { modalityOf, perMillion, perThousand, priceAt, type Rates, UNITS, type Unit } from '../money/price.ts';
import { count, like, orNull, usd } from '../reference/fields.ts';
import { keyStanding } from './admission.ts';
import { marketOf } from './candidates.ts';
import { authenticate } from './credentials.ts';
import { rulePricesOf } from './quote.ts';
import type { Refusal } from './refusals.ts';
import type { GatewayContext } from './router.ts';
import { offered } from './routing/choose.ts';
import { learnRouting } from './routing/known-routing.ts';

/** Tokens other than the plain ones, by their own rates. */
const OTHER_TOKENS: readonly Unit[] = UNITS.filter((unit) => modalityOf(unit) && !['input', 'output'].includes(unit));
const NO_TOKENS: readonly Unit[] = UNITS.filter((unit) => modalityOf(unit) === null);

const Pricing = z.object({
  unit: z.literal('USD per million tokens'),
  version: like('2026-06-01'),
  tiers: z.array(
    z.object({
      above_input_tokens: count(0),
      input: usd('1.25').nullable(),
      cached_input: usd('0.125').nullable(),
      output: usd('10').nullable(),
      other_tokens: z.record(z.string(), z.string()).openapi({
        description: 'Tokens of other kinds that have a rate of their own: USD per million',
        example: { cacheWrite1h: '2.50', imageOutput: '30' },
      }),
      per_thousand: z.record(z.string(), z.string()).openapi({
        description: 'What is no token: USD per thousand characters, seconds, pages, images, searches or requests',
        example: { webSearch: '10' },
      }),
    }),
  ),
});

export const Model = z
  .object({
    id: like('openai/gpt-5.5'),
    object: z.literal('model'),
    created: count(0),
    owned_by: like('openai'),
    canonical_model: like('gpt-5.5'),
    aliases: z.array(z.string()).openapi({
      description: 'What else it may be asked for by, also behind the provider as in openai/gpt-5.5-2026-04-23',
      example: ['gpt-5.5-2026-04-23'],
    }),
    context_length: count(400_000),
    max_output_tokens: count(128_000),
    serves: z.array(z.string()).openapi({ example: ['conversation'] }),
    deprecated_on: orNull(z.iso.date()),
    retires_on: orNull(z.iso.date()),
    abilities: z.record(z.string(), z.boolean()).openapi({ example: { tools: true, images: true, reasoning: true } }),
    pricing: Pricing.nullable().openapi({ description: 'As of now; null where no price is known' }),
  })
  .openapi('Model');

export const ModelList = z.object({ object: z.literal('list'), data: z.array(Model) });

export async function listModels(context: GatewayContext): Promise<Response | Refusal> {
  const usable = await usableModels(context);
  if ('refusal' in usable) return usable.refusal;
  const data = usable.models.map((mapping) => describeModel(mapping, Date.now()));
  return Response.json({ object: 'list', data }, { headers: { 'x-request-id': context.requestId } });
}

export async function showModel(context: GatewayContext, name: string): Promise<Response | Refusal> {
  const found = await usableModel(context, name);
  if ('refusal' in found) return found.refusal;
  return Response.json(describeModel(found.model, Date.now()), { headers: { 'x-request-id': context.requestId } });
}

export async function usableModel(
  context: GatewayContext,
  name: string,
): Promise<{ model: Mapping } | { refusal: Refusal }> {
  const usable = await usableModels(context);
  if ('refusal' in usable) return usable;
  const model =
    usable.models.find((mapping) => mapping.id === name) ??
    usable.models.find((mapping) => namesOf(mapping).includes(name));
  return model ? { model } : { refusal: { kind: 'model_not_found', model: name } };
}

/** The models that are served here or by the organization itself, and that its project's routing and the rules of key and member admit. */
export async function usableModels(context: GatewayContext): Promise<{ models: Mapping[] } | { refusal: Refusal }> {
  const { request, env } = context;
  const authenticated = await authenticate(request, env);
  if ('refusal' in authenticated) return authenticated;
  const { caller } = authenticated;
  const { refusal, rules, routing = null } = await keyStanding(context, caller);
  if (refusal) return { refusal };
  const nowMs = Date.now();
  const served = offered(marketOf(context, await learnRouting(env, caller.hash, routing)));
  const models = served.filter((mapping) =>
    rules.every((some) => brokenRule(some, leastUseOf(mapping, nowMs)) === null),
  );
  return { models };
}

/** The smallest request for a model, as rules see it. */
export function leastUseOf(mapping: Mapping, nowMs: number): { model: ModelUse } {
  const { id, canonicalModel, provider, prices } = mapping;
  const price = priceAt(prices, nowMs);
  const told = price ? rulePricesOf(price, 0) : { inputPrice: null, outputPrice: null };
  return { model: { mapping: id, canonicalModel, otherNames: otherNamesOf(mapping), provider, ...told } };
}

export function describeModel(mapping: Mapping, nowMs: number): z.infer<typeof Model> {
  return {
    id: mapping.id,
    object: 'model',
    created: 0,
    owned_by: mapping.provider,
    canonical_model: mapping.canonicalModel,
    aliases: [...(mapping.aliases ?? [])],
    context_length: mapping.contextTokens,
    max_output_tokens: mapping.maxOutputTokens,
    serves: [...(mapping.serves ?? ['conversation'])],
    deprecated_on: mapping.deprecatedOn ?? null,
    retires_on: mapping.retiresOn ?? null,
    abilities: { ...mapping.abilities },
    pricing: pricing(mapping, nowMs),
  };
}

/** USD per million tokens now, by unit and tier; null where no price is known. */
function pricing(mapping: Mapping, nowMs: number): z.infer<typeof Pricing> | null {
  const price = priceAt(mapping.prices, nowMs);
  if (!price) return null;
  const usdPerMillion = (rates: Rates, unit: Unit) => {
    const amount = perMillion(rates, unit);
    return amount === null ? null : formatUsd(amount);
  };
  return {
    unit: 'USD per million tokens',
    version: price.version,
    tiers: price.tiers.map(({ aboveInputTokens, rates }) => ({
      above_input_tokens: aboveInputTokens,
      input: usdPerMillion(rates, 'input'),
      cached_input: usdPerMillion(rates, 'cachedInput'),
      output: usdPerMillion(rates, 'output'),
      other_tokens: amountsOf(OTHER_TOKENS, rates, perMillion),
      per_thousand: amountsOf(NO_TOKENS, rates, perThousand),
    })),
  };
}

/** Units that have a rate of their own. */
function amountsOf(units: readonly Unit[], rates: Rates, amountOf: typeof perMillion): Record<string, string> {
  const priced = units.flatMap((unit) => {
    const amount = rates[unit] === undefined ? null : amountOf(rates, unit);
    return amount === null ? [] : [[unit, formatUsd(amount)]];
  });
  return Object.fromEntries(priced);
}
