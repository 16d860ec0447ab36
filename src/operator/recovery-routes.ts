/**
 * What the operator does when something was lost or deleted: has an organization back, has a member's object begin again with
 * what D1 knows, and says that D1 was restored to an earlier time. What may lose something only tells so, unless asked to `apply`.
 */
import { createRoute, z } from '@hono/zod-openapi';
import type { Rebuilding } from '../../durable-objects/member-budget.ts';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { noteAudited } from '../audit/change.ts';
import { planRestoration, tellRestored } from '../audit/restoring.ts';
import type { Standing } from '../budgets/rebuilding.ts';
import { LIMITS } from '../limits.ts';
import { formatUsd } from '../money/nanos.ts';
import { settledBudget } from '../objects.ts';
import { ApiError } from '../teams/api-error.ts';
import { findMember } from '../teams/members.ts';
import { readOrganization } from '../teams/organization.ts';
import { restoreOrganization } from '../teams/organizations.ts';
import { operatorOnly } from './guard.ts';

const Org = z.object({ orgId: z.string() });
const OrgMember = Org.extend({ memberId: z.string() });

/** None of these is in the reference: what they answer is for scripts/purser.ts, which prints it. */
const TOLD = z.looseObject({});

const flag = (name: string) => z.boolean({ error: `${name} must be true or false.` }).default(false);

const RebuildBody = z.strictObject({ apply: flag('apply'), force: flag('force') });

const INSTANT = { error: 'restoredTo must be the instant to which D1 was restored, ISO 8601 in UTC.' };
const RestoredBody = z.strictObject({ restoredTo: z.iso.datetime(INSTANT), apply: flag('apply') });

export const recoveryRouter = apiRouter()
  .openapi(
    createRoute({
      method: 'post',
      path: '/operator/orgs/{orgId}/restore',
      hide: true,
      middleware: operatorOnly,
      request: { params: Org },
      responses: {
        200: answers('The organization', TOLD),
        202: answers('The organization; some keys work within minutes', TOLD),
      },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const fanOut = await restoreOrganization(c.env, c.get('trail'), Date.now());
      const restored = { ...(await readOrganization(c.env, orgId)), ...fanOut };
      return fanOut.pending > 0 ? c.json(restored, 202) : c.json(restored, 200);
    },
  )
  .openapi(
    createRoute({
      method: 'post',
      path: '/operator/orgs/{orgId}/members/{memberId}/rebuild',
      hide: true,
      middleware: [operatorOnly, ...jsonBody] as const,
      request: { params: OrgMember, body: body(RebuildBody) },
      responses: { 200: answers('What its object counted, and what it counts then', TOLD) },
    }),
    async (c) => {
      const { orgId, memberId } = c.req.valid('param');
      const asked = c.req.valid('json');
      const trail = c.get('trail');
      await findMember(c.env, orgId, memberId);
      const done = await settledBudget(
        c.env,
        memberId,
        (object) => object.rebuild({ memberId, ...asked }),
        LIMITS.rebuildMs,
      );
      const shown = showRebuilding(memberId, done);
      if (!done.rebuilt) {
        if (asked.apply) throw wouldLose(shown);
        trail.changesNothing = true;
        return c.json(shown, 200);
      }
      const { before, after } = shown;
      await noteAudited(c.env.DB, trail, Date.now(), { action: 'member.rebuilt', targetId: memberId, before, after });
      return c.json(shown, 200);
    },
  )
  .openapi(
    createRoute({
      method: 'post',
      path: '/operator/orgs/{orgId}/d1-restored',
      hide: true,
      middleware: [operatorOnly, ...jsonBody] as const,
      request: { params: Org, body: body(RestoredBody) },
      responses: { 200: answers('What the audit log has lost, or would be told to have', TOLD) },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const { restoredTo, apply } = c.req.valid('json');
      if (apply)
        return c.json({ told: true, ...(await tellRestored(c.env, c.get('trail'), restoredTo, Date.now())) }, 200);
      c.get('trail').changesNothing = true;
      return c.json({ told: false, ...(await planRestoration(c.env, orgId, restoredTo)) }, 200);
    },
  );

function showRebuilding(memberId: string, { before, after, loses, rebuilt }: Rebuilding) {
  return { memberId, rebuilt, loses, before: showStanding(before), after: showStanding(after) };
}

function showStanding({ sequence, unshipped, lifetimeUsage, usage, currentPeriodUsage, held }: Standing) {
  return {
    events: sequence,
    unshipped,
    lifetimeUsage: formatUsd(lifetimeUsage),
    usage: formatUsd(usage),
    currentPeriodUsage: currentPeriodUsage === null ? null : formatUsd(currentPeriodUsage),
    held: formatUsd(held),
  };
}

/** Nothing was done: the object knows what D1 does not. */
function wouldLose(shown: ReturnType<typeof showRebuilding>): ApiError {
  const { before, after } = shown;
  const events = Math.max(0, before.events - after.events);
  const lost = [
    `${events} events ($${before.lifetimeUsage} would become $${after.lifetimeUsage})`,
    `$${before.held} held`,
  ];
  const message = `Nothing was rebuilt: the object knows of ${lost.join(' and ')}, which D1 does not. Try again when D1 has them, or force it.`;
  return new ApiError(409, 'rebuild_would_lose', message, { metadata: { ...shown } });
}
