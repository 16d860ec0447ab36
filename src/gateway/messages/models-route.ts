/**
 * GET /v1/models and /v1/models/{id} for Anthropic's clients, in its shape
 * (https://platform.claude.com/docs/en/api/models): what it names and nobody here knows is null. Prices and abilities as for
 * everybody else.
 */
import { z } from '@hono/zod-openapi';
import type { Mapping } from '../../models/catalogue.ts';
import { lifecycleOf } from '../../models/lifecycle.ts';
import { count, like, orNull } from '../../reference/fields.ts';
import { describeModel, Model, usableModel, usableModels } from '../models-route.ts';
import type { Refusal } from '../refusals.ts';
import type { GatewayContext } from '../router.ts';

const { canonical_model, aliases, abilities, pricing } = Model.shape;

export const AnthropicModel = z
  .object({
    type: z.literal('model'),
    id: like('anthropic/claude-sonnet-5'),
    display_name: like('claude-sonnet-5'),
    created_at: like('1970-01-01T00:00:00Z', 'Not known'),
    max_input_tokens: count(1_000_000),
    max_tokens: count(128_000),
    lifecycle: z.enum(['active', 'deprecated', 'retired']).openapi({ example: 'active' }),
    line: z.null(),
    capabilities: z.null(),
    deprecated_at: orNull(z.iso.datetime()),
    retires_at: orNull(z.iso.datetime()),
    canonical_model,
    aliases,
    abilities,
    pricing,
  })
  .openapi('AnthropicModel');

export const AnthropicModelList = z.object({
  data: z.array(AnthropicModel),
  /** All come at once: some hundred are a short list. */
  has_more: z.literal(false),
  first_id: like('anthropic/claude-sonnet-5').nullable(),
  last_id: like('anthropic/claude-sonnet-5').nullable(),
});

export async function listAnthropicModels(context: GatewayContext): Promise<Response | Refusal> {
  const usable = await usableModels(context);
  if ('refusal' in usable) return usable.refusal;
  const nowMs = Date.now();
  const data = usable.models.map((mapping) => toAnthropic(mapping, nowMs));
  const list: z.infer<typeof AnthropicModelList> = {
    data,
    has_more: false,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
  return Response.json(list, { headers: { 'x-request-id': context.requestId } });
}

export async function showAnthropicModel(context: GatewayContext, name: string): Promise<Response | Refusal> {
  const found = await usableModel(context, name);
  if ('refusal' in found) return found.refusal;
  const model = toAnthropic(found.model, Date.now());
  return Response.json(model, { headers: { 'x-request-id': context.requestId } });
}

function toAnthropic(mapping: Mapping, nowMs: number): z.infer<typeof AnthropicModel> {
  const { deprecated_on, retires_on, ...model } = describeModel(mapping, nowMs);
  const { id, context_length, max_output_tokens, canonical_model, aliases, abilities, pricing } = model;
  const instant = (day: string | null) => day && `${day}T00:00:00Z`;
  return {
    type: 'model',
    id,
    display_name: canonical_model,
    created_at: '1970-01-01T00:00:00Z',
    max_input_tokens: context_length,
    max_tokens: max_output_tokens,
    lifecycle: lifecycleOf(mapping, nowMs),
    line: null,
    capabilities: null,
    deprecated_at: instant(deprecated_on),
    retires_at: instant(retires_on),
    canonical_model,
    aliases,
    abilities,
    pricing,
  };
}
