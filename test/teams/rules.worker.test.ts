/** Rules of keys and members at the gateway: what they do not admit is refused by name before anything is sent. */
import { env, exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { pushPolicy } from '../../src/teams/policy.ts';
import { RulesBody, rulesText } from '../../src/teams/rules-body.ts';
import { chat, type ErrorBody, HELLO, json, keyOf, ORIGIN } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, type Json, type KeyBody, keysPath, refusal } from './management.ts';

const pathOf = (seeded: Seeded) => `${keysPath(seeded)}/${seeded.keyId}`;

async function rule(seeded: Seeded, rules: Json | null): Promise<KeyBody> {
  const response = await call('PATCH', pathOf(seeded), seeded.masterKey, { rules });
  const key = await json<KeyBody>(response);
  expect([response.status, key.pending]).toEqual([200, undefined]);
  return key;
}

/** Gives the member rules, as whoever changes a member does. */
async function ruleMember(seeded: Seeded, rules: Json): Promise<void> {
  await env.DB.prepare('UPDATE members SET rules = ?2, policy_version = policy_version + 1 WHERE id = ?1')
    .bind(seeded.memberId, rulesText(RulesBody.parse(rules)))
    .run();
  expect(await pushPolicy(env, seeded.memberId)).toBe(true);
}

interface Asked {
  status: number;
  code: string | null;
  message: string | null;
  metadata: Json | null;
}

async function ask(seeded: Seeded, body: Json = {}, ip?: string): Promise<Asked> {
  const response = await chat(seeded.apiKey, body, ip === undefined ? {} : { 'cf-connecting-ip': ip });
  const error = response.ok ? null : (await json<ErrorBody>(response)).error;
  return {
    status: response.status,
    code: error?.code ?? null,
    message: error?.message ?? null,
    metadata: error?.metadata ?? null,
  };
}

async function modelsOf({ apiKey }: Seeded): Promise<string[]> {
  const response = await exports.default.fetch(`${ORIGIN}/v1/models`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  expect(response.status).toBe(200);
  return (await json<{ data: { id: string }[] }>(response)).data.map(({ id }) => id);
}

const DENYING: [Json, string, string][] = [
  [{ models: { deny: ['demo/words'] } }, 'models.deny', 'this model'],
  [{ models: { allow: ['demo/echo'] } }, 'models.allow', 'this model'],
  [{ models: { deny: ['demo/*'] } }, 'models.deny', 'this model'],
  [{ providers: { deny: ['demo'] } }, 'providers.deny', 'this provider'],
  [{ providers: { allow: ['openai', 'a-provider-to-come'] } }, 'providers.allow', 'this provider'],
  [{ endpoints: { allow: ['embeddings'] } }, 'endpoints.allow', 'this endpoint'],
  [{ maxInputPrice: '0.99' }, 'maxInputPrice', "this model's input price"],
  [{ maxOutputPrice: '1.99' }, 'maxOutputPrice', "this model's output price"],
  [{ ips: { allow: ['10.0.0.0/8'] } }, 'ips.allow', 'requests from this address'],
  [{ ips: { deny: ['203.0.113.0/24'] } }, 'ips.deny', 'requests from this address'],
];

describe.each(DENYING)('%j', (rules, name, what) => {
  it.each(['api_key', 'member'] as const)('of the %s refuses the next request by its name', async (of) => {
    const seeded = await seedOrganization();
    expect((await ask(seeded, {}, '203.0.113.7')).status).toBe(200);
    const { usage } = await keyOf(seeded.apiKey);
    if (of === 'api_key') await rule(seeded, rules);
    else await ruleMember(seeded, rules);
    const whose = of === 'member' ? "The member's" : "The API key's";
    expect(await ask(seeded, {}, '203.0.113.7')).toEqual({
      status: 403,
      code: 'permission_denied',
      message: `${whose} rule ${name} does not allow ${what}.`,
      metadata: { rule: name, of, requestId: expect.any(String) },
    });
    const key = await json<KeyBody>(await call('GET', pathOf(seeded), seeded.masterKey));
    expect(key.usage).toBe(usage);
  });
});

describe('rules', () => {
  it('that admit a request let it pass, both the member’s and the key’s', async () => {
    const seeded = await seedOrganization();
    await ruleMember(seeded, { providers: { allow: ['demo'] }, maxInputPrice: '1', maxOutputPrice: '2' });
    await rule(seeded, {
      models: { allow: ['demo/*'], deny: ['demo/thinker'] },
      endpoints: { allow: ['chat/completions'] },
      ips: { allow: ['2001:db8::/32'] },
    });
    expect((await ask(seeded, {}, '2001:db8::1')).status).toBe(200);
    expect(await ask(seeded, { model: 'demo/thinker' }, '2001:db8::1')).toMatchObject({
      metadata: { rule: 'models.deny', of: 'api_key' },
    });
    expect(await ask(seeded, {}, '2001:db9::1')).toMatchObject({ metadata: { rule: 'ips.allow' } });
    // Where the platform tells no address, none is allowed.
    expect(await ask(seeded)).toMatchObject({ status: 403, metadata: { rule: 'ips.allow' } });
    await rule(seeded, null);
    expect((await ask(seeded, { model: 'demo/thinker' })).status).toBe(200);
  });

  it('see no address but the platform’s', async () => {
    const seeded = await seedOrganization();
    await rule(seeded, { ips: { allow: ['10.0.0.1'] } });
    const headers = { 'x-forwarded-for': '10.0.0.1', 'x-real-ip': '10.0.0.1', forwarded: 'for=10.0.0.1' };
    expect((await chat(seeded.apiKey, {}, headers)).status).toBe(403);
    expect((await chat(seeded.apiKey, {}, { ...headers, 'cf-connecting-ip': '10.0.0.1' })).status).toBe(200);
  });

  it('come before a bad body and an unknown model, as far as they can be asked, and after a dead key', async () => {
    const seeded = await seedOrganization();
    await rule(seeded, { ips: { deny: ['0.0.0.0/0'] } });
    expect(await ask(seeded, { model: 'nobody/nothing' }, '1.2.3.4')).toMatchObject({ code: 'permission_denied' });
    expect(await ask(seeded, { messages: 5 }, '1.2.3.4')).toMatchObject({ code: 'permission_denied' });
    await rule(seeded, { endpoints: { allow: ['embeddings'] } });
    expect(await ask(seeded, { messages: 5 })).toMatchObject({ metadata: { rule: 'endpoints.allow' } });
    await call('DELETE', `/orgs/${seeded.organizationId}/projects/${seeded.projectId}`, seeded.masterKey);
    expect(await ask(seeded)).toMatchObject({ status: 403, code: 'permission_denied' });
    await call('PATCH', pathOf(seeded), seeded.masterKey, { status: 'disabled' });
    expect(await ask(seeded)).toMatchObject({ status: 401 });
  });

  it('refuse a repeat under an Idempotency-Key from an address that is not allowed', async () => {
    const seeded = await seedOrganization();
    await rule(seeded, { ips: { allow: ['10.0.0.0/8'] } });
    const repeat = (ip: string) =>
      chat(seeded.apiKey, { messages: HELLO }, { 'Idempotency-Key': 'once', 'cf-connecting-ip': ip });
    expect((await repeat('10.0.0.1')).status).toBe(200);
    expect((await repeat('11.0.0.1')).status).toBe(403);
    expect((await repeat('10.0.0.1')).headers.get('x-purser-replayed')).toBe('true');
  });

  it('leave their models out of GET /v1/models', async () => {
    const seeded = await seedOrganization();
    expect(await modelsOf(seeded)).toEqual(expect.arrayContaining(['demo/echo', 'demo/words', 'demo/thinker']));
    await rule(seeded, { models: { allow: ['demo/wo*', 'demo/th*', 'demo/echo'], deny: ['demo-thinker'] } });
    expect(await modelsOf(seeded)).toEqual(['demo/echo', 'demo/words']);
    await ruleMember(seeded, { models: { deny: ['demo/words'] } });
    expect(await modelsOf(seeded)).toEqual(['demo/echo']);
    const hidden = await exports.default.fetch(`${ORIGIN}/v1/models/demo/words`, {
      headers: { authorization: `Bearer ${seeded.apiKey}` },
    });
    expect(hidden.status).toBe(404);
    await rule(seeded, { maxOutputPrice: '1' });
    expect(await modelsOf(seeded)).toEqual([]);
  });

  it('are shown whole, are in the log, and are given with a new key', async () => {
    const seeded = await seedOrganization();
    const rules = { models: { allow: ['demo/words'] }, maxOutputPrice: '2.5' };
    const body = { projectId: seeded.projectId, memberId: seeded.memberId, name: 'Ruled', rules };
    const made = await json<KeyBody & { secret: string }>(await call('POST', keysPath(seeded), seeded.masterKey, body));
    expect(made.rules).toEqual({
      models: { allow: ['demo/words'], deny: [] },
      providers: { allow: null, deny: [] },
      endpoints: { allow: null },
      maxInputPrice: null,
      maxOutputPrice: '2.50',
      ips: { allow: null, deny: [] },
    });
    expect((await chat(made.secret)).status).toBe(200);
    expect((await chat(made.secret, { model: 'demo/echo' })).status).toBe(403);
    // What is shown can be given back.
    await rule({ ...seeded, keyId: made.id }, made.rules as Json);
    expect(await rule({ ...seeded, keyId: made.id }, null)).toMatchObject({ rules: { models: { allow: null } } });
    const entry = await env.DB.prepare(
      'SELECT before, after FROM audit_entries WHERE organization_id = ? ORDER BY n DESC LIMIT 1',
    )
      .bind(seeded.organizationId)
      .first<{ before: string; after: string }>();
    expect(JSON.parse(entry?.before ?? '{}')).toEqual({ rules: made.rules });
  });

  it.each<[Json, string]>([
    [{ models: { allow: [] } }, 'rules.models.allow'],
    [{ models: { allow: 'demo/*' } }, 'rules.models.allow'],
    [{ models: { deny: ['a*b'] } }, 'rules.models.deny.0'],
    [{ models: { deny: ['ok', ''] } }, 'rules.models.deny.1'],
    [{ models: { deny: ['x'.repeat(101)] } }, 'rules.models.deny.0'],
    [{ models: { deny: Array(LIMITS.ruleEntriesMax + 1).fill('m') } }, 'rules.models.deny'],
    [{ models: { only: ['x'] } }, 'rules.models.only'],
    [{ providers: { deny: ['open ai'] } }, 'rules.providers.deny.0'],
    [{ endpoints: { allow: ['/v1/chat'] } }, 'rules.endpoints.allow.0'],
    [{ endpoints: { deny: ['chat/completions'] } }, 'rules.endpoints.deny'],
    [{ maxInputPrice: 5 }, 'rules.maxInputPrice'],
    [{ maxInputPrice: '-1' }, 'rules.maxInputPrice'],
    [{ ips: { allow: ['10.0.0.0/33'] } }, 'rules.ips.allow.0'],
    [{ ips: { deny: ['localhost'] } }, 'rules.ips.deny.0'],
    [{ ipz: {} }, 'rules.ipz'],
    [{ ips: { deny: Array.from({ length: 99 }, (_, i) => `2001:db8:ffff:ffff::${i}`) } }, 'rules'],
  ])('such as %j are a 400 that names the field', async (rules, param) => {
    const seeded = await seedOrganization();
    const refused = await refusal(await call('PATCH', pathOf(seeded), seeded.masterKey, { rules }));
    expect(refused).toMatchObject({ status: 400, code: 'invalid_request_error', param });
  });
});
