/**
 * Who may have an account here, and what comes with it: the first owner by the set-up code, who is invited, and, where
 * the operator opened sign-up, anybody. Everything that makes a user asks here, twice: before a mail is sent, and in the
 * transaction that makes the user, by the permit's condition.
 *
 * An address with a pending invitation may sign up, and accepts it afterwards, by the invitation's own link. Who signs up
 * with the token of that link has proven the address by it, and needs no second mail.
 */
import { insertOrganization } from '../teams/new-organization.ts';

export interface Applicant {
  email: string;
  setUpCodeHash: string | null;
  /** Of the token in an invitation's link. */
  invitationTokenHash: string | null;
}

interface NewUser {
  id: string;
  name: string;
  /** Of the organization that comes with the account, if one does. */
  organizationName: string;
  timeZone: string;
}

export interface Permit {
  by: 'set-up code' | 'invitation link' | 'invitation' | 'open sign-up';
  /** SQL that is true as long as the permit is good, with the values of its `?`. */
  condition: { sql: string; values: (string | number)[] };
  /** What the transaction does after inserting the user. Each statement does nothing where there is no such user. */
  alongWith(user: NewUser, nowMs: number): D1PreparedStatement[];
}

/** The permit of whoever applies, or null. */
export async function permitOf(env: Env, applicant: Applicant, nowMs: number): Promise<Permit | null> {
  if (applicant.setUpCodeHash !== null) return ifGood(env, bySetUpCode(env, applicant.setUpCodeHash));
  if (applicant.invitationTokenHash !== null) {
    return ifGood(env, byInvitationLink(applicant.email, applicant.invitationTokenHash, nowMs));
  }
  const invited = await ifGood(env, byInvitation(applicant.email, nowMs));
  return invited ?? (env.OPEN_SIGN_UP === '1' ? openToAll(env) : null);
}

async function ifGood(env: Env, permit: Permit): Promise<Permit | null> {
  const { sql, values } = permit.condition;
  const good = await env.DB.withSession('first-primary')
    .prepare(`SELECT 1 WHERE ${sql}`)
    .bind(...values)
    .first();
  return good && permit;
}

function bySetUpCode(env: Env, hash: string): Permit {
  return {
    by: 'set-up code',
    condition: { sql: 'EXISTS (SELECT 1 FROM set_up_codes WHERE hash = ? AND used_at IS NULL)', values: [hash] },
    alongWith: (user, nowMs) => [
      ...insertOrganization(
        env,
        { name: user.organizationName, kind: 'team', timeZone: user.timeZone, metered: false, ownerId: user.id },
        nowMs,
      ),
      env.DB.prepare(
        'UPDATE set_up_codes SET used_at = ?1 WHERE hash = ?2 AND EXISTS (SELECT 1 FROM users WHERE id = ?3)',
      ).bind(nowMs, hash, user.id),
    ],
  };
}

/** Of an organization that is there. */
const PENDING = `SELECT 1 FROM invitations
  WHERE lower(email) = ? AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?
    AND EXISTS (SELECT 1 FROM organizations WHERE id = invitations.organization_id AND deleted_at IS NULL)`;

function byInvitationLink(email: string, tokenHash: string, nowMs: number): Permit {
  return {
    by: 'invitation link',
    condition: { sql: `EXISTS (${PENDING} AND token_hash = ?)`, values: [email, nowMs, tokenHash] },
    alongWith: () => [],
  };
}

function byInvitation(email: string, nowMs: number): Permit {
  return {
    by: 'invitation',
    condition: { sql: `EXISTS (${PENDING})`, values: [email, nowMs] },
    alongWith: () => [],
  };
}

/** A stranger uses the deployment's provider keys only against credit: an empty wallet admits nothing. */
function openToAll(env: Env): Permit {
  return {
    by: 'open sign-up',
    condition: { sql: 'TRUE', values: [] },
    alongWith: (user, nowMs) =>
      insertOrganization(
        env,
        { name: user.name, kind: 'personal', timeZone: user.timeZone, metered: true, ownerId: user.id },
        nowMs,
      ),
  };
}
