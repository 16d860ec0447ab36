/** `openai`: Chat Completions and Responses. */
import OpenAI, { PermissionDeniedError, RateLimitError } from 'openai';
import { type At, LOOK, notOwn, type OfficialClient, RESULT, type Refused, SHIP } from './client.ts';

const clientFor = ({ origin, apiKey }: At) => new OpenAI({ baseURL: `${origin}/v1`, apiKey, maxRetries: 0 });

/** LangChain throws the same. */
export function refused(error: unknown): Refused {
  if (!(error instanceof PermissionDeniedError || error instanceof RateLimitError)) return notOwn(error);
  const { status, code, message, headers } = error;
  return { isOwnError: true, status, told: `${code} ${message}`, retryAfter: headers.get('retry-after') };
}

const user = (content: string) => ({ role: 'user' as const, content });

export const openaiChat: OfficialClient = {
  name: 'openai, chat',
  async whole(at, text) {
    const { model } = at;
    const answer = await clientFor(at).chat.completions.create({ model, messages: [user(text)] });
    return answer.choices[0]?.message.content ?? '';
  },
  async *streamed(at, text, signal) {
    const asked = { model: at.model, messages: [user(text)], stream: true as const };
    for await (const chunk of await clientFor(at).chat.completions.create(asked, { signal }))
      yield chunk.choices[0]?.delta.content ?? '';
  },
  async tool(at, text) {
    const client = clientFor(at);
    const asked = { model: at.model, tools: [{ type: 'function' as const, function: LOOK }] };
    const first = await client.chat.completions.create({ ...asked, messages: [user(text)] });
    const message = first.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    if (message === undefined || call?.type !== 'function') throw new Error('no tool was called');
    const result = { role: 'tool' as const, tool_call_id: call.id, content: RESULT };
    const second = await client.chat.completions.create({ ...asked, messages: [user(text), message, result] });
    return {
      called: { name: call.function.name, input: JSON.parse(call.function.arguments) },
      answer: second.choices[0]?.message.content ?? '',
    };
  },
  async structured(at, text) {
    const parsed = await clientFor(at).chat.completions.parse({
      model: at.model,
      messages: [user(text)],
      response_format: { type: 'json_schema', json_schema: { name: 'ship', strict: true, schema: SHIP } },
    });
    return parsed.choices[0]?.message.parsed;
  },
  refused,
};

export const openaiResponses: OfficialClient = {
  name: 'openai, responses',
  async whole(at, input) {
    return (await clientFor(at).responses.create({ model: at.model, input })).output_text;
  },
  async *streamed(at, input, signal) {
    const asked = { model: at.model, input, stream: true as const };
    for await (const event of await clientFor(at).responses.create(asked, { signal }))
      if (event.type === 'response.output_text.delta') yield event.delta;
  },
  async tool(at, input) {
    const client = clientFor(at);
    const asked = { model: at.model, tools: [{ type: 'function' as const, strict: true, ...LOOK }] };
    const first = await client.responses.create({ ...asked, input });
    const call = first.output.find((item) => item.type === 'function_call');
    if (call === undefined) throw new Error('no tool was called');
    const output = { type: 'function_call_output' as const, call_id: call.call_id, output: RESULT };
    const next = { ...asked, input: [output], previous_response_id: first.id };
    return {
      called: { name: call.name, input: JSON.parse(call.arguments) },
      answer: (await client.responses.create(next)).output_text,
    };
  },
  async structured(at, input) {
    const format = { type: 'json_schema' as const, name: 'ship', strict: true, schema: SHIP };
    return (await clientFor(at).responses.parse({ model: at.model, input, text: { format } })).output_parsed;
  },
  refused,
};
