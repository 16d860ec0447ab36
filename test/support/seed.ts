/** A small organization in the worker tests' own database. */
import { env } from 'cloudflare:workers';
import { newId } from '../../src/ids.ts';
import { NO_BUDGET, type StoredBudget } from '../../src/teams/budget-body.ts';
import type { Role } from '../../src/teams/roles.ts';
import { insertOrganization, type Seeded, type SeedOptions } from './organization.ts';

export type { Seeded };

export function seedOrganization(options: SeedOptions = {}): Promise<Seeded> {
  return insertOrganization(env.DB, env.KEY_SECRET, options);
}

/** One more member, without user or key; answers with its id. */
export async function insertMember(
  organizationId: string,
  role: Role,
  budget: Partial<StoredBudget> = {},
): Promise<string> {
  const id = newId('mem');
  await env.DB.prepare(
    `INSERT INTO members (id, organization_id, name, role, created_at, budget) VALUES (?, ?, 'Another', ?, 0, ?)`,
  )
    .bind(id, organizationId, role, JSON.stringify({ ...NO_BUDGET, ...budget }))
    .run();
  return id;
}
