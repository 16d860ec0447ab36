/** .../master-keys: owners make and delete them, a secret is told once, and a deleted one is refused at once. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { LIMITS } from '../../src/limits.ts';
import type { Role } from '../../src/teams/roles.ts';
import { get } from '../support/gateway.ts';
import { type Person, person } from '../support/people.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, refusal } from './management.ts';

const pathOf = ({ organizationId }: Seeded, id?: string) =>
  `/orgs/${organizationId}/master-keys${id === undefined ? '' : `/${id}`}`;

async function entriesOf({ organizationId }: Seeded): Promise<string[]> {
  const { results } = await env.DB.prepare(
    'SELECT action || coalesce(before, "") || coalesce(after, "") AS told FROM audit_entries WHERE organization_id = ? ORDER BY n',
  )
    .bind(organizationId)
    .all<{ told: string }>();
  return results.map(({ told }) => told);
}

let seeded: Seeded;
let other: Seeded;
let owner: Person;
beforeAll(async () => {
  seeded = await seedOrganization();
  other = await seedOrganization();
  owner = await person(seeded.organizationId, 'owner');
});

describe('a master key', () => {
  it('works at once, is told once, and is refused once deleted', async () => {
    const made = await owner.send('POST', pathOf(seeded), { name: ' Script ' });
    const { id, secret, ...shown } = made.body as { id: string; secret: string };
    expect([made.status, shown]).toEqual([
      201,
      { name: 'Script', maskedKey: `psm_…${secret.slice(-4)}`, createdAt: expect.stringMatching(/Z$/) },
    ]);
    expect((await get(`/orgs/${seeded.organizationId}/members`, secret)).status).toBe(200);
    const list = await owner.send('GET', pathOf(seeded));
    expect(list.body).toEqual({
      masterKeys: [
        { id, ...shown },
        { id: expect.any(String), name: 'Master', maskedKey: expect.any(String), createdAt: expect.any(String) },
      ],
      nextCursor: null,
    });
    const deleted = await owner.send('DELETE', pathOf(seeded, id));
    expect([deleted.status, deleted.body]).toEqual([204, {}]);
    expect((await get(`/orgs/${seeded.organizationId}/members`, secret)).status).toBe(401);
    expect((await owner.send('DELETE', pathOf(seeded, id))).status).toBe(404);
    const told = await entriesOf(seeded);
    expect(told.map((text) => text.split('{')[0])).toEqual(['master_key.created', 'master_key.deleted']);
    const rows = JSON.stringify([told, (await env.DB.prepare('SELECT * FROM master_keys').all()).results, list.body]);
    for (let from = 20; from + 8 <= secret.length; from++) expect(rows).not.toContain(secret.slice(from, from + 8));
  });

  it('makes and deletes none itself', async () => {
    const { masterKey } = seeded;
    const message = 'Only owners can manage master keys.';
    const refused = { status: 403, code: 'role_required', message };
    expect(await refusal(await call('POST', pathOf(seeded), masterKey, { name: 'x' }))).toMatchObject(refused);
    expect(await refusal(await call('DELETE', pathOf(seeded, 'x'), masterKey))).toMatchObject(refused);
    expect((await get(pathOf(seeded), masterKey)).status).toBe(200);
  });

  it.each<[unknown, string | null]>([
    [{}, 'name'],
    [{ name: '' }, 'name'],
    [{ name: 'x', role: 'owner' }, 'role'],
    [[], null],
  ])('of %j is a 400', async (body, param) => {
    const { status, body: told } = await owner.send('POST', pathOf(seeded), body);
    expect([status, told.error]).toEqual([400, expect.objectContaining({ param })]);
  });

  it('is one of at most so many, also for those made at once', async () => {
    const full = await seedOrganization();
    const one = await person(full.organizationId, 'owner');
    await env.DB.prepare(
      `WITH RECURSIVE count(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM count WHERE i < ?2)
       INSERT INTO master_keys (id, organization_id, name, hash, masked, created_at)
       SELECT ?1 || i, ?1, 'Many', ?1 || i, '', 0 FROM count`,
    )
      .bind(full.organizationId, LIMITS.masterKeysMax - 1)
      .run();
    const answers = await Promise.all([1, 2, 3].map(() => one.send('POST', pathOf(full), { name: 'Last' })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 400, 400]);
    expect(answers.find(({ status }) => status === 400)?.body).toMatchObject({
      error: { message: `An organization has at most ${LIMITS.masterKeysMax} master keys.` },
    });
  });
});

describe('of master keys', () => {
  it.each<[Role, number, number]>([
    ['owner', 200, 404],
    ['admin', 200, 403],
    ['finance', 403, 403],
    ['developer', 403, 403],
    ['basic', 403, 403],
  ])('%s sees and changes what its role may', async (role, reads, deletes) => {
    const who = await person(seeded.organizationId, role);
    expect((await who.send('GET', pathOf(seeded))).status).toBe(reads);
    expect((await who.send('DELETE', pathOf(seeded, newId('mky')))).status).toBe(deletes);
    expect((await who.send('POST', pathOf(seeded), { name: 'Mine' })).status).toBe(role === 'owner' ? 201 : 403);
    expect((await who.send('GET', pathOf(other))).status).toBe(404);
    expect((await who.send('POST', pathOf(other), { name: 'Mine' })).status).toBe(404);
    const { id } = (await env.DB.prepare('SELECT id FROM master_keys WHERE organization_id = ?')
      .bind(other.organizationId)
      .first<{ id: string }>()) ?? { id: '' };
    for (const path of [pathOf(other, id), pathOf(seeded, id)]) {
      expect((await who.send('DELETE', path)).status).toBe(path === pathOf(other, id) || role === 'owner' ? 404 : 403);
    }
    expect((await get(`/orgs/${other.organizationId}/members`, other.masterKey)).status).toBe(200);
  });
});
