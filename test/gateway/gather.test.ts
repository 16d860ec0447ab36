import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatheredChat } from '../../src/gateway/chat-completions/gather.ts';

type Json = Record<string, unknown>;

function gather(chunks: Json[]): GatheredChat {
  const gathered = new GatheredChat();
  for (const chunk of chunks) gathered.add({ json: structuredClone(chunk) });
  return gathered;
}

const chunk = (delta: Json, choice: Json = {}): Json => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason: null, ...choice }],
});

const messageOf = (chunks: Json[]) => (gather(chunks).whole().choices as { message: Json }[])[0]?.message;

describe('a whole answer that was split into chunks', () => {
  const text = fc.string({ maxLength: 30, unit: 'grapheme' });
  const optional = { requiredKeys: ['role', 'content'] as const };
  const call = fc.oneof(
    fc.record({ id: fc.uuid(), type: fc.constant('function'), function: fc.record({ name: text, arguments: text }) }),
    fc.record({ id: fc.uuid(), type: fc.constant('custom'), custom: fc.record({ name: text, input: text }) }),
  );
  const message = fc.record(
    {
      role: fc.constant('assistant'),
      content: fc.option(text),
      refusal: fc.option(text),
      reasoning_content: text,
      function_call: fc.record({ name: text, arguments: text }),
      tool_calls: fc.array(call, { minLength: 1, maxLength: 3 }),
      annotations: fc.array(fc.record({ url: text, at: fc.nat() }), { minLength: 1, maxLength: 3 }),
      novelty: fc.record({
        deep: fc.record({ words: text, numbers: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }) }),
      }),
    },
    { requiredKeys: [...optional.requiredKeys] },
  );
  const logprobs = fc.record({
    content: fc.array(fc.record({ token: text, logprob: fc.double({ noNaN: true }), bytes: fc.array(fc.nat(255)) }), {
      minLength: 1,
      maxLength: 4,
    }),
    refusal: fc.constant(null),
  });
  const choice = fc.record(
    {
      message,
      logprobs,
      finish_reason: fc.constantFrom('stop', 'length', 'tool_calls', 'content_filter'),
      stop_reason: fc.nat(),
    },
    { requiredKeys: ['message', 'finish_reason'] },
  );
  const answer = fc.record({
    id: text,
    created: fc.nat(),
    model: text,
    system_fingerprint: text,
    service_tier: text,
    somebodys_own: fc.record({ region: text }),
    usage: fc.record({ prompt_tokens: fc.nat(), completion_tokens: fc.nat(), total_tokens: fc.nat() }),
    choices: fc
      .array(choice, { minLength: 1, maxLength: 3 })
      .map((choices) => choices.map((one, index) => ({ index, ...one }))),
  });

  /** The numbers that decide how it is split, one after the other. */
  const dice = fc.array(fc.nat(5), { minLength: 20, maxLength: 60 }).map((numbers) => {
    let next = 0;
    return () => numbers[next++ % numbers.length] ?? 0;
  });

  /** `value` in the parts in which a stream may bring it: texts in pieces, lists item by item, all else at once. */
  function parts(value: unknown, name: string, roll: () => number): unknown[] {
    if (typeof value === 'string' && !['role', 'id', 'type', 'name', 'url', 'token'].includes(name)) {
      const letters = [...value];
      const pieces: string[] = letters.length === 0 || roll() === 0 ? [''] : [];
      while (letters.length > 0) pieces.push(letters.splice(0, 1 + roll()).join(''));
      return pieces;
    }
    if (Array.isArray(value)) {
      if (name !== 'tool_calls') return value.map((item) => [item]);
      return value.flatMap((item, index) => parts(item, '', roll).map((part) => [{ index, ...(part as Json) }]));
    }
    if (typeof value === 'object' && value !== null) {
      return Object.entries(value).flatMap(([field, inner]) =>
        parts(inner, field, roll).map((part) => ({ [field]: part })),
      );
    }
    return [value];
  }

  function split(whole: Json, roll: () => number): Json[] {
    const { choices, usage, ...head } = whole;
    const frame = { ...head, object: 'chat.completion.chunk' };
    // A queue of parts for each choice, its end last.
    const queues = (choices as Json[]).map(({ index, message: said, logprobs: chances, ...state }) => [
      ...parts(said, 'message', roll).map((delta) => ({ index, delta, finish_reason: null })),
      ...(chances ? parts(chances, 'logprobs', roll) : []).map((part) => ({
        index,
        delta: {},
        logprobs: part,
        finish_reason: null,
      })),
      { index, delta: {}, ...state },
    ]);
    const chunks: Json[] = [];
    for (;;) {
      // Only of those that have any: the same numbers come again and again, and might name nothing but empty ones for ever.
      const left = queues.filter((queue) => queue.length > 0);
      if (left.length === 0) break;
      // One part of one choice, or of several choices at once.
      const from = roll() === 0 ? left : [left[roll() % left.length] ?? []];
      chunks.push({ ...frame, usage: null, choices: from.flatMap((queue) => queue.splice(0, 1)) });
    }
    return [...chunks, { ...frame, choices: [], usage }];
  }

  it('is the same again once gathered', () => {
    fc.assert(
      fc.property(answer, dice, (whole, roll) => {
        expect(gather(split(whole, roll)).whole()).toEqual({ ...whole, object: 'chat.completion' });
      }),
    );
  });
});

describe('gathering', () => {
  it('takes names and kinds that come with every delta as said once', () => {
    const call = (more: Json) => ({
      role: 'assistant',
      tool_calls: [{ index: 0, id: 'call_1', type: 'function', ...more }],
    });
    const chunks = [
      chunk(call({ function: { name: 'look', arguments: '{"at":' } })),
      chunk(call({ id: '', function: { name: 'look', arguments: '1}' } })),
    ];
    expect(messageOf(chunks)).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } }],
    });
  });

  it('joins parts of one call that come in one delta, and orders calls by their index', () => {
    const part = (index: number, text: string) => ({ index, function: { arguments: text } });
    const chunks = [
      chunk({ tool_calls: [part(1, 'c'), part(0, 'a'), part(0, 'b')] }),
      chunk({ tool_calls: [part(1, 'd')] }),
    ];
    expect(messageOf(chunks)?.tool_calls).toEqual([
      { function: { arguments: 'ab' } },
      { function: { arguments: 'cd' } },
    ]);
  });

  it('tells calls without an index apart by their ids', () => {
    const chunks = [
      chunk({ tool_calls: [{ id: 'a', function: { arguments: '1' } }] }),
      chunk({ tool_calls: [{ function: { arguments: '2' } }] }),
      chunk({ tool_calls: [{ id: 'b', function: { arguments: '3' } }] }),
    ];
    expect(messageOf(chunks)?.tool_calls).toEqual([
      { id: 'a', function: { arguments: '12' } },
      { id: 'b', function: { arguments: '3' } },
    ]);
  });

  it('drops padding, and the usage where none was told', () => {
    const padded = { ...chunk({ content: 'a' }), usage: null, obfuscation: 'xxxx' };
    expect(Object.keys(gather([padded]).whole()).sort()).toEqual(['choices', 'id', 'object']);
  });

  it.each<[string, Json[]]>([
    ['text and then a list', [{ content: 'a' }, { content: ['b'] }]],
    ['a list and then text', [{ content: ['a'] }, { content: 'b' }]],
    ['text and then an object', [{ content: 'a' }, { content: { b: 1 } }]],
  ])('does not guess what %s would be together', (_, deltas) => {
    expect(() => gather(deltas.map((delta) => chunk(delta)))).toThrow(TypeError);
  });
});

describe('a provider that names a field like a part of every object', () => {
  const hostile = JSON.parse(
    '{"__proto__": {"reached": true}, "constructor": {"prototype": {"reached": true}}}',
  ) as Json;

  it.each<[string, Json]>([
    ['of a message', chunk(hostile)],
    ['of a choice', chunk({}, hostile)],
    ['within a message', chunk({ deep: [hostile] })],
    ['of the answer', { ...hostile, ...chunk({}) }],
  ])('%s reaches nothing else', (_, said) => {
    gather([said, said]);
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('reached');
  });

  it('loses nothing of it', () => {
    expect(messageOf([chunk({ constructor: 'a' }), chunk({ constructor: 'b' })])).toMatchObject({ constructor: 'ab' });
  });
});

describe('an answer cut short', () => {
  const ended = (reason: string) => chunk({}, { finish_reason: reason });

  it.each<[string, string | null, Json[]]>([
    ['in the middle of its text', 'length', [chunk({ content: 'a b' })]],
    ['in the middle of a refusal', 'length', [chunk({ content: '', refusal: 'No, ' })]],
    ['after its end', 'stop', [chunk({ content: 'a b' }), ended('stop')]],
    [
      'after a whole tool call',
      'tool_calls',
      [chunk({ content: 'a', tool_calls: [{ index: 0 }] }), ended('tool_calls')],
    ],
    ['before it said anything', null, [chunk({ role: 'assistant', content: '' })]],
    ['in its thoughts', null, [chunk({ reasoning_content: 'hm' })]],
    ['in a tool call', null, [chunk({ content: 'Let me see.' }), chunk({ tool_calls: [{ index: 0, id: 'a' }] })]],
    ['in a function call', null, [chunk({ content: 'a', function_call: { name: 'look' } })]],
    ['before anything came', null, []],
  ])('%s ends with %s', (_, reason, chunks) => {
    const cut = gather(chunks).cutShort() as { choices: { finish_reason: string }[] } | null;
    expect(cut?.choices[0]?.finish_reason ?? null).toBe(reason);
  });

  it('keeps the end of a choice that had one, and gives the others theirs', () => {
    const both = {
      choices: [
        { index: 0, delta: { content: 'a' }, finish_reason: 'stop' },
        { index: 1, delta: { content: 'b' } },
      ],
    };
    expect(gather([both]).cutShort()).toMatchObject({
      choices: [{ finish_reason: 'stop' }, { finish_reason: 'length' }],
    });
  });
});
