/** The AI SDK (`ai`) with its providers: OpenAI's two protocols, Anthropic and Google. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, generateText, isStepCount, type LanguageModel, Output, streamText, tool } from 'ai';
import { type At, LOOK, Look, notOwn, type OfficialClient, RESULT, Ship } from './client.ts';

function through(name: string, modelFor: (at: At) => LanguageModel): OfficialClient {
  const always = { maxRetries: 0 };
  return {
    name,
    whole: async (at, prompt) => (await generateText({ model: modelFor(at), prompt, ...always })).text,
    async *streamed(at, prompt, abortSignal) {
      // What goes wrong is a part of its stream; by default it is also written to the console.
      const asked = { model: modelFor(at), prompt, ...always, abortSignal };
      const { fullStream } = streamText({ ...asked, onError: () => undefined });
      for await (const part of fullStream) {
        if (part.type === 'error') throw part.error;
        if (part.type === 'text-delta') yield part.text;
      }
    },
    async tool(at, prompt) {
      const look = tool({ description: LOOK.description, inputSchema: Look, execute: () => RESULT });
      const asked = { model: modelFor(at), prompt, ...always, stopWhen: isStepCount(2) };
      const { steps, text } = await generateText({ ...asked, tools: { look } });
      const call = steps[0]?.toolCalls[0];
      if (call === undefined) throw new Error('no tool was called');
      return { called: { name: call.toolName, input: call.input }, answer: text };
    },
    async structured(at, prompt) {
      const output = Output.object({ schema: Ship });
      return (await generateText({ model: modelFor(at), prompt, output, ...always })).output;
    },
    refused(error) {
      if (!APICallError.isInstance(error)) return notOwn(error);
      const { statusCode: status, message, responseBody, responseHeaders } = error;
      const retryAfter = responseHeaders?.['retry-after'] ?? null;
      return { isOwnError: true, status, told: `${message} ${responseBody}`, retryAfter };
    },
  };
}

const openai = ({ origin, apiKey }: At) => createOpenAI({ baseURL: `${origin}/v1`, apiKey });

export const AI_SDK: OfficialClient[] = [
  through('ai, @ai-sdk/openai, chat', (at) => openai(at).chat(at.model)),
  through('ai, @ai-sdk/openai, responses', (at) => openai(at).responses(at.model)),
  through('ai, @ai-sdk/anthropic', ({ origin, apiKey, model }) =>
    createAnthropic({ baseURL: `${origin}/v1`, apiKey })(model),
  ),
  through('ai, @ai-sdk/google', ({ origin, apiKey, model }) =>
    createGoogle({ baseURL: `${origin}/v1beta`, apiKey })(model),
  ),
];
