/**
 * The demo provider: deterministic, no network, in OpenAI's wire format. Only local builds contain it.
 *
 * One token per whitespace-separated word, in and out, so that every cost can be checked by hand: input $1, cached input
 * $0.10, output $2 per million tokens. The request's `demo` field steers it, also into misbehaving.
 */
import { type ChatRequest, messageText } from '../gateway/chat-completions/request.ts';
import type { OutputCount, Provider, ProviderCall } from '../gateway/providers/provider.ts';
import type { Mapping } from '../models/catalogue.ts';
import type { Price } from '../money/price.ts';

const PRICE: Price = {
  version: 'demo@0',
  effectiveFrom: null,
  // Picodollars per token: $1, $0.10 and $2 per million.
  tiers: [{ aboveInputTokens: 0, rates: { input: 1_000_000, cachedInput: 100_000, output: 2_000_000 } }],
};

const WORDS_DEFAULT = 100;
const REASONING_DEFAULT = 50;

function mapping(name: string, hiddenReasoning: boolean): Mapping {
  return {
    id: `demo/${name}`,
    provider: 'demo',
    upstreamModel: name,
    canonicalModel: `demo-${name}`,
    contextTokens: 1_000_000,
    maxOutputTokens: 131_072,
    hiddenReasoning,
    abilities: { tools: false, images: false, jsonSchema: false, reasoning: hiddenReasoning },
    prices: [PRICE],
  };
}

export const DEMO_MAPPINGS: readonly Mapping[] = [
  mapping('echo', false),
  mapping('words', false),
  mapping('thinker', true),
];

export const demoProvider: Provider = {
  id: 'demo',
  isConfigured: () => true,
  chat: async (call) => {
    const request = JSON.parse(call.body) as ChatRequest;
    const answer = plan(request);
    const { failStatus, delayMs = 0, silentMs = 0 } = request.demo ?? {};
    if (failStatus !== undefined) return failure(failStatus);
    await pause(delayMs, call.signal);
    if (call.streamed) return streamed(call, request, answer, silentMs);
    await pause(silentMs + paceMs(request) * answer.words.length, call.signal);
    if (request.demo?.failAfterTokens !== undefined) return failure(500);
    return whole(request, answer);
  },
  unpricedField: () => null,
  // The demo provider counts exactly, so its bound is its count.
  inputTokensMax: (request) => inputTokens(request),
  inputTokensEstimate: (request) => inputTokens(request),
  outputTokensMax: (request) => outputTokensMax(request) * (request.n ?? 1),
  capField: () => 'max_completion_tokens',
  countOutput: (): OutputCount => new WordCount(),
};

/** One delta is one word. */
class WordCount implements OutputCount {
  #words = 0;

  add(text: string): void {
    this.#words += countWords(text);
  }

  get tokensMax(): number {
    return this.#words;
  }

  get tokensEstimate(): number {
    return this.#words;
  }
}

interface Plan {
  words: string[];
  reasoning: number;
  cutShort: boolean;
}

/** What the provider will say, before it says it: its model's words within `max_tokens`, as honest providers do. */
function plan(request: ChatRequest): Plan {
  const model = request.model.replace(/^demo[/-]/, '');
  const cap = request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY;
  const thinks = model === 'thinker';
  const thought = request.demo?.reasoningTokens ?? (thinks ? REASONING_DEFAULT : 0);
  const reasoning = Math.min(cap, thought);
  const available = model === 'echo' ? lastUserWords(request) : null;
  const wanted = request.demo?.outputTokens ?? available?.length ?? WORDS_DEFAULT;
  const count = Math.min(wanted, cap - reasoning);
  const words = Array.from({ length: count }, (_, i) => available?.[i % available.length] ?? `word${i + 1}`);
  return { words, reasoning, cutShort: count < wanted || reasoning < thought };
}

/** Exact where the request steers the output or leaves it open; a plain `max_tokens` binds as it does anywhere else. */
function outputTokensMax(request: ChatRequest): number {
  const cap = request.max_completion_tokens ?? request.max_tokens;
  if (cap != null && request.demo?.outputTokens === undefined) return cap;
  const { words, reasoning } = plan(request);
  return words.length + reasoning;
}

function inputTokens(request: ChatRequest): number {
  return request.messages.reduce((sum, message) => sum + countWords(messageText(message)), 0);
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

function lastUserWords(request: ChatRequest): string[] {
  const last = request.messages.findLast((message) => message.role === 'user');
  return (last && messageText(last).match(/\S+/g)) ?? [];
}

function usageOf(request: ChatRequest, words: number, reasoning: number): Record<string, unknown> {
  const prompt = inputTokens(request);
  const choices = request.n ?? 1;
  const completion = (words + reasoning) * choices + (request.demo?.overrunTokens ?? 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: Math.min(prompt, request.demo?.cachedTokens ?? 0) },
    completion_tokens_details: { reasoning_tokens: reasoning * choices },
  };
}

function head(request: ChatRequest, object: string): Record<string, unknown> {
  return { id: 'chatcmpl-demo', object, created: Math.floor(Date.now() / 1000), model: `demo/${request.model}` };
}

function whole(request: ChatRequest, { words, reasoning, cutShort }: Plan): Response {
  const choices = Array.from({ length: request.n ?? 1 }, (_, index) => ({
    index,
    message: { role: 'assistant', content: words.join(' ') },
    finish_reason: cutShort ? 'length' : 'stop',
  }));
  return Response.json({
    ...head(request, 'chat.completion'),
    choices,
    usage: usageOf(request, words.length, reasoning),
  });
}

/** Makes each event when it is asked for, so that what was made is what was read. */
function streamed(call: ProviderCall, request: ChatRequest, answer: Plan, silentMs: number): Response {
  const encoder = new TextEncoder();
  const events = eventsOf(call, request, answer, silentMs);
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await events.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await events.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

async function* eventsOf(
  { signal }: ProviderCall,
  request: ChatRequest,
  { words, reasoning, cutShort }: Plan,
  silentMs: number,
): AsyncGenerator<string, void, undefined> {
  const frame = head(request, 'chat.completion.chunk');
  const choices = request.n ?? 1;
  const failAfter = request.demo?.failAfterTokens;
  const event = (index: number, delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ ...frame, choices: [{ index, delta, finish_reason: finish }] })}\n\n`;
  await pause(silentMs, signal);
  let made = 0;
  for (let index = 0; index < choices; index++) {
    yield event(index, { role: 'assistant', content: '' }, null);
    for (const [i, word] of words.entries()) {
      if (made === failAfter) throw new Error('the demo provider was asked to fail here');
      await pause(paceMs(request), signal);
      made += 1;
      yield event(index, { content: i === 0 ? word : ` ${word}` }, null);
    }
    if (made === failAfter) throw new Error('the demo provider was asked to fail here');
    yield event(index, {}, cutShort ? 'length' : 'stop');
  }
  const usage = usageOf(request, words.length, reasoning);
  yield `data: ${JSON.stringify({ ...frame, choices: [], usage })}\n\n`;
  yield 'data: [DONE]\n\n';
}

function paceMs(request: ChatRequest): number {
  const tokensPerSecond = request.demo?.tokensPerSecond;
  return tokensPerSecond === undefined ? 0 : 1000 / tokensPerSecond;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stopped);
      resolve();
    }, ms);
    const stopped = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', stopped, { once: true });
  });
}

function failure(status: number): Response {
  const headers = status === 429 ? { 'retry-after': '1' } : {};
  const error = {
    message: `The demo provider was asked to fail with ${status}.`,
    type: 'demo',
    code: 'demo',
    param: null,
  };
  return Response.json({ error }, { status, headers });
}
