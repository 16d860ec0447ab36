/**
 * Who is a member, in which role, with which projects and under which rules: changing that, removing, leaving, handing over, and members
 * without a person behind them.
 *
 * Each is one D1 batch with its audit entry, under one condition: that the member, what it inherits and whoever acts are
 * as they were read, and that an owner is left. So of two changes made at once one wins and the other hears why. What a
 * removed member had goes at once: every key is refused with the next request, a running stream at its next slice.
 */
import { changeAudited } from '../audit/change.ts';
import { changedFields, createdFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { newId } from '../ids.ts';
import { ApiError, badRequest, staleVersion } from './api-error.ts';
import type { StoredBudget } from './budget-body.ts';
import { checkMayModify } from './budget-guard.ts';
import { becomesOneTime, effectiveBudget } from './effective-budget.ts';
import { type Caller, memberIdOf } from './guard.ts';
import { findMember, type MemberRow } from './members.ts';
import { type Members, policyChange, pushPolicy, wakeObjects } from './policy.ts';
import { isProjectScoped, type Plan, type Role } from './roles.ts';
import { rulesText, type StoredRules, storedRules } from './rules-body.ts';
import { checkRoom } from './seats.ts';

const LAST_OWNER = 'An organization needs an owner.';

/** Throws the 403 of who gives away more than they have. */
export function checkMayGive(caller: Caller, role: Role): void {
  if (role === 'owner' && caller.role !== 'owner') {
    throw new ApiError(403, 'role_required', 'Only owners can make owners.');
  }
}

/** Throws a 400 where a member of this role would have nothing to work in. */
export function checkHasProject(role: Role, plan: Plan, projectIds: readonly string[]): void {
  if (!isProjectScoped(role, plan) || projectIds.length > 0) return;
  const who = role === 'api' ? 'API-only members' : 'Developers';
  throw badRequest('projects', `${who} need at least one project.`);
}

/** Throws a 400 where one of these is no project of the organization. */
export async function checkProjects(env: Env, organizationId: string, projectIds: readonly string[]): Promise<void> {
  if (projectIds.length === 0) return;
  const known = await env.DB.withSession('first-primary')
    .prepare(
      'SELECT count(*) AS n FROM projects WHERE organization_id = ?1 AND id IN (SELECT value FROM json_each(?2))',
    )
    .bind(organizationId, JSON.stringify(projectIds))
    .first<number>('n');
  if (known !== new Set(projectIds).size) throw badRequest('projects', 'There is no such project.');
}

export interface MemberChange {
  role?: Role | undefined;
  projects?: string[] | undefined;
  /** What the member may use, whatever their keys say. */
  rules?: StoredRules | undefined;
  /** The member becomes owner, and the owner who says so an admin. */
  handOver: boolean;
  /** Refuse when the member is not at this version any more. */
  version?: number | undefined;
}

/** Changes role, projects and rules. Answers whether that has yet to reach the member's object. */
export async function changeMember(
  env: Env,
  trail: Trail,
  caller: Caller,
  row: MemberRow,
  change: MemberChange,
  nowMs: number,
): Promise<boolean> {
  checkMayModify(caller, row);
  const role = change.role ?? row.role;
  const granted = JSON.parse(row.projects) as string[];
  const projects = change.projects ?? granted;
  const rules = change.rules === undefined ? row.rules : rulesText(change.rules);
  await checkChange(env, caller, row, role, change);
  checkHasProject(role, caller.plan, projects);
  if (change.version !== undefined && change.version !== row.member_version) {
    throw staleVersion('member', change.version);
  }

  const startsCycle = becomesOneTime(effectiveBudget(row), effectiveBudget({ ...row, role }));
  if (startsCycle) await wakeObjects(env, [row]);
  const leavesOwners = row.role === 'owner' && role !== 'owner';
  const unchanged = asRead(row, caller, leavesOwners);
  const changed = await changeAudited(env.DB, trail, nowMs, () => ({
    action: change.handOver ? 'owner.handed_over' : 'member.updated',
    targetId: row.id,
    ...changedFields(
      { role: row.role, projects: granted.toSorted(), rules: storedRules(row.rules) },
      { role, projects: projects.toSorted(), rules: storedRules(rules) },
    ),
    ahead: [
      ...policyChange(env.DB, unchanged, nowMs),
      ...(change.projects ? regrant(env, unchanged, change.projects) : []),
    ],
    statement: statementUnder(
      env,
      unchanged,
      (next) => `UPDATE members
        SET role = ${next(role)}, rules = ${next(rules)}, budget_cycle = budget_cycle + CAST(${next(startsCycle ? 1 : 0)} AS INTEGER),
            member_version = member_version + 1`,
    ),
    // Behind, because every condition before asks for the role that the caller gives up.
    behind: change.handOver ? [stepDown(env, row, memberIdOf(caller) ?? '')] : [],
  }));
  if (!changed) throw await whyNot(env, caller, row, leavesOwners);
  return !(await pushPolicy(env, row.id));
}

/** What of a change can be refused before anything is made of it. */
async function checkChange(
  env: Env,
  caller: Caller,
  row: MemberRow,
  role: Role,
  { projects, handOver }: MemberChange,
): Promise<void> {
  if ((role === 'api') !== (row.role === 'api')) {
    const message =
      row.role === 'api' ? 'API-only members keep the role api.' : 'The role api is for API-only members.';
    throw badRequest('role', message);
  }
  if (role !== row.role) checkMayGive(caller, role);
  if (row.id === memberIdOf(caller) && role !== row.role) {
    if (row.role === 'owner' && (await countOwners(env, caller.organizationId)) <= 1) {
      throw badRequest('role', LAST_OWNER);
    }
    throw badRequest('role', 'You cannot change your own role. Ask another owner or admin, or hand over.');
  }
  if (handOver && (row.id === memberIdOf(caller) || role !== 'owner' || caller.actor.kind !== 'user')) {
    throw badRequest('handOver', 'An owner hands over to another member, with the role owner.');
  }
  if (projects) await checkProjects(env, caller.organizationId, projects);
}

/** Removes a member, or lets one leave: keys revoked, open requests declined, seat free, history kept. Answers whether its object has yet to learn it. */
export async function removeMember(
  env: Env,
  trail: Trail,
  caller: Caller,
  row: MemberRow,
  nowMs: number,
): Promise<boolean> {
  const leaves = row.id === memberIdOf(caller);
  if (!leaves) checkMayModify(caller, row);
  const isOwner = row.role === 'owner';
  const unchanged = asRead(row, caller, isOwner);
  const changed = await changeAudited(env.DB, trail, nowMs, () => ({
    action: leaves ? 'member.left' : 'member.removed',
    targetId: row.id,
    before: { role: row.role, projects: JSON.parse(row.projects) as string[] },
    after: null,
    ahead: [
      ...policyChange(env.DB, unchanged, nowMs),
      revokeKeys(env, unchanged, nowMs),
      declineRequests(env, unchanged, memberIdOf(caller), nowMs),
      statementFor(env, unchanged, (exists) => `DELETE FROM project_grants WHERE member_id = ?1 AND ${exists}`),
    ],
    statement: statementUnder(
      env,
      unchanged,
      (next) => `UPDATE members SET removed_at = ${next(nowMs)}, member_version = member_version + 1`,
    ),
  }));
  if (!changed) throw await whyNot(env, caller, row, isOwner);
  return !(await pushPolicy(env, row.id));
}

/** Makes a member without a person: no sign-in, no seat, keys that owners and admins make for it. Answers with its id. */
export async function addApiMember(
  env: Env,
  trail: Trail,
  caller: Caller,
  asked: { name: string; projects: string[]; budget: StoredBudget },
  nowMs: number,
): Promise<string> {
  const { organizationId, plan } = caller;
  const { name, projects, budget } = asked;
  checkHasProject('api', plan, projects);
  await checkProjects(env, organizationId, projects);
  const id = newId('mem');
  await changeAudited(env.DB, trail, nowMs, async () => {
    await checkRoom(env, organizationId, 1, nowMs);
    return {
      action: 'member.created',
      targetId: id,
      ...createdFields({ name, role: 'api', projects, budget }),
      statement: env.DB.prepare(
        `INSERT INTO members (id, organization_id, name, role, created_at, budget)
         VALUES (?1, ?2, ?3, 'api', CAST(?4 AS INTEGER), ?5)`,
      ).bind(id, organizationId, name, nowMs, JSON.stringify(budget)),
      behind: [grant(env, id, projects)],
    };
  });
  return id;
}

/** Gives the member, if there is one, these projects of its organization. */
export function grant(env: Env, memberId: string, projectIds: readonly string[]): D1PreparedStatement {
  return env.DB.prepare(
    `INSERT INTO project_grants (member_id, project_id)
     SELECT member.id, project.id
     FROM members AS member
     JOIN projects AS project ON project.organization_id = member.organization_id
     WHERE member.id = ?1 AND project.id IN (SELECT value FROM json_each(?2))
     ON CONFLICT DO NOTHING`,
  ).bind(memberId, JSON.stringify(projectIds));
}

/** The member as it was read, with whoever acts still in the role they had: a condition of every statement of a change. */
function asRead(row: MemberRow, caller: Caller, leavesOwners: boolean): Members {
  const values: (string | number)[] = [
    row.id,
    row.member_version,
    // What a changed role inherits, and whether a cycle starts by it, depends on these two.
    row.budget_version,
    row.default_budget_version,
  ];
  const conditions = [
    'id = ?1',
    'removed_at IS NULL',
    'member_version = CAST(?2 AS INTEGER)',
    'budget_version = CAST(?3 AS INTEGER)',
    `CAST(?4 AS INTEGER) = (
      SELECT default_budget_version FROM organizations WHERE organizations.id = members.organization_id
    )`,
  ];
  const actorId = memberIdOf(caller);
  if (actorId !== null) {
    values.push(actorId, caller.role);
    conditions.push(
      'EXISTS (SELECT 1 FROM members AS actor WHERE actor.id = ?5 AND actor.role = ?6 AND actor.removed_at IS NULL)',
    );
  }
  if (leavesOwners) {
    conditions.push(`EXISTS (
      SELECT 1 FROM members AS owner
      WHERE owner.organization_id = members.organization_id
        AND owner.role = 'owner' AND owner.removed_at IS NULL AND owner.id <> ?1
    )`);
  }
  return { sql: conditions.join(' AND '), values };
}

type NextValue = (value: string | number | null) => string;

/** `UPDATE members SET ...` of exactly these members; `next` binds one more value. */
function statementUnder(env: Env, { sql, values }: Members, update: (next: NextValue) => string): D1PreparedStatement {
  const all: (string | number | null)[] = [...values];
  const text = update((value) => `?${all.push(value)}`);
  return env.DB.prepare(`${text} WHERE ${sql}`).bind(...all);
}

/** A statement about what belongs to this member (`?1`), as long as it is as `when` says. */
function statementFor(
  env: Env,
  { sql, values }: Members,
  text: (exists: string, next: NextValue) => string,
): D1PreparedStatement {
  const all: (string | number | null)[] = [...values];
  const statement = text(`EXISTS (SELECT 1 FROM members WHERE ${sql})`, (value) => `?${all.push(value)}`);
  return env.DB.prepare(statement).bind(...all);
}

function revokeKeys(env: Env, when: Members, nowMs: number): D1PreparedStatement {
  return statementFor(
    env,
    when,
    (exists, next) => `UPDATE api_keys SET deleted_at = CAST(${next(nowMs)} AS INTEGER)
      WHERE member_id = ?1 AND deleted_at IS NULL AND ${exists}`,
  );
}

/** What a member who goes has asked for: who comes back asks again. */
function declineRequests(env: Env, when: Members, actorId: string | null, nowMs: number): D1PreparedStatement {
  return statementFor(
    env,
    when,
    (exists, next) => `UPDATE budget_requests
      SET decision = 'declined', decided_at = CAST(${next(nowMs)} AS INTEGER), decided_by = ${next(actorId)}
      WHERE member_id = ?1 AND decision IS NULL AND ${exists}`,
  );
}

function regrant(env: Env, when: Members, projectIds: readonly string[]): D1PreparedStatement[] {
  const asked = JSON.stringify(projectIds);
  return [
    statementFor(
      env,
      when,
      (exists, next) => `DELETE FROM project_grants
        WHERE member_id = ?1 AND project_id NOT IN (SELECT value FROM json_each(${next(asked)})) AND ${exists}`,
    ),
    statementFor(
      env,
      when,
      (exists, next) => `INSERT INTO project_grants (member_id, project_id)
        SELECT ?1, value FROM json_each(${next(asked)}) WHERE ${exists}
        ON CONFLICT DO NOTHING`,
    ),
  ];
}

/** The owner who handed over, once that has taken place. Owners and admins have the same policy, so no object need hear. */
function stepDown(env: Env, { id, member_version }: MemberRow, ownerId: string): D1PreparedStatement {
  return env.DB.prepare(
    `UPDATE members SET role = 'admin', member_version = member_version + 1
     WHERE id = ?1 AND role = 'owner'
       AND EXISTS (SELECT 1 FROM members WHERE id = ?2 AND role = 'owner' AND member_version = CAST(?3 AS INTEGER))`,
  ).bind(ownerId, id, member_version + 1);
}

/** Why a change did not take place: asked again, because somebody else was first. */
async function whyNot(env: Env, caller: Caller, row: MemberRow, leavesOwners: boolean): Promise<ApiError> {
  const actorId = memberIdOf(caller);
  if (actorId !== null) {
    const role = await env.DB.withSession('first-primary')
      .prepare('SELECT role FROM members WHERE id = ?1 AND removed_at IS NULL')
      .bind(actorId)
      .first<Role>('role');
    if (role !== caller.role) return new ApiError(403, 'role_required', 'Your own role was changed meanwhile.');
  }
  const now = await findMember(env, caller.organizationId, row.id);
  const isAsRead = now.member_version === row.member_version && now.budget_version === row.budget_version;
  if (leavesOwners && isAsRead && (await countOwners(env, caller.organizationId)) <= 1) {
    return badRequest('role', LAST_OWNER);
  }
  return staleVersion('member', row.member_version);
}

async function countOwners(env: Env, organizationId: string): Promise<number> {
  const owners = await env.DB.withSession('first-primary')
    .prepare("SELECT count(*) AS n FROM members WHERE organization_id = ?1 AND role = 'owner' AND removed_at IS NULL")
    .bind(organizationId)
    .first<number>('n');
  return owners ?? 0;
}
