/** The management routes of teams: budgets. Each is guarded first and reads like its story. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { FAN_OUT, idOf, ORG_ID, PENDING, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { Budget, BudgetBody } from './budget-body.ts';
import { checkMayModify, TEAMS_ONLY, toSetBudgets } from './budget-guard.ts';
import { BudgetDecision, readBudgetHistory } from './budget-history.ts';
import { readDefaultBudget, setDefaultBudget } from './default-budget.ts';
import { guarded } from './guard.ts';
import { findMember, Member, setBudget, showMember } from './members.ts';
import { NUMBER_CURSOR, PAGE } from './page.ts';
import { roleMay } from './roles.ts';

const route = routesOf('Budgets');

const Org = z.object({ orgId: ORG_ID });
const OrgMember = Org.extend({ memberId: idOf('mem') });

const ChangedMember = Member.extend({ pending: PENDING });
const ChangedDefault = Budget.extend(FAN_OUT);

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
const toReadHistory = guarded({
  ability: 'budgets.read',
  orSelf: true,
  roleMessage: "Only owners, admins and finance admins can view other members' budgets.",
});

const HistoryQuery = z.strictObject({
  limit: PAGE.limit,
  cursor: NUMBER_CURSOR,
});

export const teamsRouter = apiRouter()
  .openapi(
    route({
      method: 'put',
      path: '/orgs/{orgId}/members/{memberId}/budget',
      summary: "Replace a member's budget",
      middleware: [toSetBudgets, ...jsonBody] as const,
      request: { params: OrgMember, body: body(BudgetBody) },
      responses: {
        200: answers('The member, its object has confirmed the budget', ChangedMember),
        202: answers('The member, its object will take the budget within minutes', ChangedMember),
      },
      refuses: [409],
    }),
    async (c) => {
      const { orgId, memberId } = c.req.valid('param');
      const member = await findMember(c.env, orgId, memberId);
      checkMayModify(c.get('caller'), member);
      const { newCycle, version, ...budget } = c.req.valid('json');
      const pending = await setBudget(c.env, c.get('trail'), member, { budget, newCycle, version }, Date.now());
      const changed = await showMember(c.env, await findMember(c.env, orgId, memberId));
      return pending ? c.json({ ...changed, pending: true as const }, 202) : c.json(changed, 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/members/{memberId}/budget/history',
      summary: "What was decided about a member's budget, newest first",
      middleware: toReadHistory,
      request: { params: OrgMember, query: HistoryQuery },
      responses: {
        200: answers('As far back as the plan keeps the audit log', pageOf('history', BudgetDecision)),
      },
    }),
    async (c) => {
      const { orgId, memberId } = c.req.valid('param');
      const member = await findMember(c.env, orgId, memberId);
      const seesOthers = roleMay(c.get('caller').role, 'members.read');
      return c.json(await readBudgetHistory(c.env.DB, orgId, member.id, c.req.valid('query'), seesOthers), 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/default-developer-budget',
      summary: 'The budget that developers inherit',
      middleware: toReadDefault,
      request: { params: Org },
      responses: { 200: answers('The default budget', Budget) },
    }),
    async (c) => {
      const { budget, version } = await readDefaultBudget(c.env, c.req.valid('param').orgId);
      return c.json({ ...budget, version }, 200);
    },
  )
  .openapi(
    route({
      method: 'put',
      path: '/orgs/{orgId}/default-developer-budget',
      summary: 'Replace the budget that developers inherit',
      middleware: [toSetDefault, ...jsonBody] as const,
      request: { params: Org, body: body(BudgetBody) },
      responses: {
        200: answers('The default budget; every member who inherits what changed is under it', ChangedDefault),
        202: answers('The default budget; `pending` members will be under it within minutes', ChangedDefault),
      },
      refuses: [409],
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
  );
