/**
 * What a guesser may try: so many a minute from one address and against one account, whether or not there is such an
 * account. Whoever signs in gets the try back, so that an office behind one address is not locked out.
 */
import { addressOf } from '../client-address.ts';
import { ittyObject } from '../itty-objects.ts';
import { HOUR_MS, LIMITS, MINUTE_MS } from '../limits.ts';
import { ApiError } from '../teams/api-error.ts';
import { sha256Hex } from '../teams/keys.ts';

interface Throttle {
  take(max: number, windowMs: number): Promise<number>;
  giveBack(): Promise<unknown>;
}

const throttleOf = (env: Env, name: string) => ittyObject<Throttle>(env, 'SIGN_IN_THROTTLE', name);

/**
 * Counts a try of this request's address and, where one is named, against that account. Throws a 429 where either is out
 * of tries, and a 503 where that cannot be told.
 */
export async function takeTry(env: Env, request: Request, account: string | null): Promise<void> {
  // One after the other: an address that has no tries left cannot use up an account's.
  for (const name of await namesOf(request, account)) await take(env, name, LIMITS.signInTriesPerMinute, MINUTE_MS);
}

/** Takes such a try back. That it could not be is no reason to keep anybody out. */
export async function giveBackTry(env: Env, request: Request, account: string | null): Promise<void> {
  const names = await namesOf(request, account);
  await Promise.allSettled(names.map((name) => throttleOf(env, name).giveBack()));
}

type Purpose = 'sign-up' | 'password-reset' | 'invitation';

const nameOfMails = async (purpose: Purpose, email: string) => `${purpose}:${await sha256Hex(email)}`;

/** Counts a mail that somebody unknown has sent to this address, or would if there were an account; throws as takeTry. */
export async function takeMail(env: Env, purpose: Purpose, email: string): Promise<void> {
  await take(env, await nameOfMails(purpose, email), LIMITS.signInMailsPerHour, HOUR_MS);
}

/**
 * Does what must be done before mails that were taken are sent. Where it throws none is sent, so they are given back:
 * asking five times for a price must not keep an address from its invitation.
 */
export async function orGiveBackMails<T>(
  env: Env,
  purpose: Purpose,
  emails: readonly string[],
  prepare: () => Promise<T>,
): Promise<T> {
  try {
    return await prepare();
  } catch (error) {
    const giveBack = async (email: string) => throttleOf(env, await nameOfMails(purpose, email)).giveBack();
    await Promise.allSettled(emails.map(giveBack));
    throw error;
  }
}

async function take(env: Env, name: string, max: number, windowMs: number): Promise<void> {
  let waitMs: number;
  try {
    waitMs = await throttleOf(env, name).take(max, windowMs);
  } catch (error) {
    console.error(JSON.stringify({ event: 'sign_in_throttle_unavailable', error: String(error) }));
    const message = 'This is not possible right now. Please try again in a moment.';
    throw new ApiError(503, 'unavailable', message, { retryAfterSeconds: 5 });
  }
  if (waitMs <= 0) return;
  const retryAfterSeconds = Math.ceil(waitMs / 1_000);
  const message = `Too many tries. Please wait ${retryAfterSeconds} seconds.`;
  throw new ApiError(429, 'rate_limited', message, { retryAfterSeconds });
}

async function namesOf(request: Request, account: string | null): Promise<string[]> {
  const address = `address:${await sha256Hex(neighbourhoodOf(request))}`;
  return account === null ? [address] : [address, `account:${await sha256Hex(account)}`];
}

/** Where tries are counted that come from there. One IPv6 customer has 2^64 addresses, which count as one. */
function neighbourhoodOf(request: Request): string {
  const address = addressOf(request) ?? 'local';
  return address.includes(':') ? networkOf(address) : address;
}

/** The first four of the eight groups of an IPv6 address. */
function networkOf(address: string): string {
  const [before = '', after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...Array<string>(zeros).fill('0'), ...tail];
  return groups.slice(0, 4).join(':');
}
