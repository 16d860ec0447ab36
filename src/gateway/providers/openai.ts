/**
 * OpenAI, and whatever speaks its protocol at OPENAI_BASE_URL. Same wire in and out, so bodies pass as they are.
 */
import type { Asked } from '../protocol.ts';
import { callOpenAiVideos } from './openai-videos.ts';
import { bearer, type OpenAiWire, openAiPaths, sendOnWire } from './openai-wire.ts';
import type { OutputCount, Provider } from './provider.ts';
import { estimateTokens, TextCount } from './text-count.ts';

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

/** What the provider adds around messages and tools: a few tokens each. */
const TOKENS_PER_MESSAGE_MAX = 16;
const TOKENS_PER_MESSAGE_ABOUT = 4;
const TOKENS_PER_REQUEST_MAX = 64;

/** The dearest image at any of its models: gpt-4o-mini, high detail, 2,833 + 8 tiles x 5,667, rounded up. */
const TOKENS_PER_IMAGE_MAX = 50_000;

export const openai: Provider = {
  id: 'openai',

  credentialOf({ OPENAI_API_KEY: key, OPENAI_BASE_URL: baseUrl }) {
    return key ? { key, baseUrl: baseUrl ?? null, settings: {}, of: 'deployment' } : null;
  },

  speaks: () => ['chat', 'responses'],

  serves: (operation) => operation === 'videos' || WIRE.paths[operation] !== undefined,

  send: (call) => sendOnWire(WIRE, call),

  callVideos: (call) => callOpenAiVideos(DEFAULT_BASE_URL, call),

  inputTokensMax({ items, media }: Asked, bodyBytes: number): number {
    let tokens = bodyBytes + TOKENS_PER_REQUEST_MAX + items * TOKENS_PER_MESSAGE_MAX;
    for (const { kind, embeddedBytes } of media) {
      // What a file or a recording holds cannot be told from its bytes, or from its id: only the model's context bounds it.
      if (kind !== 'image') return Number.POSITIVE_INFINITY;
      // An image is billed by its size in pixels, not by the bytes that carry it.
      tokens += TOKENS_PER_IMAGE_MAX - embeddedBytes;
    }
    return tokens;
  },

  inputTokensEstimate(asked: Asked): number {
    const besides = asked.items * TOKENS_PER_MESSAGE_ABOUT + estimateTokens(asked.toolsText());
    return asked.messageTexts().reduce((sum, text) => sum + estimateTokens(text), besides);
  },

  countOutput: (): OutputCount => new TextCount(),
};
