/**
 * An upstream in the wire formats of Google's AI Studio and Vertex AI that counts what it really made, and can misbehave: the
 * truth that bills are compared with. One token a word; steered by the `fake` field of the request. A function from Request to
 * Response, so that it can stand in a Worker (as EGRESS) as well as behind a server.
 */
import type { Json } from '../../src/gateway/protocol.ts';

export interface FakeGoogleAsk {
  /** Names the call, to look up afterwards what was made for it. */
  call?: string;
  words?: number;
  thoughts?: number;
  /** Of the prompt's tokens; told with the last chunk alone, if so. */
  cached?: number;
  cachedAtEnd?: boolean;
  /** Pause between words. */
  paceMs?: number;
  /** Says nothing for so long, before the first byte. */
  silentMs?: number;
  /** Refuses with this status. */
  status?: number;
  retryDelay?: string;
  /** After so many words of a stream: the connection breaks, an error is told, or garbage; or it ends as if it were done. */
  dieAfterWords?: number;
  failAfterWords?: number;
  garbageAfterWords?: number;
  stopAfterWords?: number;
  /** An HTML page in place of an answer, with a good status. */
  html?: boolean;
  /** A call of the first function, in place of words. */
  calls?: boolean;
  /** An image of so many tokens, in place of words. */
  imageTokens?: number;
  /** How large it is, in base64. */
  imageLength?: number;
  blocked?: boolean;
}

export interface FakeCall {
  url: string;
  headers: Headers;
  body: Json;
}

const PROMPT_TOKENS = 10;
const API_KEY = 'AIza-the-deployments-own';

export class FakeGoogle {
  readonly apiKey = API_KEY;
  /** Words written, by call. */
  readonly made = new Map<string, number>();
  readonly calls: FakeCall[] = [];
  /** Assertions that were traded for tokens. */
  readonly assertions: string[] = [];
  /** What the token endpoint gives; a status: it refuses. */
  grants: { token: string; expiresIn: number } | { status: number } = { token: 'ya29.first', expiresIn: 3_600 };

  /** As a service binding has it. */
  readonly fetch = (url: string, init: RequestInit): Promise<Response> => this.answer(new Request(url, init));

  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.endsWith('/token')) return this.#grant(await request.formData());
    const body = (await request.json()) as Json;
    this.calls.push({ url: request.url, headers: request.headers, body });
    const refusal = this.#refuse(request.headers);
    if (refusal) return refusal;
    const ask = (body.fake ?? {}) as FakeGoogleAsk;
    if (ask.silentMs) await pause(ask.silentMs, request.signal);
    if (ask.status) return failure(ask.status, ask.retryDelay);
    if (ask.html)
      return new Response('<html><h1>502 Bad Gateway</h1></html>', { headers: { 'content-type': 'text/html' } });
    if (url.pathname.endsWith(':countTokens')) return Response.json({ totalTokens: 123 });
    if (url.pathname.endsWith(':batchEmbedContents')) {
      const requests = body.requests as unknown[];
      return Response.json({ embeddings: requests.map((_, index) => ({ values: [index, 0.5] })) });
    }
    const chunks = this.#chunks(ask, body, request.signal);
    if (!url.pathname.endsWith(':streamGenerateContent')) return whole(chunks);
    if (url.searchParams.get('alt') !== 'sse') return failure(400);
    return new Response(streamOf(chunks), { headers: { 'content-type': 'text/event-stream' } });
  }

  #grant(form: FormData): Response {
    this.assertions.push(String(form.get('assertion')));
    const { grants } = this;
    if ('status' in grants) {
      const told = { error: 'invalid_grant', error_description: `Invalid JWT: ${form.get('assertion')}` };
      return Response.json(told, { status: grants.status });
    }
    return Response.json({ access_token: grants.token, expires_in: grants.expiresIn, token_type: 'Bearer' });
  }

  /** The key of AI Studio, or the token of Vertex; a refusal quotes what it was given. */
  #refuse(headers: Headers): Response | null {
    const key = headers.get('x-goog-api-key');
    if (key !== null)
      return key === API_KEY ? null : failure(400, undefined, `API key not valid: ${key}`, 'API_KEY_INVALID');
    const { grants } = this;
    if ('token' in grants && headers.get('authorization') === `Bearer ${grants.token}`) return null;
    return failure(401, undefined, `Request had invalid credentials: ${headers.get('authorization')}`);
  }

  async *#chunks(ask: FakeGoogleAsk, body: Json, signal: AbortSignal): AsyncGenerator<object | string> {
    const { call = 'unnamed', words = 5, thoughts = 0, cached = 0, paceMs = 0, imageTokens = 0 } = ask;
    const fromCache = cached > 0 ? { cachedContentTokenCount: cached } : {};
    const prompt = { promptTokenCount: PROMPT_TOKENS, ...(!ask.cachedAtEnd && fromCache) };
    const thought = thoughts > 0 ? { thoughtsTokenCount: thoughts } : {};
    const counted = (made: number) => ({ ...prompt, ...thought, ...(made > 0 && { candidatesTokenCount: made }) });
    const chunk = (parts: object[], made: number, more: object = {}, details: object = {}) => ({
      candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
      usageMetadata: { ...counted(made), ...details },
      modelVersion: 'fake-google',
      responseId: 'resp-1',
    });
    const done = { finishReason: 'STOP' };
    this.made.set(call, 0);
    if (ask.blocked) {
      yield { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: counted(0), responseId: 'resp-1' };
      return;
    }
    if (ask.calls) {
      const [tool] = body.tools as { functionDeclarations: { name: string }[] }[];
      const name = tool?.functionDeclarations[0]?.name;
      yield chunk([{ functionCall: { name, args: { city: 'Oslo' } }, thoughtSignature: 'c2ln' }], 7, done);
      this.made.set(call, 7);
      return;
    }
    if (imageTokens > 0) {
      const candidatesTokensDetails = [{ modality: 'IMAGE', tokenCount: imageTokens }];
      const data = ask.imageLength ? 'A'.repeat(ask.imageLength) : 'iVBORw0KGgo=';
      const inlineData = { mimeType: 'image/png', data };
      yield chunk([{ inlineData }], imageTokens, done, { candidatesTokensDetails });
      return;
    }
    if (thoughts > 0) yield chunk([{ text: 'Hm.', thought: true }], 0);
    for (let i = 0; i < words; i++) {
      if (i === ask.dieAfterWords) throw new Error('the fake was asked to die here');
      if (i === ask.failAfterWords)
        yield JSON.stringify({ error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } });
      if (i === ask.garbageAfterWords) yield '{"candidates": [';
      if (i === ask.stopAfterWords) return;
      if (paceMs > 0) await pause(paceMs, signal);
      this.made.set(call, i + 1);
      yield chunk([{ text: ' word' }], i + 1);
    }
    yield chunk([{ text: '' }], words, done, fromCache);
  }
}

async function whole(chunks: AsyncGenerator<object | string>): Promise<Response> {
  let last: Json = {};
  const parts: unknown[] = [];
  for await (const chunk of chunks) {
    if (typeof chunk === 'string') return new Response(chunk, { headers: { 'content-type': 'application/json' } });
    last = chunk as Json;
    const [candidate] = (last.candidates ?? []) as { content: { parts: unknown[] } }[];
    parts.push(...(candidate?.content.parts ?? []));
  }
  const [candidate] = (last.candidates ?? []) as Json[];
  const candidates = candidate ? { candidates: [{ ...candidate, content: { role: 'model', parts } }] } : {};
  return Response.json({ ...last, ...candidates });
}

/** Makes each chunk when it is asked for, so that what was made is what was read. */
function streamOf(chunks: AsyncGenerator<object | string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else
          controller.enqueue(
            encoder.encode(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}\r\n\r\n`),
          );
      },
      async cancel() {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

function failure(
  status: number,
  retryDelay?: string,
  message = 'The fake was asked to fail.',
  reason?: string,
): Response {
  const details = [
    ...(reason ? [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }] : []),
    ...(retryDelay ? [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }] : []),
  ];
  return Response.json({ error: { code: status, message, status: 'FAKE', details } }, { status });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  signal.throwIfAborted();
}
