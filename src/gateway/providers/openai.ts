/**
 * OpenAI, and whatever speaks its protocol at OPENAI_BASE_URL. Same wire in and out, so bodies pass as they are.
 */
import type { Mapping } from '../../models/catalogue.ts';
import { type ChatRequest, messageText } from '../chat-completions/request.ts';
import type { OutputCount, Provider, ProviderCall } from './provider.ts';
import { estimateTokens, TextCount } from './text-count.ts';
import { sendUpstream, upstreamUrl } from './upstream.ts';
import { withoutCredential } from './without-credential.ts';

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';

/**
 * Client headers that mean something to OpenAI and nothing to us. Not its organization and project: they decide which of the
 * deployment's accounts there is billed.
 */
const PASSED_HEADERS = ['openai-beta'];

/** What the provider adds around messages and tools: a few tokens each. */
const TOKENS_PER_MESSAGE_MAX = 16;
const TOKENS_PER_REQUEST_MAX = 64;

/** The dearest image at any of its models: gpt-4o-mini, high detail, 2,833 + 8 tiles x 5,667, rounded up. */
const TOKENS_PER_IMAGE_MAX = 50_000;

/** Dearer than the prices we have. */
const UNPRICED_TIERS: ReadonlySet<unknown> = new Set(['priority', 'scale']);

export const openai: Provider = {
  id: 'openai',

  isConfigured: (env) => Boolean(env.OPENAI_API_KEY),

  async chat({ env, body, streamed, clientHeaders, signal }: ProviderCall): Promise<Response> {
    const key = env.OPENAI_API_KEY ?? '';
    const headers: Record<string, string> = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: streamed ? 'text/event-stream' : 'application/json',
    };
    for (const name of PASSED_HEADERS) {
      const value = clientHeaders.get(name);
      if (value !== null) headers[name] = value;
    }
    const url = upstreamUrl(env, env.OPENAI_BASE_URL ?? DEFAULT_BASE_URL, 'chat/completions');
    return withoutCredential(await sendUpstream(env, url, { method: 'POST', headers, body, signal }), key);
  },

  unpricedField(request: ChatRequest): string | null {
    if (request.web_search_options !== undefined) return 'web_search_options';
    return UNPRICED_TIERS.has(request.service_tier) ? 'service_tier' : null;
  },

  inputTokensMax(request: ChatRequest, bodyBytes: number): number {
    let tokens = bodyBytes + TOKENS_PER_REQUEST_MAX + request.messages.length * TOKENS_PER_MESSAGE_MAX;
    for (const part of partsOf(request)) {
      // What a file holds cannot be told from its bytes, or from its id: only the model's context bounds it.
      if (part.type === 'file') return Number.POSITIVE_INFINITY;
      // An image is billed by its size in pixels, not by the bytes that carry it.
      if (part.type === 'image_url') tokens += TOKENS_PER_IMAGE_MAX - embeddedBytes(part.image_url);
    }
    return tokens;
  },

  inputTokensEstimate(request: ChatRequest): number {
    const tools = request.tools ? JSON.stringify(request.tools) : '';
    return request.messages.reduce(
      (sum, message) => sum + 4 + estimateTokens(messageText(message)),
      estimateTokens(tools),
    );
  },

  outputTokensMax(request: ChatRequest, mapping: Mapping): number {
    const asked = request.max_completion_tokens ?? request.max_tokens ?? mapping.maxOutputTokens;
    return Math.min(asked, mapping.maxOutputTokens) * (request.n ?? 1);
  },

  capField(request: ChatRequest, mapping: Mapping): 'max_tokens' | 'max_completion_tokens' {
    // Models that reason refuse max_tokens; elsewhere both mean the same, and what the client knows to work stays.
    if (mapping.hiddenReasoning || request.max_completion_tokens != null) return 'max_completion_tokens';
    return 'max_tokens';
  },

  countOutput: (): OutputCount => new TextCount(),
};

function partsOf(request: ChatRequest): { type: string; image_url?: unknown }[] {
  return request.messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
}

/** How many bytes of the body are an image itself rather than a link to one. */
function embeddedBytes(image: unknown): number {
  const url = typeof image === 'object' && image !== null && 'url' in image ? image.url : null;
  return typeof url === 'string' && url.startsWith('data:') ? url.length : 0;
}
