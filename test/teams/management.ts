/** Short words for tests of the management routes: called with a master key, answered or refused in one envelope. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { expect } from 'vitest';
import type { MemberPolicy } from '../../src/budgets/policy.ts';
import worker from '../../src/local/worker.ts';
import type { StoredBudget } from '../../src/teams/budget-body.ts';
import { documented } from '../support/documented.ts';
import { type ErrorBody, json, ORIGIN } from '../support/gateway.ts';
import type { Seeded } from '../support/seed.ts';

export interface MemberBody {
  id: string;
  userId: string | null;
  name: string;
  email: string | null;
  role: string;
  budget: StoredBudget & { version: number };
  effectiveBudget: { inherited: string[]; [field: string]: unknown };
  status: { version: number; usage: string; remaining: string | null; [field: string]: unknown } | null;
  /** In lists. */
  statusAt?: string | null;
  projects: string[];
  /** Of the range, where members are read. */
  usage?: { cost: string; tokens: number; requests: number } | null;
  planRequired?: string;
  version: number;
  pending?: boolean;
}

export interface KeyBody {
  id: string;
  secret?: string;
  memberId: string;
  maskedKey: string;
  createdAt: string;
  pending?: boolean;
  [field: string]: unknown;
}

export type Json = Record<string, unknown>;

/** Calls a route as JSON; `body` may also be text, to be sent as it is. */
export function request(method: string, path: string, masterKey: string, body?: unknown): Request {
  const headers: Record<string, string> = { authorization: `Bearer ${masterKey}` };
  if (body === undefined) return new Request(ORIGIN + path, { method, headers });
  headers['content-type'] = 'application/json';
  const raw = typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream;
  return new Request(ORIGIN + path, { method, headers, body: raw ? body : JSON.stringify(body) });
}

export async function call(method: string, path: string, masterKey: string, body?: unknown): Promise<Response> {
  const asked = request(method, path, masterKey, body);
  return documented(method, asked.url, await exports.default.fetch(asked));
}

/** The same in an environment of the test's own. */
export async function callIn(environment: Env, asked: Request): Promise<Response> {
  const ctx = createExecutionContext();
  const response = await worker.fetch(asked as Request<unknown, IncomingRequestCfProperties>, environment, ctx);
  await waitOnExecutionContext(ctx);
  return documented(asked.method, asked.url, response);
}

/** What a test puts in the place of a member's object. */
export interface StandIn {
  configure: (call: { policy: MemberPolicy }) => Promise<unknown>;
  status: (call: { memberId: string }) => Promise<unknown>;
}

/** The environment with what `standInFor` answers in the place of a member's object; null for the object itself. */
export function withObjects(standInFor: (memberId: string) => StandIn | null): Env {
  const real = (memberId: string) => env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId));
  const namespace = { idFromName: (name: string) => name, get: (name: string) => standInFor(name) ?? real(name) };
  return { ...env, MEMBER_BUDGET: namespace } as unknown as Env;
}

const away = () => Promise.reject(new Error('object unreachable'));

export const UNREACHABLE: StandIn = { configure: away, status: away };

export const organizationPath = ({ organizationId }: Pick<Seeded, 'organizationId'>) => `/orgs/${organizationId}`;

export const budgetPath = ({ organizationId, memberId }: Seeded) =>
  `/orgs/${organizationId}/members/${memberId}/budget`;

export const defaultPath = ({ organizationId }: Pick<Seeded, 'organizationId'>) =>
  `/orgs/${organizationId}/default-developer-budget`;

export const keysPath = ({ organizationId }: Seeded) => `/orgs/${organizationId}/keys`;

/** Without the instant of its status, which is each call's own. */
export async function memberOf(
  { organizationId, memberId, masterKey }: Seeded,
  query: Record<string, string> = {},
): Promise<Omit<MemberBody, 'statusAt'>> {
  const path = `/orgs/${organizationId}/members/${memberId}?${new URLSearchParams(query)}`;
  const response = await call('GET', path, masterKey);
  expect(response.status).toBe(200);
  const { statusAt: _, ...member } = await json<MemberBody>(response);
  return member;
}

/** Sets a budget that must be taken and answers with the member. */
export async function setBudget(seeded: Seeded, body: Json): Promise<MemberBody> {
  const response = await call('PUT', budgetPath(seeded), seeded.masterKey, body);
  const member = await json<MemberBody>(response);
  expect([response.status, member]).toEqual([200, expect.not.objectContaining({ pending: true })]);
  return member;
}

/** The code, field and message of a refusal, whose envelope is checked. */
export async function refusal(
  response: Response,
): Promise<{ status: number; code: string; param: string | null; message: string }> {
  const { error, ...rest } = await json<ErrorBody>(response);
  expect(rest).toEqual({});
  expect(error).toEqual({
    message: expect.stringMatching(/./),
    type: expect.stringMatching(/_error$/),
    code: expect.stringMatching(/^[a-z_]+$/),
    param: error.param === null ? null : expect.any(String),
    metadata: expect.any(Object),
  });
  return { status: response.status, code: error.code, param: error.param, message: error.message };
}

/** A member's policy as D1 has it, with whether a push of it is waiting. */
export async function policyState(memberId: string): Promise<{ version: number; waiting: number } | null> {
  return env.DB.prepare(
    `SELECT policy_version AS version, (SELECT count(*) FROM policy_pushes WHERE member_id = ?1) AS waiting
     FROM members WHERE id = ?1`,
  )
    .bind(memberId)
    .first();
}
