/** A Purser whose OpenAI is aimock, answering by what it is asked; and the official client of OpenAI on it. */
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { startEmpty } from './purser.ts';

export async function startOnMockedOpenAi() {
  const mock = new LLMock({ port: 0 });
  mock.onMessage('tell me all', { content: 'All is well in the galley.' });
  mock.onMessage('as JSON', { content: JSON.stringify({ ship: 'Purser', masts: 3 }) });
  mock.onMessage('look it up', { toolCalls: [{ name: 'look', arguments: JSON.stringify({ at: 'the chart' }) }] });
  mock.onMessage('at length', { content: 'knot '.repeat(2_000) });
  const url = await mock.start();
  const purser = await startEmpty({ OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: `${url}/v1` });
  return {
    ...purser,
    mock,
    clientFor: (apiKey: string, maxRetries = 0) =>
      new OpenAI({ baseURL: `${purser.server.url}/v1`, apiKey, maxRetries }),
    stop: async () => {
      await purser.stop();
      await mock.stop();
    },
  };
}
