/** Rotating the secret: all keys are sealed anew and pushed, what no secret opens is named, and nothing is served in between by another key. */
import { env } from 'cloudflare:workers';
import { afterEach, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import type { Resealed } from '../../src/provider-keys/resealing.ts';
import { ProviderKeySeal } from '../../src/provider-keys/seal.ts';
import { readPolicy } from '../../src/teams/policy.ts';
import { json } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { callIn, policyState, refusal, request } from '../teams/management.ts';

const OPERATOR_SECRET = 'the-operator-of-these-tests-and-nobody-else';
const PATH = '/operator/provider-keys/reseal';
const NEW_SECRET = 'the secret after the rotation, long enough';

const rotated = {
  ...env,
  OPERATOR_SECRET,
  PROVIDER_KEY_SECRET: NEW_SECRET,
  PROVIDER_KEY_SECRET_PREVIOUS: env.PROVIDER_KEY_SECRET,
} as Env;

const reseal = async (environment = rotated) =>
  json<Resealed>(await callIn(environment, request('POST', PATH, OPERATOR_SECRET)));

afterEach(() => env.DB.prepare('DELETE FROM provider_keys').run());

async function keep(seeded: Seeded, sealed: (of: { organizationId: string; id: string }) => Promise<string>, n = 1) {
  const ids = Array.from({ length: n }, (_, i) => `pvk_${seeded.organizationId.slice(4)}${i}`);
  const { organizationId } = seeded;
  const rows = await Promise.all(ids.map(async (id) => ({ id, sealed: await sealed({ organizationId, id }) })));
  await env.DB.batch(
    rows.map((row) =>
      env.DB.prepare(
        `INSERT INTO provider_keys (id, organization_id, provider, name, settings, sealed, masked, created_at)
         VALUES (?, ?, 'openai', '', '{}', ?, '', 0)`,
      ).bind(row.id, organizationId, row.sealed),
    ),
  );
  return ids;
}

it('seals all keys anew, each still that of its organization, and pushes them', async () => {
  const [one, other] = [await seedOrganization(), await seedOrganization()];
  const old = await ProviderKeySeal.of(env.PROVIDER_KEY_SECRET ?? '', null);
  await keep(one, (of) => old.seal(`key of ${of.id}`, of), 2);
  await keep(other, (of) => old.seal(`key of ${of.id}`, of));
  const before = await policyState(one.memberId);
  expect(await reseal()).toEqual({
    resealed: 3,
    unreadable: [],
    left: 0,
    applied: expect.any(Number),
    pending: 0,
  });
  const after = await ProviderKeySeal.of(NEW_SECRET, null);
  for (const seeded of [one, other]) {
    const policy = await readPolicy(env.DB, seeded.memberId);
    for (const { id, sealed } of policy?.routing?.providerKeys ?? []) {
      expect(await after.open(sealed, { organizationId: seeded.organizationId, id })).toBe(`key of ${id}`);
    }
  }
  expect(await policyState(one.memberId)).toEqual({ version: (before?.version ?? 0) + 1, waiting: 0 });
  expect(await reseal()).toMatchObject({ resealed: 0, applied: 0 });
  const { results } = await env.DB.prepare(
    "SELECT after FROM audit_entries WHERE action = 'provider_keys.resealed'",
  ).all<{ after: string }>();
  expect(results.map(({ after: told }) => JSON.parse(told))).toEqual([{ resealed: 3, unreadable: 0, left: 0 }]);
});

it('names what no secret opens, and leaves it as it is', async () => {
  const seeded = await seedOrganization();
  const lost = await ProviderKeySeal.of('a secret that was lost, though it was long', null);
  const [id = ''] = await keep(seeded, (of) => lost.seal('key', of));
  expect(await reseal()).toEqual({ resealed: 0, unreadable: [id], left: 0, applied: 0, pending: 0 });
  const row = await env.DB.prepare('SELECT sealed FROM provider_keys WHERE id = ?')
    .bind(id)
    .first<{ sealed: string }>();
  expect(await lost.open(row?.sealed ?? '', { organizationId: seeded.organizationId, id })).toBe('key');
});

it('takes some at a time, and says how many are left', async () => {
  const seeded = await seedOrganization();
  const old = await ProviderKeySeal.of(env.PROVIDER_KEY_SECRET ?? '', null);
  await keep(seeded, (of) => old.seal('key', of), LIMITS.resealedPerCall + 5);
  expect(await reseal()).toMatchObject({ resealed: LIMITS.resealedPerCall, left: 5 });
  expect(await reseal()).toMatchObject({ resealed: 5, left: 0 });
});

it('is the operator’s alone, and says what to set where there is no secret', async () => {
  const { PROVIDER_KEY_SECRET: _, ...without } = rotated;
  expect(await refusal(await callIn(without as Env, request('POST', PATH, OPERATOR_SECRET)))).toMatchObject({
    status: 503,
    code: 'provider_keys_unavailable',
  });
  expect((await callIn(rotated, request('POST', PATH, 'somebody'))).status).toBe(401);
});
