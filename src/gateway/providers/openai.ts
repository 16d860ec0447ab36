/**
 * OpenAI, and whatever speaks its protocol at OPENAI_BASE_URL. Same wire in and out, so bodies pass as they are.
 */
import { inputCount } from './input-count.ts';
import { callOpenAiVideos } from './openai-videos.ts';
import { bearer, type OpenAiWire, openAiPaths, sendOnWire } from './openai-wire.ts';
import type { OutputCount, Provider } from './provider.ts';
import { TextCount } from './text-count.ts';

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';

const WIRE: OpenAiWire = {
  baseUrl: DEFAULT_BASE_URL,
  paths: {
    responses: 'responses',
    ...openAiPaths(
      'embeddings',
      'moderations',
      'images/generations',
      'images/edits',
      'audio/speech',
      'audio/transcriptions',
    ),
  },
  authorization: bearer,
  // Not its organization and project: they decide which of the deployment's accounts there is billed.
  passedHeaders: ['openai-beta'],
};

/** The dearest image at any of its models: gpt-4o-mini, high detail, 2,833 + 8 tiles x 5,667, rounded up. */
export const IMAGE_TOKENS_MAX = 50_000;

const COUNT = inputCount({
  requestMax: 64,
  itemMax: 16,
  itemAbout: 4,
  imageMax: IMAGE_TOKENS_MAX,
  // One of 1,024 pixels a side, high detail, at most models: 85 + 4 tiles x 170.
  imageAbout: 765,
  fileAbout: 3_000,
});

export const openai: Provider = {
  id: 'openai',

  credentialOf({ OPENAI_API_KEY: key, OPENAI_BASE_URL: baseUrl }) {
    return key ? { key, baseUrl: baseUrl ?? null, settings: {}, of: 'deployment' } : null;
  },

  speaks: () => ['chat', 'responses'],

  serves: (operation) => operation === 'videos' || WIRE.paths[operation] !== undefined,

  send: (call) => sendOnWire(WIRE, call),

  callVideos: (call) => callOpenAiVideos(DEFAULT_BASE_URL, call),

  ...COUNT,

  countOutput: (): OutputCount => new TextCount(),
};
