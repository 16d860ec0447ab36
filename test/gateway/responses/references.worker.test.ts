/** Items that are named by their ids: whoever made them finds them, whole, and nobody else. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/gateway/protocol.ts';
import { LIMITS } from '../../../src/limits.ts';
import { seedOrganization } from '../../support/seed.ts';
import { call as manage } from '../../teams/management.ts';
import { answering, type Build, build, streaming } from './build.ts';
import { EVENTS, streamOf } from './fixtures.ts';

const user = (content: string): Json => ({ role: 'user', content });
const named = (id: unknown): Json => ({ type: 'item_reference', id });
const RESULT: Json = { type: 'function_call_output', call_id: 'call_MyQ7', output: 'sun' };

/** The items of an answer, as its client was told of them. */
function itemsOf(text: string, stream: boolean): Json[] {
  if (!stream) return (JSON.parse(text) as Json).output as Json[];
  const events = text.match(/^data: .*$/gm)?.map((line) => JSON.parse(line.slice('data: '.length)) as Json) ?? [];
  return events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item as Json);
}

/** The response at the end of the fixture, whole. */
const whole = EVENTS.at(-1)?.response as Json;
const [REASONING, MESSAGE, CALL] = whole.output as [Json, Json, Json];

/** Thinks, says something and calls a tool; then says that it is done. */
function thinking(): Build {
  const done = (body: Json) => JSON.stringify(body.input).includes('function_call_output');
  return build(
    (body) => (done(body) ? answering('Sunny') : body.stream ? streaming(streamOf(EVENTS)) : Response.json(whole)),
    { reasons: true },
  );
}

async function refused(made: ReturnType<Build['call']>) {
  const { status, json } = await made;
  const { param, message } = json.error as { param: string; message: string };
  return { status, param, message };
}

describe('an item that is named', () => {
  it.each([true, false])(
    'is sent as the provider made it, with its seal, over three turns (streamed: %s)',
    async (stream) => {
      const { apiKey } = await seedOrganization({ budget: { usageLimit: '100' } });
      const { call, sent } = thinking();
      const first = await call('POST', '/responses', apiKey, { input: [user('Weather?')], stream });
      const [reasoning, message, called] = itemsOf(first.text, stream) as [Json, Json, Json];
      expect(JSON.stringify([reasoning, message, called])).not.toContain('gAAA');
      const second = [user('Weather?'), named(reasoning.id), named(message.id), { ...called, id: undefined }, RESULT];
      const answered = await call('POST', '/responses', apiKey, { input: second });
      expect(answered.status).toBe(200);
      const [said] = answered.json.output as [Json];
      // A reference may leave out its type, and the newest response has the items of all before it.
      await call('DELETE', `/responses/${first.json.id ?? idOf(first.text)}`, apiKey);
      const third = await call('POST', '/responses', apiKey, { input: [...second, { id: said.id }, user('Thanks')] });
      expect(third.status).toBe(200);

      const [, two, three] = sent as [Json, Json, Json];
      const { id: _, ...unnamed } = CALL;
      const expected = [user('Weather?'), REASONING, MESSAGE, unnamed, RESULT];
      expect(two.input).toEqual(expected);
      expect(three.input).toEqual([
        ...expected,
        expect.objectContaining({ id: 'msg_up', role: 'assistant' }),
        user('Thanks'),
      ]);
    },
  );

  it('goes to a provider of another protocol as well', async () => {
    const { apiKey } = await seedOrganization();
    const { call, sent } = build(
      () =>
        Response.json({
          choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 1, completion_tokens: 1 },
        }),
      { speaks: ['chat'] },
    );
    const first = await call('POST', '/responses', apiKey, { input: 'Hello' });
    const [said] = first.json.output as [Json];
    const next = await call('POST', '/responses', apiKey, { input: [user('Hello'), named(said.id), user('Bye')] });
    expect(next.status).toBe(200);
    expect(sent[1]?.messages).toMatchObject([{ role: 'user' }, { role: 'assistant', content: 'Hi' }, { role: 'user' }]);
  });

  it('may be sent whole instead, under either name', async () => {
    const { apiKey } = await seedOrganization();
    const { call, sent } = thinking();
    const include = ['reasoning.encrypted_content'];
    const first = await call('POST', '/responses', apiKey, { input: 'Weather?', include });
    const output = first.json.output as Json[];
    expect(output.map(({ id }) => id)).not.toContain(REASONING.id);
    await call('POST', '/responses', apiKey, { input: [user('Weather?'), ...output, RESULT] });
    expect(sent[1]?.input).toEqual([user('Weather?'), REASONING, MESSAGE, CALL, RESULT]);
  });

  it('is refused by its name where it is not stored, deleted, made up or another key’s', async () => {
    const [one, other] = [await seedOrganization(), await seedOrganization()];
    const { call, sent } = thinking();
    const first = await call('POST', '/responses', one.apiKey, { input: 'Weather?' });
    const [{ id }] = first.json.output as [Json];
    const asking = (apiKey: string, input: Json[]) => refused(call('POST', '/responses', apiKey, { input }));
    const missing = { status: 400, param: 'input.1', message: expect.stringContaining(`There is no item "${id}"`) };
    expect(await asking(other.apiKey, [user('Hi'), named(id)])).toEqual(missing);
    const madeUp = String(id).replace(/-.*/, '-rs_2');
    expect(await asking(one.apiKey, [user('Hi'), named(madeUp)])).toMatchObject({
      param: 'input.1',
      message: expect.stringContaining(madeUp),
    });
    const unstored = await call('POST', '/responses', one.apiKey, { input: 'Weather?', store: false });
    const [kept] = unstored.json.output as [Json];
    const refusal = await asking(one.apiKey, [named(kept.id), named(id)]);
    expect(refusal).toMatchObject({ status: 400, param: 'input.0' });
    expect(refusal.message).toContain(
      `Item "${kept.id}" is not stored here, as those of an answer made with store: false`,
    );
    await call('DELETE', `/responses/${first.json.id}`, one.apiKey);
    expect(await asking(one.apiKey, [user('Hi'), named(id)])).toEqual(missing);
    expect(await asking(one.apiKey, [{ type: 'item_reference' }])).toMatchObject({ param: 'input.0' });
    expect(sent).toHaveLength(2);
  });

  it('counts as what it stands for, each time: a request of names may be as large as any other, and no larger', async () => {
    const { apiKey } = await seedOrganization();
    const { call, sent } = build(() => answering('x'.repeat(LIMITS.requestBytesMax / 4)));
    const first = await call('POST', '/responses', apiKey, { input: 'Hi' });
    const [{ id }] = first.json.output as [Json];
    const asking = (times: number) =>
      call('POST', '/responses', apiKey, { input: Array.from({ length: times }, () => named(id)), store: false });
    expect((await asking(3)).status).toBe(200);
    expect(await refused(asking(4))).toMatchObject({ status: 400, param: 'input' });
    expect(sent).toHaveLength(2);
  });

  it('may be of a few responses at once', async () => {
    const { apiKey } = await seedOrganization();
    const { call } = build(() => answering('Hi'));
    const items: Json[] = [];
    for (let n = 0; n <= LIMITS.referencedResponsesMax; n++) {
      const { json } = await call('POST', '/responses', apiKey, { input: 'Hi' });
      items.push(named((json.output as [Json])[0].id));
    }
    expect((await call('POST', '/responses', apiKey, { input: items.slice(1) })).status).toBe(200);
    expect(await refused(call('POST', '/responses', apiKey, { input: items }))).toMatchObject({ param: 'input' });
  });

  it('and stored responses are no replays: they stay where an organization has turned those off', async () => {
    const seeded = await seedOrganization();
    const path = `/orgs/${seeded.organizationId}`;
    expect((await manage('PATCH', path, seeded.masterKey, { replay: false })).status).toBe(200);
    const { call } = build(() => answering('Hi'));
    const first = await call('POST', '/responses', seeded.apiKey, { input: 'Hi' });
    const [{ id }] = first.json.output as [Json];
    expect((await call('GET', `/responses/${first.json.id}`, seeded.apiKey)).status).toBe(200);
    expect((await call('POST', '/responses', seeded.apiKey, { input: [named(id), user('Bye')] })).status).toBe(200);
  });
});

function idOf(stream: string): unknown {
  const [created] = stream.match(/^data: .*$/gm) ?? [];
  return ((JSON.parse(created?.slice('data: '.length) ?? '') as Json).response as Json).id;
}
