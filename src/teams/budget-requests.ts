/**
 * Requests for more budget. A member asks for more on one of their limits; who may set the budget grants an extra amount
 * until an instant, or declines. A grant is in force as a part of the member's policy (`Extra` in budgets/policy.ts): it
 * lapses by the clock of the member's object, and ends with the limit that it was granted on (`standing`).
 *
 * What a change depends on is read while it is described, so of two who decide at once one wins and the other hears that it
 * is decided (see `changeAudited`). A request is decided once and for ever; what came of it is history.
 */
import { z } from '@hono/zod-openapi';
import { type Change, changeAudited } from '../audit/change.ts';
import { createdFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { durationEnd } from '../budgets/calendar.ts';
import { type Extra, limitsAt } from '../budgets/policy.ts';
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { formatUsd, parseUsd, ZERO } from '../money/nanos.ts';
import { memberBudget } from '../objects.ts';
import { idOf, instant, like, usd } from '../reference/fields.ts';
import { ApiError, badRequest, notFound } from './api-error.ts';
import { checkMayModify } from './budget-guard.ts';
import { amountOf, effectiveBudget, standing } from './effective-budget.ts';
import { type Caller, memberIdOf } from './guard.ts';
import { findMember, type MemberRow } from './members.ts';
import { cutPage } from './page.ts';
import { policyChange, pushPolicy } from './policy.ts';
import { roleMay } from './roles.ts';
import { instantOrNull, LIMIT_FIELDS } from './status.ts';

type LimitName = Extra['limit'];

export interface RequestRow {
  id: string;
  member_id: string;
  member_name: string;
  limit_name: LimitName;
  amount: string | null;
  note: string | null;
  created_at: number;
  decision: 'granted' | 'declined' | null;
  decided_at: number | null;
  decided_by: string | null;
  decision_note: string | null;
  granted_amount: string | null;
  granted_until: number | null;
}

export const REQUEST_STATUSES = ['open', 'granted', 'declined'] as const;

export type RequestStatus = (typeof REQUEST_STATUSES)[number];

/** Requests of those who are members. `?1` is the organization, `?2` the one member whose requests the caller sees, or null. */
const SELECT_SEEN = `
  SELECT
    request.id, request.member_id, member.name AS member_name, request.limit_name, request.amount, request.note,
    request.created_at, request.decision, request.decided_at, request.decided_by, request.decision_note,
    request.granted_amount, request.granted_until
  FROM budget_requests AS request
  JOIN members AS member ON member.id = request.member_id AND member.removed_at IS NULL
  WHERE request.organization_id = ?1 AND (?2 IS NULL OR request.member_id = ?2)`;

/** The member whose requests are all that the caller sees; null for who sees everybody's. */
function onlyOf(caller: Caller): string | null {
  return roleMay(caller.role, 'budgets.read') ? null : memberIdOf(caller);
}

export const BudgetRequest = z
  .object({
    id: like('brq_0123456789abcdef'),
    memberId: idOf('mem'),
    memberName: like('Ada Lovelace'),
    limit: z.enum(LIMIT_FIELDS).openapi({ example: 'periodUsageLimit' }),
    amount: usd('20').nullable().openapi({ description: 'Null: whoever grants says' }),
    note: like('Evaluations until Friday').nullable(),
    status: z.enum(REQUEST_STATUSES).openapi({ example: 'granted' }),
    createdAt: instant(),
    decidedAt: instant('2026-11-21T10:15:00.000Z').nullable(),
    decidedBy: idOf('mem')
      .nullable()
      .openapi({ description: 'The member who decided; null: nobody has, or a master key' }),
    decisionNote: like('Good luck').nullable(),
    grant: z.object({ amount: usd('20'), until: instant('2026-12-01T00:00:00.000Z').nullable() }).nullable(),
  })
  .openapi('BudgetRequest');

export function showRequest(row: RequestRow): z.infer<typeof BudgetRequest> {
  return {
    id: row.id,
    memberId: row.member_id,
    memberName: row.member_name,
    limit: LIMIT_FIELDS[row.limit_name],
    amount: row.amount,
    note: row.note,
    status: row.decision ?? 'open',
    createdAt: new Date(row.created_at).toISOString(),
    decidedAt: instantOrNull(row.decided_at),
    decidedBy: row.decided_by,
    decisionNote: row.decision_note,
    grant: row.granted_amount === null ? null : { amount: row.granted_amount, until: instantOrNull(row.granted_until) },
  };
}

/** A page of requests, the newest first; `cursor` is the last id seen. */
export async function listRequests(
  env: Env,
  caller: Caller,
  page: { limit: number; cursor?: string | undefined; status?: RequestStatus | undefined },
): Promise<{ rows: RequestRow[]; nextCursor: string | null }> {
  const { results } = await env.DB.withSession('first-primary')
    .prepare(
      `${SELECT_SEEN}
        AND (?3 IS NULL OR coalesce(request.decision, 'open') = ?3)
        AND (
          ?4 IS NULL
          OR (request.created_at, request.id) < (
            SELECT created_at, id FROM budget_requests WHERE id = ?4 AND organization_id = ?1
          )
        )
       ORDER BY request.created_at DESC, request.id DESC
       LIMIT CAST(?5 AS INTEGER)`,
    )
    .bind(caller.organizationId, onlyOf(caller), page.status ?? null, page.cursor ?? null, page.limit + 1)
    .all<RequestRow>();
  return cutPage(results, page.limit);
}

/** One that the caller sees; throws a 404 for any other. */
export async function findRequest(env: Env, caller: Caller, id: string): Promise<RequestRow> {
  const row = await env.DB.withSession('first-primary')
    .prepare(`${SELECT_SEEN} AND request.id = ?3`)
    .bind(caller.organizationId, onlyOf(caller), id)
    .first<RequestRow>();
  if (!row) throw notFound('budget request');
  return row;
}

export interface Asked {
  limit: LimitName;
  amount: string | null;
  note: string | null;
}

/** Asks, as the member that the caller is. Answers with the request's id. */
export async function ask(env: Env, trail: Trail, caller: Caller, asked: Asked, nowMs: number): Promise<string> {
  const memberId = memberIdOf(caller);
  if (memberId === null) {
    const message = 'Members ask for more budget, signed in. With a master key, set the budget itself.';
    throw new ApiError(403, 'role_required', message);
  }
  const id = newId('brq');
  const { limit, amount, note } = asked;
  await changeAudited(env.DB, trail, nowMs, async () => {
    checkIsLimited(await findMember(env, caller.organizationId, memberId), limit);
    await checkMayAskAgain(env, memberId);
    return {
      action: 'budget_request.created',
      targetId: id,
      // Notes are in no entry: they are people's own words, and an entry is for ever.
      ...createdFields({ memberId, limit: LIMIT_FIELDS[limit], amount }),
      statement: env.DB.prepare(
        `INSERT INTO budget_requests (id, organization_id, member_id, limit_name, amount, note, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
      ).bind(id, caller.organizationId, memberId, limit, amount, note, nowMs),
    };
  });
  return id;
}

/** Throws the 400 of who asks for more where nothing limits them. */
function checkIsLimited(member: MemberRow, limit: LimitName): void {
  const { limits } = effectiveBudget(member);
  if (limits[limit] !== null) return;
  const other: LimitName = limit === 'total' ? 'period' : 'total';
  const instead =
    limits[other] === null
      ? 'Nothing limits your budget; if a key is refused, raise the limit of that key.'
      : `Ask for more of your ${LIMIT_FIELDS[other]}.`;
  throw badRequest('limit', `Your budget has no ${LIMIT_FIELDS[limit]}. ${instead}`);
}

async function checkMayAskAgain(env: Env, memberId: string): Promise<void> {
  const open = await env.DB.withSession('first-primary')
    .prepare('SELECT count(*) AS n FROM budget_requests WHERE member_id = ?1 AND decision IS NULL')
    .bind(memberId)
    .first<number>('n');
  if ((open ?? 0) < LIMITS.budgetRequestsOpenMax) return;
  throw badRequest(null, `You have ${open} open requests. Wait until one of them is decided.`);
}

export interface Grant {
  /** Null: what was asked for. */
  amount: string | null;
  /** Null: `defaultEnd`. */
  untilMs: number | null;
  note: string | null;
}

/** Grants an extra amount. Answers with the request, and whether the member's object has yet to learn of it. */
export async function grantRequest(
  env: Env,
  trail: Trail,
  caller: Caller,
  id: string,
  { amount, untilMs, note }: Grant,
  nowMs: number,
): Promise<{ row: RequestRow; pending: boolean }> {
  const asked = await findRequest(env, caller, id);
  const endMs = untilMs ?? (await defaultEnd(env, caller.organizationId, asked, nowMs));
  if (endMs <= nowMs) throw badRequest('until', 'until must be in the future.');
  if (endMs > nowMs + LIMITS.grantMsMax) {
    throw badRequest('until', 'until must be within a year. To raise a limit for good, set the budget.');
  }
  await decide(env, trail, caller, id, nowMs, (row, member) => {
    const granted = amount ?? row.amount;
    if (granted === null) throw badRequest('amount', 'amount is required: the request names none.');
    const on = checkFits(member, { limit: row.limit_name, amount: amountOf(granted) ?? ZERO, untilMs: endMs }, nowMs);
    const limit = LIMIT_FIELDS[row.limit_name];
    return {
      after: { decision: 'granted', memberId: member.id, limit, amount: granted, until: instantOrNull(endMs) },
      ahead: policyChange(env.DB, { sql: 'id = ?1', values: [member.id] }, nowMs),
      statement: env.DB.prepare(
        `UPDATE budget_requests
         SET decision = 'granted', decided_at = ?2, decided_by = ?3, decision_note = ?4,
             granted_amount = ?5, granted_until = ?6, granted_on = ?7
         WHERE id = ?1`,
      ).bind(id, nowMs, memberIdOf(caller), note, granted, endMs, on),
    };
  });
  const pending = !(await pushPolicy(env, asked.member_id));
  return { row: await findRequest(env, caller, id), pending };
}

export async function declineRequest(
  env: Env,
  trail: Trail,
  caller: Caller,
  id: string,
  note: string | null,
  nowMs: number,
): Promise<RequestRow> {
  await decide(env, trail, caller, id, nowMs, (row, member) => ({
    after: { decision: 'declined', memberId: member.id, limit: LIMIT_FIELDS[row.limit_name] },
    statement: env.DB.prepare(
      `UPDATE budget_requests
       SET decision = 'declined', decided_at = ?2, decided_by = ?3, decision_note = ?4
       WHERE id = ?1`,
    ).bind(id, nowMs, memberIdOf(caller), note),
  }));
  return findRequest(env, caller, id);
}

/** Makes a decision, if none was made. Throws the 409 of who comes second. */
async function decide(
  env: Env,
  trail: Trail,
  caller: Caller,
  id: string,
  nowMs: number,
  describe: (row: RequestRow, member: MemberRow) => Pick<Change, 'after' | 'ahead' | 'statement'>,
): Promise<void> {
  const made = await changeAudited(env.DB, trail, nowMs, async () => {
    const row = await findRequest(env, caller, id);
    const member = await findMember(env, caller.organizationId, row.member_id);
    checkMayModify(caller, member);
    if (row.decision !== null) throw alreadyDecided(row);
    const change = describe(row, member);
    const action = change.after?.decision === 'granted' ? 'budget_request.granted' : 'budget_request.declined';
    return { action, targetId: id, before: { decision: null }, ...change };
  });
  if (!made) throw notFound('budget request');
}

function alreadyDecided({ decision, decided_at }: RequestRow): ApiError {
  const message = `This request was ${decision} already, at ${instantOrNull(decided_at)}.`;
  return new ApiError(409, 'already_decided', message);
}

/** Throws where the extra has no limit to be granted on, or would make too much of it; answers with that limit's `standing`. */
function checkFits(member: MemberRow, extra: Extra, nowMs: number): string {
  const budget = effectiveBudget(member);
  const on = standing(member, budget, extra.limit);
  if (on === null) {
    const message = `The member's budget has no ${LIMIT_FIELDS[extra.limit]} any more, so nothing can be added to it. Decline the request.`;
    throw new ApiError(409, 'limit_gone', message);
  }
  const inForce = budget.extras.filter(({ untilMs }) => nowMs < untilMs);
  if (inForce.length >= LIMITS.grantsInForceMax) {
    throw badRequest(null, `${inForce.length} grants are in force already. Set the budget instead.`);
  }
  const { total, period } = limitsAt(budget.limits, [...inForce, extra], nowMs);
  const raised = extra.limit === 'total' ? total : period?.limit;
  if (raised === undefined || raised === null || parseUsd(formatUsd(raised)) === null) {
    throw badRequest('amount', 'A limit with all that is granted beside it must be at most $1000000.');
  }
  return on;
}

/**
 * When an extra ends if nobody says: with the window that it helps over. A rolling one has no end: what is spent in it now
 * counts for a whole duration more. A total has no window at all, so LIMITS.grantMs decides.
 */
async function defaultEnd(
  env: Env,
  organizationId: string,
  { member_id: memberId, limit_name: limit }: RequestRow,
  nowMs: number,
): Promise<number> {
  const { period } = effectiveBudget(await findMember(env, organizationId, memberId)).limits;
  if (limit === 'total' || !period) return nowMs + LIMITS.grantMs;
  const lasts = Math.min(durationEnd(period.window, nowMs), nowMs + LIMITS.grantMsMax);
  if (period.window.kind === 'rolling') return lasts;
  // Only the object knows when a window was opened; where it does not answer a duration is at least no less.
  const asked = memberBudget(env, memberId, (object) => object.status({ memberId }), LIMITS.policyPushMs);
  const endMs = await asked.then(({ period: now }) => now?.resetAtMs ?? null).catch(() => null);
  return endMs !== null && endMs > nowMs ? Math.min(endMs, lasts) : lasts;
}
