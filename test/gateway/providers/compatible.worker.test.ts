/** The providers that speak OpenAI's chat protocol, each by the one contract, with what is peculiar to its wire. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { COMPATIBLE } from '../../../src/gateway/providers/compatible.ts';
import worker from '../../../src/local/worker.ts';
import { CATALOGUE_MAPPINGS } from '../../../src/models/catalogue.ts';
import { type ErrorBody, json, keyOf, ORIGIN } from '../../support/gateway.ts';
import { seedOrganization } from '../../support/seed.ts';
import { contractOf } from './contract.ts';

// Faults are logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

contractOf({
  name: 'OpenAI',
  secrets: { OPENAI_API_KEY: 'sk-openai' },
  model: 'openai/gpt-5.5',
  upstreamModel: 'gpt-5.5',
  url: 'https://api.openai.com/v1/chat/completions',
  key: ['authorization', 'Bearer sk-openai'],
  // 600 x $5 + 400 x $0.50 + 50 x $30 per million.
  cost: '0.0047',
  seen: '0.00006',
});

/** Azure says first what its filter makes of the prompt, and of each piece. */
const azure = {
  model: 'azure/gpt-4.1-mini',
  upstreamModel: 'gpt-4.1-mini',
  key: ['api-key', 'az-key'] as const,
  cost: '0.00036',
  seen: '0.000004',
  dress: (json: Record<string, unknown>) => ({ ...json, prompt_filter_results: [{ prompt_index: 0 }] }),
};

contractOf({
  name: 'Azure',
  ...azure,
  secrets: { AZURE_API_KEY: 'az-key', AZURE_BASE_URL: 'https://acme.openai.azure.com/openai/v1' },
  url: 'https://acme.openai.azure.com/openai/v1/chat/completions',
});

contractOf({
  name: 'Azure with an API version',
  ...azure,
  secrets: {
    AZURE_API_KEY: 'az-key',
    AZURE_BASE_URL: 'https://acme.openai.azure.com/openai',
    AZURE_API_VERSION: '2024-10-21',
  },
  url: 'https://acme.openai.azure.com/openai/deployments/gpt-4.1-mini/chat/completions?api-version=2024-10-21',
});

contractOf({
  name: 'Cerebras',
  secrets: { CEREBRAS_API_KEY: 'csk-1' },
  model: 'cerebras/gemma-4-31b',
  upstreamModel: 'gemma-4-31b',
  url: 'https://api.cerebras.ai/v1/chat/completions',
  key: ['authorization', 'Bearer csk-1'],
  // 1,000 x $0.99 + 50 x $1.49 per million: the cache costs as any input.
  cost: '0.0010645',
  seen: '0.00000743',
  dress: (json) => ({ ...json, time_info: { queue_time: 0.1, total_time: 0.2 } }),
});

contractOf({
  name: 'Groq',
  secrets: { GROQ_API_KEY: 'gsk-1' },
  model: 'groq/openai/gpt-oss-120b',
  upstreamModel: 'openai/gpt-oss-120b',
  url: 'https://api.groq.com/openai/v1/chat/completions',
  key: ['authorization', 'Bearer gsk-1'],
  // 600 x $0.15 + 400 x $0.075 + 50 x $0.60 per million.
  cost: '0.00015',
  seen: '0.0000015',
  dress: (json) => ({ ...json, x_groq: { id: 'req_1' } }),
});

contractOf({
  name: 'OpenRouter',
  secrets: { OPENROUTER_API_KEY: 'or-1' },
  model: 'openrouter/moonshotai/kimi-k3',
  upstreamModel: 'moonshotai/kimi-k3',
  url: 'https://openrouter.ai/api/v1/chat/completions',
  key: ['authorization', 'Bearer or-1'],
  // 600 x $3 + 400 x $0.30 + 50 x $15 per million.
  cost: '0.00267',
  seen: '0.000033',
  dress: (json) => ({ ...json, provider: 'Moonshot' }),
  before: ': OPENROUTER PROCESSING\n\n',
  renamed: (sent) => {
    expect(sent).toMatchObject({
      seed: 7,
      provider: { max_price: { prompt: 3, completion: 15, request: 0, image: 0.15 } },
    });
  },
});

contractOf({
  name: 'Mistral',
  secrets: { MISTRAL_API_KEY: 'ms-1' },
  model: 'mistral/mistral-large-2512',
  upstreamModel: 'mistral-large-2512',
  url: 'https://api.mistral.ai/v1/chat/completions',
  key: ['authorization', 'Bearer ms-1'],
  // 600 x $0.50 + 400 x $0.05 + 50 x $1.50 per million.
  cost: '0.000395',
  seen: '0.0000045',
  renamed: (sent) => {
    expect(sent).toMatchObject({ max_tokens: 500, random_seed: 7 });
    for (const name of ['max_completion_tokens', 'seed', 'stream_options']) expect(sent).not.toHaveProperty(name);
  },
});

describe('truncation: auto of Responses, which chat has no word for', () => {
  const AZURE = { AZURE_API_KEY: 'az-key', AZURE_BASE_URL: 'https://acme.openai.azure.com/openai/v1' };

  async function asked(secrets: Partial<Env>, truncation: string) {
    const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
    const sent: string[] = [];
    const fetch = async (url: string) => {
      sent.push(url);
      return Response.json({ error: { message: 'enough is seen' } }, { status: 422 });
    };
    const request = new Request(`${ORIGIN}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ model: 'gpt-4.1-mini', input: 'Hi', max_output_tokens: 20, truncation }),
    });
    const environment = { ...env, ...secrets, EGRESS: { fetch } as unknown as Fetcher } as Env;
    const ctx = createExecutionContext();
    const response = await worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, environment, ctx);
    await waitOnExecutionContext(ctx);
    const { error } = await json<ErrorBody>(response);
    return { status: response.status, param: error.param, sent, usage: (await keyOf(apiKey)).usage };
  }

  it('is refused by name at Azure, and nothing is held or sent', async () => {
    expect(await asked(AZURE, 'auto')).toEqual({ status: 400, param: 'truncation', sent: [], usage: '0' });
    expect((await asked(AZURE, 'disabled')).sent).toEqual([`${AZURE.AZURE_BASE_URL}/chat/completions`]);
  });

  it('goes to OpenAI where both could serve', async () => {
    const { sent } = await asked({ ...AZURE, OPENAI_API_KEY: 'sk-openai' }, 'auto');
    expect(sent).toEqual(['https://api.openai.com/v1/responses']);
  });
});

it.each([
  ['rerank-v3.5', '0.003'],
  ['openrouter/cohere/rerank-4-pro', '0.0075'],
])('OpenRouter reranks with %s, and what it counts as searches is paid for', async (model, cost) => {
  const { apiKey } = await seedOrganization({ budget: { usageLimit: '1' } });
  const sent: string[] = [];
  const results = [{ index: 0, relevance_score: 0.98, document: { text: 'apple' } }];
  const fetch = async (url: string, init: RequestInit) => {
    const body = JSON.parse(await new Response(init.body as BodyInit).text()) as { model: string };
    sent.push(`${url} ${body.model}`);
    return Response.json({ id: 'gen-1', model: body.model, results, usage: { search_units: 3, total_tokens: 9_000 } });
  };
  const request = new Request(`${ORIGIN}/v1/rerank`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model, query: 'fruit', documents: Array.from({ length: 250 }, () => 'apple') }),
  });
  const environment = { ...env, OPENROUTER_API_KEY: 'or-1', EGRESS: { fetch } as unknown as Fetcher } as Env;
  const ctx = createExecutionContext();
  const response = await worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, environment, ctx);
  expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ results })]);
  await waitOnExecutionContext(ctx);
  const upstreamModel = CATALOGUE_MAPPINGS.find(({ id, canonicalModel }) =>
    [id, canonicalModel].includes(model),
  )?.upstreamModel;
  expect(sent).toEqual([`https://openrouter.ai/api/v1/rerank ${upstreamModel}`]);
  expect((await keyOf(apiKey)).usage).toBe(cost);
});

it('every one has models, and is there only with its credentials', () => {
  for (const provider of COMPATIBLE) {
    expect(CATALOGUE_MAPPINGS.some((mapping) => mapping.provider === provider.id)).toBe(true);
    expect(provider.credentialOf(env)).toBeNull();
  }
});
