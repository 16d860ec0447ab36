/**
 * OpenAI, and whatever speaks its protocol at OPENAI_BASE_URL. Same wire in and out, so bodies pass as they are.
 */
import type { Asked } from '../protocol.ts';
import type { SurfaceId } from '../surfaces/surface.ts';
import { isSurface } from '../surfaces/surfaces.ts';
import { callOpenAiVideos } from './openai-videos.ts';
import type { Operation, OutputCount, Provider, ProviderCall } from './provider.ts';
import { estimateTokens, TextCount } from './text-count.ts';
import { sendUpstream, upstreamUrl } from './upstream.ts';
import { withoutCredential } from './without-credential.ts';

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';

const SURFACES: readonly SurfaceId[] = [
  'embeddings',
  'moderations',
  'images/generations',
  'images/edits',
  'audio/speech',
  'audio/transcriptions',
];

const PATHS: Partial<Record<Operation, string>> = {
  chat: 'chat/completions',
  responses: 'responses',
  ...Object.fromEntries(SURFACES.map((surface) => [surface, surface])),
};

/**
 * Client headers that mean something to OpenAI and nothing to us. Not its organization and project: they decide which of the
 * deployment's accounts there is billed.
 */
const PASSED_HEADERS = ['openai-beta'];

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

  serves: (operation) => operation === 'videos' || PATHS[operation] !== undefined,

  async send(call: ProviderCall): Promise<Response> {
    const { env, credential, operation, body, contentType, streamed, clientHeaders, signal } = call;
    const path = PATHS[operation];
    if (path === undefined) throw new Error(`OpenAI is not called for ${operation}`);
    const headers: Record<string, string> = {
      authorization: `Bearer ${credential.key}`,
      'content-type': contentType,
      // Sound comes as sound.
      accept: streamed ? 'text/event-stream' : isSurface(operation) ? '*/*' : 'application/json',
    };
    for (const name of PASSED_HEADERS) {
      const value = clientHeaders.get(name);
      if (value !== null) headers[name] = value;
    }
    const url = upstreamUrl(env, credential.baseUrl ?? DEFAULT_BASE_URL, path);
    return withoutCredential(await sendUpstream(env, url, { method: 'POST', headers, body, signal }), credential.key);
  },

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
