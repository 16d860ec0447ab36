/** The management routes of master keys. Only owners change them, so no master key, which acts as an admin, makes another. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { idOf, like, ORG_ID, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { name } from '../sign-in/fields.ts';
import { guarded } from './guard.ts';
import {
  createMasterKey,
  deleteMasterKey,
  listMasterKeys,
  MASTER_KEY_SORTS,
  MasterKey,
  showMasterKey,
} from './master-keys.ts';
import { PAGE, sortOf } from './page.ts';

const route = routesOf('Master keys');

const Org = z.object({ orgId: ORG_ID });

/** The secret is in no other answer. */
const WithSecret = MasterKey.extend({ secret: like('psm_0123456789abcdef…', 'The key itself, shown this once') });

const MasterKeyBody = z
  .strictObject({ name: name('name') })
  .openapi('MasterKeyBody', { example: { name: 'Provisioning script' } });

const toMasterKeys = guarded({
  ability: 'master_keys.read',
  roleMessage: 'Only owners and admins can view master keys.',
});
const toChange = guarded({
  ability: 'master_keys.write',
  roleMessage: 'Only owners can manage master keys.',
});

export const masterKeyRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/master-keys',
      summary: 'List master keys',
      middleware: toMasterKeys,
      request: {
        params: Org,
        query: z.strictObject({ ...PAGE, sort: sortOf(MASTER_KEY_SORTS, '-createdAt') }),
      },
      responses: { 200: answers('A page of master keys, newest first', pageOf('masterKeys', MasterKey)) },
    }),
    async (c) => {
      const { rows, nextCursor } = await listMasterKeys(c.env, c.req.valid('param').orgId, c.req.valid('query'));
      return c.json({ masterKeys: rows.map(showMasterKey), nextCursor }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/master-keys',
      summary: 'Make a master key; the secret is shown this once',
      middleware: [toChange, ...jsonBody] as const,
      request: { params: Org, body: body(MasterKeyBody) },
      responses: { 201: answers('The master key with its secret', WithSecret) },
    }),
    async (c) => {
      const { row, secret } = await createMasterKey(c.env, c.get('trail'), c.req.valid('json').name, Date.now());
      return c.json({ ...showMasterKey(row), secret }, 201);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/orgs/{orgId}/master-keys/{masterKeyId}',
      summary: 'Delete a master key: it is refused with its next request',
      middleware: toChange,
      request: { params: Org.extend({ masterKeyId: idOf('mky') }) },
      responses: { 204: { description: 'It is deleted' } },
    }),
    async (c) => {
      await deleteMasterKey(c.env, c.get('trail'), c.req.valid('param').masterKeyId, Date.now());
      return c.body(null, 204);
    },
  );
