/**
 * Providers that speak OpenAI's chat protocol, as rows on its adapter: Azure, Cerebras, Groq, OpenRouter, Mistral. Each counts as
 * a provider since it passes the same contract (test/gateway/providers/contract.ts).
 *
 * What a provider lacks of the protocol it refuses itself, by name; a row only renames what it has under another name. Sources are
 * their own API references: learn.microsoft.com/azure/ai-foundry/openai, inference-docs.cerebras.ai, console.groq.com/docs,
 * openrouter.ai/docs, docs.mistral.ai.
 */
import type { Mapping } from '../../models/catalogue.ts';
import { boundOf } from '../../money/cost.ts';
import { formatUsd } from '../../money/nanos.ts';
import { dearestInputRate, dearestOutputRate, dearestRateOf, isPriced, priceAt } from '../../money/price.ts';
import type { Json } from '../protocol.ts';
import { isObject } from '../reported.ts';
import { IMAGE_TOKENS_MAX, openai } from './openai.ts';
import { bearer, type OpenAiWire, openAiPaths, sendOnWire } from './openai-wire.ts';
import type { Credential, Provider } from './provider.ts';

type Id = Provider['id'];

function compatible(id: Id, credentialOf: (env: Env) => Credential | null, wire: OpenAiWire): Provider {
  return {
    ...openai,
    id,
    credentialOf,
    speaks: () => ['chat'],
    serves: (operation) => wire.paths[operation] !== undefined,
    send: (call) => sendOnWire(wire, call),
  };
}

/** The deployment's own, from its secrets. */
function deployment(
  key: string | undefined,
  baseUrl: string | undefined,
  settings: Record<string, string> = {},
): Credential | null {
  return key ? { key, baseUrl: baseUrl ?? null, settings, of: 'deployment' } : null;
}

/**
 * The base URL is the resource's, with `/openai/v1`; or with `/openai` where an API version is set, whose paths then name the
 * deployment. Deployments are called as the model is.
 */
const azure = compatible(
  'azure',
  ({ AZURE_API_KEY: key, AZURE_BASE_URL: baseUrl, AZURE_API_VERSION: apiVersion }) =>
    baseUrl ? deployment(key, baseUrl, apiVersion ? { apiVersion } : {}) : null,
  {
    baseUrl: null,
    paths: openAiPaths('embeddings', 'images/generations', 'images/edits', 'audio/speech', 'audio/transcriptions'),
    pathOf(path, { upstreamModel }, { settings: { apiVersion } }) {
      if (apiVersion === undefined) return path;
      return `deployments/${encodeURIComponent(upstreamModel)}/${path}?api-version=${encodeURIComponent(apiVersion)}`;
    },
    authorization: (key) => ({ 'api-key': key }),
    passedHeaders: [],
  },
);

const cerebras = compatible('cerebras', ({ CEREBRAS_API_KEY: key, CEREBRAS_BASE_URL: url }) => deployment(key, url), {
  baseUrl: 'https://api.cerebras.ai/v1',
  paths: openAiPaths(),
  authorization: bearer,
  passedHeaders: [],
});

const groq = compatible('groq', ({ GROQ_API_KEY: key, GROQ_BASE_URL: url }) => deployment(key, url), {
  baseUrl: 'https://api.groq.com/openai/v1',
  paths: openAiPaths('audio/transcriptions'),
  authorization: bearer,
  passedHeaders: [],
});

const openrouter = compatible(
  'openrouter',
  ({ OPENROUTER_API_KEY: key, OPENROUTER_BASE_URL: url }) => deployment(key, url),
  {
    baseUrl: 'https://openrouter.ai/api/v1',
    paths: openAiPaths('embeddings', 'rerank'),
    authorization: bearer,
    // Which application asks.
    passedHeaders: ['http-referer', 'x-title'],
    adjust: withinPrice,
  },
);

const mistral = compatible('mistral', ({ MISTRAL_API_KEY: key, MISTRAL_BASE_URL: url }) => deployment(key, url), {
  baseUrl: 'https://api.mistral.ai/v1',
  paths: openAiPaths('embeddings', 'moderations', 'ocr', 'audio/transcriptions'),
  authorization: bearer,
  passedHeaders: [],
  adjust: inMistralsNames,
});

export const COMPATIBLE: readonly Provider[] = [azure, cerebras, groq, openrouter, mistral];

/**
 * OpenRouter sends a request to one of many providers, at a price of each one's own: so it is told the most that may be paid, which
 * is what the hold goes by. A lower one of the client's stays. An image is held for as the most tokens that one may have.
 */
function withinPrice(json: Json, { prices }: Mapping): Json {
  const price = priceAt(prices, Date.now());
  if (!price) return json;
  const read = dearestInputRate(price);
  const ours = {
    prompt: usdOf(dearestInputRate(price, ['text']), 1_000_000),
    completion: usdOf(dearestOutputRate(price), 1_000_000),
    request: usdOf(isPriced(price, 'request') ? dearestRateOf(price, 'request') : 0, 1),
    image: usdOf(read, IMAGE_TOKENS_MAX),
  };
  const provider = isObject(json.provider) ? json.provider : {};
  const theirs = isObject(provider.max_price) ? provider.max_price : {};
  const max_price: Json = {};
  for (const [what, most] of Object.entries(ours)) {
    const asked = theirs[what];
    const isLower = /^[\d.]+$/.test(String(asked)) && Number(asked) <= most;
    max_price[what] = isLower ? asked : most;
  }
  return { ...json, provider: { ...provider, max_price } };
}

/** USD for so many units at a rate. */
function usdOf(rate: number, units: number): number {
  return Number(formatUsd(boundOf(units, rate)));
}

/** Mistral counts a stream's tokens without being asked to, and refuses what it does not know. */
function inMistralsNames({ stream_options: _, max_completion_tokens, seed, ...json }: Json): Json {
  return {
    ...json,
    ...(max_completion_tokens != null && { max_tokens: max_completion_tokens }),
    ...(seed != null && { random_seed: seed }),
  };
}
