/** Answers of providers that searched the web, whole and streamed, in each provider's true wire format. */
import type { Json } from '../../src/gateway/protocol.ts';

const FOUND = {
  type: 'web_search_result',
  title: 'Purser (nautical)',
  url: 'https://example.com/purser',
  encrypted_content: 'EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5',
  page_age: 'April 30, 2025',
};

const SEARCHED: Json[] = [
  { type: 'text', text: 'I will look.' },
  { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'what a purser does' } },
  { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [FOUND] },
  {
    type: 'text',
    text: 'A purser keeps the accounts.',
    citations: [
      {
        type: 'web_search_result_location',
        url: FOUND.url,
        title: FOUND.title,
        encrypted_index: 'Eo8BCioIAhgBIiQyYjQ0OWJmZi1lNm',
        cited_text: 'The purser keeps the accounts.',
      },
    ],
  },
];

const anthropicUsage = (searches: number): Json => ({
  input_tokens: 6_039,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 931,
  server_tool_use: { web_search_requests: searches, web_fetch_requests: 0 },
  service_tier: 'standard',
});

export function anthropicWhole(searches: number): Json {
  return { ...MESSAGE, content: SEARCHED, stop_reason: 'end_turn', usage: anthropicUsage(searches) };
}

const MESSAGE: Json = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5-20251001',
  content: [],
  stop_reason: null,
  stop_sequence: null,
};

/** Its first event says what was read before the first search: the last says all. */
export function anthropicStream(searches: number): string {
  const before = {
    input_tokens: 2_679,
    output_tokens: 3,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
  };
  const [, use, result, text] = SEARCHED;
  const input = JSON.stringify(use?.input);
  return events([
    { type: 'message_start', message: { ...MESSAGE, usage: before } },
    { type: 'content_block_start', index: 0, content_block: { ...use, input: {} } },
    { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: input } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: result },
    { type: 'content_block_stop', index: 1 },
    { type: 'content_block_start', index: 2, content_block: { type: 'text', text: '', citations: [] } },
    { type: 'content_block_delta', index: 2, delta: { type: 'text_delta', text: text?.text } },
    { type: 'content_block_stop', index: 2 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: anthropicUsage(searches) },
    { type: 'message_stop' },
  ]);
}

const search = (index: number): Json => ({
  id: `ws_${index}`,
  type: 'web_search_call',
  status: 'completed',
  action: { type: 'search', query: 'what a purser does', queries: ['what a purser does'] },
});

const OPENED: Json = {
  id: 'ws_open',
  type: 'web_search_call',
  status: 'completed',
  action: { type: 'open_page', url: 'https://example.com/purser' },
};

const SAID: Json = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [
    {
      type: 'output_text',
      text: 'A purser keeps the accounts.',
      annotations: [{ type: 'url_citation', start_index: 0, end_index: 8, url: FOUND.url, title: FOUND.title }],
    },
  ],
};

/** With a page opened besides, which costs nothing of its own. */
export function openAiWhole(searches: number): Json {
  const calls = Array.from({ length: searches }, (_, index) => search(index));
  return {
    id: 'resp_up',
    object: 'response',
    model: 'gpt-5.5-2026-04-23',
    status: 'completed',
    error: null,
    output: [...calls, OPENED, SAID],
    usage: {
      input_tokens: 11_000,
      input_tokens_details: { cached_tokens: 1_000 },
      output_tokens: 400,
      output_tokens_details: { reasoning_tokens: 300 },
      total_tokens: 11_400,
    },
  };
}

export function openAiStream(searches: number): string {
  const whole = openAiWhole(searches);
  const begun = { ...whole, status: 'in_progress', output: [], usage: null };
  const items = (whole.output as Json[]).flatMap((item, output_index): Json[] => [
    { type: 'response.output_item.added', output_index, item: { ...item, status: 'in_progress', content: [] } },
    ...(item.type === 'web_search_call'
      ? [{ type: 'response.web_search_call.searching', output_index, item_id: item.id }]
      : []),
    { type: 'response.output_item.done', output_index, item },
  ]);
  return events(
    [{ type: 'response.created', response: begun }, ...items, { type: 'response.completed', response: whole }].map(
      (event, sequence_number) => ({ ...event, sequence_number }),
    ),
  );
}

const GROUNDING: Json = {
  webSearchQueries: ['what a purser does', '', 'purser duties'],
  groundingChunks: [{ web: { uri: 'https://vertexaisearch.cloud.google.com/x', title: 'example.com' } }],
  groundingSupports: [{ segment: { endIndex: 8, text: 'A purser' }, groundingChunkIndices: [0] }],
};

const geminiUsage = (output: number): Json => ({
  promptTokenCount: 10,
  candidatesTokenCount: output,
  toolUsePromptTokenCount: 90,
  thoughtsTokenCount: 50,
  totalTokenCount: 150 + output,
});

export function geminiWhole(grounded: boolean): Json {
  const content = { role: 'model', parts: [{ text: 'A purser keeps the accounts.' }] };
  const candidate = {
    content,
    finishReason: 'STOP',
    index: 0,
    groundingMetadata: grounded ? GROUNDING : { webSearchQueries: [''] },
  };
  return {
    candidates: [candidate],
    usageMetadata: geminiUsage(200),
    modelVersion: 'gemini-2.5-flash',
    responseId: 'r',
  };
}

/** The search stands in a chunk before the last. */
export function geminiStream(grounded: boolean): string {
  const chunk = (text: string, said: Json, output: number): Json => ({
    candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...said }],
    usageMetadata: geminiUsage(output),
  });
  const chunks = [
    chunk('A purser', {}, 50),
    chunk(' keeps', grounded ? { groundingMetadata: GROUNDING } : {}, 120),
    chunk(' the accounts.', { finishReason: 'STOP' }, 200),
  ];
  return chunks.map((json) => `data: ${JSON.stringify(json)}\r\n\r\n`).join('');
}

function events(all: readonly Json[]): string {
  return all.map((json) => `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`).join('');
}
