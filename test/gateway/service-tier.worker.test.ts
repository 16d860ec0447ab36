/**
 * An answer is charged at the tier at which its provider says that it was served. Nobody can ask for a dearer one, so whatever the
 * account's settings make of that is held for as soon as it is told.
 */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { responses } from '../../src/gateway/responses/protocol.ts';
import { LIMITS } from '../../src/limits.ts';
import worker from '../../src/local/worker.ts';
import { eventsIn, HELLO, keyOf, ORIGIN, wordsIn } from '../support/gateway.ts';
import { eventStream, relayed, textOf } from '../support/relayed.ts';
import { seedOrganization } from '../support/seed.ts';

/** 10 tokens in and 4 out at the demo provider's $1 and $2 per million. */
const STANDARD = 0.000018;
const DEARER = (STANDARD * LIMITS.dearerTierPercent) / 100;

const usage = { prompt_tokens: 10, completion_tokens: 4 };
const event = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
const delta = (content: string, service_tier?: string, finish_reason: string | null = null) =>
  event({ choices: [{ index: 0, delta: { content }, finish_reason }], service_tier });

const chatAnswer = (service_tier: unknown) =>
  Response.json({ choices: [{ message: { content: 'a b c d' }, finish_reason: 'stop' }], usage, service_tier });

const response = (service_tier: unknown) => ({
  status: 'completed',
  output: [{ type: 'message', content: [{ type: 'output_text', text: 'a b c d' }] }],
  usage: { input_tokens: 10, output_tokens: 4 },
  service_tier,
});

describe('an answer of the tier', () => {
  it.each([
    ['priority', DEARER],
    ['Fast', DEARER],
    ['default', STANDARD],
    ['flex', STANDARD],
    ['scale', STANDARD],
    [null, STANDARD],
    [7, STANDARD],
  ])('%s is charged as that, in every way in which it may come', async (tier, usd) => {
    const chunks = [delta('a b c d', String(tier), 'stop'), event({ choices: [], usage, service_tier: tier })];
    const inResponses = { protocol: responses, said: { input: 'one two', max_output_tokens: 100 } };
    const ended = event({ type: 'response.completed', response: response(tier) });
    const asked = await Promise.all([
      relayed('whole', async () => chatAnswer(tier)),
      relayed('stream', async () => eventStream([...chunks, 'data: [DONE]\n\n'])),
      relayed('gathered', async () => eventStream([...chunks, 'data: [DONE]\n\n'])),
      relayed('whole', async () => Response.json(response(tier)), undefined, inResponses),
      relayed('stream', async () => eventStream([ended]), undefined, inResponses),
    ]);
    for (const { answered, apiKey } of asked) {
      await textOf(answered);
      expect(Number((await keyOf(apiKey)).usage)).toBeCloseTo(usd, 9);
    }
  });
});

it('that is dearer is held for as soon as a stream tells it: what no longer fits the budget is cut', async () => {
  // All 100 tokens at the standard price, held from the start, and not one more.
  const usageLimit = '0.000202';
  const long = Array.from({ length: 100 }, () => delta(' a', 'priority'));
  const { answered, apiKey } = await relayed('stream', async () => eventStream(long), undefined, { usageLimit });
  const text = await textOf(answered);
  expect(eventsIn(text).slice(-2)).toMatchObject([{ error: { code: 'member_budget_exhausted' } }, '[DONE]']);
  expect(wordsIn(text).length).toBeGreaterThan(10);
  const { usage: spent } = await keyOf(apiKey);
  expect(Number(spent)).toBeGreaterThan(0.0001);
  expect(Number(spent)).toBeLessThanOrEqual(Number(usageLimit));
});

it.each([
  ['chat/completions', { messages: HELLO }],
  ['responses', { input: 'one two', store: false }],
  ['messages', { messages: HELLO, max_tokens: 20 }],
])('a request of %s tells OpenAI the tier that it is priced for', async (path, body) => {
  const { apiKey } = await seedOrganization({ budget: { usageLimit: '10' } });
  const sent: unknown[] = [];
  const fetch = async (_url: string, init: RequestInit) => {
    sent.push(JSON.parse(String(init.body)));
    return new Response(null, { status: 400 });
  };
  const environment = { ...env, OPENAI_API_KEY: 'sk-1', EGRESS: { fetch } as unknown as Fetcher } as Env;
  const request = new Request(`${ORIGIN}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'openai/gpt-4o-mini', ...body }),
  });
  const ctx = createExecutionContext();
  await worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, environment, ctx);
  await waitOnExecutionContext(ctx);
  expect(sent).toMatchObject([{ model: 'gpt-4o-mini', service_tier: 'default' }]);
});
