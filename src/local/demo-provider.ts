/**
 * The demo provider: deterministic, no network, in every protocol. Only local builds contain it.
 *
 * One token per whitespace-separated word, in and out, so that every cost can be checked by hand: input $1, cached input
 * $0.10, output $2 per million tokens; what it charges for beside conversations is told in demo-surfaces.ts and
 * demo-videos.ts. The request's `demo` field steers it, also into misbehaving.
 */
import type { Asked } from '../gateway/protocol.ts';
import { PROTOCOLS } from '../gateway/protocols.ts';
import type { OutputCount, Provider } from '../gateway/providers/provider.ts';
import { isSurface } from '../gateway/surfaces/surfaces.ts';
import type { Mapping } from '../models/catalogue.ts';
import { NO_USAGE, type Usage } from '../money/cost.ts';
import type { Price } from '../money/price.ts';
import { type Plan, pause, streamed, whole } from './demo-answers.ts';
import { failure } from './demo-failure.ts';
import { answerSurface, DEMO_SURFACES } from './demo-surfaces.ts';
import { answerVideo, DEMO_VIDEO } from './demo-videos.ts';

const PRICE: Price = {
  version: 'demo@0',
  effectiveFrom: null,
  // Picodollars per token: $1, $0.10 and $2 per million.
  tiers: [{ aboveInputTokens: 0, rates: { input: 1_000_000, cachedInput: 100_000, output: 2_000_000 } }],
};

const WORDS_DEFAULT = 100;
const REASONING_DEFAULT = 50;

function mapping(name: string, reasoning: boolean): Mapping {
  return {
    id: `demo/${name}`,
    provider: 'demo',
    upstreamModel: name,
    canonicalModel: `demo-${name}`,
    contextTokens: 1_000_000,
    maxOutputTokens: 131_072,
    reasons: reasoning ? 'always' : 'never',
    abilities: { tools: false, images: false, jsonSchema: false, reasoning },
    prices: [PRICE],
  };
}

export const DEMO_MAPPINGS: readonly Mapping[] = [
  mapping('echo', false),
  mapping('words', false),
  mapping('thinker', true),
  ...DEMO_SURFACES,
  DEMO_VIDEO,
];

export const demoProvider: Provider = {
  id: 'demo',
  credentialOf: () => ({ key: '', baseUrl: null, settings: {}, of: 'deployment' }),
  speaks: () => ['chat', ...PROTOCOLS.keys()],
  serves: (operation) => operation === 'videos' || isSurface(operation),
  callVideos: answerVideo,
  async send(call) {
    const { body, mapping: served, operation, signal, streamed: streams } = call;
    if (isSurface(operation)) return answerSurface(call, operation);
    const { upstreamModel: model } = served;
    const protocol = [...PROTOCOLS.values()].find(({ id }) => id === operation);
    if (!protocol) throw new Error(`this build does not speak ${operation}`);
    const understood = protocol.ask(JSON.parse(String(body)), { model, streamed: streams });
    if ('refusal' in understood) return failure(400);
    const { understood: asked } = understood;
    const answer = plan(asked, model);
    const { failStatus, delayMs = 0, silentMs = 0, failAfterTokens, tokensPerSecond } = asked.demo ?? {};
    if (failStatus !== undefined) return failure(failStatus);
    await pause(delayMs, signal);
    const everyMs = tokensPerSecond === undefined ? 0 : 1000 / tokensPerSecond;
    const paced = { ...answer, everyMs, silentMs, failAfterTokens, signal };
    if (streams) return streamed(protocol, asked, paced);
    await pause(silentMs + everyMs * answer.words.length, signal);
    return failAfterTokens === undefined ? whole(protocol, asked, answer) : failure(500);
  },
  // The demo provider counts exactly, so its bounds are its count.
  inputTokensMax: inputTokens,
  inputTokensMin: inputTokens,
  inputTokensEstimate: inputTokens,
  outputTokensMax: (asked, { upstreamModel }) => outputTokensMax(asked, upstreamModel) * asked.choices,
  countOutput: (): OutputCount => new WordCount(),
};

/** One delta is one word. */
class WordCount implements OutputCount {
  #words = 0;

  add(text: string): void {
    this.#words += wordsOf(text).length;
  }

  get tokensMax(): number {
    return this.#words;
  }

  get tokensEstimate(): number {
    return this.#words;
  }
}

/** What the provider will say, before it says it: its model's words within the cap, as honest providers do. */
function plan(asked: Asked, model: string): Plan {
  const cap = asked.cap?.tokens ?? Number.POSITIVE_INFINITY;
  const thought = asked.demo?.reasoningTokens ?? (model === 'thinker' ? REASONING_DEFAULT : 0);
  const reasoning = Math.min(cap, thought);
  const available = model === 'echo' ? wordsOf(asked.lastUserText()) : null;
  const wanted = asked.demo?.outputTokens ?? available?.length ?? WORDS_DEFAULT;
  const count = Math.min(wanted, cap - reasoning);
  const words = Array.from({ length: count }, (_, i) => available?.[i % available.length] ?? `word${i + 1}`);
  return {
    words,
    model,
    cutShort: count < wanted || reasoning < thought,
    usage: usageOf(asked, words.length, reasoning),
  };
}

function usageOf({ choices, demo, ...asked }: Asked, words: number, reasoning: number): Usage {
  const input = inputTokens(asked);
  const cachedInput = Math.min(input, demo?.cachedTokens ?? 0);
  return {
    ...NO_USAGE,
    input: input - cachedInput,
    cachedInput,
    output: words * choices + (demo?.overrunTokens ?? 0),
    reasoning: reasoning * choices,
  };
}

/** Exact where the request steers the output or leaves it open; a plain cap binds as it does anywhere else. */
function outputTokensMax(asked: Asked, model: string): number {
  if (asked.cap && asked.demo?.outputTokens === undefined) return asked.cap.tokens;
  const { words, usage } = plan({ ...asked, choices: 1 }, model);
  return words.length + usage.reasoning;
}

function inputTokens({ messageTexts }: Pick<Asked, 'messageTexts'>): number {
  return messageTexts().reduce((sum, text) => sum + wordsOf(text).length, 0);
}

function wordsOf(text: string): string[] {
  return text.match(/\S+/g) ?? [];
}
