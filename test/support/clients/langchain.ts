/** LangChain's `@langchain/openai`, by either of OpenAI's protocols. */
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { type At, LOOK, Look, type OfficialClient, RESULT, Ship } from './client.ts';
import { refused } from './openai.ts';

function through(name: string, useResponsesApi: boolean): OfficialClient {
  const modelFor = ({ origin, apiKey, model }: At) =>
    new ChatOpenAI({ model, apiKey, useResponsesApi, maxRetries: 0, configuration: { baseURL: `${origin}/v1` } });
  return {
    name,
    whole: async (at, text) => (await modelFor(at).invoke(text)).text,
    async *streamed(at, text, signal) {
      for await (const chunk of await modelFor(at).stream(text, { signal })) yield chunk.text;
    },
    async tool(at, text) {
      const look = tool(() => RESULT, { name: LOOK.name, description: LOOK.description, schema: Look });
      const model = modelFor(at).bindTools([look]);
      const asked = new HumanMessage(text);
      const first = await model.invoke([asked]);
      const call = first.tool_calls?.[0];
      if (call?.id === undefined) throw new Error('no tool was called');
      const result = new ToolMessage({ content: RESULT, tool_call_id: call.id });
      return {
        called: { name: call.name, input: call.args },
        answer: (await model.invoke([asked, first, result])).text,
      };
    },
    structured: (at, text) => modelFor(at).withStructuredOutput(Ship).invoke(text),
    refused,
  };
}

export const LANGCHAIN: OfficialClient[] = [
  through('@langchain/openai, chat', false),
  through('@langchain/openai, responses', true),
];
