/**
 * The other end of an invitation: its link, read by whoever has it, and the member that it makes of the one to whom it was
 * mailed. How invitations come to be is invitations.ts, and so is why of two who accept one link only one wins.
 */
import { changeAudited } from '../audit/change.ts';
import type { Trail } from '../audit/trail.ts';
import { ApiError, badRequest, notFound } from './api-error.ts';
import { storedBudget } from './budget-body.ts';
import type { InvitationRow } from './invitations.ts';
import { sha256Hex } from './keys.ts';
import { grant } from './member-changes.ts';
import { policyChange, pushPolicy, wakeObjects } from './policy.ts';
import { storedRules } from './rules-body.ts';

export interface LiveInvitation extends InvitationRow {
  organization_name: string;
  has_account: number;
}

/** The invitation of a link. Throws a 404 where there never was one, a 400 where it is good no more. */
export async function invitationOfLink(env: Env, token: string, nowMs: number): Promise<LiveInvitation> {
  const row = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT invitation.*, organization.name AS organization_name, organization.deleted_at,
              EXISTS (SELECT 1 FROM users WHERE email = invitation.email) AS has_account
       FROM invitations AS invitation
       JOIN organizations AS organization ON organization.id = invitation.organization_id
       WHERE invitation.token_hash = ?1`,
    )
    .bind(await sha256Hex(token))
    .first<LiveInvitation & { deleted_at: number | null }>();
  if (!row) throw notFound('invitation');
  if (row.accepted_at !== null) throw badRequest('token', 'This invitation was accepted already.');
  const isOver = row.revoked_at !== null || row.expires_at <= nowMs || row.deleted_at !== null;
  if (isOver) throw badRequest('token', 'This invitation is good no more. Ask for a new one.');
  return row;
}

/** The membership that a user has or had in an organization: who comes back is who they were. */
export async function membershipOf(env: Env, organizationId: string, userId: string): Promise<Returning | null> {
  return env.DB.withSession('first-primary')
    .prepare('SELECT id, removed_at, rules FROM members WHERE organization_id = ?1 AND user_id = ?2')
    .bind(organizationId, userId)
    .first<Returning>();
}

export interface Returning {
  id: string;
  removed_at: number | null;
  rules: string | null;
}

/** Makes a member of whoever accepts. Answers with the member's id, and whether its object has yet to learn of it. */
export async function acceptInvitation(
  env: Env,
  trail: Trail,
  token: string,
  nowMs: number,
): Promise<{ memberId: string; pending: boolean }> {
  const { actor, organizationId } = trail;
  if (actor.kind !== 'user') throw new Error('invitations are accepted by people');
  const { userId, memberId } = actor;
  const before = await membershipOf(env, organizationId, userId);
  // Their new budget's cycle must not count what they spent before.
  if (before) await wakeObjects(env, [before]);
  await changeAudited(env.DB, trail, nowMs, async () => {
    const invitation = await invitationOfLink(env, token, nowMs);
    await checkIsTheirs(env, invitation, userId);
    const known = await membershipOf(env, organizationId, userId);
    if (known?.removed_at === null) throw new ApiError(409, 'already_member', 'You are a member already.');
    const { id, role, project_ids } = invitation;
    const projects = JSON.parse(project_ids) as string[];
    const budget = storedBudget(invitation.budget);
    // Rules that they were under are over: told, for nobody else would know that there were any.
    const ended = known?.rules ? storedRules(known.rules) : null;
    return {
      action: 'member.joined',
      targetId: memberId,
      before: ended && { rules: ended },
      after: { invitationId: id, role, projects, budget, ...(ended && { rules: storedRules(null) }) },
      statement: env.DB.prepare('UPDATE invitations SET accepted_at = ?2 WHERE id = ?1').bind(id, nowMs),
      // Behind, so that of two who accept at once the second fails by the number of its entry, and is described again.
      behind: [
        known ? comeBack(env, memberId, invitation) : join(env, memberId, userId, invitation, nowMs),
        grant(env, memberId, projects),
        ...(known ? policyChange(env.DB, { sql: 'id = ?1', values: [memberId] }, nowMs) : []),
      ],
    };
  });
  return { memberId, pending: before !== null && !(await pushPolicy(env, memberId)) };
}

/** Throws the 403 of who has somebody else's link: it was mailed to one address, and makes a member of that one. */
async function checkIsTheirs(env: Env, invitation: InvitationRow, userId: string): Promise<void> {
  const email = await env.DB.withSession('first-primary')
    .prepare('SELECT email FROM users WHERE id = ?1')
    .bind(userId)
    .first<string>('email');
  if (email === invitation.email) return;
  const message = 'This invitation is for another address. Sign in, or sign up, with the one that it was mailed to.';
  throw new ApiError(403, 'other_address', message);
}

function join(
  env: Env,
  memberId: string,
  userId: string,
  { organization_id, role, budget }: InvitationRow,
  nowMs: number,
): D1PreparedStatement {
  return env.DB.prepare(
    `INSERT INTO members (id, organization_id, user_id, name, role, created_at, budget)
     SELECT ?1, ?2, id, name, ?3, CAST(?4 AS INTEGER), ?5 FROM users WHERE id = ?6`,
  ).bind(memberId, organization_id, role, nowMs, budget, userId);
}

/** As if they were new, but for what they spent. */
function comeBack(env: Env, memberId: string, { role, budget }: InvitationRow): D1PreparedStatement {
  return env.DB.prepare(
    `UPDATE members
     SET removed_at = NULL, role = ?2, rules = NULL, budget = ?3, budget_version = budget_version + 1,
         budget_cycle = budget_cycle + 1, member_version = member_version + 1
     WHERE id = ?1`,
  ).bind(memberId, role, budget);
}
