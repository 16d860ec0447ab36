/** The typed client against the real Worker. */
import { exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { Purser, PurserError } from '../../client/index.ts';
import { chat, ORIGIN } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

const clientOf = (key: string) =>
  new Purser({ baseUrl: ORIGIN, key, fetch: (request) => exports.default.fetch(request) });

/** What a call was refused with. */
async function refusalOf(call: Promise<unknown>): Promise<PurserError> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PurserError);
  return error as PurserError;
}

describe('the balance of a key', () => {
  it('is its limits and what it has spent, also when nothing is left', async () => {
    const period = {
      periodUsageDurationValue: 1,
      periodUsageDurationUnit: 'month',
      periodAlignment: 'calendar',
    } as const;
    const { apiKey } = await seedOrganization({
      keyLimits: { usageLimit: '0.00001', periodUsageLimit: '5', ...period },
    });
    const purser = clientOf(apiKey);
    const before = { usageLimit: '0.00001', usage: '0', periodUsageLimit: '5', currentPeriodUsage: '0' };
    expect(await purser.getBalance()).toEqual({
      ...before,
      currentPeriodResetAt: expect.stringMatching(/-01T00:00:00/),
    });

    expect((await chat(apiKey, { demo: { outputTokens: 4 } })).status).toBe(200);
    expect(await purser.getBalance()).toMatchObject({ usage: '0.00001', currentPeriodUsage: '0.00001' });
  });

  it('of one without limits is null where there is none', async () => {
    const { apiKey } = await seedOrganization();
    const none = { usageLimit: null, periodUsageLimit: null, currentPeriodUsage: null, currentPeriodResetAt: null };
    expect(await clientOf(apiKey).getBalance()).toEqual({ usage: '0', ...none });
  });
});

describe('a call', () => {
  it('fills in path and query, sends a body, and answers what the route does', async () => {
    const { organizationId: orgId, memberId, masterKey } = await seedOrganization();
    const purser = clientOf(masterKey);
    const path = { orgId, memberId };
    const changed = await purser.call('PUT /orgs/{orgId}/members/{memberId}/budget', {
      path,
      body: { usageLimit: '7' },
    });
    expect(changed.budget.usageLimit).toBe('7');
    const { members } = await purser.call('GET /orgs/{orgId}/members', { path, query: { limit: 1, q: 'Member' } });
    expect(members.map(({ id }) => id)).toEqual([memberId]);
  });

  it('keeps the slash of a model, and answers nothing where there is nothing', async () => {
    const { organizationId: orgId, apiKey, keyId, masterKey } = await seedOrganization();
    const model = await clientOf(apiKey).call('GET /v1/models/{model}', { path: { model: 'demo/words' } });
    expect(model.id).toBe('demo/words');
    const deleted = await clientOf(masterKey).call('DELETE /orgs/{orgId}/keys/{keyId}', { path: { orgId, keyId } });
    expect(deleted).toBeUndefined();
  });

  it('stays on its route, whatever is given for an id', async () => {
    const sent: string[] = [];
    const record = async (request: Request) => {
      sent.push(new URL(request.url).pathname);
      return new Response(null, { status: 204 });
    };
    const purser = new Purser({ baseUrl: ORIGIN, key: 'psm_x', fetch: record });
    const remove = (keyId: string) =>
      purser.call('DELETE /orgs/{orgId}/keys/{keyId}', { path: { orgId: 'org_1', keyId } });
    const modelOf = (model: string) => purser.call('GET /v1/models/{model}', { path: { model } });
    for (const keyId of ['../../org_1/members/mem_2', '..', '.', 'a/./b', '']) {
      await expect(remove(keyId)).rejects.toThrow(/^keyId /);
    }
    await expect(modelOf('demo/../../../orgs')).rejects.toThrow(/^model /);
    expect(sent).toEqual([]);
    await remove('key_1/members');
    await remove('%2e%2e?a#b\\..');
    await modelOf('demo/a..b');
    expect(sent).toEqual([
      '/orgs/org_1/keys/key_1%2Fmembers',
      '/orgs/org_1/keys/%252e%252e%3Fa%23b%5C..',
      '/v1/models/demo/a..b',
    ]);
  });

  it('throws what it was refused with: status, code, field, metadata, and when to come back', async () => {
    const {
      organizationId: orgId,
      apiKey,
      masterKey,
      memberId,
    } = await seedOrganization({ keyLimits: { requestsPerMinute: 1 } });
    const path = { orgId, memberId };
    const wrong = clientOf(masterKey).call('PUT /orgs/{orgId}/members/{memberId}/budget', {
      path,
      body: { usageLimit: '-1' },
    });
    expect(await refusalOf(wrong)).toMatchObject({
      status: 400,
      code: 'invalid_request_error',
      param: 'usageLimit',
      message: 'Spend limits must be non-negative numbers.',
      metadata: { expected: expect.any(String) },
      retryAfter: null,
    });
    const ask = () =>
      clientOf(apiKey).call('POST /v1/chat/completions', {
        body: { model: 'demo/words', messages: [{ role: 'user', content: 'hi' }] },
      });
    await ask();
    const throttled = await refusalOf(ask());
    expect(throttled).toMatchObject({
      status: 429,
      code: 'rate_limited',
      metadata: { throttle: 'requests_per_minute' },
    });
    expect(throttled.retryAfter).toBeGreaterThan(0);
  });

  it('throws a PurserError also where somebody on the way refused', async () => {
    const proxy = async () => new Response('<h1>Bad gateway</h1>', { status: 502 });
    const purser = new Purser({ baseUrl: ORIGIN, key: 'psr_x', fetch: proxy });
    expect(await refusalOf(purser.getBalance())).toMatchObject({ status: 502, code: 'unknown', param: null });
  });
});
