/** What a client hears of a model that its provider ends, or has ended. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { DEMO_MAPPINGS, demoProvider } from '../../src/local/demo-provider.ts';
import type { Mapping } from '../../src/models/catalogue.ts';
import { HELLO, json, keyOf, ORIGIN } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

const words = DEMO_MAPPINGS.find(({ id }) => id === 'demo/words') as Mapping;
const ENDING: Mapping = { ...words, deprecatedOn: '2020-01-01', retiresOn: '2999-01-01' };
const ENDED: Mapping = { ...words, id: 'demo/ended', canonicalModel: 'ended', retiresOn: '2020-06-01' };

async function start() {
  const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
  const app = createApp({ mappings: [ENDING, ENDED], providers: [demoProvider], routers: [] });
  const fetching = async (path: string, body?: object, headers: Record<string, string> = {}) => {
    const ctx = createExecutionContext();
    const request = new Request(ORIGIN + path, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${apiKey}`, ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await app.fetch(request, env, ctx);
    await answer.clone().text();
    await waitOnExecutionContext(ctx);
    return answer;
  };
  return { apiKey, fetching };
}

it('an end that was announced stands in the headers of an answer, and in the lists of models', async () => {
  const { fetching } = await start();
  const answer = await fetching('/v1/chat/completions', { model: 'demo/words', messages: HELLO, max_tokens: 2 });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('deprecation')).toBe('@1577836800');
  expect(answer.headers.get('sunset')).toBe('Tue, 01 Jan 2999 00:00:00 GMT');
  expect(await json(await fetching('/v1/models'))).toMatchObject({
    data: [{ id: 'demo/words', deprecated_on: '2020-01-01', retires_on: '2999-01-01' }],
  });
  const anthropics = await fetching('/v1/models', undefined, { 'anthropic-version': '2023-06-01' });
  const ends = { deprecated_at: '2020-01-01T00:00:00Z', retires_at: '2999-01-01T00:00:00Z' };
  expect(await json(anthropics)).toMatchObject({ data: [{ id: 'demo/words', lifecycle: 'deprecated', ...ends }] });
});

it('a model that was ended is refused by its name and its day, and costs nothing', async () => {
  const { apiKey, fetching } = await start();
  const answer = await fetching('/v1/chat/completions', { model: 'ended', messages: HELLO, max_tokens: 2 });
  const message = 'The model "ended" was ended by its provider on 2020-06-01. GET /v1/models lists those you can use.';
  expect([answer.status, await json(answer)]).toMatchObject([404, { error: { code: 'model_not_found', message } }]);
  expect((await keyOf(apiKey)).usage).toBe('0');
});
