/** A project's routing as the API takes it and as D1 keeps it; what it means is src/gateway/routing/'s. Given whole: what is left out is no wish. */
import { z } from '@hono/zod-openapi';
import type { Routing } from '../budgets/routing.ts';
import { LIMITS } from '../limits.ts';
import { parseUsd, USD } from '../money/nanos.ts';
import { answered } from '../reference/fields.ts';
import { canonicalAmount } from './budget-body.ts';
import { amountOf } from './effective-budget.ts';
import { pricePerMillion } from './rules-body.ts';

const { routingEntriesMax, routingLengthMax } = LIMITS;

function entries(what: string, example: string, shape: RegExp) {
  const error = `Each entry must be ${what}.`;
  const entry = z
    .string({ error })
    .max(LIMITS.ruleEntryLengthMax, { error })
    .regex(shape, { error })
    .openapi({ example });
  return z
    .array(entry, { error })
    .max(routingEntriesMax, { error: `At most ${routingEntriesMax} entries.` })
    .refine((list) => new Set(list).size === list.length, { error: 'An entry is there twice.' });
}

const providers = () =>
  entries('a provider such as "openai", or the slug of one of your own', 'openai', /^[a-z][a-z0-9-]*$/);

const REGION = 'region must be a word such as "eu" or "us-east-1".';
const COST = 'maxCostPerRequest must be USD, as a decimal string such as "0.50".';

export const RoutingBody = z
  .strictObject({
    order: providers().default([]),
    region: z
      .string({ error: REGION })
      .max(LIMITS.providerSettingLengthMax, { error: REGION })
      .regex(/^[a-z][a-z0-9-]*$/, { error: REGION })
      .openapi({ example: 'eu' })
      .nullable()
      .default(null),
    allow: providers()
      .min(1, { error: 'An empty list allows nothing: leave it out (or null) to allow every provider.' })
      .nullable()
      .default(null),
    deny: providers().default([]),
    fallbackModels: entries('a model such as "gpt-5.5" or "openai/gpt-5.5"', 'gpt-5.5', /^[\w.:@/+-]+$/).default([]),
    maxCostPerRequest: z
      .string({ error: COST })
      .refine((text) => parseUsd(text) !== null, { error: COST })
      .transform(canonicalAmount)
      .openapi({ example: '0.50', pattern: USD.source })
      .nullable()
      .default(null),
    maxInputPrice: pricePerMillion('maxInputPrice'),
    maxOutputPrice: pricePerMillion('maxOutputPrice'),
    version: z
      .int({ error: 'version must be a whole number.' })
      .optional()
      .openapi({ example: 1, description: 'The version that was read; a 409 where it is not the newest any more' }),
  })
  .refine(({ version: _, ...routing }) => JSON.stringify(routing).length <= routingLengthMax, {
    error: `A routing has at most ${routingLengthMax} characters in all.`,
  })
  .openapi('RoutingBody', { example: { order: ['openai', 'azure'], deny: ['groq'], maxOutputPrice: '20' } as never });

const { version: _, ...SHAPE } = RoutingBody.shape;

export const ShownRouting = z
  .object({ ...answered(SHAPE), version: z.int().openapi({ example: 1 }) })
  .openapi('Routing');

/** As D1 keeps it: amounts are decimal USD. */
export type StoredRouting = Omit<z.infer<typeof ShownRouting>, 'version'>;

const NO_ROUTING: StoredRouting = {
  order: [],
  region: null,
  allow: null,
  deny: [],
  fallbackModels: [],
  maxCostPerRequest: null,
  maxInputPrice: null,
  maxOutputPrice: null,
};

/** A routing from D1, whole. */
export function storedRouting(text: string | null): StoredRouting {
  return { ...NO_ROUTING, ...(JSON.parse(text ?? '{}') as Partial<StoredRouting>) };
}

/** A routing for D1; null for one that wishes nothing, which is in no policy then. */
export function routingText(routing: StoredRouting): string | null {
  const text = JSON.stringify({ ...NO_ROUTING, ...routing });
  return text === JSON.stringify(NO_ROUTING) ? null : text;
}

/** What is enforced. */
export function enforcedRouting(text: string): Routing {
  const { maxCostPerRequest, maxInputPrice, maxOutputPrice, ...wishes } = storedRouting(text);
  return {
    ...wishes,
    maxCostPerRequest: amountOf(maxCostPerRequest),
    maxInputPrice: amountOf(maxInputPrice),
    maxOutputPrice: amountOf(maxOutputPrice),
  };
}
