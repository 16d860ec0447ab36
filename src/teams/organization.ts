/** An organization as its members see it, and the settings that its members' objects enforce. */
import { notFound } from './api-error.ts';
import { changeOrganization, type FanOut } from './policy.ts';
import type { Plan } from './roles.ts';

export interface Organization {
  id: string;
  name: string;
  kind: 'personal' | 'team';
  plan: Plan;
  timeZone: string;
  /** Whether answers are recorded for repeats under an Idempotency-Key. */
  replay: boolean;
  createdAt: string;
}

export async function readOrganization(env: Env, organizationId: string): Promise<Organization> {
  const row = await env.DB.withSession('first-primary')
    .prepare('SELECT id, name, kind, plan, time_zone, replay, created_at FROM organizations WHERE id = ?1')
    .bind(organizationId)
    .first<Pick<Organization, 'id' | 'name' | 'kind' | 'plan'> & StoredAs>();
  if (!row) throw notFound('organization');
  const { time_zone: timeZone, replay, created_at: createdAt, ...rest } = row;
  return { ...rest, timeZone, replay: replay === 1, createdAt: new Date(createdAt).toISOString() };
}

interface StoredAs {
  time_zone: string;
  replay: number;
  created_at: number;
}

/**
 * Turns recording on or off. Turned off, no answer is recorded and none that was is given again: a repeat runs and is
 * charged, as if it had no Idempotency-Key. What was recorded before stays sealed until its time is over.
 */
export function setReplay(env: Env, organizationId: string, replay: boolean, nowMs: number): Promise<FanOut> {
  const change = env.DB.prepare('UPDATE organizations SET replay = CAST(?2 AS INTEGER) WHERE id = ?1');
  return changeOrganization(env, organizationId, change.bind(organizationId, replay ? 1 : 0), nowMs);
}
