import { describe, expect, it } from 'vitest';
import type { Asked, Json } from '../../../src/gateway/protocol.ts';
import { responses } from '../../../src/gateway/responses/protocol.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../../src/models/catalogue.ts';

const row = (id: string) => CATALOGUE_MAPPINGS.find((mapping) => mapping.id === id) as Mapping;
const thinker = row('openai/gpt-5.5');
const plain = row('openai/gpt-4o');
const SENT = { mapping: thinker, streams: false, cap: null };

function ask(json: Json) {
  return responses.ask({ model: 'gpt-5.5', input: 'Hello', ...json }, null);
}

function asked(json: Json): Asked {
  const read = ask(json);
  if ('refusal' in read) throw new Error(JSON.stringify(read.refusal));
  return read.understood;
}

const userSays = (...content: Json[]) => ({ input: [{ role: 'user', content }] });

describe('what is understood of a request', () => {
  it('is all that its cost depends on', () => {
    const tools = [{ type: 'function', name: 'look', parameters: {} }];
    const input = [
      { role: 'user', content: 'one two' },
      { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'three' }] },
      { role: 'user', content: [{ type: 'input_text', text: 'four' }] },
    ];
    const found = asked({
      input,
      tools,
      instructions: 'zero',
      max_output_tokens: 50,
      stream: true,
      demo: { outputTokens: 1 },
    });
    expect(found).toMatchObject({
      model: 'gpt-5.5',
      streamed: true,
      wantsUsage: true,
      choices: 1,
      cap: { tokens: 50, field: 'max_output_tokens' },
      items: 4,
      media: [],
      hidesOutput: false,
      unpriced: null,
      demo: { outputTokens: 1 },
    });
    expect(found.messageTexts()).toEqual(['zero', 'one two', 'look {}', 'three', 'four']);
    expect(found.toolsText()).toBe(JSON.stringify(tools));
    expect(found.lastUserText()).toBe('four');
    expect(asked({}).lastUserText()).toBe('Hello');
  });

  it('is what is billed by something else than its text', () => {
    const image = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' };
    const link = { type: 'input_image', image_url: 'https://a.example/b.png' };
    const file = { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' };
    const result = { type: 'function_call_output', call_id: 'c', output: [image] };
    expect(asked({ input: [{ role: 'user', content: [image, link, file] }, result] }).media).toEqual([
      { kind: 'image', embeddedBytes: 26 },
      { kind: 'image', embeddedBytes: 0 },
      { kind: 'file', embeddedBytes: 32 },
      { kind: 'image', embeddedBytes: 26 },
    ]);
  });

  it('is refused where it belongs to another endpoint, which is named', () => {
    const elsewhere = responses.ask({ model: 'gpt-5.5', messages: [{ role: 'user', content: 'Hi' }] }, null);
    expect(elsewhere).toMatchObject({
      refusal: { kind: 'bad_request', message: expect.stringContaining('/v1/chat/completions') },
    });
  });

  it.each<[string, Json]>([
    ['input', { input: [] }],
    ['input', { input: 7 }],
    ['model', { model: '' }],
    ['max_output_tokens', { max_output_tokens: 0 }],
    ['tools.0.type', { tools: [{}] }],
    ['demo.nonsense', { demo: { nonsense: 1 } }],
  ])('is refused where %s is wrong', (field, json) => {
    expect(ask(json)).toMatchObject({ refusal: { kind: 'bad_request', field } });
  });

  it.each<[string, Json]>([
    ['tools.0', { tools: [{ type: 'web_search_preview' }] }],
    [
      'tools.1',
      {
        tools: [
          { type: 'function', name: 'f' },
          { type: 'mcp', server_label: 'x' },
        ],
      },
    ],
    ['tools.0', { tools: [{ type: 'something_new' }] }],
    ['tools.0', { tools: [{ type: 'shell', environment: { type: 'container_auto' } }] }],
    ['tools.0', { tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'code_interpreter' }] }] }],
    ['input.0.tools', { input: [{ type: 'additional_tools', role: 'developer', tools: [{ type: 'file_search' }] }] }],
    ['service_tier', { service_tier: 'priority' }],
  ])('knows of no price for %s', (field, json) => {
    expect(asked(json).unpriced).toBe(field);
  });

  it('knows that tools which the caller runs cost nothing by themselves', () => {
    const tools = ['function', 'custom', 'local_shell', 'apply_patch', 'tool_search'].map((type) => ({
      type,
      name: 'f',
    }));
    const shell = { type: 'shell', environment: { type: 'local' } };
    const namespace = { type: 'namespace', name: 'n', tools: [{ type: 'function', name: 'f' }] };
    expect(asked({ tools: [...tools, shell, namespace] }).unpriced).toBeNull();
  });
});

describe("the provider's account, which all organizations share", () => {
  it.each<[string, Json]>([
    ['conversation', { conversation: 'conv_1' }],
    ['prompt', { prompt: { id: 'pmpt_1' } }],
    ['background', { background: true }],
    ['prompt_cache_options.comparison_response_id', { prompt_cache_options: { comparison_response_id: 'resp_1' } }],
    ['input.0', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['input.1', { input: [{ role: 'user', content: 'a' }, { id: 'msg_1' }] }],
    ['input.0', userSays({ type: 'input_file', file_id: 'file-1' })],
    ['input.0', userSays({ type: 'input_image', file_id: 'file-1' })],
    [
      'input.0',
      { input: [{ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', file_id: 'f' }] }] },
    ],
    ['input.0', { input: [{ type: 'computer_call_output', call_id: 'c', output: { file_id: 'file-1' } }] }],
    ['input.0', { input: [{ type: 'image_generation_call', id: 'ig_1', result: null }] }],
    ['input.0', { input: [{ type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1' }] }],
    [
      'input.0',
      {
        input: [
          { type: 'shell_call', call_id: 'c', environment: { type: 'container_reference', container_id: 'cntr_1' } },
        ],
      },
    ],
    ['input.0', { input: [{ type: 'something_new', id: 'x_1' }] }],
    ['input.0', { input: [{ type: 'configuration_update', model: 'dearer' }] }],
    ['input.0', { input: [{ type: 'configuration_update', reasoning: { effort: 'low', model: 'dearer' } }] }],
    ['input.0', { input: [{ type: 'additional_tools', role: 'developer', tools: [], service_tier: 'priority' }] }],
  ])('is not reached by %s', (field, json) => {
    expect(ask(json)).toMatchObject({ refusal: { kind: 'bad_request', field } });
  });

  it('is not mistaken for a schema that has a property of such a name', () => {
    const parameters = { type: 'object', properties: { file_id: { type: 'string' } } };
    const tools = [{ type: 'function', name: 'f', parameters }];
    expect(ask({ input: [{ type: 'additional_tools', role: 'developer', tools }], tools })).toHaveProperty(
      'understood',
    );
    expect(ask({ conversation: null, prompt: null, background: false })).toHaveProperty('understood');
  });

  it('is left alone by what changes the effort or the text', () => {
    const update = { type: 'configuration_update', reasoning: { effort: 'low' }, text: { verbosity: 'low' } };
    expect(ask({ input: [{ role: 'user', content: 'a' }, update] })).toHaveProperty('understood');
  });

  it('stores nothing, whatever was asked', () => {
    const json = { store: true, previous_response_id: 'resp_ours', background: false };
    const body = responses.body(asked(json), SENT);
    expect(body).toMatchObject({ model: 'gpt-5.5', input: 'Hello', store: false });
    expect(body).not.toHaveProperty('previous_response_id');
    expect(body).not.toHaveProperty('background');
  });
});

describe('a request as it is sent', () => {
  it('asks a model that reasons for its reasoning, sealed, so that the next turn can bring it', () => {
    const include = ['message.output_text.logprobs'];
    expect(responses.body(asked({}), SENT).include).toEqual(['reasoning.encrypted_content']);
    expect(responses.body(asked({ include }), SENT).include).toEqual([...include, 'reasoning.encrypted_content']);
    expect(responses.body(asked({}), { ...SENT, mapping: plain })).not.toHaveProperty('include');
  });

  it('brings no reasoning that the provider could not read', () => {
    const readable = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' };
    const input = [
      { type: 'reasoning', id: 'rs_2', summary: [] },
      readable,
      { type: 'reasoning', id: 'rs_3', summary: [], encrypted_content: 'messages:EqQB' },
      { role: 'user', content: 'on' },
    ];
    expect(responses.body(asked({ input }), SENT).input).toEqual([readable, { role: 'user', content: 'on' }]);
  });

  it('is otherwise as it came, with what the gateway decides', () => {
    const json = { something_new: { a: 1 }, text: { verbosity: 'low' }, max_output_tokens: 900 };
    expect(responses.body(asked(json), { mapping: plain, streams: true, cap: 64 })).toEqual({
      ...json,
      input: 'Hello',
      model: 'gpt-4o',
      store: false,
      stream: true,
      max_output_tokens: 64,
    });
  });
});
