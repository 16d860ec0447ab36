/**
 * Projects: what keys and usage belong to. An archived project keeps its keys and its history; its keys are refused by
 * the members' objects (410) until it is restored, so a change of that is pushed to every member who has one.
 */
import { z } from '@hono/zod-openapi';
import { changeAudited } from '../audit/change.ts';
import { changedFields, createdFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { idOf, instant, like, orNull } from '../reference/fields.ts';
import { badRequest, notFound } from './api-error.ts';
import type { Caller } from './guard.ts';
import { cutPage, orderBy, type Page } from './page.ts';
import { type FanOut, type Members, policyChange, pushPolicies } from './policy.ts';
import { seesGrantedOnly } from './roles.ts';
import { instantOrNull } from './status.ts';

export interface ProjectRow {
  id: string;
  name: string;
  created_at: number;
  archived_at: number | null;
}

export const PROJECT_SORTS = { name: 'lower(name)', createdAt: 'created_at' };

/** ?1 the organization, ?2 the member who sees granted ones only, or null. */
const SEEN = `
  organization_id = ?1
  AND (?2 IS NULL OR EXISTS (
    SELECT 1 FROM project_grants AS granted WHERE granted.project_id = projects.id AND granted.member_id = ?2
  ))`;

/** The member whose granted projects are all that the caller sees; null for who sees every project. */
function onlyGrantedTo({ actor, role, plan }: Caller): string | null {
  return actor.kind === 'user' && seesGrantedOnly(role, plan) ? actor.memberId : null;
}

/** The projects that are all that the caller sees; null for who sees every project. */
export async function grantedProjects(env: Env, caller: Caller): Promise<string[] | null> {
  const memberId = onlyGrantedTo(caller);
  if (memberId === null) return null;
  const { results } = await env.DB.withSession('first-primary')
    .prepare('SELECT project_id AS id FROM project_grants WHERE member_id = ?1')
    .bind(memberId)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

export async function listProjects(
  env: Env,
  caller: Caller,
  page: Page & { archived?: 'true' | 'false' | undefined },
): Promise<{ rows: ProjectRow[]; nextCursor: string | null }> {
  const { after, by } = orderBy(PROJECT_SORTS, page.sort, 'projects', '?3');
  const archived = page.archived === undefined ? null : Number(page.archived === 'true');
  const { results } = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT id, name, created_at, archived_at
       FROM projects
       WHERE ${SEEN}
         AND ${after}
         AND (?4 IS NULL OR instr(lower(name), lower(?4)) > 0)
         AND (?5 IS NULL OR (archived_at IS NOT NULL) = CAST(?5 AS INTEGER))
       ORDER BY ${by}
       LIMIT CAST(?6 AS INTEGER)`,
    )
    .bind(caller.organizationId, onlyGrantedTo(caller), page.cursor ?? null, page.q ?? null, archived, page.limit + 1)
    .all<ProjectRow>();
  return cutPage(results, page.limit);
}

/** One project that the caller sees; throws a 404 for any other. */
export async function findProject(env: Env, caller: Caller, projectId: string): Promise<ProjectRow> {
  const row = await env.DB.withSession('first-primary')
    .prepare(`SELECT id, name, created_at, archived_at FROM projects WHERE ${SEEN} AND id = ?3`)
    .bind(caller.organizationId, onlyGrantedTo(caller), projectId)
    .first<ProjectRow>();
  if (!row) throw notFound('project');
  return row;
}

export async function createProject(env: Env, trail: Trail, name: string, nowMs: number): Promise<ProjectRow> {
  const row: ProjectRow = { id: newId('prj'), name, created_at: nowMs, archived_at: null };
  const made = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'project.created',
    targetId: row.id,
    ...createdFields(showProject(row)),
    statement: env.DB.prepare(
      `INSERT INTO projects (id, organization_id, name, created_at)
       SELECT ?1, ?2, ?3, CAST(?4 AS INTEGER)
       WHERE (SELECT count(*) FROM projects WHERE organization_id = ?2) < ${LIMITS.projectsMax}`,
    ).bind(row.id, trail.organizationId, name, nowMs),
  }));
  if (!made) throw badRequest(null, `An organization has at most ${LIMITS.projectsMax} projects.`);
  return row;
}

export interface ProjectChange {
  name?: string | undefined;
  archived?: boolean | undefined;
}

/** The members whose policies tell of a project: those with a key in it. */
export function keyOwners(projectId: string, organizationId: string): Members {
  return {
    sql: `removed_at IS NULL AND id IN (
      SELECT member_id FROM api_keys WHERE project_id = ?1 AND organization_id = ?2 AND deleted_at IS NULL
    )`,
    values: [projectId, organizationId],
  };
}

/** Renames, archives or restores a project. The answer tells how many members' objects know and how many have yet to. */
export async function changeProject(
  env: Env,
  trail: Trail,
  caller: Caller,
  projectId: string,
  change: ProjectChange,
  nowMs: number,
): Promise<{ row: ProjectRow } & FanOut> {
  const found = await findProject(env, caller, projectId);
  let row = changedProject(found, change, nowMs);
  if (JSON.stringify(found) === JSON.stringify(row)) {
    trail.changesNothing = true;
    return { row, applied: 0, pending: 0 };
  }
  const changed = await changeAudited<{ id: string }>(env.DB, trail, nowMs, async () => {
    const before = await findProject(env, caller, projectId);
    row = changedProject(before, change, nowMs);
    const moves = (before.archived_at === null) !== (row.archived_at === null);
    return {
      action: moves ? (row.archived_at === null ? 'project.restored' : 'project.archived') : 'project.updated',
      targetId: projectId,
      ...changedFields(showProject(before), showProject(row)),
      // A new name concerns no object; then the first answer is the statement's, which names no member.
      ahead: moves ? policyChange(env.DB, keyOwners(projectId, trail.organizationId), nowMs) : [],
      statement: env.DB.prepare(
        'UPDATE projects SET name = ?3, archived_at = CAST(?4 AS INTEGER) WHERE id = ?1 AND organization_id = ?2',
      ).bind(projectId, trail.organizationId, row.name, row.archived_at),
    };
  });
  if (!changed) throw notFound('project');
  const fanOut = await pushPolicies(env, changed[0]?.results ?? [], nowMs + LIMITS.policyFanOutMs);
  return { row, ...fanOut };
}

function changedProject(before: ProjectRow, { name, archived }: ProjectChange, nowMs: number): ProjectRow {
  const archivedAt = archived === undefined ? before.archived_at : archived ? (before.archived_at ?? nowMs) : null;
  return { ...before, name: name ?? before.name, archived_at: archivedAt };
}

export const Project = z
  .object({
    id: idOf('prj'),
    name: like('Support bot'),
    archived: z.boolean().openapi({ example: false }),
    createdAt: instant('2026-01-15T09:30:00.000Z'),
    archivedAt: orNull(instant()),
  })
  .openapi('Project');

export function showProject(row: ProjectRow): z.infer<typeof Project> {
  return {
    id: row.id,
    name: row.name,
    archived: row.archived_at !== null,
    createdAt: new Date(row.created_at).toISOString(),
    archivedAt: instantOrNull(row.archived_at),
  };
}
