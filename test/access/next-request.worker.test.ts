/**
 * What takes something away from somebody is in force on the very next request, and a stream that runs ends at its next
 * slice: one row for each way to take something away. The change is made after the member's object has long had its policy.
 */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { chat, type ErrorBody, eventsIn, json, until } from '../support/gateway.ts';
import { type Person, person } from '../support/people.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, type Json } from '../teams/management.ts';

interface Taking {
  /** Made by an owner. */
  take: (seeded: Seeded, owner: Person) => Promise<void>;
  /** What the next request hears. */
  refused: [status: number, code: string, message?: RegExp];
}

const path = ({ organizationId }: Seeded, rest: string) => `/orgs/${organizationId}${rest}`;

async function change(owner: Person, method: string, where: string, body?: Json): Promise<void> {
  const { status, body: told } = await owner.send(method, where, body);
  // Not 202: the object has confirmed it.
  expect([status, told]).toEqual([expect.toBeOneOf([200, 204]), told]);
}

const toKey = (body?: Json, method = 'PATCH', more = '') => {
  return (seeded: Seeded, owner: Person) => change(owner, method, path(seeded, `/keys/${seeded.keyId}${more}`), body);
};

const toMember = (body?: Json, method = 'PATCH', more = '') => {
  return (seeded: Seeded, owner: Person) =>
    change(owner, method, path(seeded, `/members/${seeded.memberId}${more}`), body);
};

async function expire(seeded: Seeded, owner: Person): Promise<void> {
  const expiresAt = new Date(Date.now() + 400).toISOString();
  await toKey({ expiresAt })(seeded, owner);
  await until(async () => (Date.now() > Date.parse(expiresAt) ? true : null), 'the key to expire');
}

async function regrant(seeded: Seeded, owner: Person): Promise<void> {
  const another = newId('prj');
  await env.DB.prepare("INSERT INTO projects (id, organization_id, name, created_at) VALUES (?, ?, 'Another', 0)")
    .bind(another, seeded.organizationId)
    .run();
  await toMember({ projects: [another] })(seeded, owner);
}

const KEY = 'invalid_api_key';

const TAKINGS: Record<string, Taking> = {
  'a disabled key': { take: toKey({ status: 'disabled' }), refused: [401, KEY, /is disabled/] },
  'a rolled key, by its old secret': { take: toKey(undefined, 'POST', '/roll'), refused: [401, KEY, /rolled/] },
  'a deleted key': { take: toKey(undefined, 'DELETE'), refused: [401, KEY, /deleted/] },
  'an expired key': { take: expire, refused: [401, KEY, /has expired/] },
  'a key whose limit was tightened': {
    take: toKey({ limits: { usageLimit: '0' } }),
    refused: [403, 'api_key_budget_exhausted'],
  },
  'a removed member': { take: toMember(undefined, 'DELETE'), refused: [401, KEY] },
  'a revoked project grant': { take: regrant, refused: [403, 'permission_denied'] },
  'a member whose limit was tightened': {
    take: toMember({ usageLimit: '0' }, 'PUT', '/budget'),
    refused: [403, 'member_budget_exhausted'],
  },
  'a member whose period was tightened': {
    take: toMember(
      { periodUsageLimit: '0', periodUsageDurationValue: 1, periodUsageDurationUnit: 'day' },
      'PUT',
      '/budget',
    ),
    refused: [403, 'member_period_budget_exhausted'],
  },
  'a tightened developer default': {
    take: (seeded, owner) => change(owner, 'PUT', path(seeded, '/default-developer-budget'), { usageLimit: '0' }),
    refused: [403, 'member_budget_exhausted'],
  },
  'an archived project': {
    take: (seeded, owner) => change(owner, 'DELETE', path(seeded, `/projects/${seeded.projectId}`)),
    refused: [410, 'project_archived'],
  },
  'a deleted organization': {
    take: (seeded, owner) => change(owner, 'DELETE', path(seeded, '')),
    refused: [401, KEY],
  },
};

describe.each(Object.entries(TAKINGS))('%s', (_, { take, refused: [status, code, message = /./] }) => {
  it('is refused on the very next request', async () => {
    const seeded = await seedOrganization();
    const owner = await person(seeded.organizationId, 'owner');
    expect((await chat(seeded.apiKey)).status).toBe(200);
    await take(seeded, owner);
    const response = await chat(seeded.apiKey);
    const { error } = await json<ErrorBody>(response);
    expect([response.status, error.code, error.message]).toEqual([status, code, expect.stringMatching(message)]);
  });

  it('ends a running stream at its next slice', async () => {
    const seeded = await seedOrganization();
    const owner = await person(seeded.organizationId, 'owner');
    const demo = { outputTokens: 100_000, tokensPerSecond: 1_000 };
    const response = await chat(seeded.apiKey, { stream: true, demo });
    expect(response.status).toBe(200);
    await take(seeded, owner);
    const events = eventsIn(await response.text());
    expect(events.slice(-2)).toEqual([
      { error: expect.objectContaining({ code, message: expect.stringMatching(message) }) },
      '[DONE]',
    ]);
    // Far from its end: two slices at most had been set aside, of 256 and 512 tokens, or some more on a busy machine.
    expect(events.length).toBeLessThan(5_000);
  });
});

/** Rules are asked as an attempt begins, and not again while it runs. */
describe.each(['keys', 'members'] as const)('a rule of %s that forbids', (of) => {
  it('is felt by the very next request', async () => {
    const seeded = await seedOrganization();
    const owner = await person(seeded.organizationId, 'owner');
    expect((await chat(seeded.apiKey)).status).toBe(200);
    const rules = { models: { deny: ['demo/words'] } };
    await (of === 'keys' ? toKey({ rules }) : toMember({ rules }))(seeded, owner);
    const response = await chat(seeded.apiKey);
    expect([response.status, (await json<ErrorBody>(response)).error.code]).toEqual([403, 'permission_denied']);
  });
});

describe('who manages', () => {
  it.each<[string, (of: Seeded, owner: Person, other: Person) => Promise<void>, number]>([
    ['a removed member', (of, owner, other) => change(owner, 'DELETE', path(of, `/members/${other.memberId}`)), 404],
    [
      'who has another role',
      (of, owner, other) => change(owner, 'PATCH', path(of, `/members/${other.memberId}`), { role: 'basic' }),
      403,
    ],
    ['a session that was ended', (_, __, other) => change(other, 'POST', '/auth/sign-out'), 401],
    ['an organization that was deleted', (of, owner) => change(owner, 'DELETE', path(of, '')), 404],
  ])('is refused on the very next request: %s', async (_, take, status) => {
    const seeded = await seedOrganization();
    const [owner, admin] = [await person(seeded.organizationId, 'owner'), await person(seeded.organizationId, 'admin')];
    expect((await admin.send('GET', path(seeded, '/audit-log'))).status).toBe(200);
    await take(seeded, owner, admin);
    expect((await admin.send('GET', path(seeded, '/audit-log'))).status).toBe(status);
  });

  it('is refused on the very next request: a deleted master key', async () => {
    const seeded = await seedOrganization();
    const owner = await person(seeded.organizationId, 'owner');
    const made = await owner.send('POST', path(seeded, '/master-keys'), { name: 'Script' });
    const { id, secret } = made.body as { id: string; secret: string };
    expect((await call('GET', path(seeded, '/members'), secret)).status).toBe(200);
    await change(owner, 'DELETE', path(seeded, `/master-keys/${id}`));
    expect((await call('GET', path(seeded, '/members'), secret)).status).toBe(401);
  });
});
