/** What analytics routes are asked: which range, which usage, who may. Gates are those of the guard; here is what each needs. */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';
import { idOf } from '../reference/fields.ts';
import { notFound } from '../teams/api-error.ts';
import { findKeyEver } from '../teams/api-keys.ts';
import { type Caller, guarded, memberIdOf } from '../teams/guard.ts';
import { findProject } from '../teams/projects.ts';
import { roleMay } from '../teams/roles.ts';
import type { ActivityQuery } from './analytics.ts';
import { RANGE, rangeOf, spansOf } from './date-range.ts';
import { type Filter, GROUP_NAMES } from './from-totals.ts';

/** The parameters of every analytics route. */
export const RangeParameters = z.strictObject({
  organizationId: z.string({ error: 'organizationId is required.' }).openapi({ example: 'org_0123456789abcdef' }),
  ...RANGE,
  format: z.enum(['json', 'csv'], { error: 'format must be json or csv.' }).default('json').openapi({
    description: 'csv: one line for each day or hour and row, all rows',
  }),
});

export const DaysParameters = RangeParameters.extend({
  groupBy: z.enum(GROUP_NAMES, { error: `groupBy must be one of ${GROUP_NAMES.join(', ')}.` }).default('model'),
  granularity: z.enum(['day', 'hour'], { error: 'granularity must be day or hour.' }).default('day'),
  limit: z.coerce
    .number({ error: 'limit must be a whole number.' })
    .int({ error: 'limit must be a whole number.' })
    .min(1, { error: 'limit must be at least 1.' })
    .max(LIMITS.analyticsGroupsMax, { error: `limit must be at most ${LIMITS.analyticsGroupsMax}.` })
    .default(LIMITS.analyticsGroupsDefault)
    .openapi({ description: 'The dearest so many have rows of their own, the others are one row, `Other`' }),
});

export type DaysAsked = z.infer<typeof DaysParameters>;

export const ActivityParameters = DaysParameters.extend({
  projectId: idOf('prj').optional(),
  apiKeyId: idOf('key').optional(),
  memberId: idOf('mem').optional(),
});

const OF_MEMBERS = {
  ability: 'analytics.members',
  roleMessage: 'Only organization owners and admins can view member usage',
  feature: 'analytics.members',
  planMessage: 'Member analytics require an enterprise plan',
} as const;

const OF_KEYS = {
  ability: 'keys.own',
  roleMessage: 'Only owners, admins and developers can view the usage of API keys.',
} as const;

/** A project's or a key's usage is in every plan; the organization's and the members' are not. */
export const toActivity = guarded(({ groupBy, projectId, apiKeyId, memberId }) => {
  if (groupBy === 'member' || memberId !== undefined) return OF_MEMBERS;
  if (apiKeyId !== undefined) return OF_KEYS;
  if (projectId !== undefined) {
    return {
      ability: 'analytics.projects',
      roleMessage: 'Only owners, admins, developers and basic members can view the usage of projects.',
    };
  }
  return {
    ability: 'analytics.organization',
    roleMessage: 'Only organization owners and admins can view organization analytics',
    feature: 'analytics.organization',
    planMessage: 'Organization analytics require an enterprise plan',
  };
});

export const toMembers = guarded(OF_MEMBERS);

export const toKey = guarded({ ...OF_KEYS });

export const toOwn = guarded({
  ability: 'organization.read',
  roleMessage: 'Only people of the organization can view their usage.',
});

/** As it is read. Throws a 400 for what is no range. */
export function queryOf(caller: Caller, asked: DaysAsked, filter: Filter): ActivityQuery & { timezone: string } {
  const timezone = asked.timezone ?? caller.timeZone;
  const spans = spansOf(rangeOf({ ...asked, timezone }, Date.now()), asked.granularity);
  const { groupBy, limit } = asked;
  return { organizationId: caller.organizationId, groupBy, limit, ...filter, spans, timezone };
}

/** What is asked for, as far as the caller sees it; throws a 404 for a project, key or member that is not theirs to see. */
export async function filterFor(
  env: Env,
  caller: Caller,
  { projectId, apiKeyId, memberId }: z.infer<typeof ActivityParameters>,
): Promise<Filter> {
  if (projectId !== undefined) await findProject(env, caller, projectId);
  if (apiKeyId !== undefined) await findKeyEver(env, caller, apiKeyId);
  if (memberId !== undefined) await checkMember(env, caller.organizationId, memberId);
  return { projectId, apiKeyId, memberId: seesAll(caller) ? memberId : (memberIdOf(caller) ?? memberId) };
}

/** Whether the caller sees more than what is their own. */
function seesAll({ role }: Caller): boolean {
  return roleMay(role, 'analytics.members');
}

/** Also one who was removed. */
async function checkMember(env: Env, organizationId: string, memberId: string): Promise<void> {
  const found = await env.DB.prepare('SELECT 1 FROM members WHERE id = ?1 AND organization_id = ?2')
    .bind(memberId, organizationId)
    .first();
  if (!found) throw notFound('member');
}
