/** An organization as its members see it, and the settings that its members' objects enforce. */
import { changedFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { notFound } from './api-error.ts';
import { changeOrganization, type FanOut } from './policy.ts';
import type { Plan } from './roles.ts';

/** Whom invoices are made out to. What is empty is not printed. */
export interface BillingDetails {
  name: string;
  email: string;
  address: string;
  country: string;
  taxId: string;
}

export interface Organization {
  id: string;
  name: string;
  kind: 'personal' | 'team';
  plan: Plan;
  timeZone: string;
  /** Whether answers are recorded for repeats under an Idempotency-Key. */
  replay: boolean;
  /** Whether answers and refusals of the gateway name limits without their amounts. */
  hideAmounts: boolean;
  createdAt: string;
}

export async function readOrganization(env: Env, organizationId: string): Promise<Organization> {
  const row = await env.DB.withSession('first-primary')
    .prepare(
      'SELECT id, name, kind, plan, time_zone, replay, hide_amounts, created_at FROM organizations WHERE id = ?1',
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
    replay: row.replay === 1,
    hideAmounts: row.hide_amounts === 1,
    createdAt: new Date(row.created_at).toISOString(),
  };
}

interface StoredAs {
  time_zone: string;
  replay: number;
  hide_amounts: number;
  created_at: number;
}

/** What of an organization its members' objects enforce; what is not given stays as it is. */
export interface Settings {
  /**
   * Turned off, no answer is recorded and none that was is given again: a repeat runs and is charged, as if it had no
   * Idempotency-Key. What was recorded before stays sealed until its time is over.
   */
  replay?: boolean | undefined;
  /** Turned on, answers and refusals of the gateway still tell which limit there is, and when it resets. */
  hideAmounts?: boolean | undefined;
}

export function changeSettings(
  env: Env,
  trail: Trail,
  { replay, hideAmounts }: Settings,
  nowMs: number,
): Promise<FanOut> {
  const { organizationId } = trail;
  const change = env.DB.prepare(
    `UPDATE organizations
     SET replay = coalesce(CAST(?2 AS INTEGER), replay), hide_amounts = coalesce(CAST(?3 AS INTEGER), hide_amounts)
     WHERE id = ?1`,
  );
  const describe = async () => {
    const before = await readOrganization(env, organizationId);
    return {
      action: 'organization.settings.updated' as const,
      ...changedFields(settingsOf(before), settingsOf(before, { replay, hideAmounts })),
      statement: change.bind(organizationId, bit(replay), bit(hideAmounts)),
    };
  };
  return changeOrganization(env, trail, describe, nowMs);
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
        bit(metered),
      ),
    };
  };
  return changeOrganization(env, trail, describe, nowMs);
}

/** The settings of an organization, once these are changed. */
function settingsOf(organization: Organization, changed: Settings = {}) {
  return {
    replay: changed.replay ?? organization.replay,
    hideAmounts: changed.hideAmounts ?? organization.hideAmounts,
  };
}

function bit(given: boolean | undefined): number | null {
  return given === undefined ? null : Number(given);
}
