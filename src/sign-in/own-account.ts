/** What the routes of somebody's own account share: a try for what takes a password or a code, and telling what was changed. */
import type { Context } from 'hono';
import type { ApiEnv } from '../api.ts';
import { tellSetting } from './account-log.ts';
import { ask, type Call } from './library.ts';
import type { Session } from './session.ts';
import { giveBackTry, takeTry } from './throttle.ts';

/** Of every route that takes a password or a code: the wrong one, too many tries, no throttle to count them. */
export const ON_TRY = [403, 409, 429, 503] as const;

/** Asks for what takes a password or a code: a try, which is given back where it was right. */
export async function askOnTry<T, E extends ApiEnv>(c: Context<E>, { userId }: Session, call: Call<T>): Promise<T> {
  await takeTry(c.env, c.req.raw, userId);
  const answer = await ask(c, call);
  await giveBackTry(c.env, c.req.raw, userId);
  return answer;
}

/** Of a route's context behind `signedIn`, what is needed here. */
export interface SignedIn {
  env: Env;
  req: { raw: Request };
  get(key: 'session'): Session;
}

/** Tells the organizations of whoever is signed in what they have changed. */
export function tell(c: SignedIn, setting: Parameters<typeof tellSetting>[3]): Promise<void> {
  const { id: sessionId, userId } = c.get('session');
  return tellSetting(c.env, c.req.raw, { userId, sessionId }, setting);
}
