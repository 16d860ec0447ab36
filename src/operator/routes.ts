/**
 * What the operator of a deployment may do and no organization: called by `npm run purser` (scripts/purser.ts) with the
 * secret that the operator bound. A deployment without that secret has none of these routes.
 */
import { createRoute, z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { noteAudited } from '../audit/change.ts';
import { isAudited } from '../audit/entries.ts';
import { correctCredit } from '../billing/corrections.ts';
import { showWallet, Wallet } from '../billing/wallet.ts';
import { LIMITS } from '../limits.ts';
import { formatUsd, parseUsd } from '../money/nanos.ts';
import { FAN_OUT, like } from '../reference/fields.ts';
import { newSetUpCode } from '../sign-in/set-up-code.ts';
import { ApiError } from '../teams/api-error.ts';
import { setMetered, setPlan, setSeats } from '../teams/organization.ts';
import { PLANS } from '../teams/roles.ts';
import { readSeats, SeatsShown, showSeats } from '../teams/seats.ts';
import { DEPLOYMENT, operatorOfAll, operatorOnly } from './guard.ts';

const Org = z.object({ orgId: z.string() });

const EntryBody = z.strictObject({
  id: z
    .string({ error: 'id is required: it keeps an entry from being posted twice.' })
    .min(1, { error: 'id must not be empty.' })
    .max(LIMITS.idLengthMax, { error: `id must have at most ${LIMITS.idLengthMax} characters.` }),
  kind: z.enum(['top_up', 'refund'], { error: 'kind must be top_up or refund.' }),
  amount: z.string({ error: 'amount must be a decimal string in USD.' }).transform((text, ctx) => {
    const amount = parseUsd(text);
    if (amount !== null && amount > 0) return amount;
    ctx.addIssue({ code: 'custom', message: 'amount must be decimal USD above 0, with at most 9 decimals.' });
    return z.NEVER;
  }),
});

const PlanBody = z.strictObject({
  plan: z.enum(PLANS, { error: 'plan must be free, pro or enterprise.' }),
});

const SEATS = `seats must be a whole number from 0 to ${LIMITS.membersPerOrganizationMax}, or null.`;
const SeatsBody = z.strictObject({
  seats: z
    .int({ error: SEATS })
    .min(0, { error: SEATS })
    .max(LIMITS.membersPerOrganizationMax, { error: SEATS })
    .nullable(),
});

const MeteredBody = z.strictObject({ metered: z.boolean({ error: 'metered must be true or false.' }) });

export const operatorRouter = apiRouter()
  .openapi(
    createRoute({
      method: 'post',
      path: '/operator/orgs/{orgId}/wallet/entries',
      hide: true,
      middleware: [operatorOnly, ...jsonBody] as const,
      request: { params: Org, body: body(EntryBody) },
      responses: {
        200: answers('The wallet; the entry had been posted', Wallet),
        201: answers('The wallet with the entry', Wallet),
      },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const entry = c.req.valid('json');
      const nowMs = Date.now();
      const after = { kind: entry.kind, amount: formatUsd(entry.amount) };
      const trail = c.get('trail');
      const told = { action: 'wallet.entry.posted', targetId: entry.id, before: null, after } as const;
      await correctCredit(c.env, orgId, entry, nowMs);
      // A repeat may come because the first was posted and never told.
      const isKnown = await isAudited(c.env.DB, orgId, told.action, entry.id);
      if (isKnown) trail.changesNothing = true;
      else await noteAudited(c.env.DB, trail, nowMs, told);
      const wallet = await showWallet(c.env, orgId);
      return isKnown ? c.json(wallet, 200) : c.json(wallet, 201);
    },
  )
  .openapi(
    createRoute({
      method: 'put',
      path: '/operator/orgs/{orgId}/metered',
      hide: true,
      middleware: [operatorOnly, ...jsonBody] as const,
      request: { params: Org, body: body(MeteredBody) },
      responses: {
        200: answers('All objects have it', MeteredBody.extend(FAN_OUT)),
        202: answers('Some objects will have it within minutes', MeteredBody.extend(FAN_OUT)),
      },
    }),
    async (c) => {
      const { metered } = c.req.valid('json');
      const fanOut = await setMetered(c.env, c.get('trail'), metered, Date.now());
      return fanOut.pending > 0 ? c.json({ metered, ...fanOut }, 202) : c.json({ metered, ...fanOut }, 200);
    },
  )
  .openapi(
    createRoute({
      method: 'put',
      path: '/operator/orgs/{orgId}/plan',
      hide: true,
      middleware: [operatorOnly, ...jsonBody] as const,
      request: { params: Org, body: body(PlanBody) },
      responses: {
        200: answers('All objects have it', PlanBody.extend(FAN_OUT)),
        202: answers('Some objects will have it within minutes', PlanBody.extend(FAN_OUT)),
      },
    }),
    async (c) => {
      const { plan } = c.req.valid('json');
      const fanOut = await setPlan(c.env, c.get('trail'), plan, Date.now());
      return fanOut.pending > 0 ? c.json({ plan, ...fanOut }, 202) : c.json({ plan, ...fanOut }, 200);
    },
  )
  .openapi(
    createRoute({
      method: 'put',
      path: '/operator/orgs/{orgId}/seats',
      hide: true,
      middleware: [operatorOnly, ...jsonBody] as const,
      request: { params: Org, body: body(SeatsBody) },
      responses: { 200: answers('The seats as the organization sees them', SeatsShown) },
    }),
    async (c) => {
      const nowMs = Date.now();
      await setSeats(c.env, c.get('trail'), c.req.valid('json').seats, nowMs);
      return c.json(showSeats(await readSeats(c.env, c.req.valid('param').orgId, nowMs), nowMs), 200);
    },
  )
  .openapi(
    createRoute({
      method: 'post',
      path: '/operator/set-up-code',
      hide: true,
      middleware: operatorOfAll,
      responses: {
        201: answers(
          'The code; told this once, and the one before works no more',
          z.object({ setUpCode: like('a1b2-c3d4') }),
        ),
      },
    }),
    async (c) => {
      const nowMs = Date.now();
      const code = await newSetUpCode(c.env.DB, nowMs);
      if (code === null)
        throw new ApiError(409, 'already_set_up', 'There is an owner already: people join by invitation.');
      await noteAudited(c.env.DB, c.get('trail'), nowMs, {
        action: 'set_up_code.created',
        targetId: DEPLOYMENT,
        before: null,
        after: null,
      });
      return c.json({ setUpCode: code }, 201);
    },
  );
