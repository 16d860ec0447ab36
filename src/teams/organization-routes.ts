/** The management routes of an organization itself. */
import { createRoute, z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { guarded } from './guard.ts';
import { changeSettings, readOrganization } from './organization.ts';

const Org = z.object({ orgId: z.string() });

const flag = (field: string) => z.boolean({ error: `${field} must be true or false.` }).optional();

const SettingsBody = z
  .strictObject({ replay: flag('replay'), hideAmounts: flag('hideAmounts') })
  .refine((settings) => Object.keys(settings).length > 0, { error: 'Name a setting to change: replay, hideAmounts.' })
  .openapi('OrganizationSettings');

const toOrganization = guarded({
  ability: 'organization.read',
  roleMessage: 'Only people of the organization can view it.',
});
const toSettings = guarded({
  ability: 'settings.write',
  roleMessage: "Only owners and admins can change the organization's settings.",
});

export const organizationRouter = apiRouter()
  .openapi(
    createRoute({
      method: 'get',
      path: '/orgs/{orgId}',
      summary: 'The organization and its settings',
      middleware: toOrganization,
      request: { params: Org },
      responses: { 200: answers('The organization') },
    }),
    async (c) => c.json(await readOrganization(c.env, c.req.valid('param').orgId), 200),
  )
  .openapi(
    createRoute({
      method: 'patch',
      path: '/orgs/{orgId}',
      summary: "Change the organization's settings",
      middleware: [toSettings, ...jsonBody] as const,
      request: { params: Org, body: body(SettingsBody) },
      responses: {
        200: answers('The organization; every member is under the change'),
        202: answers('The organization; `pending` members will be under the change within minutes'),
      },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const fanOut = await changeSettings(c.env, c.get('trail'), c.req.valid('json'), Date.now());
      const changed = { ...(await readOrganization(c.env, orgId)), ...fanOut };
      return fanOut.pending > 0 ? c.json(changed, 202) : c.json(changed, 200);
    },
  );
