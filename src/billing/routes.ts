/** The management routes of an organization's money. */
import { createRoute, z } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { guarded } from '../teams/guard.ts';
import { showWallet } from './wallet.ts';

export const billingRouter = apiRouter().openapi(
  createRoute({
    method: 'get',
    path: '/orgs/{orgId}/wallet',
    summary: 'The prepaid credit: what is left, what is lent to members, what was paid in and out',
    middleware: guarded({
      ability: 'wallet.read',
      roleMessage: 'Only owners, admins and finance admins can view the wallet.',
    }),
    request: { params: z.object({ orgId: z.string() }) },
    responses: { 200: answers('The wallet') },
  }),
  async (c) => c.json(await showWallet(c.env, c.req.valid('param').orgId), 200),
);
