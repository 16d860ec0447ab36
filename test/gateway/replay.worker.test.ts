/** Idempotency-Key from outside: what is sent, what is charged, what a repeat gets, and what the storage shows. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Seal } from '../../src/gateway/replay/seal.ts';
import { LIMITS } from '../../src/limits.ts';
import { demoProvider } from '../../src/local/demo-provider.ts';
import { pushPolicy, readPolicy } from '../../src/teams/policy.ts';
import { chat, type ErrorBody, HELLO, json, keyOf, post, until } from '../support/gateway.ts';
import { insertMember, type Seeded, seedOrganization } from '../support/seed.ts';
import { call, organizationPath } from '../teams/management.ts';

const KEY = { 'idempotency-key': 'order-4711' };
/** Two words in, three out: $1 and $2 per million. */
const ASKED = { messages: HELLO, demo: { outputTokens: 3 } };
const COST = '0.000008';

const upstream = vi.spyOn(demoProvider, 'send');

afterEach(() => upstream.mockClear());

async function refusal(response: Response): Promise<[number, string]> {
  return [response.status, (await json<ErrorBody>(response)).error.code];
}

async function recorderOf(apiKey: string, idempotencyKey = KEY['idempotency-key']) {
  const name = await (await Seal.of(apiKey)).nameOf(idempotencyKey);
  return env.RECORDED_ANSWERS.get(env.RECORDED_ANSWERS.idFromName(name));
}

async function eventsOf(memberId: string): Promise<unknown[]> {
  await env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId)).ship({ memberId });
  const { results } = await env.DB.prepare('SELECT outcome, requests FROM usage_events WHERE member_id = ?')
    .bind(memberId)
    .all();
  return results;
}

describe('a repeat under the same Idempotency-Key', () => {
  it('gets the recorded answer; nothing is sent and nothing is charged', async () => {
    const { apiKey, memberId } = await seedOrganization({ budget: { usageLimit: '1' } });
    const first = await chat(apiKey, ASKED, KEY);
    const repeat = await chat(apiKey, ASKED, { ...KEY, 'x-request-id': 'again' });
    expect(first.headers.get('x-purser-replayed')).toBeNull();
    expect(repeat.status).toBe(200);
    expect(await repeat.text()).toBe(await first.text());
    expect(Object.fromEntries(repeat.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-purser-replayed': 'true',
      'x-purser-cost': COST,
      'x-purser-model': 'demo-words',
      'x-purser-provider': 'demo',
      'x-request-id': 'again',
    });
    // What was left then is not what is left now.
    expect(first.headers.get('x-purser-budget-remaining')).not.toBeNull();
    expect(repeat.headers.get('x-purser-budget-remaining')).toBeNull();
    expect(upstream).toHaveBeenCalledTimes(1);
    expect(await keyOf(apiKey)).toMatchObject({ usage: COST, member: { status: { held: '0' } } });
    expect(await eventsOf(memberId)).toEqual([{ outcome: 'completed', requests: 1 }]);
  });

  it('gets a stream byte for byte, cost included, as soon as its end was read', async () => {
    const { apiKey } = await seedOrganization();
    const asked = { ...ASKED, stream: true, stream_options: { include_usage: true } };
    const text = await (await chat(apiKey, asked, KEY)).text();
    const repeat = await chat(apiKey, asked, KEY);
    expect(repeat.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(repeat.headers.get('x-purser-replayed')).toBe('true');
    expect(await repeat.text()).toBe(text);
    expect(text).toContain(`"cost":"${COST}"`);
    expect(upstream).toHaveBeenCalledTimes(1);
    expect((await keyOf(apiKey)).usage).toBe(COST);
  });

  it('gets what the last event of a stream completed, though no byte was asked for after it', async () => {
    const { apiKey } = await seedOrganization();
    const asked = { ...ASKED, stream: true };
    const reader = (await chat(apiKey, asked, KEY)).body?.getReader();
    let text = '';
    while (!text.endsWith('data: [DONE]\n\n')) text += new TextDecoder().decode((await reader?.read())?.value);
    expect(await (await chat(apiKey, asked, KEY)).text()).toBe(text);
  });

  it.each([
    ['whole', false],
    ['streamed', true],
  ])('fifty at once (%s): one is sent and charged, the others wait for it or get it', async (_, stream) => {
    const { apiKey, memberId } = await seedOrganization();
    const asked = { ...ASKED, stream, demo: { outputTokens: 3, silentMs: 300 } };
    const answered = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const response = await chat(apiKey, asked, KEY);
        const { status, headers } = response;
        return { status, text: await response.text(), headers };
      }),
    );
    const [first, ...others] = answered.filter(({ status }) => status === 200);
    expect(first?.headers.get('x-purser-replayed')).toBeNull();
    for (const { text, headers } of others) {
      expect([text, headers.get('x-purser-replayed')]).toEqual([first?.text, 'true']);
    }
    const waiting = answered.filter(({ status }) => status !== 200);
    expect(waiting.length).toBeGreaterThan(0);
    for (const { status, text, headers } of waiting) {
      expect([status, headers.get('retry-after')]).toEqual([409, '1']);
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'idempotency_in_flight', param: 'Idempotency-Key' } });
    }
    expect(await (await chat(apiKey, asked, KEY)).text()).toBe(first?.text);
    expect(upstream).toHaveBeenCalledTimes(1);
    expect((await keyOf(apiKey)).usage).toBe(COST);
    expect(await eventsOf(memberId)).toHaveLength(1);
  });

  it('with another body is 422, while the first runs and after', async () => {
    const { apiKey } = await seedOrganization();
    const running = chat(apiKey, { ...ASKED, demo: { outputTokens: 3, silentMs: 200 } }, KEY);
    await until(async () => (upstream.mock.calls.length > 0 ? true : null), 'the first to be sent');
    expect(await refusal(await chat(apiKey, ASKED, KEY))).toEqual([422, 'idempotency_key_reused']);
    await (await running).text();
    expect(await refusal(await chat(apiKey, ASKED, KEY))).toEqual([422, 'idempotency_key_reused']);
    expect(upstream).toHaveBeenCalledTimes(1);
  });

  it('of another API key is another request', async () => {
    const [one, other] = [await seedOrganization(), await seedOrganization()];
    await (await chat(one.apiKey, ASKED, KEY)).text();
    const answered = await chat(other.apiKey, ASKED, KEY);
    expect([answered.status, answered.headers.get('x-purser-replayed')]).toEqual([200, null]);
    expect((await keyOf(other.apiKey)).usage).toBe(COST);
  });

  it('runs again once the time of the record is over, and nothing is left of it', async () => {
    const { apiKey } = await seedOrganization();
    await (await chat(apiKey, ASKED, KEY)).text();
    const recorder = await recorderOf(apiKey);
    const alarmAtMs = await runInDurableObject(recorder, (_, { storage }) => storage.getAlarm());
    expect(Math.abs((alarmAtMs ?? 0) - Date.now() - LIMITS.replayKeepMs)).toBeLessThan(60_000);
    expect(await runDurableObjectAlarm(recorder)).toBe(true);
    expect(await runInDurableObject(recorder, (_, { storage }) => [...storage.kv.list()])).toEqual([]);
    expect(await runDurableObjectAlarm(recorder)).toBe(false);
    const again = await chat(apiKey, ASKED, KEY);
    expect([again.status, again.headers.get('x-purser-replayed')]).toEqual([200, null]);
  });
});

describe('an answer that cannot be given again', () => {
  it.each([
    ['whole', false],
    ['streamed', true],
  ])('(over 1 MB, %s) refuses repeats; one just below it is given again', async (_, stream) => {
    const { apiKey } = await seedOrganization();
    // Four words come back in four events of some 200 bytes each beside their word, or in one.
    const echo = (bytes: number) => ({
      model: 'demo/echo',
      stream,
      messages: [{ role: 'user', content: Array.from({ length: 4 }, () => 'x'.repeat(bytes / 4)).join(' ') }],
    });
    const small = await chat(apiKey, echo(LIMITS.replayBytesMax - 4_000), { 'idempotency-key': 'small' });
    const text = await small.text();
    const repeat = await chat(apiKey, echo(LIMITS.replayBytesMax - 4_000), { 'idempotency-key': 'small' });
    expect([repeat.headers.get('x-purser-replayed'), (await repeat.text()) === text]).toEqual(['true', true]);

    const large = await chat(apiKey, echo(LIMITS.replayBytesMax), KEY);
    expect((await large.text()).length).toBeGreaterThan(LIMITS.replayBytesMax);
    const code = 'idempotency_not_replayable';
    expect(await refusal(await chat(apiKey, echo(LIMITS.replayBytesMax), KEY))).toEqual([409, code]);
    expect(upstream).toHaveBeenCalledTimes(2);
  });

  it('(broke off in the middle) refuses repeats, because it was charged', async () => {
    const { apiKey } = await seedOrganization();
    const asked = { ...ASKED, stream: true, demo: { outputTokens: 9, failAfterTokens: 3 } };
    expect(await (await chat(apiKey, asked, KEY)).text()).toContain('upstream_error');
    const refused = await until(async () => {
      const [status, code] = await refusal(await chat(apiKey, asked, KEY));
      return code === 'idempotency_in_flight' ? null : [status, code];
    }, 'the end of the first');
    expect(refused).toEqual([409, 'idempotency_not_replayable']);
    expect((await keyOf(apiKey)).usage).toBe(COST);
    expect(upstream).toHaveBeenCalledTimes(1);
  });
});

describe('what cost nothing is forgotten, so that a repeat runs', () => {
  it.each<[string, object, number]>([
    ['a provider that failed', { ...ASKED, demo: { failStatus: 503 } }, 502],
    ['a stream whose provider failed', { ...ASKED, stream: true, demo: { failStatus: 503 } }, 502],
    ['a provider that refused', { ...ASKED, demo: { failStatus: 429 } }, 429],
    ['a body that is wrong', { messages: [] }, 400],
  ])('%s', async (_, asked, status) => {
    const { apiKey } = await seedOrganization();
    expect((await chat(apiKey, { ...asked }, KEY)).status).toBe(status);
    const recorder = await recorderOf(apiKey);
    expect(await runInDurableObject(recorder, (_, { storage }) => [...storage.kv.list()])).toEqual([]);
    expect(await runDurableObjectAlarm(recorder)).toBe(false);
    const other = await chat(apiKey, ASKED, KEY);
    expect([other.status, other.headers.get('x-purser-replayed')]).toEqual([200, null]);
  });

  it('a budget that was exhausted and is not any more', async () => {
    const { apiKey, memberId } = await seedOrganization({ budget: { usageLimit: '0' } });
    expect(await refusal(await chat(apiKey, ASKED, KEY))).toEqual([403, 'member_budget_exhausted']);
    await env.DB.prepare(`UPDATE members SET budget = json_set(budget, '$.usageLimit', '1'), policy_version = 9`).run();
    await pushPolicy(env, memberId);
    expect((await chat(apiKey, ASKED, KEY)).status).toBe(200);
  });
});

describe('the key comes first', () => {
  const revoke = async (keyId: string, memberId: string) => {
    await env.DB.batch([
      env.DB.prepare(`UPDATE api_keys SET deleted_at = 1 WHERE id = ?`).bind(keyId),
      env.DB.prepare('UPDATE members SET policy_version = policy_version + 1 WHERE id = ?').bind(memberId),
    ]);
    await pushPolicy(env, memberId);
  };

  it('a revoked key gets no replay, and hears nothing of what there is', async () => {
    const { apiKey, keyId, memberId } = await seedOrganization();
    await (await chat(apiKey, ASKED, KEY)).text();
    await revoke(keyId, memberId);
    for (const asked of [ASKED, { messages: [{ role: 'user', content: 'other' }] }]) {
      expect(await refusal(await chat(apiKey, asked, KEY))).toEqual([401, 'invalid_api_key']);
    }
    expect(await refusal(await chat(apiKey, ASKED, { 'idempotency-key': '' }))).toEqual([401, 'invalid_api_key']);
  });

  it('a forged one wakes nothing', async () => {
    expect(await refusal(await chat('psr_nonsense', ASKED, KEY))).toEqual([401, 'invalid_api_key']);
  });
});

describe('the header', () => {
  it.each([
    ['empty', ''],
    ['too long', 'k'.repeat(LIMITS.idempotencyKeyLengthMax + 1)],
    ['not printable', 'tab\tinside'],
    ['not ASCII', 'clé'],
  ])('that is %s is refused by name, and nothing is sent', async (_, key) => {
    const { apiKey } = await seedOrganization();
    const response = await chat(apiKey, ASKED, { 'idempotency-key': key });
    expect(response.status).toBe(400);
    expect((await json<ErrorBody>(response)).error).toMatchObject({
      code: 'invalid_request_error',
      param: 'Idempotency-Key',
    });
    expect(upstream).not.toHaveBeenCalled();
  });

  it('may be as long as its limit', async () => {
    const { apiKey } = await seedOrganization();
    const key = { 'idempotency-key': 'k'.repeat(LIMITS.idempotencyKeyLengthMax) };
    expect((await chat(apiKey, ASKED, key)).status).toBe(200);
  });

  it('with a body over the size limit is 413', async () => {
    const { apiKey } = await seedOrganization();
    const response = await post(apiKey, new Uint8Array(LIMITS.requestBytesMax + 1), KEY);
    expect(await refusal(response)).toEqual([413, 'request_too_large']);
  });
});

describe('an organization that switches replay off', () => {
  const STREAM = { ...ASKED, stream: true };

  async function setReplay(seeded: Seeded, replay: boolean): Promise<void> {
    const response = await call('PATCH', organizationPath(seeded), seeded.masterKey, { replay });
    expect([response.status, await json(response)]).toEqual([200, expect.objectContaining({ replay, pending: 0 })]);
  }

  /** Calls once more under the same Idempotency-Key; answers with whether that was a replay. */
  async function repeats({ apiKey }: Seeded, asked: object): Promise<boolean> {
    const response = await chat(apiKey, { ...asked }, KEY);
    expect(response.status).toBe(200);
    await response.text();
    return response.headers.get('x-purser-replayed') === 'true';
  }

  it.each([
    ['whole', ASKED],
    ['streamed', STREAM],
  ])('has every repeat run, sent and charged, with nothing recorded (%s)', async (_, asked) => {
    const seeded = await seedOrganization();
    await setReplay(seeded, false);
    for (let i = 0; i < 3; i++) expect(await repeats(seeded, asked)).toBe(false);
    expect(upstream).toHaveBeenCalledTimes(3);
    expect((await keyOf(seeded.apiKey)).usage).toBe('0.000024');
    const recorder = await recorderOf(seeded.apiKey);
    expect(await runInDurableObject(recorder, (_object, { storage }) => [...storage.kv.list()])).toEqual([]);
  });

  it('is felt by an object that has long been at work, at once, and so is its end', async () => {
    const seeded = await seedOrganization();
    expect([await repeats(seeded, ASKED), await repeats(seeded, ASKED)]).toEqual([false, true]);
    await setReplay(seeded, false);
    expect(await repeats(seeded, ASKED)).toBe(false);
    await setReplay(seeded, true);
    expect(await repeats(seeded, ASKED)).toBe(true);
    expect(upstream).toHaveBeenCalledTimes(2);
  });

  it('binds no repeat to the body of the first', async () => {
    const seeded = await seedOrganization();
    await setReplay(seeded, false);
    expect(await repeats(seeded, ASKED)).toBe(false);
    expect(await repeats(seeded, { messages: [{ role: 'user', content: 'another' }] })).toBe(false);
  });

  it('is no other organization, and is every member of its own', async () => {
    const [seeded, other] = [await seedOrganization(), await seedOrganization()];
    const colleague = await insertMember(seeded.organizationId, 'admin');
    await setReplay(seeded, false);
    expect([await repeats(other, ASKED), await repeats(other, ASKED)]).toEqual([false, true]);
    expect(await readPolicy(env.DB, colleague)).toMatchObject({ replay: false });
    expect(await readPolicy(env.DB, other.memberId)).toMatchObject({ replay: true });
  });

  it('still refuses a header that is no Idempotency-Key', async () => {
    const seeded = await seedOrganization();
    await setReplay(seeded, false);
    expect(await refusal(await chat(seeded.apiKey, ASKED, { 'idempotency-key': '' }))).toEqual([
      400,
      'invalid_request_error',
    ]);
  });
});
