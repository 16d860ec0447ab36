/** What the translation bench translates: an agent's conversation of some length, and an answer as a stream brings it. */
import type { Message, NeutralEvent, NeutralRequest, Tool } from '../src/gateway/neutral.ts';
import { NO_USAGE } from '../src/money/cost.ts';

const SENTENCE = 'The quick brown fox jumps over the lazy dog, and the dog, being lazy, lets it pass without a word. ';

/** Of a coding agent some way into its work: `turns` of a call and its result, about 2 KB each, and twenty tools. */
export function request(turns: number): NeutralRequest {
  const messages: Message[] = [{ role: 'user', parts: [{ type: 'text', text: SENTENCE.repeat(5), cache: null }] }];
  for (let turn = 0; turn < turns; turn++) {
    const id = `call_${turn}`;
    const json = JSON.stringify({ path: `src/file-${turn}.ts`, text: SENTENCE.repeat(4) });
    messages.push(
      {
        role: 'assistant',
        parts: [
          { type: 'text', text: SENTENCE, cache: null },
          { type: 'tool_call', id, name: `tool_${turn % 20}`, json, sealed: null, cache: null },
        ],
      },
      {
        role: 'user',
        parts: [
          {
            type: 'tool_result',
            id,
            name: null,
            content: [{ type: 'text', text: SENTENCE.repeat(15), cache: null }],
            isError: false,
            cache: null,
          },
        ],
      },
    );
  }
  return {
    system: [{ type: 'text', text: SENTENCE.repeat(40), cache: null }],
    messages,
    tools: Array.from({ length: 20 }, (_, index) => tool(`tool_${index}`)),
    toolChoice: { kind: 'auto' },
    parallelToolCalls: null,
    outputTokensMax: 8_000,
    temperature: null,
    topP: null,
    topK: null,
    stop: [],
    seed: null,
    presencePenalty: null,
    frequencyPenalty: null,
    choices: null,
    format: null,
    reasoning: null,
    verbosity: null,
    endUser: null,
  };
}

function tool(name: string): Tool {
  const described = (description: string) => ({ type: 'string', description });
  const parameters = {
    type: 'object',
    properties: { path: described('Where the file is.'), text: described('What is to stand in it.') },
    required: ['path', 'text'],
    additionalProperties: false,
  };
  return { name, description: SENTENCE.repeat(3), parameters, strict: null, cache: null };
}

/** Word by word: some thinking, an answer, a call with its arguments in pieces. */
export function answer(words: number): NeutralEvent[] {
  const said = Array.from({ length: words }, (_, index) => `${SENTENCE.split(' ')[index % 19] ?? 'word'} `);
  const thought = said.slice(0, words / 5);
  const args = ['{"path":"', ...said.slice(0, words / 5).map((word) => word.replaceAll('"', '')), '"}'];
  return [
    { type: 'start', id: 'answer-1' },
    ...thought.map((text) => ({ type: 'reasoning', choice: 0, text }) as const),
    ...said.map((text) => ({ type: 'text', choice: 0, text }) as const),
    { type: 'tool_call', choice: 0, id: 'call_1', name: 'tool_1', sealed: null },
    ...args.map((json) => ({ type: 'tool_json', choice: 0, json }) as const),
    { type: 'end', choice: 0, reason: 'tool_calls', sequence: null },
    { type: 'usage', usage: { ...NO_USAGE, input: 1_000, output: words } },
  ];
}
