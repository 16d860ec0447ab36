/** What the sign-in library refuses, in our words and envelope. */
import { LIMITS } from '../limits.ts';
import { ApiError } from '../teams/api-error.ts';

/** The library's error, as far as it is relied on. */
interface LibraryError {
  name: 'APIError';
  statusCode: number;
  body?: { code?: string; message?: string };
}

const AGAIN = 'Sign in again first: this takes a sign-in of the last day.';

/** By the library's code. A function, because each refusal is an error of its own, with its own stack. */
const REFUSALS: Record<string, () => ApiError> = {
  INVALID_EMAIL_OR_PASSWORD: () => new ApiError(401, 'sign_in_failed', 'The e-mail address or the password is wrong.'),
  EMAIL_NOT_VERIFIED: () =>
    new ApiError(403, 'email_not_verified', 'This e-mail address is not confirmed. Set a new password to confirm it.'),
  INVALID_TOKEN: () => badLink(),
  USER_NOT_FOUND: () => badLink(),
  INVALID_PASSWORD: () => wrongPassword(),
  CREDENTIAL_ACCOUNT_NOT_FOUND: () =>
    new ApiError(400, 'no_password', 'You have no password yet. Set one by resetting it.', { param: 'password' }),
  INVALID_CODE: () => wrongCode(),
  INVALID_BACKUP_CODE: () => wrongCode(),
  INVALID_TWO_FACTOR_COOKIE: () =>
    new ApiError(
      401,
      'unauthorized',
      'Enter e-mail address and password first: a code is taken for ten minutes after.',
    ),
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: () =>
    new ApiError(401, 'unauthorized', 'Too many wrong codes. Enter e-mail address and password again.'),
  ACCOUNT_TEMPORARILY_LOCKED: () => {
    const retryAfterSeconds = LIMITS.secondFactorLockMs / 1_000;
    const message = `Too many wrong codes. Please wait ${retryAfterSeconds / 60} minutes.`;
    return new ApiError(429, 'rate_limited', message, { retryAfterSeconds });
  },
  TOTP_ALREADY_ENABLED: () =>
    new ApiError(409, 'second_factor_on', 'The second factor is on already. Turn it off first to change the app.'),
  TOTP_NOT_ENABLED: () => secondFactorOff(),
  TWO_FACTOR_NOT_ENABLED: () => secondFactorOff(),
  BACKUP_CODES_NOT_ENABLED: () => secondFactorOff(),
  SESSION_NOT_FRESH: () => new ApiError(403, 'sign_in_again', AGAIN),
  UNAUTHORIZED: () => new ApiError(401, 'unauthorized', 'Sign in first.'),
  CHALLENGE_NOT_FOUND: () =>
    new ApiError(400, 'passkey_failed', 'That took too long, or was done already. Please start again.'),
  PASSKEY_NOT_FOUND: () => new ApiError(401, 'passkey_failed', 'This passkey is not known here.'),
  AUTHENTICATION_FAILED: () => new ApiError(401, 'passkey_failed', 'The passkey was not accepted.'),
  FAILED_TO_VERIFY_REGISTRATION: () =>
    new ApiError(400, 'passkey_failed', 'The passkey was not accepted.', { param: 'response' }),
};

/** What `error` means to a caller; errors that are no refusals are thrown on, to be answered as ours. */
export function refusalOf(error: unknown): ApiError {
  if (!isLibraryError(error)) throw clashOf(error) ?? withoutValues(error);
  const known = REFUSALS[error.body?.code ?? ''];
  if (known) return known();
  if (error.statusCode === 401) return new ApiError(401, 'unauthorized', 'Sign in first.');
  if (error.statusCode >= 500) throw new Error(`the sign-in library failed: ${error.body?.code ?? error.statusCode}`);
  return new ApiError(400, 'invalid_request_error', error.body?.message ?? 'That did not work.');
}

/** A failure as it may be logged: a query that failed carries its values, which are tokens and hashes. */
export function withoutValues(error: unknown): unknown {
  if (!(error instanceof Error) || !('params' in error)) return error;
  return new Error(`a query of the sign-in library failed: ${error.cause}`);
}

function isLibraryError(error: unknown): error is LibraryError {
  return error instanceof Error && error.name === 'APIError' && 'statusCode' in error;
}

/** Two requests that make the same thing at once: the database lets one. */
function clashOf(error: unknown): ApiError | null {
  if (!String(error instanceof Error ? (error.cause ?? error) : error).includes('UNIQUE constraint failed'))
    return null;
  return new ApiError(409, 'conflict', 'The same was just done by another request.');
}

function badLink(): ApiError {
  const message = 'This link was used, or is too old. Ask for a new one.';
  return new ApiError(400, 'invalid_request_error', message, { param: 'token' });
}

function wrongPassword(): ApiError {
  return new ApiError(403, 'wrong_password', 'The password is wrong.', { param: 'password' });
}

function wrongCode(): ApiError {
  return new ApiError(401, 'wrong_code', 'The code is wrong.', { param: 'code' });
}

function secondFactorOff(): ApiError {
  return new ApiError(409, 'second_factor_off', 'There is no second factor to this account.');
}
