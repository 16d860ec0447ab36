/** The configuration that is deployed: src/worker.ts, not the local build that the other tests run. */
import { env, exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { chat, get, json, ORIGIN, post } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

describe('a deployment', () => {
  it('has no demo provider, in no spelling', async () => {
    const { apiKey } = await seedOrganization();
    for (const model of ['demo/echo', 'demo/words', 'demo-words', 'words']) {
      expect((await chat(apiKey, { model })).status).toBe(404);
    }
    const { data } = await json<{ data: { id: string }[] }>(await get('/v1/models', apiKey));
    expect(data.filter(({ id }) => id.startsWith('demo'))).toEqual([]);
  });

  it('has no route to run the rollups', async () => {
    const { organizationId, masterKey } = await seedOrganization();
    const response = await exports.default.fetch(`${ORIGIN}/orgs/${organizationId}/rollups`, {
      method: 'POST',
      headers: { authorization: `Bearer ${masterKey}` },
    });
    expect(response.status).toBe(404);
  });

  it('has no demo organization', async () => {
    const found = await env.DB.prepare(
      "SELECT count(*) AS organizations FROM organizations WHERE name <> 'Test'",
    ).first();
    expect(found).toEqual({ organizations: 0 });
  });

  it('never calls a provider on its own machine', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const response = await post(
      apiKey,
      JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5 }),
    );
    expect([response.status, (await json<{ error: { code: string } }>(response)).error.code]).toEqual([
      502,
      'upstream_error',
    ]);
  });
});
