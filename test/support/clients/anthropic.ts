/** `@anthropic-ai/sdk`. */
import Anthropic, { PermissionDeniedError, RateLimitError } from '@anthropic-ai/sdk';
import { type At, LOOK, notOwn, type OfficialClient, RESULT, SHIP } from './client.ts';

const clientFor = ({ origin, apiKey }: At) => new Anthropic({ baseURL: origin, apiKey, maxRetries: 0 });
const user = (content: string) => ({ role: 'user' as const, content });

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

export const anthropicMessages: OfficialClient = {
  name: '@anthropic-ai/sdk',
  async whole(at, text) {
    const { model } = at;
    return textOf(await clientFor(at).messages.create({ model, max_tokens: 1_000, messages: [user(text)] }));
  },
  async *streamed(at, text, signal) {
    const asked = { model: at.model, max_tokens: 8_000, messages: [user(text)], stream: true as const };
    for await (const event of await clientFor(at).messages.create(asked, { signal }))
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') yield event.delta.text;
  },
  async tool(at, text) {
    const client = clientFor(at);
    const { parameters: input_schema, ...look } = LOOK;
    const asked = { model: at.model, max_tokens: 1_000, tools: [{ ...look, input_schema }] };
    const first = await client.messages.create({ ...asked, messages: [user(text)] });
    const call = first.content.find((block) => block.type === 'tool_use');
    if (call === undefined) throw new Error('no tool was called');
    const result = { type: 'tool_result' as const, tool_use_id: call.id, content: RESULT };
    const turns: Anthropic.MessageParam[] = [
      user(text),
      { role: 'assistant', content: first.content },
      { role: 'user', content: [result] },
    ];
    const answer = textOf(await client.messages.create({ ...asked, messages: turns }));
    return { called: { name: call.name, input: call.input }, answer };
  },
  async structured(at, text) {
    const parsed = await clientFor(at).messages.parse({
      model: at.model,
      max_tokens: 1_000,
      messages: [user(text)],
      output_config: { format: { type: 'json_schema', schema: SHIP } },
    });
    return JSON.parse(textOf(parsed));
  },
  refused(error) {
    if (!(error instanceof PermissionDeniedError || error instanceof RateLimitError)) return notOwn(error);
    const { status, headers } = error;
    return { isOwnError: true, status, told: JSON.stringify(error.error), retryAfter: headers.get('retry-after') };
  },
};
