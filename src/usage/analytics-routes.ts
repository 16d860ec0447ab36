/** The routes of analytics: an organization's activity, its members, one's own usage, a key's. Nothing here changes anything. */
import { z } from '@hono/zod-openapi';
import { apiRouter } from '../api.ts';
import { like } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { notFound } from '../teams/api-error.ts';
import { ApiKey, describeKey, findKeyEver, showApiKeys } from '../teams/api-keys.ts';
import { type Caller, memberIdOf } from '../teams/guard.ts';
import { findMember, Member, showMember } from '../teams/members.ts';
import { instantOrNull } from '../teams/status.ts';
import { activityCsv, membersCsv } from './activity-csv.ts';
import { Activity, activity, type Databases, FRESHNESS } from './analytics.ts';
import {
  ActivityParameters,
  type DaysAsked,
  DaysParameters,
  filterFor,
  queryOf,
  RangeParameters,
  toActivity,
  toKey,
  toMembers,
  toOwn,
} from './analytics-query.ts';
import { usageDatabase } from './databases.ts';
import { rangeOf, spansOf } from './date-range.ts';
import { findMemberEver, MemberShown, membersUsing, UsingMember } from './member-analytics.ts';
import { DETAIL, detail } from './usage-detail.ts';
import { Measures } from './used.ts';

const route = routesOf('Analytics');

const TIME_ZONE = { timezone: like('Europe/Stockholm') };

const Members = z
  .object({ members: z.array(UsingMember), totals: Measures, ...TIME_ZONE, ...FRESHNESS })
  .openapi('MembersUsage');

const MemberDetail = z
  .object({
    member: MemberShown,
    caps: z
      .object({ effectiveBudget: Member.shape.effectiveBudget, status: Member.shape.status })
      .nullable()
      .openapi({ description: 'What limits the member, and how far it is used up; null of one who was removed' }),
    ...DETAIL,
    ...TIME_ZONE,
  })
  .openapi('MemberUsage');

const KeyDetail = z
  .object({
    key: z.object({
      ...ApiKey.shape,
      deleted: z.boolean().openapi({ description: 'It works no more, its usage stays', example: false }),
    }),
    ...DETAIL,
    ...TIME_ZONE,
  })
  .openapi('KeyUsage');

/** As JSON, or as a file. */
const told = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { 'application/json': { schema }, 'text/csv': { schema: z.string() } },
});

async function databasesOf(env: Env, { organizationId }: Caller): Promise<Databases> {
  return { usage: await usageDatabase(env, organizationId), names: env.DB };
}

export const analyticsRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/analytics/activity',
      summary: 'Usage by local day or hour, broken down by one dimension; who does not see all sees their own',
      middleware: toActivity,
      request: { query: ActivityParameters },
      responses: { 200: told('Every day or hour of the range, and totals', Activity.extend(TIME_ZONE)) },
    }),
    async (c) => {
      const asked = c.req.valid('query');
      const { timezone, ...query } = queryOf(c.var.caller, asked, await filterFor(c.env, c.var.caller, asked));
      const databases = await databasesOf(c.env, c.var.caller);
      if (asked.format === 'csv') return activityCsv(databases, query);
      return c.json({ ...(await activity(databases, query)), timezone }, 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/analytics/members',
      summary: 'What each member used in the range, dearest first; also those who were removed',
      middleware: toMembers,
      request: { query: RangeParameters },
      responses: { 200: told('All members', Members) },
    }),
    async (c) => {
      const asked = c.req.valid('query');
      const { organizationId, timeZone } = c.var.caller;
      const timezone = asked.timezone ?? timeZone;
      const days = spansOf(rangeOf({ ...asked, timezone }, Date.now()), 'day');
      const range = [days[0]?.startMs ?? 0, days.at(-1)?.endMs ?? 0] as const;
      const found = await membersUsing(await databasesOf(c.env, c.var.caller), organizationId, range);
      if (asked.format === 'csv') return membersCsv(found.members, found);
      return c.json({ ...found, timezone }, 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/analytics/members/{userId}',
      summary: 'What one member used, by its user id or its own',
      middleware: toMembers,
      request: {
        params: z.object({ userId: z.string().openapi({ example: 'usr_0123456789abcdef' }) }),
        query: DaysParameters,
      },
      responses: { 200: told('The member, its limits and its usage', MemberDetail) },
    }),
    async (c) => {
      const { organizationId } = c.var.caller;
      const member = await findMemberEver(c.env.DB, organizationId, c.req.valid('param').userId);
      return memberDetail(c.env, c.var.caller, member, c.req.valid('query'), (body) => c.json(body, 200));
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/analytics/me',
      summary: 'What oneself used',
      middleware: toOwn,
      request: { query: DaysParameters },
      responses: { 200: told('Oneself, the limits and the usage', MemberDetail) },
    }),
    async (c) => {
      const memberId = memberIdOf(c.var.caller);
      // A master key is nobody's.
      if (memberId === null) throw notFound('member');
      const member = await findMemberEver(c.env.DB, c.var.caller.organizationId, memberId);
      return memberDetail(c.env, c.var.caller, member, c.req.valid('query'), (body) => c.json(body, 200));
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/analytics/keys/{keyId}',
      summary: "What one API key was used for: one's own, for owners and admins everybody's, also a deleted one",
      middleware: toKey,
      request: {
        params: z.object({ keyId: z.string().openapi({ example: 'key_0123456789abcdef' }) }),
        query: DaysParameters,
      },
      responses: { 200: told('The key and its usage', KeyDetail) },
    }),
    async (c) => {
      const asked = c.req.valid('query');
      const row = await findKeyEver(c.env, c.var.caller, c.req.valid('param').keyId);
      const { timezone, ...query } = queryOf(c.var.caller, asked, { apiKeyId: row.id });
      const databases = await databasesOf(c.env, c.var.caller);
      if (asked.format === 'csv') return activityCsv(databases, query);
      const deleted = row.deleted_at !== null;
      const [shown] = deleted ? [] : await showApiKeys(c.env, [row]);
      const key = shown ?? { ...describeKey(row), lastUsedAt: instantOrNull(row.last_used_at), usage: null };
      return c.json({ key: { ...key, deleted }, ...(await detail(databases, query)), timezone }, 200);
    },
  );

async function memberDetail<Answer>(
  env: Env,
  caller: Caller,
  member: z.infer<typeof MemberShown>,
  asked: DaysAsked,
  json: (body: z.infer<typeof MemberDetail>) => Answer,
): Promise<Answer | Response> {
  const { memberId } = member;
  const { timezone, ...query } = queryOf(caller, asked, { memberId });
  const databases = await databasesOf(env, caller);
  if (asked.format === 'csv') return activityCsv(databases, query);
  const [caps, used] = await Promise.all([
    member.removed ? null : capsOf(env, caller.organizationId, memberId),
    detail(databases, query),
  ]);
  return json({ member, caps, ...used, timezone });
}

async function capsOf(env: Env, organizationId: string, memberId: string) {
  const { effectiveBudget, status } = await showMember(env, await findMember(env, organizationId, memberId));
  return { effectiveBudget, status };
}
