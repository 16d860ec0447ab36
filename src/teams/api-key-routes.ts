/** The management routes of API keys: one's own, or for owners and admins everybody's. Any other is a 404. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { idOf, like, ORG_ID, PENDING, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { name } from '../sign-in/fields.ts';
import { changeKey, createKey, deleteKey, rollKey } from './api-key-changes.ts';
import { ApiKey, findKey, KEY_SORTS, type KeyRow, listKeys, showApiKeys } from './api-keys.ts';
import { KeyLimitsBody, NO_KEY_LIMITS } from './budget-body.ts';
import { guarded } from './guard.ts';
import { PAGE, sortOf } from './page.ts';
import { RulesBody } from './rules-body.ts';

const route = routesOf('API keys');

const Org = z.object({ orgId: ORG_ID });
const OrgKey = Org.extend({ keyId: idOf('key') });

const ListQuery = z.strictObject({
  ...PAGE,
  sort: sortOf(KEY_SORTS, '-createdAt'),
  memberId: z
    .string()
    .max(LIMITS.idLengthMax)
    .optional()
    .openapi({ description: 'Keys of one member; `me`: your own' }),
  projectId: z.string().max(LIMITS.idLengthMax).optional(),
});

const expiresAt = z.iso.datetime({ error: 'expiresAt must be an ISO 8601 instant in UTC.' }).nullable();
const status = z.enum(['active', 'disabled'], { error: 'status must be "active" or "disabled".' });

const KeyBody = z
  .strictObject({
    projectId: z.string({ error: 'projectId is required.' }).max(LIMITS.idLengthMax),
    name: name('name'),
    memberId: z
      .string()
      .max(LIMITS.idLengthMax)
      .optional()
      .openapi({ description: "Whose key it is; left out, the caller's own" }),
    expiresAt: expiresAt.default(null),
    limits: KeyLimitsBody.default(NO_KEY_LIMITS),
    rules: RulesBody.nullable().default(null),
  })
  .openapi('ApiKeyBody', {
    example: { projectId: 'prj_0123456789abcdef', name: 'My laptop', limits: { usageLimit: '10' } } as never,
  });

const KeyPatch = z
  .strictObject({
    name: name('name').optional(),
    status: status.optional(),
    expiresAt: expiresAt.optional(),
    limits: KeyLimitsBody.optional(),
    rules: RulesBody.nullable().optional(),
  })
  .refine((change) => Object.keys(change).length > 0, {
    error: 'Name what to change: name, status, expiresAt, limits, rules.',
  })
  .openapi('ApiKeyPatch', { example: { status: 'disabled' } as never });

const toKeys = guarded({
  ability: 'keys.own',
  roleMessage: 'Only owners, admins and developers can have API keys.',
});

const Changed = ApiKey.extend({ pending: PENDING });
/** The secret is in no other answer. */
const WithSecret = Changed.extend({ secret: like('psr_0123456789abcdef…', 'The key itself, shown this once') });
const Deleted = z.object({ id: idOf('key'), pending: PENDING });

const LATE = 'its member object will have learnt of it within minutes';

/** What a changed key answers: with its secret where it has a new one. */
async function shown<Secret extends { secret?: string }>(env: Env, row: KeyRow, secret: Secret, pending: boolean) {
  const [key] = await showApiKeys(env, [row]);
  if (!key) throw new Error(`the key ${row.id} is not shown`);
  return { ...key, ...secret, ...(pending && { pending: true as const }) };
}

const instant = (text: string | null) => (text === null ? null : Date.parse(text));

export const apiKeyRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/keys',
      summary: "List API keys: one's own, for owners and admins everybody's",
      middleware: toKeys,
      request: { params: Org, query: ListQuery },
      responses: { 200: answers('A page of keys, newest first', pageOf('keys', ApiKey)) },
    }),
    async (c) => {
      const { rows, nextCursor } = await listKeys(c.env, c.get('caller'), c.req.valid('query'));
      return c.json({ keys: await showApiKeys(c.env, rows), nextCursor }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/keys',
      summary: 'Make an API key; the secret is shown this once',
      middleware: [toKeys, ...jsonBody] as const,
      request: { params: Org, body: body(KeyBody) },
      responses: {
        201: answers('The key with its secret', WithSecret),
        202: answers('The key with its secret; it works as soon as the member object has learnt of it', WithSecret),
      },
    }),
    async (c) => {
      const { expiresAt, ...asked } = c.req.valid('json');
      const request = { ...asked, memberId: asked.memberId, expiresAtMs: instant(expiresAt) };
      const made = await createKey(c.env, c.get('trail'), c.get('caller'), request, Date.now());
      const key = await shown(c.env, made.row, { secret: made.secret }, made.pending);
      return made.pending ? c.json(key, 202) : c.json(key, 201);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/keys/{keyId}',
      summary: 'One API key',
      middleware: toKeys,
      request: { params: OrgKey },
      responses: { 200: answers('The key', Changed) },
    }),
    async (c) => {
      const row = await findKey(c.env, c.get('caller'), c.req.valid('param').keyId);
      return c.json(await shown(c.env, row, {}, false), 200);
    },
  )
  .openapi(
    route({
      method: 'patch',
      path: '/orgs/{orgId}/keys/{keyId}',
      summary: 'Rename, limit, rule, disable or enable a key; limits and rules are given whole',
      middleware: [toKeys, ...jsonBody] as const,
      request: { params: OrgKey, body: body(KeyPatch) },
      responses: { 200: answers('The key', Changed), 202: answers(`The key; ${LATE}`, Changed) },
    }),
    async (c) => {
      const { expiresAt, ...asked } = c.req.valid('json');
      const change = { ...asked, ...(expiresAt !== undefined && { expiresAtMs: instant(expiresAt) }) };
      const { keyId } = c.req.valid('param');
      const { row, pending } = await changeKey(c.env, c.get('trail'), c.get('caller'), keyId, change, Date.now());
      return c.json(await shown(c.env, row, {}, pending), pending ? 202 : 200);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/orgs/{orgId}/keys/{keyId}',
      summary: 'Delete a key: it is refused, its usage and history stay',
      middleware: toKeys,
      request: { params: OrgKey },
      responses: { 204: { description: 'It is deleted' }, 202: answers(`It is deleted; ${LATE}`, Deleted) },
    }),
    async (c) => {
      const { keyId } = c.req.valid('param');
      const { pending } = await deleteKey(c.env, c.get('trail'), c.get('caller'), keyId, Date.now());
      return pending ? c.json({ id: keyId, pending: true as const }, 202) : c.body(null, 204);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/keys/{keyId}/roll',
      summary: 'Give a key another secret, shown this once; the old one is refused at once',
      middleware: toKeys,
      request: { params: OrgKey },
      responses: {
        200: answers('The key with its new secret', WithSecret),
        202: answers(`The key with its new secret; ${LATE}`, WithSecret),
      },
    }),
    async (c) => {
      const { keyId } = c.req.valid('param');
      const rolled = await rollKey(c.env, c.get('trail'), c.get('caller'), keyId, Date.now());
      const key = await shown(c.env, rolled.row, { secret: rolled.secret }, rolled.pending);
      return c.json(key, rolled.pending ? 202 : 200);
    },
  );
