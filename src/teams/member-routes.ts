/** The management routes of members: who there is, in which role and with which projects. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { idOf, ORG_ID, PENDING, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { name } from '../sign-in/fields.ts';
import { type DateRange, RANGE, rangeOf } from '../usage/date-range.ts';
import { badRequest, notFound } from './api-error.ts';
import { BudgetBody, NO_BUDGET } from './budget-body.ts';
import { setOwnWarnings } from './budget-warnings.ts';
import { type Caller, guarded, memberIdOf } from './guard.ts';
import { addApiMember, changeMember, removeMember } from './member-changes.ts';
import { listMembers, MEMBER_SORTS } from './member-list.ts';
import { MemberUsage, usageOf } from './member-usage.ts';
import { findMember, ListedMember, Member, showListed, showMember } from './members.ts';
import { PAGE, sortOf } from './page.ts';
import { ROLES, roleMay } from './roles.ts';
import { RulesBody } from './rules-body.ts';
import { Thresholds } from './thresholds-body.ts';

const TEAMS_ONLY = 'Members are for team accounts. Convert this account or join a team.';

const route = routesOf('Members');

const Org = z.object({ orgId: ORG_ID });
const OrgMember = Org.extend({ memberId: idOf('mem') });

const ListQuery = z.strictObject({ ...PAGE, sort: sortOf(MEMBER_SORTS, 'name'), ...RANGE });
const MemberQuery = z.strictObject(RANGE);

export const ROLE = z.enum(ROLES, { error: `role must be one of ${ROLES.join(', ')}.` });

export const PROJECT_IDS = z
  .array(z.string({ error: 'projects must be a list of project ids.' }).max(LIMITS.idLengthMax), {
    error: 'projects must be a list of project ids.',
  })
  .max(LIMITS.grantsPerMemberMax, { error: `projects must be at most ${LIMITS.grantsPerMemberMax}.` })
  .transform((ids) => [...new Set(ids)]);

/** A budget for somebody who is not there yet: nothing of theirs could be at another version or in a cycle. */
export const FIRST_BUDGET = BudgetBody.transform(({ newCycle: _, version: __, ...budget }) => budget);

const ChangeBody = z
  .strictObject({
    role: ROLE.optional(),
    projects: PROJECT_IDS.optional(),
    rules: RulesBody.optional(),
    handOver: z.boolean({ error: 'handOver must be true or false.' }).default(false).openapi({
      description: 'With the role owner: the owner who says so becomes an admin in the same step.',
    }),
    version: z.int({ error: 'version must be a whole number.' }).positive().optional(),
  })
  .refine(({ role, projects, rules }) => [role, projects, rules].some((given) => given !== undefined), {
    error: 'Name what to change: role, projects, rules.',
  })
  .openapi('MemberChange', { example: { role: 'developer', projects: ['prj_0123456789abcdef'] } as never });

/** A member whose object may not have the change yet. */
const Changed = Member.extend({ pending: PENDING });
const Removed = z.object({ id: idOf('mem'), pending: PENDING });

const OwnSettingsBody = z.strictObject({ budgetWarnings: Thresholds }).openapi('OwnSettings');

const ApiMemberBody = z
  .strictObject({
    name: name('name'),
    apiOnly: z.literal(true, { error: 'apiOnly must be true: people become members by invitation.' }),
    projects: PROJECT_IDS.default([]),
    budget: FIRST_BUDGET.default(NO_BUDGET),
  })
  .openapi('ApiMember', {
    example: { name: 'Nightly tests', apiOnly: true, projects: ['prj_0123456789abcdef'] } as never,
  });

const roleMessage = 'Only owners, admins and finance admins can view members.';
/** Others get a list of themselves alone. */
const toList = guarded({ ability: 'organization.read', roleMessage });
const toMember = guarded({ ability: 'members.read', orSelf: true, roleMessage });
const toAdd = guarded({
  ability: 'members.write',
  roleMessage: 'Only owners and admins can add members.',
  teamMessage: TEAMS_ONLY,
});
const toChange = guarded({
  ability: 'members.write',
  roleMessage: 'Only owners and admins can change members.',
  teamMessage: TEAMS_ONLY,
});
const toRemove = guarded({
  ability: 'members.write',
  orSelf: true,
  roleMessage: 'Only owners and admins can remove members.',
});

const Listed = ListedMember.extend(MemberUsage.shape);
const Using = Member.extend(MemberUsage.shape);

type AskedRange = z.infer<typeof MemberQuery>;

function rangeFor({ timeZone }: Caller, { timezone = timeZone, ...asked }: AskedRange, nowMs: number): DateRange {
  return rangeOf({ ...asked, timezone }, nowMs);
}

async function showUsing(env: Env, caller: Caller, memberId: string, asked: AskedRange) {
  const range = rangeFor(caller, asked, Date.now());
  const row = await findMember(env, caller.organizationId, memberId);
  const [member, usage] = await Promise.all([showMember(env, row), usageOf(env, caller, [row], range)]);
  return { ...member, ...usage(memberId) };
}

export const memberRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/members',
      summary:
        'List members with budget, status as of `statusAt` and usage in the range; who may not see all gets themselves',
      middleware: toList,
      request: { params: Org, query: ListQuery },
      responses: { 200: answers('A page of members', pageOf('members', Listed)) },
    }),
    async (c) => {
      const caller = c.get('caller');
      const only = roleMay(caller.role, 'members.read') ? null : memberIdOf(caller);
      const { from, to, timezone, ...page } = c.req.valid('query');
      const nowMs = Date.now();
      const range = rangeFor(caller, { from, to, timezone }, nowMs);
      const { rows, nextCursor } = await listMembers(c.env, caller.organizationId, { ...page, only }, nowMs);
      const usage = await usageOf(c.env, caller, rows, range);
      return c.json({ members: rows.map((row) => ({ ...showListed(row, nowMs), ...usage(row.id) })), nextCursor }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/members',
      summary: 'Add an API-only member: no sign-in, no seat',
      middleware: [toAdd, ...jsonBody] as const,
      request: { params: Org, body: body(ApiMemberBody) },
      responses: { 201: answers('The member', Member) },
    }),
    async (c) => {
      const caller = c.get('caller');
      const { apiOnly: _, ...asked } = c.req.valid('json');
      const id = await addApiMember(c.env, c.get('trail'), caller, asked, Date.now());
      return c.json(await showMember(c.env, await findMember(c.env, caller.organizationId, id)), 201);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/members/me',
      summary: "One's own budget and live status, and what was used in the range",
      middleware: toList,
      request: { params: Org, query: MemberQuery },
      responses: { 200: answers('The member', Using) },
    }),
    async (c) => {
      const caller = c.get('caller');
      const memberId = memberIdOf(caller);
      // A master key is nobody's.
      if (memberId === null) throw notFound('member');
      return c.json(await showUsing(c.env, caller, memberId, c.req.valid('query')), 200);
    },
  )
  .openapi(
    route({
      method: 'patch',
      path: '/orgs/{orgId}/members/me',
      summary: 'Say at which percents of a limit one wants to be warned by mail, besides those of the organization',
      middleware: [toList, ...jsonBody] as const,
      request: { params: Org, body: body(OwnSettingsBody) },
      responses: { 200: answers('The member', Member) },
    }),
    async (c) => {
      const { organizationId } = c.get('caller');
      const memberId = memberIdOf(c.get('caller'));
      if (memberId === null) throw notFound('member');
      const { budgetWarnings } = c.req.valid('json');
      await setOwnWarnings(c.env, c.get('trail'), memberId, budgetWarnings, Date.now());
      return c.json(await showMember(c.env, await findMember(c.env, organizationId, memberId)), 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/members/{memberId}',
      summary: 'One member with budget and live status, and what they used in the range',
      middleware: toMember,
      request: { params: OrgMember, query: MemberQuery },
      responses: { 200: answers('The member', Using) },
    }),
    async (c) => {
      return c.json(await showUsing(c.env, c.get('caller'), c.req.valid('param').memberId, c.req.valid('query')), 200);
    },
  )
  .openapi(
    route({
      method: 'patch',
      path: '/orgs/{orgId}/members/{memberId}',
      summary: "Change a member's role, projects or rules, or hand the organization over to them",
      middleware: [toChange, ...jsonBody] as const,
      request: { params: OrgMember, body: body(ChangeBody) },
      responses: {
        200: answers('The member, its object has confirmed the change', Changed),
        202: answers('The member, its object will take the change within minutes', Changed),
      },
      refuses: [409],
    }),
    async (c) => {
      const { orgId, memberId } = c.req.valid('param');
      const change = c.req.valid('json');
      if (change.handOver && change.role !== 'owner') throw badRequest('role', 'handOver takes the role owner.');
      const member = await findMember(c.env, orgId, memberId);
      const pending = await changeMember(c.env, c.get('trail'), c.get('caller'), member, change, Date.now());
      const changed = await showMember(c.env, await findMember(c.env, orgId, memberId));
      return pending ? c.json({ ...changed, pending: true as const }, 202) : c.json(changed, 200);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/orgs/{orgId}/members/{memberId}',
      summary: 'Remove a member, or leave: keys are revoked and the seat is free at once, history stays',
      middleware: toRemove,
      request: { params: OrgMember },
      responses: {
        200: answers('Removed; every key is refused from now on', Removed),
        202: answers('Removed; its object will refuse the keys within minutes', Removed),
      },
      refuses: [400],
    }),
    async (c) => {
      const { orgId, memberId } = c.req.valid('param');
      const member = await findMember(c.env, orgId, memberId);
      const pending = await removeMember(c.env, c.get('trail'), c.get('caller'), member, Date.now());
      return pending ? c.json({ id: memberId, pending: true as const }, 202) : c.json({ id: memberId }, 200);
    },
  );
