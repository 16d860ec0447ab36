/** An organization as its members see it, and the settings that its members' objects enforce. */
import { z } from '@hono/zod-openapi';
import { changeAudited } from '../audit/change.ts';
import { changedFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { count, idOf, instant, like } from '../reference/fields.ts';
import { notFound } from './api-error.ts';
import { changeOrganization, type FanOut } from './policy.ts';
import { PLANS, type Plan } from './roles.ts';
import { instantOrNull } from './status.ts';
import { thresholdsOf } from './warning-levels.ts';

/** Whom invoices are made out to. What is empty is not printed. */
const BillingDetailsShown = z
  .object({
    name: like('Engines Ltd'),
    email: like('invoices@example.com'),
    address: like('1 Analytical Way, London'),
    country: like('United Kingdom'),
    taxId: like('GB123456789'),
  })
  .openapi('BillingDetails');

export type BillingDetails = z.infer<typeof BillingDetailsShown>;

/** What every list of organizations tells of one. */
export const ORGANIZATION_NAMED = {
  id: idOf('org'),
  name: like('Engines'),
  kind: z.enum(['personal', 'team']).openapi({ example: 'team' }),
  plan: z.enum(PLANS).openapi({ example: 'pro' }),
  timeZone: like('Europe/London'),
};

export const OrganizationWhole = z.object({
  ...ORGANIZATION_NAMED,
  metered: z.boolean().openapi({
    description: 'Whether requests are paid from prepaid credit, and refused without; the operator sets it',
    example: false,
  }),
  replay: z.boolean().openapi({
    description:
      'Whether answers are recorded for repeats under an Idempotency-Key. What /v1/responses stores is no such record: a request with `store: false` has nothing stored.',
  }),
  hideAmounts: z.boolean().openapi({
    description: 'Whether answers and refusals of the gateway name limits without their amounts',
    example: false,
  }),
  budgetWarnings: z
    .array(count(80))
    .openapi({ description: 'Percents of a limit at which members are warned by mail' }),
  billingDetails: BillingDetailsShown.nullable().openapi({
    description: 'For owners, admins and finance admins; null: nothing was said',
  }),
  createdAt: instant('2026-01-15T09:30:00.000Z'),
  deletedAt: instant().nullable().openapi({ description: 'Since when it is deleted', example: null }),
});

export type Organization = z.infer<typeof OrganizationWhole>;

export async function readOrganization(env: Env, organizationId: string): Promise<Organization> {
  const row = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT id, name, kind, plan, time_zone, metered, replay, hide_amounts, budget_warnings, billing_details,
              created_at, deleted_at
       FROM organizations WHERE id = ?1`,
    )
    .bind(organizationId)
    .first<Pick<Organization, 'id' | 'name' | 'kind' | 'plan'> & StoredAs>();
  if (!row) throw notFound('organization');
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    plan: row.plan,
    timeZone: row.time_zone,
    metered: row.metered === 1,
    replay: row.replay === 1,
    hideAmounts: row.hide_amounts === 1,
    budgetWarnings: thresholdsOf(row.budget_warnings),
    billingDetails: row.billing_details === null ? null : (JSON.parse(row.billing_details) as BillingDetails),
    createdAt: new Date(row.created_at).toISOString(),
    deletedAt: instantOrNull(row.deleted_at),
  };
}

interface StoredAs {
  time_zone: string;
  metered: number;
  replay: number;
  hide_amounts: number;
  budget_warnings: string | null;
  billing_details: string | null;
  created_at: number;
  deleted_at: number | null;
}

/** What of an organization its people may change; what is not given stays as it is. */
export interface Settings {
  /**
   * Turned off, no answer is recorded and none that was is given again: a repeat runs and is charged, as if it had no
   * Idempotency-Key. What was recorded before stays sealed until its time is over.
   */
  replay?: boolean | undefined;
  /** Turned on, answers and refusals of the gateway still tell which limit there is, and when it resets. */
  hideAmounts?: boolean | undefined;
  /** Calendar windows keep their start and what was spent in them; their end is computed anew. */
  timeZone?: string | undefined;
  name?: string | undefined;
  budgetWarnings?: number[] | undefined;
  billingDetails?: BillingDetails | null | undefined;
}

/** Settings that no object knows of. */
const NOT_ENFORCED: readonly string[] = ['name', 'budgetWarnings', 'billingDetails'];

/** Changes settings, and pushes what members' objects enforce to all of them. */
export async function changeSettings(env: Env, trail: Trail, settings: Settings, nowMs: number): Promise<FanOut> {
  const { organizationId } = trail;
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<
    ReturnType<typeof settingsOf>
  >;
  const describe = async () => {
    const before = await readOrganization(env, organizationId);
    return {
      action: 'organization.settings.updated' as const,
      ...changedFields(settingsOf(before), { ...settingsOf(before), ...given }),
      statement: update(env, organizationId, { ...settingsOf(before), ...given }),
    };
  };
  if (!Object.keys(given).every((field) => NOT_ENFORCED.includes(field))) {
    return changeOrganization(env, trail, describe, nowMs);
  }
  const targetId = organizationId;
  const changed = await changeAudited(env.DB, trail, nowMs, async () => ({ ...(await describe()), targetId }));
  if (!changed) throw notFound('organization');
  return { applied: 0, pending: 0 };
}

/** All settings as they shall be: nothing audited has changed since they were read (see `changeAudited`). */
function update(env: Env, organizationId: string, all: ReturnType<typeof settingsOf>): D1PreparedStatement {
  const { name, timeZone, replay, hideAmounts, budgetWarnings, billingDetails } = all;
  return env.DB.prepare(
    `UPDATE organizations
     SET name = ?2, time_zone = ?3, replay = ?4, hide_amounts = ?5, billing_details = ?6, budget_warnings = ?7
     WHERE id = ?1`,
  ).bind(
    organizationId,
    name,
    timeZone,
    Number(replay),
    Number(hideAmounts),
    billingDetails && JSON.stringify(billingDetails),
    JSON.stringify(budgetWarnings),
  );
}

/** Whether every attempt also spends the organization's wallet. The operator's to decide. */
export function setMetered(env: Env, trail: Trail, metered: boolean, nowMs: number): Promise<FanOut> {
  const describe = async () => {
    const before = await env.DB.prepare('SELECT metered FROM organizations WHERE id = ?1')
      .bind(trail.organizationId)
      .first<{ metered: number }>();
    return {
      action: 'organization.metered.updated' as const,
      ...changedFields({ metered: before?.metered === 1 }, { metered }),
      statement: env.DB.prepare('UPDATE organizations SET metered = ?2 WHERE id = ?1').bind(
        trail.organizationId,
        Number(metered),
      ),
    };
  };
  return changeOrganization(env, trail, describe, nowMs);
}

/**
 * The operator's to decide, as are seats. Whether a member uses granted projects only depends on the plan. What was said of
 * seats is forgotten with the plan it was said for: three beyond those of one plan are not the three of a contract. `seats`: what
 * another plan brings with it, as its bill has them.
 */
export function setPlan(
  env: Env,
  trail: Trail,
  plan: Plan,
  nowMs: number,
  seats: number | null = null,
): Promise<FanOut> {
  const { organizationId } = trail;
  const describe = async () => {
    const before = {
      plan: (await readOrganization(env, organizationId)).plan,
      seats: await seatsSaid(env, organizationId),
    };
    const after = { plan, seats: plan === before.plan ? before.seats : seats };
    return {
      action: 'organization.plan.updated' as const,
      ...changedFields(before, after),
      statement: env.DB.prepare('UPDATE organizations SET plan = ?2, seats_bought = ?3 WHERE id = ?1').bind(
        organizationId,
        after.plan,
        after.seats,
      ),
      // What was bought for it is gone with it: there is nothing left to take back.
      ...(plan !== before.plan && {
        behind: [
          env.DB.prepare(
            `UPDATE seat_purchases SET taken_back_at = CAST(?2 AS INTEGER)
             WHERE organization_id = ?1 AND settled_at IS NULL AND taken_back_at IS NULL`,
          ).bind(organizationId, nowMs),
        ],
      }),
    };
  };
  return changeOrganization(env, trail, describe, nowMs);
}

/** Seats beyond the plan's, or where a contract says how many, all of them; null: none, or no contract. */
export async function setSeats(env: Env, trail: Trail, seats: number | null, nowMs: number): Promise<void> {
  const { organizationId } = trail;
  await changeAudited(env.DB, trail, nowMs, async () => ({
    action: 'organization.seats.updated',
    targetId: organizationId,
    ...changedFields({ seats: await seatsSaid(env, organizationId) }, { seats }),
    statement: env.DB.prepare('UPDATE organizations SET seats_bought = ?2 WHERE id = ?1').bind(organizationId, seats),
  }));
}

function seatsSaid(env: Env, organizationId: string): Promise<number | null> {
  return env.DB.withSession('first-primary')
    .prepare('SELECT seats_bought FROM organizations WHERE id = ?1')
    .bind(organizationId)
    .first<number | null>('seats_bought');
}

function settingsOf({ name, timeZone, replay, hideAmounts, budgetWarnings, billingDetails }: Organization) {
  return { name, timeZone, replay, hideAmounts, budgetWarnings, billingDetails };
}
