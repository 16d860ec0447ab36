/** The management route by which the playground gets the key that it asks by. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { idOf, instant, like, ORG_ID, PENDING } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { guarded } from './guard.ts';
import { createPlaygroundKey } from './playground-keys.ts';

const route = routesOf('API keys');

const PlaygroundKeyBody = z
  .strictObject({
    projectId: z
      .string({ error: 'projectId must be the id of a project.' })
      .max(LIMITS.idLengthMax)
      .optional()
      .openapi({ description: 'Left out: the first by name that you may use' }),
  })
  .openapi('PlaygroundKeyBody', { example: { projectId: 'prj_0123456789abcdef' } as never });

const PlaygroundKey = z
  .object({
    id: idOf('key'),
    secret: like('psr_0123456789abcdef…', 'The key itself, shown this once'),
    projectId: idOf('prj'),
    expiresAt: instant(),
    pending: PENDING,
  })
  .openapi('PlaygroundKey');

const toPlayground = guarded({
  ability: 'playground',
  roleMessage: 'Only people of the organization can use the playground.',
});

export const playgroundKeyRouter = apiRouter().openapi(
  route({
    method: 'post',
    path: '/orgs/{orgId}/playground-key',
    summary: 'A key to ask the gateway as yourself for some minutes: your budget and rules, in no list of keys',
    middleware: [toPlayground, ...jsonBody] as const,
    request: { params: z.object({ orgId: ORG_ID }), body: body(PlaygroundKeyBody) },
    responses: {
      201: answers('The key with its secret', PlaygroundKey),
      202: answers('The key with its secret; it works as soon as the member object has learnt of it', PlaygroundKey),
    },
  }),
  async (c) => {
    const { projectId } = c.req.valid('json');
    const made = await createPlaygroundKey(c.env, c.get('trail'), c.get('caller'), projectId, Date.now());
    const { expiresAtMs, pending, ...rest } = made;
    const key = { ...rest, expiresAt: new Date(expiresAtMs).toISOString(), ...(pending && { pending: true as const }) };
    return c.json(key, pending ? 202 : 201);
  },
);
