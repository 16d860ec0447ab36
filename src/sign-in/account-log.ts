/**
 * The audit entries of accounts: how a person signs in (password, second factor, passkeys, providers, sessions ended), and
 * the organization that came with a new one. An account is nobody's but the person's, yet it opens every organization
 * whose member they are: so each of these is told who changed what and from where, and no secret. Signing in and out, and
 * what has yet to be confirmed, changes nothing that is told.
 *
 * Told once it has taken place, because the library keeps its statements to itself. That cannot be taken back, and to
 * say that it failed would be wrong: what could not be told is logged as an error, and nothing is thrown.
 */
import { waitUntil } from 'cloudflare:workers';
import type { Action } from '../audit/actions.ts';
import { anchorHead } from '../audit/anchoring.ts';
import type { Fields } from '../audit/chain.ts';
import { noteAudited } from '../audit/change.ts';
import { createdFields } from '../audit/fields.ts';
import { trailOf } from '../audit/trail.ts';
import { membershipsOf } from '../teams/organizations.ts';

interface Setting {
  action: Extract<Action, `user.${string}`>;
  before?: Fields | null;
  after?: Fields | null;
}

/** Tells every organization of a person's; `sessionId` is null where a mailed link or a provider vouched for them. */
export async function tellSetting(
  env: Env,
  request: Request,
  { userId, sessionId }: { userId: string; sessionId: string | null },
  { action, before = null, after = null }: Setting,
): Promise<void> {
  const told = { action, targetId: userId, before, after };
  const memberships = await membershipsOf(env, userId).catch(couldNotTell({ action, userId }));
  await Promise.all(
    (memberships ?? []).map(({ id, memberId }) =>
      tell(env, request, { organizationId: id, memberId: memberId ?? '', userId, sessionId }, told),
    ),
  );
}

/** Tells that the organization which came with a new account was made, if one did. */
export async function tellSignedUp(env: Env, request: Request, email: string): Promise<void> {
  const action = 'organization.created';
  const made = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT organization.id, organization.name, organization.kind, organization.time_zone AS timeZone,
              organization.metered, member.id AS memberId, member.user_id AS userId
       FROM users AS user
       JOIN members AS member ON member.user_id = user.id
       JOIN organizations AS organization ON organization.id = member.organization_id
       WHERE user.email = ?1`,
    )
    .bind(email)
    .first<Made>()
    .catch(couldNotTell({ action }));
  if (!made) return;
  const { id, memberId, userId, metered, ...rest } = made;
  const after = createdFields({ ...rest, metered: metered === 1 });
  const who = { organizationId: id, memberId, userId, sessionId: null };
  await tell(env, request, who, { action, targetId: id, ...after });
}

interface Made {
  id: string;
  name: string;
  kind: string;
  timeZone: string;
  metered: number;
  memberId: string;
  userId: string;
}

async function tell(
  env: Env,
  request: Request,
  { organizationId, ...person }: { organizationId: string; userId: string; memberId: string; sessionId: string | null },
  told: Parameters<typeof noteAudited>[3],
): Promise<void> {
  const trail = trailOf(request, organizationId, { kind: 'user', ...person });
  await noteAudited(env.DB, trail, Date.now(), told).catch(couldNotTell({ action: told.action, organizationId }));
  waitUntil(anchorHead(env, organizationId));
}

function couldNotTell(about: object): (error: unknown) => null {
  return (error) => {
    console.error(JSON.stringify({ event: 'audit_note_failed', ...about, error: String(error) }));
    return null;
  };
}
