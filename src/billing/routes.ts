/** The management routes of an organization's money. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { ORG_ID } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { guarded } from '../teams/guard.ts';
import { showWallet, Wallet } from './wallet.ts';

export const billingRouter = apiRouter().openapi(
  routesOf('Wallet')({
    method: 'get',
    path: '/orgs/{orgId}/wallet',
    summary: 'The prepaid credit: what is left, what is lent to members, what was paid in and out',
    middleware: guarded({
      ability: 'wallet.read',
      roleMessage: 'Only owners, admins and finance admins can view the wallet.',
    }),
    request: { params: z.object({ orgId: ORG_ID }) },
    responses: { 200: answers('The wallet', Wallet) },
  }),
  async (c) => c.json(await showWallet(c.env, c.req.valid('param').orgId), 200),
);
