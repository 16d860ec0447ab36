/** Short words for worker tests of the audit log: changes through the real routes, the log read back, D1 tampered with. */
import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import type { Moved } from '../../src/audit/anchor.ts';
import type { SealedEntry } from '../../src/audit/chain.ts';
import type { Verdict } from '../../src/audit/verify.ts';
import { auditAnchor } from '../../src/objects.ts';
import { json } from '../support/gateway.ts';
import type { Seeded } from '../support/seed.ts';
import { call, type Json } from '../teams/management.ts';
import { replaceEntries } from './chains.ts';

type ShownEntry = Omit<SealedEntry, 'actor'> & { actor: SealedEntry['actor'] & { name: string | null } };

export interface LogPage {
  entries: ShownEntry[];
  nextCursor: string | null;
}

export const logPath = ({ organizationId }: Seeded, query = '') => `/orgs/${organizationId}/audit-log${query}`;

export async function logOf(seeded: Seeded, query = '?limit=100'): Promise<LogPage> {
  const response = await call('GET', logPath(seeded, query), seeded.masterKey);
  const page = await json<LogPage>(response);
  expect([response.status, page]).toEqual([200, { entries: expect.any(Array), nextCursor: page.nextCursor }]);
  return page;
}

export async function exportOf(seeded: Seeded, query = '?format=jsonl'): Promise<string> {
  const response = await call('GET', logPath(seeded, query), seeded.masterKey);
  expect(response.status).toBe(200);
  return new TextDecoder().decode(await response.arrayBuffer());
}

export async function verdictOn(seeded: Seeded): Promise<Verdict> {
  const response = await call('GET', logPath(seeded, '/verify'), seeded.masterKey);
  expect(response.status).toBe(200);
  return json<Verdict>(response);
}

/** The number and kind of what is wrong; null where nothing is. */
export async function flawOf(seeded: Seeded): Promise<[number, string] | null> {
  const { ok, firstBad } = await verdictOn(seeded);
  expect(ok).toBe(firstBad === null);
  return firstBad && [firstBad.n, firstBad.kind];
}

/** Makes a change that writes one entry. */
export async function change(seeded: Seeded, body: Json = {}): Promise<void> {
  const { organizationId, memberId, masterKey } = seeded;
  const response = await call('PUT', `/orgs/${organizationId}/members/${memberId}/budget`, masterKey, body);
  expect(response.status).toBe(200);
  await response.body?.cancel();
}

/** Moves the anchor to the newest entry, as what runs behind an answer does. */
export function anchor({ organizationId }: Pick<Seeded, 'organizationId'>): Promise<Moved> {
  return auditAnchor(env, organizationId, (object) => object.advance({ organizationId }));
}

/** A log of so many entries, anchored. */
export async function logWith(seeded: Seeded, entries: number): Promise<void> {
  for (let i = 0; i < entries; i++) await change(seeded, { usageLimit: String(i) });
  expect((await anchor(seeded)).anchored.head.n).toBe(entries);
}

/** Statements as somebody runs them who can edit D1. `?1` is the organization. */
export async function tamper({ organizationId }: Seeded, ...statements: string[]): Promise<void> {
  await env.DB.batch(statements.map((sql) => env.DB.prepare(sql).bind(organizationId)));
}

/** Puts entries of a forger's making in the place of those with their numbers. */
export function replace(entries: readonly SealedEntry[]): Promise<void> {
  return replaceEntries(env.DB, entries);
}
