/** Streams in the true wire format of OpenAI's Responses, as a reasoning model answers with `store: false`. */
import type { Json } from '../../../src/gateway/protocol.ts';

const RESPONSE: Json = {
  id: 'resp_68af4030592c81938ec0a5fbab4a3e9f05438e46b5f69a3b',
  object: 'response',
  created_at: 1_756_315_696,
  status: 'in_progress',
  background: false,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  model: 'gpt-5.5-2026-04-23',
  output: [],
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: 'medium', summary: 'detailed' },
  safety_identifier: null,
  service_tier: 'default',
  store: false,
  temperature: 1,
  text: { format: { type: 'text' }, verbosity: 'medium' },
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
  usage: null,
  user: null,
  metadata: {},
};

const REASONING: Json = {
  id: 'rs_68af4032b0d48193',
  type: 'reasoning',
  encrypted_content: 'gAAAAABo-sealed-at-the-end',
  summary: [{ type: 'summary_text', text: '**Looking** it up' }],
};

const MESSAGE: Json = {
  id: 'msg_68af403397d88193',
  type: 'message',
  status: 'completed',
  content: [{ type: 'output_text', annotations: [], logprobs: [], text: 'Let me see.' }],
  role: 'assistant',
};

const CALL: Json = {
  id: 'fc_68af4033a1b28193',
  type: 'function_call',
  status: 'completed',
  arguments: '{"city":"Paris"}',
  call_id: 'call_MyQ7',
  name: 'get_weather',
};

export const USAGE: Json = {
  input_tokens: 2_048,
  input_tokens_details: { cached_tokens: 1_024 },
  output_tokens: 90,
  output_tokens_details: { reasoning_tokens: 64 },
  total_tokens: 2_138,
};

/** The text that the model made: once. */
export const TEXT = '**Looking** it up' + 'Let me see.' + 'get_weather{"city":"Paris"}';

const deltas = (type: string, place: Json, pieces: string[]): Json[] =>
  pieces.map((delta, index) => ({ type, ...place, delta, obfuscation: 'x'.repeat(5 + index) }));

const reasoningAt = { item_id: REASONING.id, output_index: 0, summary_index: 0 };
const messageAt = { item_id: MESSAGE.id, output_index: 1, content_index: 0 };
const callAt = { item_id: CALL.id, output_index: 2 };
const summary = { type: 'summary_text', text: '**Looking** it up' };
const part = { type: 'output_text', annotations: [], logprobs: [], text: 'Let me see.' };

/** Thinks, says something, calls a tool. */
export const EVENTS: readonly Json[] = [
  { type: 'response.created', response: RESPONSE },
  { type: 'response.in_progress', response: RESPONSE },
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { ...REASONING, encrypted_content: 'gAAAAABo-sealed-at-first', summary: [] },
  },
  { type: 'response.reasoning_summary_part.added', ...reasoningAt, part: { ...summary, text: '' } },
  ...deltas('response.reasoning_summary_text.delta', reasoningAt, ['**Looking**', ' it', ' up']),
  { type: 'response.reasoning_summary_text.done', ...reasoningAt, text: summary.text },
  { type: 'response.reasoning_summary_part.done', ...reasoningAt, part: summary },
  { type: 'response.output_item.done', output_index: 0, item: REASONING },
  { type: 'response.output_item.added', output_index: 1, item: { ...MESSAGE, status: 'in_progress', content: [] } },
  { type: 'response.content_part.added', ...messageAt, part: { ...part, text: '' } },
  ...deltas('response.output_text.delta', messageAt, ['Let', ' me', ' see', '.']).map((event) => ({
    ...event,
    logprobs: [],
  })),
  { type: 'response.output_text.done', ...messageAt, text: part.text, logprobs: [] },
  { type: 'response.content_part.done', ...messageAt, part },
  { type: 'response.output_item.done', output_index: 1, item: MESSAGE },
  { type: 'response.output_item.added', output_index: 2, item: { ...CALL, status: 'in_progress', arguments: '' } },
  ...deltas('response.function_call_arguments.delta', callAt, ['{"', 'city', '":"', 'Paris', '"}']),
  { type: 'response.function_call_arguments.done', ...callAt, arguments: CALL.arguments },
  { type: 'response.output_item.done', output_index: 2, item: CALL },
  {
    type: 'response.completed',
    response: { ...RESPONSE, status: 'completed', output: [REASONING, MESSAGE, CALL], usage: USAGE },
  },
].map((event, sequence_number) => ({ ...event, sequence_number }));

export function streamOf(events: readonly Json[]): string {
  return events.map((event) => `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}
