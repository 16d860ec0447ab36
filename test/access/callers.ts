/** Everybody who may call: nobody, somebody of another organization, and each role of this one. */
import { Browser, SESSION_COOKIE, sessionCookie } from '../support/browser.ts';
import { OUTBOX, type Person, type World } from './world.ts';

/** Whoever calls. `elsewhere` is another organization; the invited has an account and no organization yet. */
export const CALLERS = [
  'stranger',
  'API key',
  'invited',
  'owner elsewhere',
  'master key elsewhere',
  'owner',
  'admin',
  'finance',
  'developer',
  'developer not granted',
  'basic',
  'master key',
] as const;

export type Who = (typeof CALLERS)[number];

/** Somebody who calls in a world: in a browser that is signed in, or by a key. */
export interface Caller {
  who: Who;
  /** Null for who is nobody in particular. */
  person: Person | null;
  /** By another browser where a step before was taken in that. */
  send(method: string, path: string, body?: unknown, by?: Browser, more?: Record<string, string>): Promise<Told>;
  browser: Browser;
}

export interface Told {
  status: number;
  /** Of a refusal. */
  code: string | null;
  text: string;
  body: Record<string, unknown>;
}

/** That caller of `world`, where `elsewhere` is the other one. */
export async function callerIn(who: Who, world: World, elsewhere: World): Promise<Caller> {
  const person = personOf(who, world, elsewhere);
  const browser = new Browser(OUTBOX.env);
  if (person) browser.cookies.set(SESSION_COOKIE, await sessionCookie(person.sessionToken));
  const key = keyOf(who, world, elsewhere);
  const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  const send: Caller['send'] = async (method, path, body, by = browser, more = {}) => {
    const answer = await by.send(method, path, body, { ...headers, ...more });
    // Google's errors have the status as their code, and ours in the details.
    const error = answer.body.error as { code?: string | number; details?: { reason: string }[] } | undefined;
    const code = typeof error?.code === 'number' ? error.details?.[0]?.reason : error?.code;
    const text = `${by.told.at(-1)} ${JSON.stringify([...answer.headers])}`;
    return { status: answer.status, code: code ?? null, text, body: answer.body };
  };
  return { who, person, send, browser };
}

function personOf(who: Who, world: World, elsewhere: World): Person | null {
  switch (who) {
    case 'stranger':
    case 'API key':
    case 'master key':
    case 'master key elsewhere':
      return null;
    case 'invited':
      return world.invited;
    case 'owner elsewhere':
      return elsewhere.people.owner;
    default:
      return world.people[who];
  }
}

function keyOf(who: Who, world: World, elsewhere: World): string | null {
  if (who === 'API key') return world.apiKey;
  if (who === 'master key') return world.masterKey;
  return who === 'master key elsewhere' ? elsewhere.masterKey : null;
}
