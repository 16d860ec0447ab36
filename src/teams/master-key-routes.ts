/** The management routes of master keys. Only owners change them, so no master key, which acts as an admin, makes another. */
import { createRoute, z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { guarded } from './guard.ts';
import { createMasterKey, deleteMasterKey, listMasterKeys, MASTER_KEY_SORTS, showMasterKey } from './master-keys.ts';
import { nameField, PAGE, sortOf } from './page.ts';

const Org = z.object({ orgId: z.string() });

const MasterKeyBody = z
  .strictObject({ name: nameField })
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
    createRoute({
      method: 'get',
      path: '/orgs/{orgId}/master-keys',
      summary: 'List master keys',
      middleware: toMasterKeys,
      request: {
        params: Org,
        query: z.strictObject({ ...PAGE, sort: sortOf(MASTER_KEY_SORTS, '-createdAt') }),
      },
      responses: { 200: answers('A page of master keys, newest first') },
    }),
    async (c) => {
      const { rows, nextCursor } = await listMasterKeys(c.env, c.req.valid('param').orgId, c.req.valid('query'));
      return c.json({ masterKeys: rows.map(showMasterKey), nextCursor }, 200);
    },
  )
  .openapi(
    createRoute({
      method: 'post',
      path: '/orgs/{orgId}/master-keys',
      summary: 'Make a master key; the secret is shown this once',
      middleware: [toChange, ...jsonBody] as const,
      request: { params: Org, body: body(MasterKeyBody) },
      responses: { 201: answers('The master key with its secret') },
    }),
    async (c) => {
      const { row, secret } = await createMasterKey(c.env, c.get('trail'), c.req.valid('json').name, Date.now());
      return c.json({ ...showMasterKey(row), secret }, 201);
    },
  )
  .openapi(
    createRoute({
      method: 'delete',
      path: '/orgs/{orgId}/master-keys/{masterKeyId}',
      summary: 'Delete a master key: it is refused with its next request',
      middleware: toChange,
      request: { params: Org.extend({ masterKeyId: z.string() }) },
      responses: { 204: { description: 'It is deleted' } },
    }),
    async (c) => {
      await deleteMasterKey(c.env, c.get('trail'), c.req.valid('param').masterKeyId, Date.now());
      return c.body(null, 204);
    },
  );
