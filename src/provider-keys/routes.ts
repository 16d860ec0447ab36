/** The management routes of provider keys: of providers whose bill the organization pays itself, and of its own. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { FAN_OUT, idOf, ORG_ID, PENDING, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { guarded } from '../teams/guard.ts';
import { PAGE, sortOf } from '../teams/page.ts';
import { ProviderKey, ProviderKeyBody, ProviderKeyPatch } from './body.ts';
import {
  changeProviderKey,
  createProviderKey,
  deleteProviderKey,
  findProviderKey,
  listProviderKeys,
  PROVIDER_KEY_SORTS,
  showProviderKey,
} from './provider-keys.ts';
import { testProviderKey } from './testing.ts';

const route = routesOf('Provider keys');

const Org = z.object({ orgId: ORG_ID });
const OrgKey = Org.extend({ providerKeyId: idOf('pvk') });

const Changed = ProviderKey.extend(FAN_OUT);
const Deleted = z.object({ id: idOf('pvk'), pending: PENDING });

const EVERYBODY = 'every member is served with it';
const LATE = '`pending` members will be within minutes';

const toRead = guarded({
  ability: 'provider_keys.read',
  roleMessage: 'Only owners and admins can view provider keys.',
});
const toChange = guarded({
  ability: 'provider_keys.write',
  roleMessage: 'Only owners and admins can manage provider keys.',
});

export const providerKeyRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/provider-keys',
      summary: "List the organization's own provider keys",
      middleware: toRead,
      request: { params: Org, query: z.strictObject({ ...PAGE, sort: sortOf(PROVIDER_KEY_SORTS, 'createdAt') }) },
      responses: { 200: answers('A page of provider keys, oldest first', pageOf('providerKeys', ProviderKey)) },
    }),
    async (c) => {
      const { rows, nextCursor } = await listProviderKeys(c.env, c.req.valid('param').orgId, c.req.valid('query'));
      return c.json({ providerKeys: rows.map(showProviderKey), nextCursor }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/provider-keys',
      summary: 'Add a provider key, or a provider of your own; the key is sealed and never shown again',
      middleware: [toChange, ...jsonBody] as const,
      request: { params: Org, body: body(ProviderKeyBody) },
      responses: {
        201: answers(`The provider key; ${EVERYBODY}`, Changed),
        202: answers(`The provider key; ${LATE}`, Changed),
      },
      refuses: [503],
    }),
    async (c) => {
      const made = await createProviderKey(c.env, c.get('trail'), c.req.url, c.req.valid('json'), Date.now());
      const { row, ...fanOut } = made;
      const shown = { ...showProviderKey(row), ...fanOut };
      return fanOut.pending > 0 ? c.json(shown, 202) : c.json(shown, 201);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/provider-keys/{providerKeyId}',
      summary: 'One provider key',
      middleware: toRead,
      request: { params: OrgKey },
      responses: { 200: answers('The provider key', ProviderKey) },
    }),
    async (c) => {
      const { orgId, providerKeyId } = c.req.valid('param');
      return c.json(showProviderKey(await findProviderKey(c.env, orgId, providerKeyId)), 200);
    },
  )
  .openapi(
    route({
      method: 'patch',
      path: '/orgs/{orgId}/provider-keys/{providerKeyId}',
      summary: 'Change a provider key; another baseUrl needs the key again',
      middleware: [toChange, ...jsonBody] as const,
      request: { params: OrgKey, body: body(ProviderKeyPatch) },
      responses: {
        200: answers(`The provider key; ${EVERYBODY}`, Changed),
        202: answers(`The provider key; ${LATE}`, Changed),
      },
      refuses: [503],
    }),
    async (c) => {
      const { providerKeyId } = c.req.valid('param');
      const change = c.req.valid('json');
      const { row, ...fanOut } = await changeProviderKey(
        c.env,
        c.get('trail'),
        c.req.url,
        providerKeyId,
        change,
        Date.now(),
      );
      return c.json({ ...showProviderKey(row), ...fanOut }, fanOut.pending > 0 ? 202 : 200);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/orgs/{orgId}/provider-keys/{providerKeyId}',
      summary: 'Delete a provider key: nobody is served with it any more',
      middleware: toChange,
      request: { params: OrgKey },
      responses: {
        204: { description: 'It is deleted' },
        202: answers('It is deleted; some members are served with it for some minutes still', Deleted),
      },
    }),
    async (c) => {
      const { providerKeyId: id } = c.req.valid('param');
      const { pending } = await deleteProviderKey(c.env, c.get('trail'), id, Date.now());
      return pending > 0 ? c.json({ id, pending: true as const }, 202) : c.body(null, 204);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/provider-keys/{providerKeyId}/test',
      summary: 'Try a provider key with a call that costs nothing; lastTest tells how it went',
      middleware: toChange,
      request: { params: OrgKey },
      responses: { 200: answers('The provider key', ProviderKey) },
      refuses: [503],
    }),
    async (c) => {
      const { providerKeyId } = c.req.valid('param');
      return c.json(
        showProviderKey(await testProviderKey(c.env, c.get('trail'), c.req.url, providerKeyId, Date.now())),
        200,
      );
    },
  );
