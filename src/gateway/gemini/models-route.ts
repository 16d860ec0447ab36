/**
 * GET /v1beta/models and /v1beta/models/{id}, and the same under /v1 for Google's clients, in its shape (https://ai.google.dev/api/models): a page at a time,
 * each model under the methods that it can be called by here. Prices and abilities as for everybody else.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { type Mapping, serves } from '../../models/catalogue.ts';
import { count, like } from '../../reference/fields.ts';
import { describeModel, Model, usableModel, usableModels } from '../models-route.ts';
import type { Refusal } from '../refusals.ts';
import { refuseField } from '../request-body.ts';
import type { GatewayContext } from '../router.ts';

const { aliases, abilities, pricing } = Model.shape;

export const GoogleModel = z
  .object({
    name: like('models/google/gemini-3.1-flash-lite'),
    baseModelId: like('gemini-3.1-flash-lite'),
    version: like('gemini-3.1-flash-lite'),
    displayName: like('gemini-3.1-flash-lite'),
    inputTokenLimit: count(1_048_576),
    outputTokenLimit: count(65_536),
    supportedGenerationMethods: z.array(z.string()).openapi({ example: ['generateContent', 'countTokens'] }),
    thinking: z.boolean().openapi({ example: true }),
    aliases,
    abilities,
    pricing,
  })
  .openapi('GoogleModel');

export const GoogleModelList = z.object({
  models: z.array(GoogleModel),
  nextPageToken: like('google/gemini-3.1-flash-lite', 'Absent on the last page').optional(),
});

const CONVERSING = ['generateContent', 'streamGenerateContent', 'countTokens'];
const EMBEDDING = ['embedContent', 'batchEmbedContents'];

export async function listGoogleModels(context: GatewayContext): Promise<Response | Refusal> {
  const usable = await usableModels(context);
  if ('refusal' in usable) return usable.refusal;
  const { models } = usable;
  const { searchParams } = new URL(context.request.url);
  const asked = searchParams.get('pageSize') || '0';
  if (!/^\d{1,9}$/.test(asked)) return refuseField('pageSize', 'pageSize must be a whole number.').refusal;
  // As Google has it: none is the usual size, and what is above the largest is the largest.
  const size = Math.min(Number(asked) || LIMITS.pageDefault, LIMITS.googlePageMax);
  // The token is the last model of the page before.
  const token = searchParams.get('pageToken') || null;
  const from = token === null ? 0 : models.findIndex(({ id }) => id === token) + 1;
  if (token !== null && from === 0) {
    return refuseField('pageToken', 'pageToken names no page: begin again without it.').refusal;
  }
  const page = models.slice(from, from + size);
  const last = page.at(-1);
  const nowMs = Date.now();
  const list: z.infer<typeof GoogleModelList> = {
    models: page.map((mapping) => toGoogle(mapping, nowMs)),
    ...(last && last !== models.at(-1) && { nextPageToken: last.id }),
  };
  return Response.json(list, { headers: { 'x-request-id': context.requestId } });
}

export async function showGoogleModel(context: GatewayContext, name: string): Promise<Response | Refusal> {
  const found = await usableModel(context, name);
  if ('refusal' in found) return found.refusal;
  return Response.json(toGoogle(found.model, Date.now()), { headers: { 'x-request-id': context.requestId } });
}

function toGoogle(mapping: Mapping, nowMs: number): z.infer<typeof GoogleModel> {
  const { id, canonical_model, aliases, context_length, max_output_tokens, abilities, pricing } = describeModel(
    mapping,
    nowMs,
  );
  return {
    name: `models/${id}`,
    baseModelId: canonical_model,
    version: mapping.upstreamModel,
    displayName: canonical_model,
    inputTokenLimit: context_length,
    outputTokenLimit: max_output_tokens,
    supportedGenerationMethods: [
      ...(serves(mapping, 'conversation') ? CONVERSING : []),
      ...(serves(mapping, 'embeddings') ? EMBEDDING : []),
    ],
    thinking: mapping.abilities.reasoning,
    aliases,
    abilities,
    pricing,
  };
}
