/**
 * Invitations: an address, and what whoever reads it will be here. The mailed link carries a token of which only the hash
 * is kept. A pending invitation holds a seat for thirty days; accepted it becomes a member, revoked or expired nothing.
 *
 * What a change depends on is read while it is described: nothing audited of an organization changes between that and the
 * moment it is made (see `changeAudited`). So of two invitations for the last seat, and of two who accept one link, one
 * wins, and the other is described again and hears why not.
 */
import { z } from '@hono/zod-openapi';
import { type Change, changeAudited } from '../audit/change.ts';
import { changedFields, createdFields } from '../audit/fields.ts';
import type { Trail } from '../audit/trail.ts';
import { newId, randomText } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { idOf, instant, like } from '../reference/fields.ts';
import { ApiError, notFound, staleVersion } from './api-error.ts';
import { Budget, type BudgetChange, type StoredBudget, storedBudget } from './budget-body.ts';
import type { Caller } from './guard.ts';
import { sha256Hex } from './keys.ts';
import { type Page, readPage } from './page.ts';
import { ROLES, type Role, roleMay } from './roles.ts';
import { addSeats, checkRoom, isCostOf, readSeats, type Seats, seatsExhausted, seatsMissing } from './seats.ts';
import { instantOrNull } from './status.ts';

/** 160 random bits. */
const TOKEN_LENGTH = 32;

export interface Invited {
  email: string;
  role: Role;
  projects: string[];
  budget: StoredBudget;
}

export interface InvitationRow {
  id: string;
  organization_id: string;
  email: string;
  role: Role;
  project_ids: string;
  budget: string;
  budget_version: number;
  created_at: number;
  expires_at: number;
  accepted_at: number | null;
  revoked_at: number | null;
}

/** An invitation whose link is to be mailed. */
export interface Sent {
  row: InvitationRow;
  token: string;
}

const COLUMNS = `id, organization_id, email, role, project_ids, budget, budget_version, created_at, expires_at,
  accepted_at, revoked_at`;

export const Invitation = z
  .object({
    id: idOf('inv'),
    email: like('ada@example.com'),
    role: z.enum(ROLES).openapi({ example: 'developer' }),
    projects: z.array(idOf('prj')),
    budget: Budget,
    status: z.enum(['pending', 'expired']),
    createdAt: instant(),
    expiresAt: instant('2026-12-21T09:30:00.000Z'),
  })
  .openapi('Invitation');

export function showInvitation(row: InvitationRow, nowMs: number): z.infer<typeof Invitation> {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    projects: JSON.parse(row.project_ids) as string[],
    budget: { ...storedBudget(row.budget), version: row.budget_version },
    status: row.expires_at > nowMs ? 'pending' : 'expired',
    createdAt: new Date(row.created_at).toISOString(),
    expiresAt: new Date(row.expires_at).toISOString(),
  };
}

export const INVITATION_SORTS = { createdAt: 'created_at', email: 'email', role: 'role', expiresAt: 'expires_at' };

/** A page of those that were neither accepted nor revoked. */
export async function listInvitations(
  env: Env,
  organizationId: string,
  page: Page,
): Promise<{ rows: InvitationRow[]; nextCursor: string | null }> {
  const list = {
    table: 'invitations',
    columns: COLUMNS,
    where: 'accepted_at IS NULL AND revoked_at IS NULL',
    searched: 'email',
    sorts: INVITATION_SORTS,
  };
  return readPage<InvitationRow>(env.DB, list, organizationId, page);
}

/** One that was neither accepted nor revoked; throws a 404 where there is none. */
export async function findInvitation(env: Env, organizationId: string, id: string): Promise<InvitationRow> {
  const row = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT ${COLUMNS} FROM invitations
       WHERE id = ?2 AND organization_id = ?1 AND accepted_at IS NULL AND revoked_at IS NULL`,
    )
    .bind(organizationId, id)
    .first<InvitationRow>();
  if (!row) throw notFound('invitation');
  return row;
}

/**
 * Invites these addresses, all or none, and buys the seats that are missing if exactly their price was accepted. Throws a
 * 402 with that price where it was not, a 409 where one is a member or invited already.
 */
export async function invite(
  env: Env,
  trail: Trail,
  caller: Caller,
  invited: readonly Invited[],
  { acceptSeatCost, imported }: { acceptSeatCost: string | undefined; imported: boolean },
  nowMs: number,
): Promise<Sent[]> {
  const { organizationId } = caller;
  const sent = await Promise.all(invited.map((one) => prepare(organizationId, one, nowMs)));
  const [first] = sent;
  if (!first) throw new Error('nobody is invited');
  await changeAudited(env.DB, trail, nowMs, async (): Promise<Change> => {
    const known = await knownAddresses(env, organizationId, invited, nowMs);
    for (const { email } of invited) if (known.has(email)) throw alreadyHere(known.get(email));
    await checkRoom(env, organizationId, invited.length, nowMs);
    const seats = await readSeats(env, organizationId, nowMs);
    const bought = seatsToBuy(seats, invited.length, caller, acceptSeatCost, nowMs);
    const told = sent.map(({ row }) => ({ id: row.id, ...entryOf(row) }));
    const about: Pick<Change, 'action' | 'targetId' | 'before' | 'after'> = imported
      ? { action: 'invitation.imported', targetId: organizationId, before: null, after: { invitations: told } }
      : { action: 'invitation.created', targetId: first.row.id, ...createdFields(entryOf(first.row)) };
    const after = bought > 0 ? { ...about.after, seatsBought: bought, seatCost: acceptSeatCost ?? null } : about.after;
    return {
      ...about,
      after,
      statement: insert(env, sent),
      behind: bought > 0 ? addSeats(env, organizationId, seats, bought, nowMs) : [],
    };
  });
  return sent.map(({ row, token }) => ({ row, token }));
}

/** What the audit log tells of an invitation. */
function entryOf({ email, role, project_ids, budget }: InvitationRow) {
  return { email, role, projects: JSON.parse(project_ids) as string[], budget: storedBudget(budget) };
}

async function prepare(organizationId: string, { email, role, projects, budget }: Invited, nowMs: number) {
  const token = randomText(TOKEN_LENGTH);
  const row: InvitationRow = {
    id: newId('inv'),
    organization_id: organizationId,
    email,
    role,
    project_ids: JSON.stringify(projects),
    budget: JSON.stringify(budget),
    budget_version: 1,
    created_at: nowMs,
    expires_at: nowMs + LIMITS.invitationMs,
    accepted_at: null,
    revoked_at: null,
  };
  return { row, token, tokenHash: await sha256Hex(token) };
}

function insert(env: Env, sent: readonly { row: InvitationRow; tokenHash: string }[]): D1PreparedStatement {
  return env.DB.prepare(
    `INSERT INTO invitations (
       id, organization_id, email, role, project_ids, budget, created_at, expires_at, token_hash
     )
     SELECT
       value ->> 'id', value ->> 'organization_id', value ->> 'email', value ->> 'role', value ->> 'project_ids',
       value ->> 'budget', value ->> 'created_at', value ->> 'expires_at', value ->> 'tokenHash'
     FROM json_each(?1)`,
  ).bind(JSON.stringify(sent.map(({ row, tokenHash }) => ({ ...row, tokenHash }))));
}

export type Known = 'member' | 'invited';

/** Which of these addresses are somebody's here, or are waiting to be. */
export async function knownAddresses(
  env: Env,
  organizationId: string,
  invited: readonly { email: string }[],
  nowMs: number,
): Promise<Map<string, Known>> {
  const { results } = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT email, 'invited' AS known
       FROM invitations
       WHERE organization_id = ?1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > CAST(?2 AS INTEGER)
         AND email IN (SELECT value FROM json_each(?3))
       UNION ALL
       SELECT user.email, 'member'
       FROM users AS user
       JOIN members AS member ON member.user_id = user.id
       WHERE member.organization_id = ?1 AND member.removed_at IS NULL
         AND user.email IN (SELECT value FROM json_each(?3))`,
    )
    .bind(organizationId, nowMs, JSON.stringify(invited.map(({ email }) => email)))
    .all<{ email: string; known: Known }>();
  return new Map(results.map(({ email, known }) => [email, known]));
}

export const KNOWN_MESSAGES: Record<Known, string> = {
  member: 'This address is a member already.',
  invited: 'This address is invited already: resend or revoke that invitation.',
};

function alreadyHere(known: Known = 'invited'): ApiError {
  const code = known === 'member' ? 'already_member' : 'already_invited';
  return new ApiError(409, code, KNOWN_MESSAGES[known], { param: 'email' });
}

/** How many seats must be bought for so many more people. Throws where that is not possible, or was not agreed to. */
function seatsToBuy(
  seats: Seats,
  more: number,
  caller: Caller,
  acceptSeatCost: string | undefined,
  nowMs: number,
): number {
  const missing = seatsMissing(seats, more);
  if (missing === 0) return 0;
  if (!isCostOf(seats, missing, acceptSeatCost, nowMs)) throw seatsExhausted(seats, missing, nowMs);
  if (!roleMay(caller.role, 'seats.buy')) {
    throw new ApiError(403, 'role_required', 'Only owners and finance admins can buy seats.');
  }
  return missing;
}

/** Replaces the budget that the member will have from the first key on. Throws 409 where the version is stale. */
export async function setInvitationBudget(
  env: Env,
  trail: Trail,
  row: InvitationRow,
  { budget, version }: Pick<BudgetChange, 'budget' | 'version'>,
  nowMs: number,
): Promise<void> {
  const expected = version ?? row.budget_version;
  if (expected !== row.budget_version) throw staleVersion('budget', expected);
  const changed = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'invitation.budget.updated',
    targetId: row.id,
    ...changedFields(storedBudget(row.budget), budget),
    statement: env.DB.prepare(
      `UPDATE invitations SET budget = ?3, budget_version = budget_version + 1
       WHERE id = ?1 AND budget_version = CAST(?2 AS INTEGER) AND accepted_at IS NULL AND revoked_at IS NULL`,
    ).bind(row.id, expected, JSON.stringify(budget)),
  }));
  if (!changed) throw staleVersion('budget', expected);
}

/** A new link for thirty more days; the old one is dead. One that had expired takes a seat again. */
export async function renewInvitation(
  env: Env,
  trail: Trail,
  caller: Caller,
  id: string,
  nowMs: number,
): Promise<Sent> {
  const { organizationId } = caller;
  const token = randomText(TOKEN_LENGTH);
  const tokenHash = await sha256Hex(token);
  const expiresAtMs = nowMs + LIMITS.invitationMs;
  await changeAudited(env.DB, trail, nowMs, async () => {
    const row = await findInvitation(env, organizationId, id);
    if (row.expires_at <= nowMs) {
      const known = await knownAddresses(env, organizationId, [row], nowMs);
      if (known.size > 0) throw alreadyHere(known.get(row.email));
      await checkRoom(env, organizationId, 1, nowMs);
      seatsToBuy(await readSeats(env, organizationId, nowMs), 1, caller, undefined, nowMs);
    }
    return {
      action: 'invitation.resent',
      targetId: id,
      before: { expiresAt: instantOrNull(row.expires_at) },
      after: { expiresAt: instantOrNull(expiresAtMs) },
      statement: env.DB.prepare('UPDATE invitations SET token_hash = ?2, expires_at = ?3 WHERE id = ?1').bind(
        id,
        tokenHash,
        expiresAtMs,
      ),
    };
  });
  return { row: await findInvitation(env, organizationId, id), token };
}

/** Takes it back: its link is dead, its seat free. */
export async function revokeInvitation(env: Env, trail: Trail, row: InvitationRow, nowMs: number): Promise<void> {
  const changed = await changeAudited(env.DB, trail, nowMs, () => ({
    action: 'invitation.revoked',
    targetId: row.id,
    before: { email: row.email, role: row.role },
    after: null,
    statement: env.DB.prepare(
      'UPDATE invitations SET revoked_at = ?2 WHERE id = ?1 AND accepted_at IS NULL AND revoked_at IS NULL',
    ).bind(row.id, nowMs),
  }));
  if (!changed) throw notFound('invitation');
}
