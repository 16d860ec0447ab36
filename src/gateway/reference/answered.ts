/** What the routes of model calls have in common: who may call them, what they take beside a body, and how they answer. */
import { type RouteConfig, z } from '@hono/zod-openapi';
import { like, usd } from '../../reference/fields.ts';
import { securityOf } from '../../reference/route.ts';

export const AnswerHeaders = z.object({
  'x-request-id': like('req_0123456789abcdef', 'The id of the request, as asked or made'),
  'x-purser-model': like('gpt-5.5', 'The model, whoever serves it'),
  'x-purser-provider': like('openai', 'Who served it'),
  deprecation: like('@1781136000', 'Since when its provider advises against the model (RFC 9745)').optional(),
  sunset: like('Fri, 11 Dec 2026 00:00:00 GMT', 'When its provider ends the model (RFC 8594)').optional(),
  'x-purser-budget-limit': usd('42.50', 'The tightest limit').optional(),
  'x-purser-budget-remaining': usd('30.16', 'What it has left after this hold').optional(),
  'x-purser-budget-reset': like('2026-12-01T00:00:00.000Z', 'When it resets').optional(),
  'x-purser-budget-scope': like('member_period', 'Which limit it is').optional(),
  'x-purser-cost': usd('0.00003', 'What the answer cost; of a stream that is in its last usage').optional(),
});

export const common = { tags: ['Gateway'], security: securityOf(['apiKey']) };

export const Repeated = z.object({
  'Idempotency-Key': z.string().optional().openapi({
    description: 'A repeat within 24 hours is answered from the record, and costs nothing',
    example: '3f1c9a52-7b1e-4c7e-9b1a-5a2f3c4d5e6f',
  }),
});

/** A whole answer, or a stream of one. */
export function answered(schema: z.ZodType): RouteConfig['responses'] {
  const content = { 'application/json': { schema }, 'text/event-stream': { schema: z.string() } };
  return { 200: { description: 'The answer', headers: AnswerHeaders, content } };
}

/** By content type. */
export function contentOf(schemas: Readonly<Record<string, z.ZodType>>): Record<string, { schema: z.ZodType }> {
  return Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }]));
}
