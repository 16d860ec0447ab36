/** Anthropic's wire as it is, written by hand from its documentation: streams with everything that they may carry. */
import type { Frame } from '../../../src/gateway/sse.ts';
import { framesOf } from '../translation/generate.ts';

export type Json = Record<string, unknown>;

export function event(json: Json): string {
  return `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;
}

export function frames(...events: Json[]): Frame[] {
  return framesOf(events.map(event).join(''));
}

export const START: Json = {
  type: 'message_start',
  message: {
    id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-5-20260203',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: 12,
      cache_creation_input_tokens: 300,
      cache_read_input_tokens: 2_000,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
      output_tokens: 3,
      service_tier: 'standard',
    },
  },
};

export const PING_EVENT: Json = { type: 'ping' };

const block = (index: number, content_block: Json, ...deltas: Json[]): Json[] => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];

export const THOUGHT = block(
  0,
  { type: 'thinking', thinking: '', signature: '' },
  { type: 'thinking_delta', thinking: 'The user wants ' },
  { type: 'thinking_delta', thinking: 'the weather.' },
  { type: 'signature_delta', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h' },
);

export const REDACTED = block(1, { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix' });

export const TEXT = block(
  2,
  { type: 'text', text: '' },
  { type: 'text_delta', text: "I'll look " },
  { type: 'text_delta', text: 'it up: 漢字.' },
);

export const CALL = block(
  3,
  { type: 'tool_use', id: 'toolu_01T1x1fJ34qAmk2tNTrN7Up6', name: 'get_weather', input: {} },
  { type: 'input_json_delta', partial_json: '' },
  { type: 'input_json_delta', partial_json: '{"location": "San' },
  { type: 'input_json_delta', partial_json: ' Francisco", "days": 2}' },
);

/** The final count tells the cache's sum alone, and how much of the output was thought. */
export const END: Json = {
  type: 'message_delta',
  delta: { stop_reason: 'tool_use', stop_sequence: null },
  usage: {
    input_tokens: 12,
    cache_creation_input_tokens: 300,
    cache_read_input_tokens: 2_000,
    output_tokens: 89,
    output_tokens_details: { thinking_tokens: 40 },
  },
};

export const STOP: Json = { type: 'message_stop' };

export const STREAM: Json[] = [START, PING_EVENT, ...THOUGHT, ...REDACTED, ...TEXT, ...CALL, END, STOP];

/** The same answer in one piece. */
export const MESSAGE: Json = {
  id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-5-20260203',
  content: [
    { type: 'thinking', thinking: 'The user wants the weather.', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h' },
    { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix' },
    { type: 'text', text: "I'll look it up: 漢字." },
    {
      type: 'tool_use',
      id: 'toolu_01T1x1fJ34qAmk2tNTrN7Up6',
      name: 'get_weather',
      input: { location: 'San Francisco', days: 2 },
    },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: {
    input_tokens: 12,
    cache_creation_input_tokens: 300,
    cache_read_input_tokens: 2_000,
    cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
    output_tokens: 89,
    output_tokens_details: { thinking_tokens: 40 },
    service_tier: 'standard',
  },
};
