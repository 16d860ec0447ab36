/** Responses that are stored, from outside: who can have them, what goes on from them, and what lies in the storage. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/gateway/protocol.ts';
import { Seal } from '../../../src/gateway/replay/seal.ts';
import { newResponseId } from '../../../src/gateway/responses/ids.ts';
import { LIMITS } from '../../../src/limits.ts';
import { pushPolicy } from '../../../src/teams/policy.ts';
import { keyOf } from '../../support/gateway.ts';
import { type Seeded, seedOrganization } from '../../support/seed.ts';
import { answering, build, streaming } from './build.ts';
import { EVENTS, streamOf, USAGE } from './fixtures.ts';

const SECRET = 'velociraptor';
const NOT_FOUND = { error: { code: 'not_found', type: 'invalid_request_error', param: 'id' } };

async function objectOf(apiKey: string, id: string) {
  const name = await (await Seal.of(apiKey, 'responses')).nameOf(id);
  return env.STORED_RESPONSES.get(env.STORED_RESPONSES.idFromName(name));
}

async function storedIn(apiKey: string, id: string): Promise<[string, unknown][]> {
  return runInDurableObject(await objectOf(apiKey, id), (_, { storage }) => [...storage.kv.list()]);
}

async function revoke({ keyId, memberId }: Seeded): Promise<void> {
  await env.DB.batch([
    env.DB.prepare('UPDATE api_keys SET deleted_at = 1 WHERE id = ?').bind(keyId),
    env.DB.prepare('UPDATE members SET policy_version = policy_version + 1 WHERE id = ?').bind(memberId),
  ]);
  await pushPolicy(env, memberId);
}

describe('a response', () => {
  it('is kept for whoever holds its API key, until it is deleted', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const { call, sent } = build(() => answering(`It is a ${SECRET}`));
    const made = await call('POST', '/responses', apiKey, { input: 'What is it?', metadata: { a: 'b' } });
    expect(made).toMatchObject({ status: 200, json: { model: 'twin', store: true, previous_response_id: null } });
    expect(made.json.id).toMatch(/^resp_[0-9a-z]{32}$/);
    expect(sent).toMatchObject([{ store: false, input: 'What is it?', model: 'words' }]);
    const path = `/responses/${made.json.id}`;
    expect(await call('GET', path, apiKey)).toMatchObject({ status: 200, json: made.json });

    const other = await seedOrganization();
    expect(await call('GET', path, other.apiKey)).toMatchObject({ status: 404, json: NOT_FOUND });
    expect(await call('DELETE', path, other.apiKey)).toMatchObject({ status: 404, json: NOT_FOUND });

    const deleted = { id: made.json.id, object: 'response', deleted: true };
    expect(await call('DELETE', path, apiKey)).toMatchObject({ status: 200, json: deleted });
    expect(await call('GET', path, apiKey)).toMatchObject({ status: 404, json: NOT_FOUND });
    expect(await call('DELETE', path, apiKey)).toMatchObject({ status: 404, json: NOT_FOUND });
    expect(await storedIn(apiKey, made.json.id as string)).toEqual([]);
  });

  it('lies in the storage so that nobody can read it, and is erased after thirty days', async () => {
    const { apiKey } = await seedOrganization();
    const { call } = build(() => answering(`It is a ${SECRET}`));
    const made = await call('POST', '/responses', apiKey, { input: `Is it a ${SECRET}?` });
    const id = made.json.id as string;
    const stored = await storedIn(apiKey, id);
    const values = stored.filter(([, value]) => value instanceof Uint8Array) as [string, Uint8Array][];
    expect(values.length).toBe(1);
    const latin = new TextDecoder('latin1');
    const text = stored.map(
      ([key, value]) => key + (value instanceof Uint8Array ? latin.decode(value) : String(value)),
    );
    for (const readable of [SECRET, apiKey, id, 'output_text', 'twin']) expect(text.join()).not.toContain(readable);

    const object = await objectOf(apiKey, id);
    const alarmAtMs = await runInDurableObject(object, (_, { storage }) => storage.getAlarm());
    expect(Math.abs((alarmAtMs ?? 0) - Date.now() - LIMITS.responseKeepMs)).toBeLessThan(60_000);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await storedIn(apiKey, id)).toEqual([]);
    expect((await call('GET', `/responses/${id}`, apiKey)).status).toBe(404);
  });

  it('that fills many values comes back whole', async () => {
    const { apiKey } = await seedOrganization();
    const { call } = build(() => answering('seen'));
    const long = 'x'.repeat(3 * LIMITS.responseSliceBytes);
    const made = await call('POST', '/responses', apiKey, { input: long });
    const id = made.json.id as string;
    expect((await storedIn(apiKey, id)).length).toBe(5);
    const items = await call('GET', `/responses/${id}/input_items`, apiKey);
    expect(items.json.data).toMatchObject([{ role: 'user', content: [{ type: 'input_text', text: long }] }]);
  });

  it('of store: false is nowhere, as its client is told', async () => {
    const { apiKey } = await seedOrganization();
    const { call } = build((body) => (body.stream ? streaming(streamOf(EVENTS)) : answering('Hi')));
    for (const stream of [false, true]) {
      const made = await call('POST', '/responses', apiKey, { input: 'Hi', store: false, stream });
      const { id, store } = stream ? endOf(made.text) : made.json;
      expect([made.status, store]).toEqual([200, false]);
      expect(await storedIn(apiKey, id as string)).toEqual([]);
      expect((await call('GET', `/responses/${id}`, apiKey)).status).toBe(404);
    }
  });

  it('that nobody can know is asked for in vain, and wakes nothing that lasts', async () => {
    const { apiKey } = await seedOrganization();
    const { call } = build(() => answering('Hi'));
    for (const id of ['resp_1', 'nonsense', newResponseId()]) {
      expect(await call('GET', `/responses/${id}`, apiKey)).toMatchObject({ status: 404, json: NOT_FOUND });
    }
    const stream = await call('GET', `/responses/${newResponseId()}?stream=true`, apiKey);
    expect(stream).toMatchObject({ status: 400, json: { error: { param: 'stream' } } });
  });

  it('can be read when the budget is spent, but with no key that was revoked', async () => {
    const { call, sent } = build(() => answering('Hi'));
    const rich = await seedOrganization({ budget: { usageLimit: '1' } });
    const { json } = await call('POST', '/responses', rich.apiKey, { input: 'Hi' });
    await env.DB.prepare(
      `UPDATE members SET budget = json_set(budget, '$.usageLimit', '0'), policy_version = policy_version + 1 WHERE id = ?`,
    )
      .bind(rich.memberId)
      .run();
    await pushPolicy(env, rich.memberId);
    const again = await call('POST', '/responses', rich.apiKey, {
      input: 'Hi',
      previous_response_id: json.id as string,
    });
    expect(again).toMatchObject({ status: 403, json: { error: { code: 'member_budget_exhausted' } } });
    expect(sent).toHaveLength(1);
    expect((await call('GET', `/responses/${json.id}`, rich.apiKey)).status).toBe(200);
    await revoke(rich);
    const invalid = { status: 401, json: { error: { code: 'invalid_api_key' } } };
    expect(await call('GET', `/responses/${json.id}`, rich.apiKey)).toMatchObject(invalid);
    expect(await call('DELETE', `/responses/${json.id}`, rich.apiKey)).toMatchObject(invalid);
    for (const previous of [json.id, newResponseId()]) {
      const body = { input: 'Hi', previous_response_id: previous };
      expect(await call('POST', '/responses', rich.apiKey, body)).toMatchObject(invalid);
    }
  });
});

describe('a conversation', () => {
  it('goes on over three turns, with the reasoning of a model that only its provider can read', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    let turns = 0;
    const reasoning = (n: number): Json => ({
      id: `rs_${n}`,
      type: 'reasoning',
      summary: [],
      encrypted_content: `gAAA${n}`,
    });
    const { call, sent } = build(() => answering(`answer ${++turns}`, reasoning(turns)), { reasons: true });
    const first = await call('POST', '/responses', apiKey, { input: 'one', instructions: 'Be brief.' });
    const second = await call('POST', '/responses', apiKey, {
      input: [{ role: 'user', content: 'two' }],
      previous_response_id: first.json.id as string,
      include: ['reasoning.encrypted_content'],
    });
    const third = await call('POST', '/responses', apiKey, {
      input: 'three',
      previous_response_id: second.json.id as string,
    });
    expect([first, second, third].map(({ json }) => json.previous_response_id)).toEqual([
      null,
      first.json.id,
      second.json.id,
    ]);

    const [one, two, three] = sent as [Json, Json, Json];
    for (const body of sent) {
      expect(body).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] });
      expect(body).not.toHaveProperty('previous_response_id');
    }
    const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
    const said = (n: number) => ({ type: 'message', role: 'assistant', content: [{ text: `answer ${n}` }] });
    expect(one.input).toBe('one');
    expect(two.input).toMatchObject([user('one'), reasoning(1), said(1), { role: 'user', content: 'two' }]);
    expect(two).not.toHaveProperty('instructions');
    const all = [
      user('one'),
      reasoning(1),
      said(1),
      { role: 'user', content: 'two' },
      reasoning(2),
      said(2),
      user('three'),
    ];
    expect(three.input).toMatchObject(all);

    // Who asked for it carries it as well; nobody else is shown it.
    expect(first.text).not.toContain('gAAA');
    expect(second.text).toContain('gAAA2');
    const path = `/responses/${third.json.id}`;
    expect((await call('GET', path, apiKey)).text).not.toContain('gAAA');
    expect((await call('GET', `${path}?include=reasoning.encrypted_content`, apiKey)).text).toContain('gAAA3');
    const items = await call('GET', `${path}/input_items?order=asc&limit=3`, apiKey);
    expect(items.json).toMatchObject({
      object: 'list',
      has_more: true,
      data: [user('one'), { id: expect.stringMatching(/-rs_1$/) }, said(1)],
    });
    expect(items.text).not.toContain('gAAA');
    const next = await call('GET', `${path}/input_items?order=asc&after=${items.json.last_id}`, apiKey);
    expect(next.json).toMatchObject({
      has_more: false,
      data: [{ role: 'user' }, { id: expect.stringMatching(/-rs_2$/) }, said(2), user('three')],
    });
    // An earlier turn may go: later ones have what was said in it.
    await call('DELETE', `/responses/${first.json.id}`, apiKey);
    const fourth = { input: 'four', previous_response_id: third.json.id as string };
    expect((await call('POST', '/responses', apiKey, fourth)).status).toBe(200);
  });

  it('goes on from a stream as soon as its end was read', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const { call, sent } = build((body) => (body.stream ? streaming(streamOf(EVENTS)) : answering('Sunny')), {
      reasons: true,
    });
    const made = await call('POST', '/responses', apiKey, { input: 'Weather?', stream: true });
    const end = endOf(made.text);
    expect(end).toMatchObject({
      status: 'completed',
      model: 'twin',
      store: true,
      usage: { ...USAGE, cost: expect.any(String) },
    });
    expect(made.text).not.toContain('gAAA');
    const output = { type: 'function_call_output', call_id: 'call_MyQ7', output: 'sun' };
    const next = await call('POST', '/responses', apiKey, { input: [output], previous_response_id: end.id as string });
    expect(next.status).toBe(200);
    const [, body] = sent as [Json, Json];
    expect((body.input as Json[]).map(({ type }) => type)).toEqual([
      'message',
      'reasoning',
      'message',
      'function_call',
      'function_call_output',
    ]);
    expect((body.input as Json[])[1]).toMatchObject({ encrypted_content: 'gAAAAABo-sealed-at-the-end' });
  });

  it.each<[string, (id: string) => Json]>([
    ['an id that was made up', () => ({ previous_response_id: newResponseId() })],
    ["another key's", (id) => ({ previous_response_id: id })],
    ['no id at all', () => ({ previous_response_id: 'resp_68af' })],
    ['a number', () => ({ previous_response_id: 7 })],
  ])('cannot go on from %s', async (_, asked) => {
    const [one, other] = [await seedOrganization(), await seedOrganization()];
    const { call, sent } = build(() => answering('Hi'));
    const made = await call('POST', '/responses', one.apiKey, { input: 'Hi' });
    const refused = await call('POST', '/responses', other.apiKey, { input: 'Hi', ...asked(made.json.id as string) });
    expect(refused).toMatchObject({ status: 400, json: { error: { param: 'previous_response_id' } } });
    expect(sent).toHaveLength(1);
  });

  it('that has grown too large is refused before anything is sent', async () => {
    const { apiKey } = await seedOrganization();
    const { call, sent } = build(() => answering('Hi'));
    const half = 'x'.repeat(LIMITS.requestBytesMax / 2);
    const made = await call('POST', '/responses', apiKey, { input: half });
    const body = { input: half, previous_response_id: made.json.id as string };
    const refused = await call('POST', '/responses', apiKey, body);
    expect(refused).toMatchObject({ status: 400, json: { error: { param: 'previous_response_id' } } });
    expect(sent).toHaveLength(1);
  });

  it('is charged for all that the model reads of it', async () => {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const { call } = build((body) => {
      const read = JSON.stringify(body.input).match(/word\d/g)?.length ?? 0;
      return Response.json({ output: [], status: 'completed', usage: { input_tokens: read, output_tokens: 0 } });
    });
    const first = await call('POST', '/responses', apiKey, { input: 'word1 word2' });
    const second = await call('POST', '/responses', apiKey, {
      input: 'word3',
      previous_response_id: first.json.id as string,
    });
    expect([first, second].map(({ headers }) => headers.get('x-purser-cost'))).toEqual(['0.000002', '0.000003']);
    expect((await keyOf(apiKey)).usage).toBe('0.000005');
  });
});

/** The response that the last event of a stream tells. */
function endOf(stream: string): Json {
  const data = stream.trim().split('data: ').at(-1) ?? '';
  return (JSON.parse(data) as { response: Json }).response;
}
