/** Short words for tests of the books: a team that spends, and its health as the API tells it. */
import { env, exports } from 'cloudflare:workers';
import { expect } from 'vitest';
import { newId } from '../../src/ids.ts';
import { settledBudget } from '../../src/objects.ts';
import type { SettleCall } from '../../src/settlement-carrier.ts';
import { NO_BUDGET } from '../../src/teams/budget-body.ts';
import type { Health, MemberBooks } from '../../src/usage/books-health.ts';
import { type ChatBody, chat, get, json, ORIGIN } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';

const post = (path: string, key: string, body: object) =>
  exports.default.fetch(ORIGIN + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Two tokens in and `outputTokens` out: 2,000 + 2,000 x outputTokens nanodollars. Answers with the status. */
export async function spend(
  key: string,
  outputTokens: number,
  over: ChatBody = {},
  demo: object = {},
): Promise<number> {
  const response = await chat(key, { ...over, demo: { outputTokens, ...demo } });
  await response.text();
  return response.status;
}

/** The health of the books; without `prove` a small organization's is proven on the spot. */
export async function health({ organizationId, masterKey }: Seeded, prove?: 'now' | 'stored'): Promise<Health> {
  const response = await get(`/orgs/${organizationId}/health${prove ? `?prove=${prove}` : ''}`, masterKey);
  expect(response.status).toBe(200);
  return json<Health>(response);
}

export function booksOf(told: Health, memberId: string): MemberBooks {
  const books = told.books.find((member) => member.memberId === memberId);
  if (!books) throw new Error(`no books of ${memberId}`);
  return books;
}

export async function rollUpNow({ organizationId, masterKey }: Seeded): Promise<void> {
  expect((await post(`/orgs/${organizationId}/rollups`, masterKey, {})).status).toBe(200);
}

export const shipNow = (memberId: string) => settledBudget(env, memberId, (object) => object.ship({ memberId }));

export const run = (sql: string, ...values: (string | number)[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run();

/** The environment with these in the place of every member's object. */
export function withBooks(books: (call: { memberId: string; k: number }) => Promise<unknown>): Env {
  const settle = (call: SettleCall) => settledBudget(env, call.memberId, (object) => object.settle(call));
  const objects = { idFromName: (name: string) => name, get: () => ({ books, settle }) };
  return { ...env, MEMBER_BUDGET: objects } as unknown as Env;
}

export async function addMember(organizationId: string): Promise<string> {
  const memberId = newId('mem');
  await run(
    `INSERT INTO members (id, organization_id, name, role, created_at, budget) VALUES (?, ?, 'Other', 'developer', 1, ?)`,
    memberId,
    organizationId,
    JSON.stringify(NO_BUDGET),
  );
  return memberId;
}

export interface Team extends Seeded {
  other: { memberId: string; apiKey: string };
}

/** The organization of seed.ts with a second member and key. */
export async function seedTeam(): Promise<Team> {
  const seeded = await seedOrganization({ budget: { usageLimit: '1' } });
  const { organizationId, projectId } = seeded;
  const memberId = await addMember(organizationId);
  await run('INSERT INTO project_grants (member_id, project_id) VALUES (?, ?)', memberId, projectId);
  const made = await post(`/orgs/${organizationId}/keys`, seeded.masterKey, { projectId, name: 'Other', memberId });
  expect(made.status).toBe(201);
  const { secret } = await json<{ secret: string }>(made);
  return { ...seeded, other: { memberId, apiKey: secret } };
}
