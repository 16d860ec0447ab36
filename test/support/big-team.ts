/** An organization of many members with many keys, inside workerd or against a server. */
import { newId } from '../../src/ids.ts';
import { NO_BUDGET, NO_KEY_LIMITS } from '../../src/teams/budget-body.ts';
import { makeKey } from '../../src/teams/keys.ts';
import { insertOrganization, type Seeded } from './organization.ts';

export interface BigTeam extends Seeded {
  /** One of each member's keys, that of the first member left out. */
  apiKeys: string[];
}

const ROWS_AT_ONCE = 1_000;

/** Members beside the one that every seeded organization has, each with a user, a budget and a project grant. */
export async function insertBigTeam(
  db: D1Database,
  keySecret: string,
  { members, keysPerMember }: { members: number; keysPerMember: number },
): Promise<BigTeam> {
  const seeded = await insertOrganization(db, keySecret);
  const { organizationId, projectId } = seeded;
  const budget = JSON.stringify({ ...NO_BUDGET, usageLimit: '100' });
  const people = Array.from({ length: members - 1 }, (_, i) => ({
    id: newId('mem'),
    user: newId('usr'),
    // Names that are not in the order of their ids.
    name: `Member ${(i * 7_919) % members}`,
    i,
  }));
  const apiKeys: string[] = [];
  const keys: object[] = [];
  for (const { id: member, i } of people) {
    const { secret, hash, masked } = await makeKey('api', member, keySecret);
    apiKeys.push(secret);
    for (let k = 0; k < keysPerMember; k++) {
      // Only the first can be used; the hashes of the others are nobody's.
      const keyHash = k === 0 ? hash : `${hash.slice(0, -8)}${String(k).padStart(8, '0')}`;
      keys.push({ id: newId('key'), member, name: `Key ${i}-${k}`, hash: keyHash, masked, at: i * keysPerMember + k });
    }
  }
  const insert = async (rows: readonly object[], sql: string, ...values: string[]) => {
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      await db
        .prepare(sql)
        .bind(JSON.stringify(rows.slice(at, at + ROWS_AT_ONCE)), ...values)
        .run();
    }
  };
  await insert(
    people,
    `INSERT INTO users (id, name, email, email_verified, created_at, updated_at)
     SELECT value ->> 'user', value ->> 'name', (value ->> 'user') || '@example.com', 1, 0, 0 FROM json_each(?1)`,
  );
  await insert(
    people,
    `INSERT INTO members (id, organization_id, user_id, name, role, created_at, budget)
     SELECT value ->> 'id', ?2, value ->> 'user', value ->> 'name', 'developer', value ->> 'i', ?3 FROM json_each(?1)`,
    organizationId,
    budget,
  );
  await insert(
    people,
    `INSERT INTO project_grants (member_id, project_id) SELECT value ->> 'id', ?2 FROM json_each(?1)`,
    projectId,
  );
  await insert(
    keys,
    `INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at)
     SELECT value ->> 'id', ?2, ?3, value ->> 'member', value ->> 'name', value ->> 'hash', value ->> 'masked', 'active', ?4,
            value ->> 'at'
     FROM json_each(?1)`,
    organizationId,
    projectId,
    JSON.stringify(NO_KEY_LIMITS),
  );
  return { ...seeded, apiKeys };
}
