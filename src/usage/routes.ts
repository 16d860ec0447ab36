/** The management routes of usage beside analytics: the health of the books, budgets tried out. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { DAY_MS, LIMITS } from '../limits.ts';
import { idOf, like, ORG_ID } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { ApiError } from '../teams/api-error.ts';
import { checkMayModify, toSetBudgets } from '../teams/budget-guard.ts';
import { effectiveBudget } from '../teams/effective-budget.ts';
import { guarded } from '../teams/guard.ts';
import { findMember } from '../teams/members.ts';
import { BASIS, ScopeLimitsShown, showKeyLimits } from '../teams/status.ts';
import { proveBooks } from './books.ts';
import { countMembers, Health, readHealth } from './books-health.ts';
import { withBudget } from './budget-query.ts';
import { Simulated, simulateBudget } from './budget-simulation.ts';
import { usageDatabase } from './databases.ts';
import { type DateRange, RANGE, rangeOf, spansOf } from './date-range.ts';
import { firstDaySince } from './time-zones.ts';

const route = routesOf('Analytics');

const Org = z.object({ orgId: ORG_ID });

const TIME_ZONE = { timezone: like('Europe/Stockholm') };

const TriedOut = z
  .object({
    memberId: idOf('mem'),
    ...TIME_ZONE,
    budget: z.object({ ...ScopeLimitsShown.shape, usageLimitBasis: BASIS }).openapi({
      description: 'The limits as they would have applied',
    }),
    ...Simulated.shape,
  })
  .openapi('BudgetSimulation');

const PROVE_MESSAGE = { error: 'prove must be now or stored.' };

const SimulationParameters = withBudget({
  memberId: z.string({ error: 'memberId is required.' }).openapi({ example: 'mem_0123456789abcdef' }),
  ...RANGE,
});

const toHealth = guarded({
  ability: 'health.read',
  roleMessage: 'Only owners, admins and finance admins can view the health of the books.',
});

export const usageRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/health',
      summary: 'The books of every member, as last proven',
      middleware: toHealth,
      request: { params: Org, query: z.strictObject({ prove: z.enum(['now', 'stored'], PROVE_MESSAGE).optional() }) },
      responses: {
        200: answers('Differences (0 when the books agree), what is unresolved, overruns, stale parts', Health),
      },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const { prove } = c.req.valid('query');
      const nowMs = Date.now();
      // A small organization is proven while the caller waits, a large one when asked: the longest unproven of it.
      const members = prove === undefined ? await countMembers(c.env.DB, orgId) : 0;
      if (prove === 'now' || (prove === undefined && members <= LIMITS.booksOnDemandMembersMax)) {
        await proveBooks(c.env, orgId, nowMs);
      }
      return c.json({ ...(await readHealth(c.env, orgId, nowMs)) }, 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/budget-simulation',
      summary: "When and by how much a budget would have refused a member's requests of some days",
      middleware: toSetBudgets,
      request: { params: Org, query: SimulationParameters },
      responses: {
        200: answers('What would have been refused and admitted: sums, days, the first refusals', TriedOut),
      },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const { memberId, budget, ...asked } = c.req.valid('query');
      const caller = c.get('caller');
      const timezone = asked.timezone ?? caller.timeZone;
      const nowMs = Date.now();
      const range = rangeOf({ ...asked, timezone }, nowMs);
      const member = await findMember(c.env, orgId, memberId);
      checkMayModify(caller, member);
      checkRetained(range, nowMs);
      const days = spansOf(range, 'day');
      const { newCycle: _, version: __, ...fields } = budget;
      // Also what it would inherit.
      const { limits, basis } = effectiveBudget({ ...member, budget: JSON.stringify(fields) });
      const usage = await usageDatabase(c.env, orgId);
      const simulated = await simulateBudget(usage, { organizationId: orgId, memberId, limits, basis, days });
      const usageLimitBasis = limits.total === null ? null : basis;
      return c.json({ memberId, timezone, budget: { ...showKeyLimits(limits), usageLimitBasis }, ...simulated }, 200);
    },
  );

/** The first day must be one of which pruning has taken nothing. */
function checkRetained({ from, timezone }: DateRange, nowMs: number): void {
  const first = firstDaySince(timezone, nowMs - LIMITS.eventRetentionMs);
  if (from.until(first).sign <= 0) return;
  const firstDayPossible = first.toString();
  const message = `Requests are kept for ${LIMITS.eventRetentionMs / DAY_MS} days: from must be ${firstDayPossible} or later.`;
  throw new ApiError(400, 'invalid_request_error', message, { param: 'from', metadata: { firstDayPossible } });
}
