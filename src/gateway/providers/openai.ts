/**
 * OpenAI, and whatever speaks its protocol at OPENAI_BASE_URL. Same wire in and out, so bodies pass as they are.
 */
import type { Mapping } from '../../models/catalogue.ts';
import { type ChatRequest, messageText } from '../chat-completions/request.ts';
import type { OutputCount, Provider, ProviderCall } from './provider.ts';
import { estimateTokens, TextCount } from './text-count.ts';
import { upstreamUrl } from './upstream-url.ts';

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';

/** Client headers that mean something to OpenAI and nothing to us. */
const PASSED_HEADERS = ['openai-beta', 'openai-organization', 'openai-project'];

/** What the provider adds around messages and tools: a few tokens each. */
const TOKENS_PER_MESSAGE_MAX = 16;
const TOKENS_PER_REQUEST_MAX = 64;

/** The dearest image at any of its models (gpt-4o-mini, high detail, 2,833 + 8 tiles x 5,667) and the least text it takes the place of. */
const TOKENS_PER_IMAGE_MAX = 50_000;

export const openai: Provider = {
  id: 'openai',

  isConfigured: (env) => Boolean(env.OPENAI_API_KEY),

  chat({ env, body, streamed, clientHeaders, signal }: ProviderCall): Promise<Response> {
    const headers = new Headers({
      authorization: `Bearer ${env.OPENAI_API_KEY}`,
      'content-type': 'application/json',
      accept: streamed ? 'text/event-stream' : 'application/json',
    });
    for (const name of PASSED_HEADERS) {
      const value = clientHeaders.get(name);
      if (value !== null) headers.set(name, value);
    }
    const url = upstreamUrl(env, env.OPENAI_BASE_URL ?? DEFAULT_BASE_URL, 'chat/completions');
    // Redirects are not followed: they would carry the provider key wherever they point.
    return fetch(url, { method: 'POST', headers, body: JSON.stringify(body), redirect: 'manual', signal });
  },

  inputTokensMax(request: ChatRequest, bodyBytes: number): number {
    const images = request.messages.reduce((count, message) => count + imagesIn(message.content), 0);
    return (
      bodyBytes +
      TOKENS_PER_REQUEST_MAX +
      request.messages.length * TOKENS_PER_MESSAGE_MAX +
      images * TOKENS_PER_IMAGE_MAX
    );
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

  countOutput: (): OutputCount => new TextCount(),
};

function imagesIn(content: unknown): number {
  if (!Array.isArray(content)) return 0;
  return content.filter((part) => typeof part === 'object' && part !== null && 'image_url' in part).length;
}
