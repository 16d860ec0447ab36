/**
 * The way to better-auth: loaded at the first sign-in of an isolate, not at its start, and asked in one way that passes
 * its cookies on and turns its refusals into ours.
 */
import type { Context } from 'hono';
import type { JSONValue } from 'hono/utils/types';
import type { ApiEnv } from '../api.ts';
import type { Library } from './better-auth.ts';
import { refusalOf } from './refusals.ts';
import { signInSecret } from './session.ts';

/** The last one made: an isolate is nearly always called under one origin. */
let known: { env: Env; origin: string; library: Library } | null = null;

export async function libraryFor(env: Env, origin: string): Promise<Library> {
  if (known?.env === env && known.origin === origin) return known.library;
  const { createLibrary } = await import('./better-auth.ts');
  const library = createLibrary(env, origin, await signInSecret(env.KEY_SECRET));
  known = { env, origin, library };
  return library;
}

/** How passwords are hashed and compared. */
export function passwords() {
  return import('better-auth/crypto');
}

export function originOf(request: Request): string {
  return new URL(request.url).origin;
}

/** One of the library's functions, called with a request's cookies. */
export type Call<T> = (
  api: Library['api'],
  withCookies: { headers: Headers; returnHeaders: true },
) => Promise<{ headers: Headers; response: T }>;

/**
 * Asks the library for something with the request's cookies; the cookies that it sets go out with the answer. Throws
 * its refusals as ApiError.
 */
export async function ask<T, E extends ApiEnv>(c: Context<E>, call: Call<T>): Promise<T> {
  const { api } = await libraryFor(c.env, originOf(c.req.raw));
  try {
    const { headers, response } = await call(api, { headers: c.req.raw.headers, returnHeaders: true });
    for (const cookie of headers.getSetCookie()) c.header('set-cookie', cookie, { append: true });
    return response;
  } catch (error) {
    throw refusalOf(error);
  }
}

/** An answer of the library as JSON has it: without what is undefined. */
export function asJson(answer: object): Record<string, JSONValue> {
  return JSON.parse(JSON.stringify(answer));
}
