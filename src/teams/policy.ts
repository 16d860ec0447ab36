/**
 * Policies flow one way, from D1 to the member's object.
 *
 * A change to anything that members' objects enforce raises the policy version of each of them and leaves a row in
 * policy_pushes, in one D1 batch with the change (`policyChange`). Then the whole policy is pushed; the row goes once
 * the object confirms a version as new. What is not confirmed in time is retried by the cron each minute.
 *
 * What an object enforces is made of rows of seven tables: the member (role, budget, rules, removal), its organization (plan,
 * time zone, developer default, metered, replay, hidden amounts), its keys, their projects (archived, routing), its project
 * grants, what it was granted of its budget requests, and the organization's provider keys. Whoever changes one of those pushes
 * it.
 */
import { type Change, changeAudited } from '../audit/change.ts';
import type { Trail } from '../audit/trail.ts';
import type { KeyPolicy, MemberPolicy } from '../budgets/policy.ts';
import { isNewer } from '../budgets/policy.ts';
import type { Routing, SealedProviderKey } from '../budgets/routing.ts';
import { LIMITS } from '../limits.ts';
import { forEachObject, settledBudget } from '../objects.ts';
import { notFound } from './api-error.ts';
import { storedKeyLimits } from './budget-body.ts';
import { type BudgetSource, effectiveBudget, enforcedOfKey, GRANTED_EXTRAS } from './effective-budget.ts';
import { sha256Hex } from './keys.ts';
import { isProjectScoped, mayOwnKeys, type Plan, roleMay, seesGrantedOnly } from './roles.ts';
import { enforcedRouting } from './routing-body.ts';
import { enforcedRules } from './rules-body.ts';

type MemberRow = BudgetSource & {
  id: string;
  organization_id: string;
  plan: Plan;
  metered: number;
  replay: number;
  hide_amounts: number;
  removed_at: number | null;
  rules: string | null;
  organization_deleted_at: number | null;
  policy_generation: number;
  policy_version: number;
};

type KeyRow = {
  id: string;
  hash: string;
  name: string;
  masked: string;
  project_id: string;
  status: 'active' | 'disabled';
  limits: string;
  rules: string | null;
  created_at: number;
  expires_at: number | null;
  playground: number;
  archived_at: number | null;
  routing: string | null;
  granted: number;
};

type ProviderKeyRow = Pick<SealedProviderKey, 'id' | 'provider' | 'slug' | 'sealed' | 'version'> & {
  base_url: string | null;
  settings: string;
  models: string | null;
};

/** The member's policy as D1 has it now, or null where there is no such member. */
export async function readPolicy(db: D1Database | D1DatabaseSession, memberId: string): Promise<MemberPolicy | null> {
  const [members, keys, providerKeys] = (await db.batch([
    db
      .prepare(
        `SELECT
           member.*,
           organization.plan, organization.metered, organization.replay, organization.hide_amounts,
           organization.time_zone, organization.default_developer_budget,
           organization.deleted_at AS organization_deleted_at,
           ${GRANTED_EXTRAS}
         FROM members AS member
         JOIN organizations AS organization ON organization.id = member.organization_id
         WHERE member.id = ?1`,
      )
      .bind(memberId),
    db
      .prepare(
        `SELECT
           key.*,
           project.archived_at, project.routing,
           EXISTS (
             SELECT 1 FROM project_grants AS granted
             WHERE granted.member_id = key.member_id AND granted.project_id = key.project_id
           ) AS granted
         FROM api_keys AS key
         JOIN projects AS project ON project.id = key.project_id
         WHERE key.member_id = ?1 AND key.deleted_at IS NULL
         ORDER BY key.created_at, key.id`,
      )
      .bind(memberId),
    db
      .prepare(
        `SELECT id, provider, slug, base_url, settings, models, sealed, version
         FROM provider_keys
         WHERE organization_id = (SELECT organization_id FROM members WHERE id = ?1) AND deleted_at IS NULL
         ORDER BY created_at, id`,
      )
      .bind(memberId),
  ])) as [D1Result<MemberRow>, D1Result<KeyRow>, D1Result<ProviderKeyRow>];
  const member = members.results[0];
  if (!member) return null;
  const { limits, extras, basis, throttles } = effectiveBudget(member);
  // A key of the playground is for more roles than others are, and for each in the projects that it sees.
  const mayUse = ({ playground, granted }: KeyRow) =>
    playground === 1
      ? roleMay(member.role, 'playground') && (!seesGrantedOnly(member.role, member.plan) || granted === 1)
      : mayOwnKeys(member.role) && (!isProjectScoped(member.role, member.plan) || granted === 1);
  const routing = await routingOf(member.organization_id, keys.results, providerKeys.results);
  return {
    memberId: member.id,
    organizationId: member.organization_id,
    version: { generation: member.policy_generation, n: member.policy_version },
    budgetVersion: member.budget_version,
    active: member.removed_at === null && member.organization_deleted_at === null,
    metered: member.metered === 1,
    replay: member.replay === 1,
    hidesAmounts: member.hide_amounts === 1,
    ...(routing && { routing }),
    limits,
    extras,
    throttles,
    rules: enforcedRules(member.rules),
    cycle: member.budget_cycle,
    totalBasis: basis,
    keys: keys.results.map(
      (row): KeyPolicy => ({
        keyId: row.id,
        hash: row.hash,
        name: row.name,
        masked: row.masked,
        projectId: row.project_id,
        projectGranted: mayUse(row),
        projectArchived: row.archived_at !== null,
        status: row.status,
        createdAtMs: row.created_at,
        expiresAtMs: row.expires_at,
        rules: enforcedRules(row.rules),
        ...(row.playground === 1 && { playground: true as const }),
        ...enforcedOfKey(storedKeyLimits(row.limits), member.time_zone),
      }),
    ),
  };
}

/** What Workers must know to choose a provider for keys of these projects; null where that is nothing. */
async function routingOf(
  organizationId: string,
  keys: readonly KeyRow[],
  rows: readonly ProviderKeyRow[],
): Promise<MemberPolicy['routing'] | null> {
  const providerKeys = rows.map(
    ({ base_url, settings, models, ...row }): SealedProviderKey => ({
      ...row,
      baseUrl: base_url,
      settings: JSON.parse(settings),
      models: models === null ? null : JSON.parse(models),
    }),
  );
  const routed = new Map(keys.flatMap(({ project_id, routing }) => (routing === null ? [] : [[project_id, routing]])));
  if (providerKeys.length === 0 && routed.size === 0) return null;
  const versionOf = async (routing: Routing | null) =>
    (await sha256Hex(JSON.stringify([organizationId, routing, providerKeys]))).slice(0, ROUTING_VERSION_LENGTH);
  const projects = await Promise.all(
    [...routed].map(async ([projectId, text]) => {
      const routing = enforcedRouting(text);
      return [projectId, { version: await versionOf(routing), routing }] as const;
    }),
  );
  return {
    providerKeys,
    version: providerKeys.length === 0 ? null : await versionOf(null),
    projects: Object.fromEntries(projects),
  };
}

/** 128 bits: no two routings of any organizations have one version. */
const ROUTING_VERSION_LENGTH = 32;

/** Members, as a condition over their rows with parameters from `?1` on: it also tells whether a guarded change takes place. */
export interface Members {
  sql: string;
  values: (string | number)[];
}

/**
 * The statements that belong into the same D1 batch as a change to what these members' objects enforce, before it. The
 * first answers with the ids of the members concerned.
 */
export function policyChange(db: D1Database, members: Members, nowMs: number): D1PreparedStatement[] {
  const { sql, values } = members;
  return [
    db.prepare(`UPDATE members SET policy_version = policy_version + 1 WHERE ${sql} RETURNING id`).bind(...values),
    db
      .prepare(
        `INSERT INTO policy_pushes (member_id, requested_at)
         SELECT id, CAST(?${values.length + 1} AS INTEGER) FROM members WHERE ${sql}
         ON CONFLICT DO UPDATE SET requested_at = excluded.requested_at`,
      )
      .bind(...values, nowMs),
  ];
}

/** How far a change has come: to how many objects it went, how many have yet to confirm it. */
export interface FanOut {
  applied: number;
  pending: number;
}

type OrganizationChange = Omit<Change, 'targetId' | 'ahead'> & Partial<Pick<Change, 'targetId'>>;

/**
 * Makes a change to an organization that every member's object enforces, such as its time zone, whether it is metered or
 * whether answers are replayed, and pushes it to all of them. What is changed is the organization, unless it says otherwise.
 */
export async function changeOrganization(
  env: Env,
  trail: Trail,
  describe: () => OrganizationChange | Promise<OrganizationChange>,
  nowMs: number,
): Promise<FanOut> {
  const { organizationId } = trail;
  const everybody: Members = { sql: 'organization_id = ?1 AND removed_at IS NULL', values: [organizationId] };
  const changed = await changeAudited<{ id: string }>(env.DB, trail, nowMs, async () => ({
    targetId: organizationId,
    ...(await describe()),
    ahead: policyChange(env.DB, everybody, nowMs),
  }));
  if (!changed) throw notFound('organization');
  return pushPolicies(env, changed[0]?.results ?? [], nowMs + LIMITS.policyFanOutMs);
}

/** Pushes to these members' objects, some at a time. Whom the deadline leaves waiting, the cron serves. */
export async function pushPolicies(
  env: Env,
  members: readonly { id: string }[],
  deadlineMs = Number.POSITIVE_INFINITY,
): Promise<FanOut> {
  const confirmed = await forEachObject(members, ({ id }) => pushPolicy(env, id, deadlineMs));
  const applied = confirmed.filter((done) => done).length;
  return { applied, pending: confirmed.length - applied };
}

/** Pushes the member's policy to its object. True once the object has confirmed it; false where it did not in time. */
export async function pushPolicy(env: Env, memberId: string, deadlineMs = Number.POSITIVE_INFINITY): Promise<boolean> {
  const waitMs = Math.min(LIMITS.policyPushMs, deadlineMs - Date.now());
  if (waitMs <= 0) return false;
  try {
    const policy = await readPolicy(env.DB.withSession('first-primary'), memberId);
    if (!policy) return true;
    const inForce = await settledBudget(env, memberId, (object) => object.configure({ policy }), waitMs);
    if (isNewer(policy.version, inForce)) return false;
    // Only this version is confirmed: a change made meanwhile keeps its row.
    await env.DB.prepare(
      `DELETE FROM policy_pushes
       WHERE member_id = ?1
         AND EXISTS (SELECT 1 FROM members WHERE id = ?1 AND policy_version = CAST(?2 AS INTEGER))`,
    )
      .bind(memberId, policy.version.n)
      .run();
    return true;
  } catch (error) {
    console.warn(JSON.stringify({ event: 'policy_push_failed', memberId, error: String(error) }));
    return false;
  }
}

/** Retries everything that was not confirmed; called by the cron each minute. */
export async function pushPending(env: Env): Promise<FanOut> {
  const { results } = await env.DB.prepare('SELECT member_id AS id FROM policy_pushes ORDER BY requested_at').all<{
    id: string;
  }>();
  // All of them, not only the oldest: objects that stay away must not keep the others waiting.
  return pushPolicies(env, results);
}

/**
 * Lets objects that were never called open from D1 while the old cycle still stands there: opened later, they would count
 * the member's past into the new one. Where one does not answer the past is counted, which refuses rather than overspends.
 */
export async function wakeObjects(
  env: Env,
  members: readonly { id: string }[],
  deadlineMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  await forEachObject(members, async ({ id: memberId }) => {
    const waitMs = Math.min(LIMITS.policyPushMs, deadlineMs - Date.now());
    if (waitMs <= 0) return;
    await settledBudget(env, memberId, (object) => object.status({ memberId }), waitMs).catch((error) => {
      console.warn(JSON.stringify({ event: 'member_status_failed', memberId, error: String(error) }));
    });
  });
}
