/** POST .../playground-key: a key that is its member's in all, and yet none of their keys. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { runCron } from '../../src/app.ts';
import { LIMITS } from '../../src/limits.ts';
import { readPolicy } from '../../src/teams/policy.ts';
import type { Role } from '../../src/teams/roles.ts';
import { chat, type ErrorBody, get, json, keyOf } from '../support/gateway.ts';
import { grant, type Person, person } from '../support/people.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { keysPath, setBudget } from './management.ts';

interface Made {
  id: string;
  secret: string;
  projectId: string;
  expiresAt: string;
}

const pathOf = ({ organizationId }: Seeded) => `/orgs/${organizationId}/playground-key`;

async function make(seeded: Seeded, who: Person): Promise<Made> {
  const { status, body } = await who.send('POST', pathOf(seeded), {});
  expect([status, body]).toEqual([201, expect.objectContaining({ secret: expect.stringMatching(/^psr_/) })]);
  return body as unknown as Made;
}

async function codeOf(secret: string): Promise<string> {
  const response = await chat(secret);
  return response.ok ? 'ok' : String((await json<ErrorBody>(response)).error.code);
}

const keptKeys = async (memberId: string) => (await readPolicy(env.DB, memberId))?.keys.map(({ keyId }) => keyId);

describe('a key of the playground', () => {
  it.each<Role>(['owner', 'admin', 'finance', 'developer', 'basic'])(
    'asks as its %s, for ten minutes',
    async (role) => {
      const seeded = await seedOrganization();
      const somebody = await person(seeded.organizationId, role);
      await grant(somebody.memberId, seeded.projectId);
      const before = Date.now();
      const made = await make(seeded, somebody);
      expect(made.projectId).toBe(seeded.projectId);
      expect(Date.parse(made.expiresAt) - before).toBeGreaterThanOrEqual(LIMITS.playgroundKeyMs);
      expect(await codeOf(made.secret)).toBe('ok');
      expect(await keyOf(made.secret)).toMatchObject({ id: made.id, memberId: somebody.memberId });
    },
  );

  it('is for nobody without a project, and for none that is not theirs', async () => {
    const seeded = await seedOrganization();
    const basic = await person(seeded.organizationId, 'basic');
    for (const body of [{}, { projectId: seeded.projectId }]) {
      const { status, body: told } = await basic.send('POST', pathOf(seeded), body);
      expect([status, told]).toEqual([400, { error: expect.objectContaining({ param: 'projectId' }) }]);
    }
    // What was granted is taken back: the key it was made for ends with it.
    await grant(basic.memberId, seeded.projectId);
    const { secret } = await make(seeded, basic);
    await env.DB.prepare('DELETE FROM project_grants WHERE member_id = ?').bind(basic.memberId).run();
    expect((await readPolicy(env.DB, basic.memberId))?.keys).toMatchObject([{ projectGranted: false }]);
    expect(secret).toMatch(/^psr_/);
  });

  it('spends its member’s budget', async () => {
    const seeded = await seedOrganization();
    const developer = await person(seeded.organizationId, 'developer');
    await grant(developer.memberId, seeded.projectId);
    const { secret } = await make(seeded, developer);
    await setBudget({ ...seeded, memberId: developer.memberId }, { usageLimit: '0' });
    expect(await codeOf(secret)).toBe('member_budget_exhausted');
  });

  it('is in no list, no count and under no cap, and cannot be managed', async () => {
    const seeded = await seedOrganization();
    const admin = await person(seeded.organizationId, 'admin');
    await setBudget({ ...seeded, memberId: admin.memberId }, { maxApiKeys: 0 });
    const { id } = await make(seeded, admin);
    const listed = await json<{ keys: { id: string }[] }>(await get(keysPath(seeded), seeded.masterKey));
    expect(listed.keys.map((key) => key.id)).toEqual([seeded.keyId]);
    const me = await admin.send('GET', `/orgs/${seeded.organizationId}/members/me`);
    expect(me.body).toMatchObject({ status: { activeApiKeys: 0 } });
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/roll'],
    ] as const) {
      expect((await admin.send(method, `${keysPath(seeded)}/${id}${path}`)).status).toBe(404);
    }
  });

  it('ends when there are too many of them, and leaves its member’s policy once it has expired', async () => {
    const seeded = await seedOrganization();
    const owner = await person(seeded.organizationId, 'owner');
    const first = await make(seeded, owner);
    // As old as it can be and still live.
    await env.DB.prepare('UPDATE api_keys SET expires_at = ? WHERE id = ?')
      .bind(Date.now() + 60_000, first.id)
      .run();
    for (let n = 0; n < LIMITS.playgroundKeysMax; n++) await make(seeded, owner);
    expect(await codeOf(first.secret)).toBe('invalid_api_key');
    const kept = await keptKeys(owner.memberId);
    expect(kept).toHaveLength(LIMITS.playgroundKeysMax);
    await runCron('7 * * * *', env, Date.now() + LIMITS.playgroundKeyMs);
    expect(await keptKeys(owner.memberId)).toEqual([]);
  });
});
