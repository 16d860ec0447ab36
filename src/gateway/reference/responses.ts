/** OpenAI's Responses in the reference: made, given back and erased. */
import { type RouteConfig, z } from '@hono/zod-openapi';
import { answers, body } from '../../api.ts';
import { count, like } from '../../reference/fields.ts';
import { ResponsesBody } from '../responses/request.ts';
import { answered, common, Repeated } from './answered.ts';
import { CALL_REFUSALS, refusals, STORED_REFUSALS } from './refusals.ts';

const ResponseShown = z
  .looseObject({
    id: like('resp_0123456789abcdefghjkmnpqrstvwxyz'),
    object: z.literal('response'),
    created_at: count(1_795_253_400),
    model: like('gpt-5.5'),
    status: z.enum(['completed', 'incomplete', 'failed', 'in_progress']),
    store: z.boolean().openapi({ description: 'Whether it can be asked for, and gone on from', example: true }),
    previous_response_id: like('resp_0123456789abcdefghjkmnpqrstvwxyy').nullable(),
    output: z.array(z.looseObject({ type: like('message') })),
    usage: z.looseObject({ input_tokens: count(8), output_tokens: count(2), total_tokens: count(10) }).nullable(),
  })
  .openapi('Response');

const ResponseDeleted = z.object({
  id: like('resp_0123456789abcdefghjkmnpqrstvwxyz'),
  object: z.literal('response'),
  deleted: z.literal(true),
});

const ResponseItems = z.object({
  object: z.literal('list'),
  data: z.array(z.looseObject({ id: like('msg_0'), type: like('message') })),
  first_id: like('msg_0').nullable(),
  last_id: like('msg_0').nullable(),
  has_more: z.boolean(),
});

const responseId = z.object({ id: like('resp_0123456789abcdefghjkmnpqrstvwxyz') });

export const RESPONSES: readonly RouteConfig[] = [
  {
    ...common,
    method: 'post',
    path: '/v1/responses',
    summary: "OpenAI's Responses, whole or as a stream",
    description: [
      'Kept for 30 days, sealed under the API key, unless `store` is false.',
      'Fields that are not described pass to the provider as they are, but nothing is stored there, and what',
      'only the provider would keep is refused by name.',
    ].join(' '),
    request: { headers: Repeated, body: body(ResponsesBody) },
    responses: { ...answered(ResponseShown), ...refusals(CALL_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/responses/{id}',
    summary: 'A stored response; another key has none of this id',
    request: {
      params: responseId,
      query: z.object({ include: like('reasoning.encrypted_content', 'What else to show').optional() }),
    },
    responses: { 200: answers('The response', ResponseShown), ...refusals(STORED_REFUSALS) },
  },
  {
    ...common,
    method: 'delete',
    path: '/v1/responses/{id}',
    summary: 'Erases a stored response',
    request: { params: responseId },
    responses: { 200: answers('That it is gone', ResponseDeleted), ...refusals(STORED_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/responses/{id}/input_items',
    summary: 'What the model had before it answered, earlier turns included',
    request: {
      params: responseId,
      query: z.object({
        limit: count(20).optional(),
        order: z.enum(['asc', 'desc']).optional().openapi({ description: 'The newest first, unless asked otherwise' }),
        after: like('msg_0').optional(),
      }),
    },
    responses: { 200: answers('The items', ResponseItems), ...refusals(STORED_REFUSALS) },
  },
];
