/** People who are signed in already, for tests of what each role may; signing in itself is test/sign-in's. */
import { env, exports } from 'cloudflare:workers';
import { newId } from '../../src/ids.ts';
import type { Role } from '../../src/teams/roles.ts';
import { type Answer, insertMember, SESSION_COOKIE, sessionCookie } from './browser.ts';
import { documented } from './documented.ts';
import { ORIGIN } from './gateway.ts';

export interface Person {
  memberId: string;
  userId: string;
  send(method: string, path: string, body?: unknown): Promise<Answer>;
}

/** A new user who is a member of this organization, and signed in. */
export async function person(organizationId: string, role: Role): Promise<Person> {
  const userId = newId('usr');
  const token = newId('ses');
  await env.DB.batch([
    env.DB.prepare(
      'INSERT INTO users (id, name, email, email_verified, created_at, updated_at) VALUES (?1, ?1, ?1, 1, 0, 0)',
    ).bind(userId),
    env.DB.prepare(
      'INSERT INTO sessions (id, user_id, token, created_at, updated_at, expires_at) VALUES (?1, ?2, ?1, 0, 0, ?3)',
    ).bind(token, userId, Date.now() + 3_600_000),
  ]);
  const memberId = await insertMember(organizationId, userId, role);
  const cookie = `${SESSION_COOKIE}=${await sessionCookie(token)}`;
  const headers = { cookie, origin: ORIGIN, 'content-type': 'application/json' };
  return {
    memberId,
    userId,
    send: async (method, path, body) => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const url = ORIGIN + path;
      const response = await documented(method, url, await exports.default.fetch(url, { method, headers, ...sent }));
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
    },
  };
}

export async function grant(memberId: string, projectId: string): Promise<void> {
  await env.DB.prepare('INSERT INTO project_grants (member_id, project_id) VALUES (?, ?)')
    .bind(memberId, projectId)
    .run();
}
