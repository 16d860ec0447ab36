/**
 * From a sign-up to an account. What somebody asks for waits in `sign_ups` until the address is proven: the mailed link
 * proves that they read it, the password that it was they who signed up, so that nobody has an account made by a
 * stranger's link, or gets one under a stranger's password. Until then there is no user. The answer is the same for an
 * address that has an account; the mail is not.
 */
import { newId, randomText } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { deliversMail, send } from '../mail/mail.ts';
import { ApiError, badRequest } from '../teams/api-error.ts';
import { sha256Hex } from '../teams/keys.ts';
import { passwords } from './library.ts';
import { alreadySignedUpMail, confirmAddressMail } from './mails.ts';
import { takeMail } from './throttle.ts';
import { type Permit, permitOf } from './who-may-sign-up.ts';

/** 160 random bits. */
const TOKEN_LENGTH = 32;

export interface SignUp {
  email: string;
  name: string;
  password: string;
  setUpCodeHash: string | null;
  invitationTokenHash: string | null;
  organizationName: string;
  timeZone: string;
}

type PendingSignUp = Omit<SignUp, 'password'> & { passwordHash: string };

/**
 * Where a sign-up goes on: in the mail, or it is done, because an invitation's link has proven the address, or there is no
 * mail and the set-up code vouches.
 */
export type SignUpStep = { done: true } | { done: false; afterwards: Promise<void> };

/** Throws where this applicant may have no account. `afterwards` stores and mails: its time tells nothing. */
export async function beginSignUp(env: Env, origin: string, asked: SignUp, nowMs: number): Promise<SignUpStep> {
  const permit = await permitOrRefusal(env, asked, nowMs);
  const mails = deliversMail(env);
  const proven = permit.by === 'invitation link' || (permit.by === 'set-up code' && !mails);
  if (!mails && !proven) throw mailMissing();
  if (!proven) await takeMail(env, 'sign-up', asked.email);
  const { password, ...rest } = asked;
  const { hashPassword } = await passwords();
  const pending: PendingSignUp = { ...rest, passwordHash: await hashPassword(password) };
  if (!proven) return { done: false, afterwards: mailLink(env, origin, pending, nowMs) };
  await createAccount(env, pending, permit, null, nowMs);
  return { done: true };
}

/** Makes the account of a sign-up whose link was followed. Answers with the e-mail address. */
export async function confirmSignUp(env: Env, tokenHash: string, password: string, nowMs: number): Promise<string> {
  const pending = await findSignUp(env, tokenHash, nowMs);
  const { verifyPassword } = await passwords();
  if (!(await verifyPassword({ hash: pending.passwordHash, password }))) {
    const message = 'This is not the password that was chosen at sign-up. If you forgot it, sign up again.';
    throw new ApiError(401, 'sign_in_failed', message, { param: 'password' });
  }
  const permit = await permitOrRefusal(env, pending, nowMs);
  await createAccount(env, pending, permit, tokenHash, nowMs);
  return pending.email;
}

/** The sign-up whose token has this hash. Throws where the link is dead. */
async function findSignUp(env: Env, tokenHash: string, nowMs: number): Promise<PendingSignUp> {
  const pending = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT email, name, password_hash AS passwordHash, set_up_code_hash AS setUpCodeHash,
              organization_name AS organizationName, time_zone AS timeZone
       FROM sign_ups WHERE token_hash = ?1 AND expires_at > ?2`,
    )
    .bind(tokenHash, nowMs)
    .first<Omit<PendingSignUp, 'invitationTokenHash'>>();
  if (!pending) throw badRequest('token', 'This link was used, or is older than a day. Sign in, or sign up again.');
  // Who has an invitation's link need not wait for another one.
  return { ...pending, invitationTokenHash: null };
}

export function mailMissing(): ApiError {
  const message = 'This Purser cannot send mail yet. Its operator turns that on with RESEND_API_KEY and MAIL_FROM.';
  return new ApiError(503, 'mail_not_configured', message);
}

async function permitOrRefusal(
  env: Env,
  applicant: Pick<SignUp, 'email' | 'setUpCodeHash' | 'invitationTokenHash'>,
  nowMs: number,
): Promise<Permit> {
  const permit = await permitOf(env, applicant, nowMs);
  if (permit) return permit;
  if (applicant.setUpCodeHash !== null) {
    throw new ApiError(403, 'set_up_code_invalid', 'This set-up code is wrong, or was used.', { param: 'setUpCode' });
  }
  if (applicant.invitationTokenHash !== null) {
    const message = 'This invitation is for another address, was used, or is good no more.';
    throw new ApiError(403, 'invitation_invalid', message, { param: 'invitationToken' });
  }
  const message = 'Signing up takes an invitation. Ask an owner or admin of your organization to invite this address.';
  throw new ApiError(403, 'sign_up_closed', message);
}

async function mailLink(env: Env, origin: string, pending: PendingSignUp, nowMs: number): Promise<void> {
  const { email, name, passwordHash, setUpCodeHash, organizationName, timeZone } = pending;
  const known = await env.DB.prepare('SELECT name FROM users WHERE email = ?1').bind(email).first<{ name: string }>();
  if (known) return send(env, alreadySignedUpMail(origin, email, known.name));
  const token = randomText(TOKEN_LENGTH);
  await env.DB.prepare(
    `INSERT INTO sign_ups (token_hash, email, name, password_hash, set_up_code_hash, organization_name, time_zone,
                           created_at, expires_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
  )
    .bind(
      await sha256Hex(token),
      email,
      name,
      passwordHash,
      setUpCodeHash,
      organizationName,
      timeZone,
      nowMs,
      nowMs + LIMITS.signUpLinkMs,
    )
    .run();
  return send(env, confirmAddressMail(origin, email, token));
}

/** One transaction: the user, its password, and what comes along; or, where the permit or the address is gone, nothing. */
async function createAccount(
  env: Env,
  pending: PendingSignUp,
  permit: Permit,
  tokenHash: string | null,
  nowMs: number,
): Promise<void> {
  const { email, name, passwordHash, organizationName, timeZone } = pending;
  const id = newId('usr');
  const { sql, values } = permit.condition;
  const [inserted] = await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO users (id, name, email, email_verified, created_at, updated_at)
       SELECT ?, ?, ?, 1, ?, ? WHERE ${sql}
       ON CONFLICT (email) DO NOTHING`,
    ).bind(id, name, email, nowMs, nowMs, ...values),
    env.DB.prepare(
      `INSERT INTO accounts (id, user_id, provider_id, account_id, password, created_at, updated_at)
       SELECT ?1, id, 'credential', id, ?2, ?3, ?3 FROM users WHERE id = ?4`,
    ).bind(newId('acc'), passwordHash, nowMs, id),
    ...permit.alongWith({ id, name, organizationName, timeZone }, nowMs),
    env.DB.prepare('DELETE FROM sign_ups WHERE token_hash = ?1 AND EXISTS (SELECT 1 FROM users WHERE id = ?2)').bind(
      tokenHash ?? '',
      id,
    ),
  ]);
  if (inserted && inserted.meta.changes > 0) return;
  // Asked again to say why: the permit was lost to another in between, or the address has an account.
  await permitOrRefusal(env, pending, nowMs);
  throw new ApiError(409, 'already_signed_up', 'This e-mail address has an account already. Sign in with it.');
}
