/** The management routes of teams: budgets, API keys. Each is guarded first and reads like its story. */
import { createRoute, z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { ApiError, badRequest } from './api-error.ts';
import { createKey, listKeys, showApiKeys } from './api-keys.ts';
import { BudgetBody, KeyLimitsBody, NO_KEY_LIMITS } from './budget-body.ts';
import { checkMayModify, TEAMS_ONLY, toSetBudgets } from './budget-guard.ts';
import { readDefaultBudget, setDefaultBudget } from './default-budget.ts';
import { guarded } from './guard.ts';
import { findMember, setBudget, showMember } from './members.ts';

const NAME_LENGTH_MAX = 100;
const PAGE_MAX = 100;
const PAGE_DEFAULT = 50;

const Org = z.object({ orgId: z.string() });
const OrgMember = Org.extend({ memberId: z.string() });

const Page = z.object({
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().max(100).optional(),
  q: z.string().max(NAME_LENGTH_MAX).optional(),
});

const KeyBody = z
  .strictObject({
    projectId: z.string({ error: 'projectId is required.' }),
    name: z
      .string({ error: 'name is required.' })
      .trim()
      .min(1, { error: 'name must not be empty.' })
      .max(NAME_LENGTH_MAX, { error: `name must have at most ${NAME_LENGTH_MAX} characters.` }),
    memberId: z.string({ error: 'memberId is required: a master key has no keys of its own.' }),
    expiresAt: z.iso.datetime({ error: 'expiresAt must be an ISO 8601 instant in UTC.' }).nullable().default(null),
    limits: KeyLimitsBody.default(NO_KEY_LIMITS),
  })
  .openapi('ApiKeyBody');

const toReadDefault = guarded({
  ability: 'budgets.read',
  roleMessage: 'Only owners, admins and finance admins can view the developer default budget.',
  teamMessage: TEAMS_ONLY,
});
const toSetDefault = guarded({
  ability: 'budgets.write',
  roleMessage: 'Only owners, admins and finance admins can update the developer default budget.',
  teamMessage: TEAMS_ONLY,
});
const toKeys = guarded({
  ability: 'keys.manage',
  roleMessage: "Only owners and admins can manage the organization's API keys.",
});

export const teamsRouter = apiRouter()
  .openapi(
    createRoute({
      method: 'put',
      path: '/orgs/{orgId}/members/{memberId}/budget',
      summary: "Replace a member's budget",
      middleware: [toSetBudgets, ...jsonBody] as const,
      request: { params: OrgMember, body: body(BudgetBody) },
      responses: {
        200: answers('The member, its object has confirmed the budget'),
        202: answers('The member, its object will take the budget within minutes'),
      },
    }),
    async (c) => {
      const { orgId, memberId } = c.req.valid('param');
      const member = await findMember(c.env, orgId, memberId);
      checkMayModify(c.get('caller'), member);
      const { newCycle, version, ...budget } = c.req.valid('json');
      const pending = await setBudget(c.env, c.get('trail'), member, { budget, newCycle, version }, Date.now());
      const changed = await showMember(c.env, await findMember(c.env, orgId, memberId));
      return pending ? c.json({ ...changed, pending }, 202) : c.json(changed, 200);
    },
  )
  .openapi(
    createRoute({
      method: 'get',
      path: '/orgs/{orgId}/default-developer-budget',
      summary: 'The budget that developers inherit',
      middleware: toReadDefault,
      request: { params: Org },
      responses: { 200: answers('The default budget') },
    }),
    async (c) => {
      const { budget, version } = await readDefaultBudget(c.env, c.req.valid('param').orgId);
      return c.json({ ...budget, version }, 200);
    },
  )
  .openapi(
    createRoute({
      method: 'put',
      path: '/orgs/{orgId}/default-developer-budget',
      summary: 'Replace the budget that developers inherit',
      middleware: [toSetDefault, ...jsonBody] as const,
      request: { params: Org, body: body(BudgetBody) },
      responses: {
        200: answers('The default budget; every member who inherits what changed is under it'),
        202: answers('The default budget; `pending` members will be under it within minutes'),
      },
    }),
    async (c) => {
      const { newCycle, version, ...budget } = c.req.valid('json');
      const change = { budget, newCycle, version };
      const { budget: changed, ...rest } = await setDefaultBudget(
        c.env,
        c.get('trail'),
        c.get('caller'),
        change,
        Date.now(),
      );
      return c.json({ ...changed, ...rest }, rest.pending > 0 ? 202 : 200);
    },
  )
  .openapi(
    createRoute({
      method: 'get',
      path: '/orgs/{orgId}/keys',
      summary: 'List API keys',
      middleware: toKeys,
      request: { params: Org, query: Page.extend({ memberId: z.string().optional() }) },
      responses: { 200: answers('A page of keys, newest first') },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const { rows, nextCursor } = await listKeys(c.env, orgId, c.req.valid('query'));
      return c.json({ keys: await showApiKeys(c.env, rows), nextCursor }, 200);
    },
  )
  .openapi(
    createRoute({
      method: 'post',
      path: '/orgs/{orgId}/keys',
      summary: 'Make an API key for a member; the secret is shown this once',
      middleware: [toKeys, ...jsonBody] as const,
      request: { params: Org, body: body(KeyBody) },
      responses: {
        201: answers('The key with its secret'),
        202: answers('The key with its secret; it works as soon as the member object has learnt of it'),
      },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const caller = c.get('caller');
      const { projectId, name, memberId, expiresAt, limits } = c.req.valid('json');
      const member = await findMember(c.env, orgId, memberId).catch((error) => {
        throw error instanceof ApiError ? badRequest('memberId', error.message) : error;
      });
      const expiresAtMs = expiresAt === null ? null : Date.parse(expiresAt);
      const asked = { projectId, name, expiresAtMs, limits };
      const { row, secret, pending } = await createKey(c.env, c.get('trail'), caller, member, asked, Date.now());
      const [shown] = await showApiKeys(c.env, [row]);
      const created = { ...shown, secret };
      return pending ? c.json({ ...created, pending }, 202) : c.json(created, 201);
    },
  );
