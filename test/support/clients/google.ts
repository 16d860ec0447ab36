/** `@google/genai`. */
import { ApiError, GoogleGenAI } from '@google/genai';
import { type At, LOOK, notOwn, type OfficialClient, RESULT, SHIP } from './client.ts';

const clientFor = ({ origin, apiKey }: At) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: origin } });

export const googleGenAi: OfficialClient = {
  name: '@google/genai',
  async whole(at, contents) {
    return (await clientFor(at).models.generateContent({ model: at.model, contents })).text ?? '';
  },
  async *streamed(at, contents, signal) {
    const config = { abortSignal: signal };
    for await (const chunk of await clientFor(at).models.generateContentStream({ model: at.model, contents, config }))
      yield chunk.text ?? '';
  },
  async tool(at, message) {
    const { parameters: parametersJsonSchema, ...look } = LOOK;
    const tools = [{ functionDeclarations: [{ ...look, parametersJsonSchema }] }];
    const chat = clientFor(at).chats.create({ model: at.model, config: { tools } });
    const call = (await chat.sendMessage({ message })).functionCalls?.[0];
    if (call?.name === undefined) throw new Error('no tool was called');
    const { id, name } = call;
    const functionResponse = { ...(id !== undefined && { id }), name, response: { output: RESULT } };
    const answer = await chat.sendMessage({ message: { functionResponse } });
    return { called: { name, input: call.args }, answer: answer.text ?? '' };
  },
  async structured(at, contents) {
    const config = { responseMimeType: 'application/json', responseJsonSchema: SHIP };
    const answer = await clientFor(at).models.generateContent({ model: at.model, contents, config });
    return JSON.parse(answer.text ?? '');
  },
  refused(error) {
    if (!(error instanceof ApiError)) return notOwn(error);
    // Its error has no headers: Google tells in the body how long to wait (google.rpc.RetryInfo).
    const [, retryAfter = null] = /"retryDelay":\s*"(\d+)s"/.exec(error.message) ?? [];
    return { isOwnError: true, status: error.status, told: error.message, retryAfter };
  },
};
