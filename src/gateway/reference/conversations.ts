/** Chat Completions, Messages and Google's protocol in the reference. Responses, which are stored too, are in responses.ts. */
import { type RouteConfig, z } from '@hono/zod-openapi';
import { answers, body } from '../../api.ts';
import { count, like } from '../../reference/fields.ts';
import { ChatBody } from '../chat-completions/request.ts';
import { GenerateContentBody } from '../gemini/request.ts';
import { CountBody, MessagesBody } from '../messages/request.ts';
import { answered, common, Repeated } from './answered.ts';
import { ANTHROPIC, CALL_REFUSALS, COUNT_REFUSALS, GOOGLE, refusals } from './refusals.ts';

const ChatCompletion = z
  .looseObject({
    id: like('chatcmpl-0123456789'),
    object: z.literal('chat.completion'),
    created: count(1_795_253_400),
    model: like('gpt-5.5'),
    choices: z.array(
      z.looseObject({
        index: count(0),
        message: z.looseObject({ role: like('assistant'), content: like('Hello!').nullable() }),
        finish_reason: like('stop').nullable(),
      }),
    ),
    usage: z.looseObject({ prompt_tokens: count(8), completion_tokens: count(2), total_tokens: count(10) }),
  })
  .openapi('ChatCompletion');

const Message = z
  .looseObject({
    id: like('msg_0123456789'),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: like('claude-sonnet-5'),
    content: z.array(z.looseObject({ type: like('text'), text: like('Hello!').optional() })),
    stop_reason: like('end_turn').nullable(),
    stop_sequence: z.string().nullable().openapi({ example: null }),
    usage: z.looseObject({ input_tokens: count(8), output_tokens: count(2) }),
  })
  .openapi('Message');

const GenerateContentAnswer = z
  .looseObject({
    candidates: z.array(
      z.looseObject({
        content: z.looseObject({
          role: like('model'),
          parts: z.array(z.looseObject({ text: like('Hello!').optional() })),
        }),
        finishReason: like('STOP').optional(),
        index: count(0),
      }),
    ),
    usageMetadata: z.looseObject({
      promptTokenCount: count(8),
      candidatesTokenCount: count(2),
      totalTokenCount: count(10),
    }),
    modelVersion: like('gemini-3.1-flash-lite').optional(),
    responseId: like('Vd2aaOzdHJ').optional(),
  })
  .openapi('GenerateContentAnswer');

export const CONVERSATIONS: readonly RouteConfig[] = [
  {
    ...common,
    method: 'post',
    path: '/v1/chat/completions',
    summary: "Chat in OpenAI's protocol, whole or as a stream",
    description: [
      'Fields that are not described pass to the provider as they are.',
      'A stream (`stream: true`) answers `text/event-stream` and ends with `[DONE]`.',
      'A refusal of the provider passes with its own status.',
    ].join(' '),
    request: { headers: Repeated, body: body(ChatBody) },
    responses: { ...answered(ChatCompletion), ...refusals(CALL_REFUSALS) },
  },
  {
    ...common,
    method: 'post',
    path: '/v1/messages',
    summary: "Messages in Anthropic's protocol, whole or as a stream",
    description: [
      'Fields that are not described pass to Anthropic as they are;',
      'for a model of another provider they are translated, or refused by name.',
      'A stream (`stream: true`) answers `text/event-stream` and ends with `message_stop`;',
      'its cost rides on the usage of `message_delta`.',
    ].join(' '),
    request: { headers: Repeated, body: body(MessagesBody) },
    responses: { ...answered(Message), ...refusals(CALL_REFUSALS, ANTHROPIC) },
  },
  {
    ...common,
    method: 'post',
    path: '/v1/messages/count_tokens',
    summary: 'How many tokens a message would have as input; free of charge',
    request: { body: body(CountBody) },
    responses: {
      200: {
        ...answers('The count', z.looseObject({ input_tokens: count(8) }).openapi('TokenCount')),
        headers: z.object({
          'x-purser-estimated': like('true', 'Where the provider of the model does not count').optional(),
        }),
      },
      ...refusals(COUNT_REFUSALS, ANTHROPIC),
    },
  },
  modelByPath('/v1beta/models/{model}'),
  modelByPath('/v1/models/{model}'),
];

/** Google's clients call models under either version. */
function modelByPath(path: string): RouteConfig {
  return {
    ...common,
    method: 'post',
    path,
    summary: "Content in Google's protocol: generated, streamed or counted",
    description: [
      'The model is followed by a colon and the method: `generateContent`, `streamGenerateContent` (as server-sent events only,',
      'so with `?alt=sse`;',
      'its cost rides on the last usage), `countTokens`, which is free of charge, or `embedContent` and',
      '`batchEmbedContents`, which take other bodies than this.',
      'Fields that are not described pass to Google as they are, in camel case or in snake case;',
      'for a model of another provider they are translated, or refused by name.',
    ].join(' '),
    request: {
      params: z.object({ model: like('gemini-3.1-flash-lite:generateContent', 'Slashes as they are') }),
      query: z.object({ alt: like('sse', 'How a stream is to come').optional() }),
      headers: Repeated,
      body: body(GenerateContentBody),
    },
    responses: { ...answered(GenerateContentAnswer), ...refusals(CALL_REFUSALS, GOOGLE) },
  };
}
