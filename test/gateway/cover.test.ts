import { describe, expect, it } from 'vitest';
import { chat } from '../../src/gateway/chat-completions/protocol.ts';
import { ask, coverOf, tailOf } from '../../src/gateway/cover.ts';
import type { Asked, Json } from '../../src/gateway/protocol.ts';
import { openai } from '../../src/gateway/providers/openai.ts';
import { amountFor, type Quote, quote } from '../../src/gateway/quote.ts';
import { LIMITS } from '../../src/limits.ts';
import { DEMO_MAPPINGS, demoProvider } from '../../src/local/demo-provider.ts';
import { CATALOGUE_MAPPINGS } from '../../src/models/catalogue.ts';
import { nanos } from '../../src/money/nanos.ts';
import { askedChat, askedGemini, askedMessages, askedResponses } from '../support/asked.ts';

function quoted(model: string, body: Json): Quote {
  const mapping = DEMO_MAPPINGS.find(({ id }) => id === model);
  const made = mapping && quote(askedChat(body), 100, mapping, demoProvider, 0);
  if (!made) throw new Error('the test is set up wrong');
  return made;
}

/** Two words in at $1 and so many out at $2 per million. */
const costing = (tokens: number) => nanos(2_000 + tokens * 2_000);

const LONG = { max_tokens: 64_000 };
const WORDS = quoted('demo/words', LONG);
const THINKER = quoted('demo/thinker', LONG);

describe('what is asked of the ledger', () => {
  it.each<[string, Quote, boolean, number, object | null]>([
    ['a stream: its first slice', WORDS, true, 256, null],
    ['a short stream: all of it', quoted('demo/words', { max_tokens: 100 }), true, 100, null],
    [
      'a whole answer: its worst case, or a first slice',
      WORDS,
      false,
      64_000,
      { kind: 'exactly', amount: costing(256) },
    ],
    ['a short whole answer: all of it', quoted('demo/words', { max_tokens: 100 }), false, 100, null],
    [
      'hidden output: its worst case, or what is left',
      THINKER,
      true,
      64_000,
      { kind: 'at_least', amount: costing(16) },
    ],
    [
      'hidden output of three choices: as much for each',
      quoted('demo/thinker', { ...LONG, n: 3 }),
      false,
      192_000,
      { kind: 'at_least', amount: costing(48) },
    ],
    ['hidden output of few tokens: just these', quoted('demo/thinker', { max_tokens: 9 }), false, 9, null],
  ])('for %s', (_, made, streamed, tokens, otherwise) => {
    expect(ask(made, streamed)).toMatchObject({ amount: costing(tokens), otherwise });
  });

  it('is nothing where no price is known', () => {
    expect(ask(null, true)).toEqual({ amount: null, otherwise: null });
  });

  it('may be the last of the budget for what can be watched, in one call', () => {
    expect(ask(WORDS, true).least).toBe(costing(16));
    expect(ask(WORDS, false).least).toBe(costing(16));
    expect(ask(THINKER, true).least).toBeUndefined();
  });
});

describe('what a grant covers', () => {
  it.each<[string, Quote, boolean, number, object]>([
    ['all of a stream is watched all the same', WORDS, true, 64_000, { watched: true, tokens: 64_000, cap: null }],
    ['a slice of a stream is watched', WORDS, true, 256, { watched: true, tokens: 256, tokensMax: 64_000, cap: null }],
    ['all of a whole answer is left as it is', WORDS, false, 64_000, { watched: false, tokens: 64_000, cap: null }],
    ['a slice of a whole answer is watched', WORDS, false, 256, { watched: true, tokens: 256, tokensMax: 64_000 }],
    ['all of hidden output is left as it is', THINKER, true, 64_000, { watched: false, tokens: 64_000, cap: null }],
    ['a part of hidden output caps it', THINKER, true, 100, { watched: false, tokens: 100, tokensMax: 100, cap: 100 }],
    [
      'a part of three hidden choices caps each',
      quoted('demo/thinker', { ...LONG, n: 3 }),
      false,
      100,
      { watched: false, tokens: 99, tokensMax: 99, cap: 33 },
    ],
  ])('%s', (_, made, streamed, tokens, cover) => {
    expect(coverOf(made, streamed, costing(tokens))).toMatchObject(cover);
  });

  it('never more than the money buys, at real prices too', () => {
    const mapping = CATALOGUE_MAPPINGS.find(({ id }) => id === 'openai/gpt-4o-mini');
    const made = mapping && quote(askedChat(LONG_MINI), 100, mapping, openai, Date.UTC(2026, 10, 1));
    if (!made) throw new Error('the test is set up wrong');
    for (let granted = amountFor(made, 16); granted < amountFor(made, 40); granted = nanos(granted + 7)) {
      const { tokens } = coverOf(made, true, granted);
      expect(amountFor(made, tokens)).toBeLessThanOrEqual(granted);
      expect(amountFor(made, tokens + 1)).toBeGreaterThan(granted);
    }
  });
});

const LONG_MINI = { max_tokens: 16_000 };

describe('output that no stream shows', () => {
  const gpt = CATALOGUE_MAPPINGS.find(({ id }) => id === 'openai/gpt-4o-mini');
  const reasoning = CATALOGUE_MAPPINGS.find(({ id }) => id === 'openai/gpt-5-mini');
  if (!gpt || !reasoning) throw new Error('the test is set up wrong');

  it.each<[string, boolean, Json]>([
    ['text', true, {}],
    ['text by name', true, { modalities: ['text'] }],
    ['a prediction, whose rejected tokens are billed unseen', false, { prediction: { type: 'content', content: 'x' } }],
    ['sound', false, { modalities: ['text', 'audio'] }],
  ])('(%s) is watchable: %s', (_, watchable, body) => {
    expect(quote(askedChat(body), 100, gpt, openai, Date.UTC(2026, 10, 1))?.watchable).toBe(watchable);
  });

  it('is what a reasoning model makes, and it is capped by the field that it honours', () => {
    expect(quote(askedChat({}), 100, reasoning, openai, Date.UTC(2026, 10, 1))?.watchable).toBe(false);
    const capped = (body: Json, mapping = gpt) => chat.body(askedChat(body), { mapping, streams: false, cap: 3 });
    expect(capped({ max_tokens: 5 }, reasoning)).toMatchObject({ max_completion_tokens: 3 });
    expect(capped({ max_tokens: 5 }, reasoning)).not.toHaveProperty('max_tokens');
    expect(capped({ max_completion_tokens: 5 })).toMatchObject({ max_completion_tokens: 3 });
    expect(capped({ max_tokens: 5 })).toMatchObject({ max_tokens: 3 });
  });
});

it.each([
  [16, 4],
  [100, 25],
  [LIMITS.sliceTokensMin, LIMITS.tailTokens],
  [100_000, LIMITS.tailTokens],
])('of %i covered tokens %i are kept for what comes after a cancel', (tokens, tail) => {
  expect(tailOf(tokens)).toBe(tail);
});

describe('a model that is able to reason', () => {
  const off = { thinking: { type: 'disabled' } };
  const adaptive = { thinking: { type: 'adaptive' } };
  const thinks = (thinkingConfig: Json) => askedGemini({ generationConfig: { thinkingConfig } });
  it.each<[string, string, Asked, boolean]>([
    ['anthropic/claude-haiku-4-5', 'nothing', askedMessages({}), true],
    ['anthropic/claude-haiku-4-5', 'nothing in chat', askedChat({}), true],
    ['anthropic/claude-opus-4-8', 'an effort alone', askedMessages({ output_config: { effort: 'high' } }), true],
    ['anthropic/claude-opus-4-8', 'thinking', askedMessages(adaptive), false],
    ['anthropic/claude-opus-4-8', 'an effort in chat', askedChat({ reasoning_effort: 'low' }), false],
    ['anthropic/claude-opus-4-8', "OpenRouter's reasoning", askedChat({ reasoning: { enabled: true } }), false],
    ['anthropic/claude-sonnet-5', 'nothing', askedMessages({}), false],
    ['anthropic/claude-sonnet-5', 'no thinking', askedMessages(off), true],
    ['anthropic/claude-sonnet-5', 'another word than disabled', askedMessages({ thinking: { type: 'new' } }), false],
    ['openai/gpt-5.5', 'nothing', askedChat({}), false],
    ['openai/gpt-5.5', 'no effort', askedChat({ reasoning_effort: 'none' }), true],
    ['openai/gpt-5.5', 'two things', askedChat({ reasoning_effort: 'none', reasoning: { effort: 'high' } }), false],
    ['openai/gpt-5.5', 'no effort in Responses', askedResponses({ reasoning: { effort: 'none' } }), true],
    ['openai/gpt-5.5', 'a summary', askedResponses({ reasoning: { summary: 'auto' } }), false],
    ['google/gemini-2.5-flash', 'nothing', askedGemini({}), false],
    ['google/gemini-2.5-flash', 'no budget', thinks({ thinkingBudget: 0 }), true],
    ['google/gemini-2.5-flash', 'no budget, in the other casing', thinks({ thinking_budget: 0 }), true],
    ['google/gemini-2.5-flash', 'as much as it likes', thinks({ thinkingBudget: -1 }), false],
    ['google/gemini-3.1-pro-preview', 'no budget', thinks({ thinkingBudget: 0 }), false],
    ['demo/thinker', 'no effort', askedChat({ reasoning_effort: 'none' }), false],
  ])('(%s, asked for %s) is watchable: %4$s', (model, _, asked, watchable) => {
    const mapping = [...CATALOGUE_MAPPINGS, ...DEMO_MAPPINGS].find(({ id }) => id === model);
    if (!mapping) throw new Error('the test is set up wrong');
    expect(quote(asked, 100, mapping, openai, Date.UTC(2026, 10, 1))?.watchable).toBe(watchable);
  });
});
