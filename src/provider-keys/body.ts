/** Provider keys as the API takes them and shows them. The key itself goes in and never comes out. */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';
import { count, idOf, instant, like, orNull } from '../reference/fields.ts';
import { name } from '../sign-in/fields.ts';
import { pricePerMillion } from '../teams/rules-body.ts';
import { PROVIDER_KEY_KINDS } from './kinds.ts';

const {
  providerSecretLengthMax,
  baseUrlLengthMax,
  providerSettingLengthMax,
  customProviderLengthMax,
  customModelsMax,
} = LIMITS;

const tokens = (field: string, fallback: number) => {
  const error = `${field} must be a whole number from 1 to 10000000.`;
  return z.int({ error }).min(1, { error }).max(10_000_000, { error }).default(fallback).openapi({ example: fallback });
};

const MODEL_NAME = `name must be a model's name at the provider, of at most ${LIMITS.ruleEntryLengthMax} characters.`;

/** What most models of now can do; who serves a larger one says so. */
const CONTEXT_TOKENS = 128_000;
const OUTPUT_TOKENS = 16_384;

const CustomModelBody = z
  .strictObject({
    name: z
      .string({ error: MODEL_NAME })
      .max(LIMITS.ruleEntryLengthMax, { error: MODEL_NAME })
      .regex(/^[\w.:@/+-]+$/, { error: MODEL_NAME })
      .openapi({ example: 'llama-4-70b' }),
    contextTokens: tokens('contextTokens', CONTEXT_TOKENS),
    maxOutputTokens: tokens('maxOutputTokens', OUTPUT_TOKENS),
    reasoning: z.boolean({ error: 'reasoning must be true or false.' }).default(true).openapi({
      example: false,
      description:
        'Whether it may bill output that its stream does not show; then the most that an answer may cost is held',
    }),
    inputPrice: pricePerMillion('inputPrice'),
    cachedInputPrice: pricePerMillion('cachedInputPrice'),
    outputPrice: pricePerMillion('outputPrice'),
  })
  .refine((model) => model.maxOutputTokens <= model.contextTokens, {
    path: ['maxOutputTokens'],
    error: 'maxOutputTokens must be at or below contextTokens.',
  })
  .refine((model) => (model.inputPrice === null) === (model.outputPrice === null), {
    path: ['outputPrice'],
    error: 'inputPrice and outputPrice belong together.',
  })
  .refine((model) => model.cachedInputPrice === null || model.inputPrice !== null, {
    path: ['cachedInputPrice'],
    error: 'cachedInputPrice needs an inputPrice.',
  })
  .openapi('CustomModelBody');

const SETTING = `A setting is one word of at most ${providerSettingLengthMax} characters.`;

const FIELDS = {
  name: name('name'),
  key: z
    .string({ error: 'key is required.' })
    .trim()
    .min(1, { error: 'key must not be empty.' })
    .max(providerSecretLengthMax, { error: `key must have at most ${providerSecretLengthMax} characters.` })
    .openapi({ example: 'sk-…', description: 'The key itself; it is sealed, and in no answer' }),
  baseUrl: z
    .string({ error: 'baseUrl must be a URL.' })
    .max(baseUrlLengthMax, { error: `baseUrl must have at most ${baseUrlLengthMax} characters.` })
    .nullable()
    .openapi({ example: 'https://llm.acme.com/v1', description: "Null: the provider's own" }),
  settings: z
    .record(
      z.string().max(providerSettingLengthMax, { error: SETTING }),
      z
        .string({ error: SETTING })
        .max(providerSettingLengthMax, { error: SETTING })
        // Part of a host, or of a path: nothing that could lead elsewhere.
        .regex(/^[A-Za-z0-9]([\w-]*[A-Za-z0-9])?$/, { error: SETTING }),
      { error: 'settings must be an object of texts.' },
    )
    .openapi({
      example: {},
      description: 'vertex: project, region; bedrock: accessKeyId, region; azure: apiVersion',
    }),
  models: z
    .array(CustomModelBody, { error: 'models must be a list.' })
    .max(customModelsMax, { error: `A provider has at most ${customModelsMax} models.` })
    .nullable(),
};

const SLUG = `slug must have 2 to ${customProviderLengthMax} lower case letters, digits and hyphens, and begin with a letter.`;

export const ProviderKeyBody = z
  .strictObject({
    ...FIELDS,
    provider: z.enum(PROVIDER_KEY_KINDS, { error: `provider must be one of: ${PROVIDER_KEY_KINDS.join(', ')}.` }),
    slug: z
      .string({ error: SLUG })
      .max(customProviderLengthMax, { error: SLUG })
      .regex(/^[a-z][a-z0-9-]*[a-z0-9]$/, { error: SLUG })
      .nullable()
      .default(null)
      .openapi({ example: 'acme', description: 'Of a custom provider: its models are asked for as `<slug>/<name>`' }),
    baseUrl: FIELDS.baseUrl.default(null),
    settings: FIELDS.settings.default({}),
    models: FIELDS.models.default(null),
  })
  .openapi('ProviderKeyBody', {
    example: {
      provider: 'custom',
      name: 'Our own cluster',
      key: 'a-long-secret',
      slug: 'acme',
      baseUrl: 'https://llm.acme.com/v1',
      models: [{ name: 'llama-4-70b', reasoning: false, inputPrice: '0.40', outputPrice: '1.20' }],
    } as never,
  });

export const ProviderKeyPatch = z
  .strictObject({
    name: FIELDS.name.optional(),
    key: FIELDS.key.optional(),
    baseUrl: FIELDS.baseUrl.optional(),
    settings: FIELDS.settings.optional(),
    models: FIELDS.models.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, {
    error: 'Name what to change: name, key, baseUrl, settings, models.',
  })
  .openapi('ProviderKeyPatch', { example: { key: 'a-new-secret' } as never });

const ShownModel = z.object({
  name: like('llama-4-70b'),
  contextTokens: count(CONTEXT_TOKENS),
  maxOutputTokens: count(OUTPUT_TOKENS),
  reasoning: z.boolean().openapi({ example: false }),
  inputPrice: like('0.40').nullable(),
  cachedInputPrice: orNull(z.string()),
  outputPrice: like('1.20').nullable(),
});

export const ProviderKey = z
  .object({
    id: idOf('pvk'),
    provider: z.enum(PROVIDER_KEY_KINDS).openapi({ example: 'custom' }),
    slug: like('acme').nullable(),
    name: like('Our own cluster'),
    maskedKey: like('…a1b2'),
    baseUrl: like('https://llm.acme.com/v1').nullable(),
    settings: z.record(z.string(), z.string()).openapi({ example: {} }),
    models: z.array(ShownModel).nullable(),
    createdAt: instant('2026-01-15T09:30:00.000Z'),
    createdBy: idOf('mem').nullable().openapi({ description: 'The member who made it; null: a master key' }),
    lastTest: z
      .object({ at: instant(), ok: z.boolean(), problem: orNull(z.string()) })
      .nullable()
      .openapi({ description: 'How calling the provider with it went; null: nobody has tried' }),
  })
  .openapi('ProviderKey');

export type ShownProviderKey = z.infer<typeof ProviderKey>;

/** Enough to recognise a key by; of a short one nothing, because that would be much of it. */
export function masked(key: string): string {
  // Of a service account the end is that of every JSON.
  return key.length < 16 || key.startsWith('{') ? '…' : `…${key.slice(-4)}`;
}
