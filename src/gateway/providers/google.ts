/**
 * Google's AI Studio, and whatever speaks its Gemini API at GOOGLE_BASE_URL. Same wire in and out, so bodies pass as they are.
 */
import { geminiCount } from './gemini-count.ts';
import { asOpenAiSaysIt, batchOf, embeddingObjection } from './google-embeddings.ts';
import { drawingObjection, drawn, draws, isOfImages } from './google-images.ts';
import { inHttpTerms } from './google-refusal.ts';
import type { Operation, Provider, ProviderCall } from './provider.ts';
import { sendUpstream, upstreamUrl } from './upstream.ts';
import { withoutCredential } from './without-credential.ts';

const DEFAULT_BASE_URL = 'https://generativelanguage.googleapis.com';

/** The version with all models and all fields. */
const VERSION = 'v1beta';

export const google: Provider = {
  id: 'google',

  credentialOf({ GOOGLE_API_KEY: key, GOOGLE_BASE_URL: baseUrl }) {
    return key ? { key, baseUrl: baseUrl ?? null, settings: {}, of: 'deployment' } : null;
  },

  speaks: () => ['gemini'],

  serves: (operation, mapping) =>
    operation === 'models/countTokens' || operation === 'embeddings' || (isOfImages(operation) && draws(mapping)),

  objection({ operation, json }) {
    if (isOfImages(operation)) return drawingObjection(json);
    return operation === 'embeddings' ? embeddingObjection(json) : null;
  },

  async send(call: ProviderCall): Promise<Response> {
    if (isOfImages(call.operation)) return drawn(call, (asked) => post(asked, geminiMethod('gemini', false)));
    if (call.operation !== 'embeddings') return post(call, geminiMethod(call.operation, call.streamed));
    const model = call.mapping.upstreamModel;
    const { batch, base64 } = batchOf(String(call.body), model);
    return asOpenAiSaysIt(await post({ ...call, body: batch }, 'batchEmbedContents'), model, base64);
  },

  ...geminiCount,
};

async function post(
  { env, credential, mapping, body, contentType, signal }: ProviderCall,
  method: string,
): Promise<Response> {
  const { key, baseUrl } = credential;
  const path = `${VERSION}/models/${encodeURIComponent(mapping.upstreamModel)}:${method}`;
  const url = upstreamUrl(env, baseUrl ?? DEFAULT_BASE_URL, path);
  const headers = { 'x-goog-api-key': key, 'content-type': contentType };
  const answered = await sendUpstream(env, url, { method: 'POST', headers, body, signal });
  return inHttpTerms(await withoutCredential(answered, credential));
}

/** With `alt=sse` a stream is one of events; without, it would be one JSON array. */
export function geminiMethod(operation: Operation, streamed: boolean): string {
  if (operation === 'models/countTokens') return 'countTokens';
  if (operation !== 'gemini') throw new Error(`Gemini is not called for ${operation}`);
  return streamed ? 'streamGenerateContent?alt=sse' : 'generateContent';
}
