/**
 * How the playground asks the gateway: as whoever is signed in, by a key that lives some minutes and is renewed as it is needed. It is
 * kept in memory only, and shown nowhere.
 */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type ChatCompletionBody, type Model, Purser, PurserError } from '../../../../client/index.ts';
import { isRefusal, purser, queryClient } from '../../shell/api.ts';

/** By which usage tells the playground's requests from others. */
export const APP = 'purser playground';

/** Two minutes less than the key lives, so that it outlives the answer it is used for. */
const KEY_FRESH_MS = 8 * 60_000;
/** Models and prices change seldom. */
export const MODELS_FRESH_MS = 5 * 60_000;

/** Where requests are asked from: an organization and, unless the server shall choose, one of its projects. */
export interface Place {
  orgId: string;
  projectId: string | undefined;
}

const keyQuery = ({ orgId, projectId }: Place) => ({
  queryKey: ['playground key', orgId, projectId ?? null],
  queryFn: () =>
    purser.call('POST /orgs/{orgId}/playground-key', { path: { orgId }, body: { ...(projectId && { projectId }) } }),
  staleTime: KEY_FRESH_MS,
  retry: false,
});

/** Does this under the key of that place; once more under a new one where the key has ended before its time. */
async function withKey<T>(place: Place, act: (key: string) => Promise<T>): Promise<T> {
  const query = keyQuery(place);
  try {
    return await act((await queryClient.fetchQuery(query)).secret);
  } catch (error) {
    if (!isRefusal(error, 401) || error.code !== 'invalid_api_key') throw error;
    queryClient.removeQueries({ queryKey: query.queryKey });
    return act((await queryClient.fetchQuery(query)).secret);
  }
}

/** The models that can hold a conversation, as this person may use them here. */
export async function readModels(place: Place): Promise<Model[]> {
  return withKey(place, async (key) => {
    const told = await new Purser({ baseUrl: location.origin, key }).call('GET /v1/models');
    // The other shape is told to Anthropic's clients only.
    return 'object' in told ? told.data.filter(({ serves }) => serves.includes('conversation')) : [];
  });
}

export interface Heard {
  text?: string;
  reasoning?: string;
  usage?: { cost: string | null; inputTokens: number; outputTokens: number };
  /** Why the provider stopped: `length` where it had no more room. */
  finish?: string;
  requestId?: string;
}

interface Chunk {
  error?: { message: string; code: string; metadata?: Record<string, unknown> };
  choices?: { delta?: { content?: string | null; reasoning_content?: string | null }; finish_reason?: string | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number; cost?: string } | null;
}

/** Asks for an answer and tells of it as it comes. Throws what refuses it, also where it is cut after it began. */
export function askModel(
  place: Place,
  body: Pick<ChatCompletionBody, 'model' | 'messages' | 'max_tokens'>,
  hear: (heard: Heard) => void,
  signal: AbortSignal,
): Promise<void> {
  const send = async (request: Request) => {
    request.headers.set('x-title', APP);
    const response = await fetch(request);
    hear({ requestId: response.headers.get('x-request-id') ?? '' });
    if (!response.ok || !response.body) return response;
    await hearAll(response.body, hear);
    return new Response(null);
  };
  return withKey(place, async (key) => {
    await new Purser({ baseUrl: location.origin, key, fetch: send }).call('POST /v1/chat/completions', {
      body: { ...body, stream: true, stream_options: { include_usage: true } } as ChatCompletionBody,
      signal,
    });
  });
}

async function hearAll(body: ReadableStream<Uint8Array>, hear: (heard: Heard) => void): Promise<void> {
  const events = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    if (read.value.data === '[DONE]') continue;
    const { error, choices, usage } = JSON.parse(read.value.data) as Chunk;
    if (error) throw new PurserError(403, { ...error, param: null }, null);
    const { delta, finish_reason } = choices?.[0] ?? {};
    if (delta?.content) hear({ text: delta.content });
    if (delta?.reasoning_content) hear({ reasoning: delta.reasoning_content });
    if (finish_reason) hear({ finish: finish_reason });
    if (usage) {
      const { cost = null, prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage;
      hear({ usage: { cost, inputTokens, outputTokens } });
    }
  }
}
