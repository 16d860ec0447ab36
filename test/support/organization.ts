/** A small organization for tests, inside workerd or against a server: one project, one developer with one key, one master key. */
import { newId } from '../../src/ids.ts';
import { NO_BUDGET, NO_KEY_LIMITS, type StoredBudget, type StoredKeyLimits } from '../../src/teams/budget-body.ts';
import { makeKey } from '../../src/teams/keys.ts';
import type { Plan, Role } from '../../src/teams/roles.ts';

export interface Seeded {
  organizationId: string;
  projectId: string;
  memberId: string;
  keyId: string;
  apiKey: string;
  masterKey: string;
}

export interface SeedOptions {
  plan?: Plan;
  role?: Role;
  budget?: Partial<StoredBudget>;
  keyLimits?: Partial<StoredKeyLimits>;
}

export async function insertOrganization(
  db: D1Database,
  keySecret: string,
  options: SeedOptions = {},
): Promise<Seeded> {
  const { plan = 'enterprise', role = 'developer', budget = {}, keyLimits = {} } = options;
  const organizationId = newId('org');
  const projectId = newId('prj');
  const memberId = newId('mem');
  const keyId = newId('key');
  const api = await makeKey('api', memberId, keySecret);
  const master = await makeKey('master', organizationId, keySecret);
  const sql = (text: string, ...values: (string | number)[]) => db.prepare(text).bind(...values);
  await db.batch([
    sql(
      `INSERT INTO organizations (id, name, kind, plan, time_zone, created_at) VALUES (?, 'Test', 'team', ?, 'UTC', ?)`,
      organizationId,
      plan,
      Date.now(),
    ),
    sql(
      `INSERT INTO projects (id, organization_id, name, created_at) VALUES (?, ?, 'Project', 0)`,
      projectId,
      organizationId,
    ),
    sql(
      `INSERT INTO members (id, organization_id, name, role, created_at, budget) VALUES (?, ?, 'Member', ?, 0, ?)`,
      memberId,
      organizationId,
      role,
      JSON.stringify({ ...NO_BUDGET, ...budget }),
    ),
    sql(`INSERT INTO project_grants (member_id, project_id) VALUES (?, ?)`, memberId, projectId),
    sql(
      `INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at)
       VALUES (?, ?, ?, ?, 'Key', ?, ?, 'active', ?, 0)`,
      keyId,
      organizationId,
      projectId,
      memberId,
      api.hash,
      api.masked,
      JSON.stringify({ ...NO_KEY_LIMITS, ...keyLimits }),
    ),
    sql(
      `INSERT INTO master_keys (id, organization_id, name, hash, masked, created_at) VALUES (?, ?, 'Master', ?, ?, 0)`,
      newId('mky'),
      organizationId,
      master.hash,
      master.masked,
    ),
  ]);
  return { organizationId, projectId, memberId, keyId, apiKey: api.secret, masterKey: master.secret };
}
