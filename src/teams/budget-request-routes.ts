/** The management routes of requests for more budget: asked by the member, decided by whoever may set the budget. Both hear by mail. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { send } from '../mail/mail.ts';
import { parseUsd, USD } from '../money/nanos.ts';
import { ORG_ID, PENDING, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { originOf } from '../sign-in/library.ts';
import { canonicalAmount } from './budget-body.ts';
import { TEAMS_ONLY } from './budget-guard.ts';
import { declinedMail, grantedMail, requestMail } from './budget-request-mails.ts';
import {
  ask,
  BudgetRequest,
  declineRequest,
  findRequest,
  grantRequest,
  listRequests,
  REQUEST_STATUSES,
  type RequestRow,
  showRequest,
} from './budget-requests.ts';
import { effectiveBudget } from './effective-budget.ts';
import { type Caller, guarded } from './guard.ts';
import { instantInWords, limitInWords } from './limit-words.ts';
import { findMember } from './members.ts';
import { readOrganization } from './organization.ts';
import { PAGE } from './page.ts';
import { rolesThatMay } from './roles.ts';
import { LIMIT_FIELDS } from './status.ts';

const route = routesOf('Budgets');

const Org = z.object({ orgId: ORG_ID });
const OrgRequest = Org.extend({ requestId: BudgetRequest.shape.id });

const Granted = BudgetRequest.extend({ pending: PENDING });

const ListQuery = z.strictObject({
  limit: PAGE.limit,
  cursor: PAGE.cursor,
  status: z.enum(REQUEST_STATUSES, { error: `status must be one of ${REQUEST_STATUSES.join(', ')}.` }).optional(),
});

const AMOUNT = 'amount must be above 0, USD as a decimal string, e.g. "20.00".';
const amount = z
  .string({ error: AMOUNT })
  .refine((text) => (parseUsd(text) ?? 0) > 0, { error: AMOUNT })
  .transform(canonicalAmount)
  .openapi({ pattern: USD.source })
  .nullable()
  .default(null);

const note = z
  .string({ error: 'note must be text.' })
  .trim()
  .max(LIMITS.budgetNoteLengthMax, { error: `note must have at most ${LIMITS.budgetNoteLengthMax} characters.` })
  .transform((text) => (text === '' ? null : text.toWellFormed()))
  .nullable()
  .default(null);

const { total, period } = LIMIT_FIELDS;

const RequestBody = z
  .strictObject({
    limit: z
      .enum([total, period], { error: `limit must be ${total} or ${period}.` })
      .transform((field) => (field === total ? 'total' : 'period')),
    amount: amount.openapi({ description: 'How much more; left out, whoever grants says' }),
    note,
  })
  .openapi('BudgetRequestBody', {
    example: { limit: period, amount: '20', note: 'Evaluations until Friday' } as never,
  });

const GrantBody = z
  .strictObject({
    amount: amount.openapi({ description: 'The extra amount; left out, what was asked for' }),
    until: z.iso.datetime({ error: 'until must be an ISO 8601 instant in UTC.' }).nullable().default(null).openapi({
      description:
        'When it lapses; left out, with the window (a rolling one: after its duration), on a total after 30 days',
    }),
    note,
  })
  .openapi('BudgetGrantBody', { example: { amount: '20', until: '2026-12-01T00:00:00Z' } as never });

const DeclineBody = z
  .strictObject({ note })
  .openapi('BudgetDeclineBody', { example: { note: 'Ask again next month' } });

const toSee = guarded({
  ability: 'budgets.ask',
  roleMessage: 'Only people of the organization can view budget requests.',
  teamMessage: TEAMS_ONLY,
});
const toAsk = guarded({
  ability: 'budgets.ask',
  roleMessage: 'Only members can ask for more budget.',
  teamMessage: TEAMS_ONLY,
});
const toDecide = guarded({
  ability: 'budgets.write',
  roleMessage: 'Only owners, admins and finance admins can decide budget requests.',
  teamMessage: TEAMS_ONLY,
});

export const budgetRequestRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/budget-requests',
      summary: 'List requests for more budget; who may not set budgets gets their own',
      middleware: toSee,
      request: { params: Org, query: ListQuery },
      responses: { 200: answers('A page of requests, newest first', pageOf('budgetRequests', BudgetRequest)) },
    }),
    async (c) => {
      const { rows, nextCursor } = await listRequests(c.env, c.get('caller'), c.req.valid('query'));
      return c.json({ budgetRequests: rows.map(showRequest), nextCursor }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/budget-requests',
      summary: "Ask for more on one of one's own limits; whoever may set it is mailed",
      middleware: [toAsk, ...jsonBody] as const,
      request: { params: Org, body: body(RequestBody) },
      responses: { 201: answers('The request', BudgetRequest) },
      refuses: [409],
    }),
    async (c) => {
      const caller = c.get('caller');
      const id = await ask(c.env, c.get('trail'), caller, c.req.valid('json'), Date.now());
      const row = await findRequest(c.env, caller, id);
      c.executionCtx.waitUntil(mailDeciders(c.env, c.req.raw, caller, row));
      return c.json(showRequest(row), 201);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/budget-requests/{requestId}/grant',
      summary: 'Grant an extra amount on the limit until an instant; the member is mailed',
      middleware: [toDecide, ...jsonBody] as const,
      request: { params: OrgRequest, body: body(GrantBody) },
      responses: {
        200: answers('The request; the extra is in force', Granted),
        202: answers('The request; the extra will be in force within minutes', Granted),
      },
      refuses: [409],
    }),
    async (c) => {
      const caller = c.get('caller');
      const { until, ...rest } = c.req.valid('json');
      const grant = { ...rest, untilMs: until === null ? null : Date.parse(until) };
      const { requestId } = c.req.valid('param');
      const { row, pending } = await grantRequest(c.env, c.get('trail'), caller, requestId, grant, Date.now());
      c.executionCtx.waitUntil(mailAsker(c.env, c.req.raw, caller, row));
      return pending ? c.json({ ...showRequest(row), pending: true as const }, 202) : c.json(showRequest(row), 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/budget-requests/{requestId}/decline',
      summary: 'Decline a request; the member is mailed',
      middleware: [toDecide, ...jsonBody] as const,
      request: { params: OrgRequest, body: body(DeclineBody) },
      responses: { 200: answers('The request', BudgetRequest) },
      refuses: [409],
    }),
    async (c) => {
      const caller = c.get('caller');
      const { requestId } = c.req.valid('param');
      const row = await declineRequest(c.env, c.get('trail'), caller, requestId, c.req.valid('json').note, Date.now());
      c.executionCtx.waitUntil(mailAsker(c.env, c.req.raw, caller, row));
      return c.json(showRequest(row), 200);
    },
  );

/** Behind the answer, as mailAsker: what fails is logged by `send`; the request stands and is listed. */
async function mailDeciders(env: Env, request: Request, { organizationId }: Caller, row: RequestRow): Promise<void> {
  const [{ name: organizationName }, member] = await Promise.all([
    readOrganization(env, organizationId),
    findMember(env, organizationId, row.member_id),
  ]);
  const limit = limitInWords(effectiveBudget(member).limits, row.limit_name);
  // Admins may not change an owner's budget.
  const roles = member.role === 'owner' ? rolesThatMay('organization.own') : rolesThatMay('budgets.write');
  const { results } = await env.DB.prepare(
    `SELECT user.email
     FROM members AS member
     JOIN users AS user ON user.id = member.user_id
     WHERE member.organization_id = ?1 AND member.removed_at IS NULL AND member.id <> ?2
       AND member.role IN (SELECT value FROM json_each(?3))
     ORDER BY member.role <> 'owner', member.created_at, member.id
     LIMIT ${LIMITS.budgetRequestMailsMax}`,
  )
    .bind(organizationId, member.id, JSON.stringify(roles))
    .all<{ email: string }>();
  const told = { organizationName, limit, note: row.note, name: row.member_name, amount: row.amount };
  await Promise.all(results.map(({ email }) => send(env, requestMail(originOf(request), email, told))));
}

async function mailAsker(env: Env, request: Request, { organizationId }: Caller, row: RequestRow): Promise<void> {
  const [{ name: organizationName, timeZone }, member] = await Promise.all([
    readOrganization(env, organizationId),
    findMember(env, organizationId, row.member_id),
  ]);
  if (member.email === null) return;
  const limit = limitInWords(effectiveBudget(member).limits, row.limit_name);
  const about = { organizationName, limit, note: row.decision_note };
  const { granted_amount: amount, granted_until: untilMs } = row;
  const mail =
    amount === null || untilMs === null
      ? declinedMail(originOf(request), member.email, about)
      : grantedMail(originOf(request), member.email, {
          ...about,
          amount,
          until: instantInWords(untilMs, timeZone),
        });
  await send(env, mail);
}
