/**
 * The gateway's routes in the reference. They are described here and served elsewhere (router.ts), because nothing that
 * describes or validates is to stand in a model call's way. What they refuse with is told by refusals.ts itself.
 */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { type ApiEnv, answers } from '../../api.ts';
import { LIMITS } from '../../limits.ts';
import { count, like } from '../../reference/fields.ts';
import { GoogleModel, GoogleModelList } from '../gemini/models-route.ts';
import { OwnKey } from '../key-route.ts';
import { AnthropicModel, AnthropicModelList } from '../messages/models-route.ts';
import { Model, ModelList } from '../models-route.ts';
import { common } from './answered.ts';
import { CONVERSATIONS } from './conversations.ts';
import { GOOGLE, KEY_REFUSALS, MODEL_REFUSALS, refusals } from './refusals.ts';
import { RESPONSES } from './responses.ts';
import { SURFACES, VIDEOS } from './surfaces.ts';

/** What a key may use, and what it has left. */
const OF_THE_KEY: readonly RouteConfig[] = [
  {
    ...common,
    method: 'get',
    path: '/v1/models',
    summary: 'The models that the key may use, with prices and abilities',
    description:
      'In the shape of Anthropic for its clients, who send `anthropic-version`; for those of Google, who send `x-goog-api-key`, as under `/v1beta`.',
    responses: { 200: answers('The models', z.union([ModelList, AnthropicModelList])), ...refusals(KEY_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/models/{model}',
    summary: 'One model',
    request: { params: z.object({ model: like('openai/gpt-5.5', 'Slashes as they are') }) },
    responses: { 200: answers('The model', z.union([Model, AnthropicModel])), ...refusals(MODEL_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1beta/models',
    summary: "The models that the key may use, in Google's shape",
    request: {
      query: z.object({
        pageSize: count(LIMITS.pageDefault).optional(),
        pageToken: like('google/gemini-3.1-flash-lite', '`nextPageToken` of the page before').optional(),
      }),
    },
    responses: {
      200: answers('A page of them', GoogleModelList),
      ...refusals(
        [...KEY_REFUSALS, { kind: 'bad_request', field: 'pageSize', message: 'pageSize must be a whole number.' }],
        GOOGLE,
      ),
    },
  },
  {
    ...common,
    method: 'get',
    path: '/v1beta/models/{model}',
    summary: "One model, in Google's shape",
    request: { params: z.object({ model: like('google/gemini-3.1-flash-lite', 'Slashes as they are') }) },
    responses: { 200: answers('The model', GoogleModel), ...refusals(MODEL_REFUSALS, GOOGLE) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/key',
    summary: "The key's limits and usage, and its member's; readable when over budget",
    responses: { 200: answers('The key', OwnKey), ...refusals(KEY_REFUSALS) },
  },
];

/** In this order they stand in the reference. */
const ROUTES = [...CONVERSATIONS, ...SURFACES, ...VIDEOS, ...RESPONSES, ...OF_THE_KEY];

export function describeGateway({ openAPIRegistry }: OpenAPIHono<ApiEnv>): void {
  for (const route of ROUTES) openAPIRegistry.registerPath(route);
}
