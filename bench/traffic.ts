/** The kinds of call that the speed bench makes, and what the answer to each must be. */
import { URL } from 'node:url';
import { ANSWER, ANSWER_NO_USAGE, COST, DEMO, MODEL, NO_USAGE, TEXT, USAGE } from './answers.ts';
import type { Answer, Call } from './load.ts';
import { PROMPTS, type PromptName } from './prompts.ts';

/** Who is called: Purser, which must add the cost, or one that only passes calls on and must add nothing. */
export type SideName = 'bare' | 'portkey' | 'purser';

export interface Side {
  name: SideName;
  /** Without a path. */
  url: string;
  /** What this side wants to be told beside the key. */
  headers: Record<string, string>;
}

export interface Traffic {
  body: string;
  /** Whether the fake upstream is asked. */
  upstream: boolean;
  /** Whether Purser has to estimate the cost. */
  estimated: boolean;
  /** Throws where the answer is wrong; else what Purser must have booked for it, nanodollars. */
  check(side: SideName, answer: Answer): number;
}

const MESSAGES = [{ role: 'user', content: 'Say in eight tokens what you always say.' }];

export const SMALL: Traffic = whole(MESSAGES);

export const STREAM: Traffic = {
  body: streamed({ model: MODEL, messages: MESSAGES, max_tokens: 32 }),
  upstream: true,
  estimated: false,
  check(side, answer) {
    expect(side, answer, 'status', answer.status, 200);
    const { text, usage } = readStream(answer.body);
    expect(side, answer, 'text', text, TEXT);
    const wanted = side === 'purser' ? { ...USAGE, cost: COST.usd } : USAGE;
    expect(side, answer, 'usage', JSON.stringify(usage), JSON.stringify(wanted));
    return COST.nanos;
  },
};

/** The demo provider is part of Purser's local build: no upstream is asked. */
export const DEMO_STREAM: Traffic = {
  body: streamed({
    model: 'demo/words',
    messages: [{ role: 'user', content: DEMO.prompt }],
    demo: { outputTokens: DEMO.outputTokens },
  }),
  upstream: false,
  estimated: false,
  check(side, answer) {
    expect(side, answer, 'status', answer.status, 200);
    const { text, usage } = readStream(answer.body);
    expect(side, answer, 'words', text.split(' ').length, DEMO.outputTokens);
    expect(side, answer, 'cost', usage?.cost, DEMO.usd);
    return DEMO.nanos;
  },
};

/** A long prompt to a small answer, which tells its usage. */
export function prompt(name: PromptName): Traffic {
  return whole([{ role: 'user', content: PROMPTS[name] }]);
}

/** The same to an answer that tells no usage: Purser has to estimate the prompt's tokens. */
export function promptUncounted(name: PromptName): Traffic {
  return {
    body: JSON.stringify({
      model: MODEL,
      messages: [{ role: 'user', content: PROMPTS[name] }],
      max_tokens: 32,
      user: NO_USAGE,
    }),
    upstream: true,
    estimated: true,
    check(side, answer) {
      expect(side, answer, 'status', answer.status, 200);
      expect(side, answer, 'body', answer.body, ANSWER_NO_USAGE);
      if (side !== 'purser') return 0;
      const nanos = Math.round(Number(answer.headers['x-purser-cost']) * 1e9);
      // What an estimate must be at least is another test's business; for the books it must only be one.
      expect(side, answer, 'whether it has a cost', nanos > COST.nanos, true);
      return nanos;
    },
  };
}

export function callOf(traffic: Traffic, side: Side, apiKey: string): Call {
  return {
    url: new URL('/v1/chat/completions', side.url),
    headers: {
      ...side.headers,
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(traffic.body)),
    },
    body: traffic.body,
    check: (answer) => traffic.check(side.name, answer),
  };
}

function whole(messages: object[]): Traffic {
  return {
    body: JSON.stringify({ model: MODEL, messages, max_tokens: 32 }),
    upstream: true,
    estimated: false,
    check(side, answer) {
      expect(side, answer, 'status', answer.status, 200);
      // A whole answer is passed on byte by byte.
      expect(side, answer, 'body', answer.body, ANSWER);
      if (side === 'purser') expect(side, answer, 'x-purser-cost', answer.headers['x-purser-cost'], COST.usd);
      return COST.nanos;
    },
  };
}

function streamed(body: object): string {
  return JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } });
}

/** The text of a stream and its usage. Throws where it does not end as one must. */
export function readStream(body: string): { text: string; usage: Record<string, unknown> | null } {
  const events = body.split('\n\n').filter((event) => event.startsWith('data: '));
  if (events.at(-1) !== 'data: [DONE]') throw new Error(`a stream without its end: ${body.slice(-300)}`);
  let text = '';
  let usage: Record<string, unknown> | null = null;
  for (const event of events.slice(0, -1)) {
    const data = JSON.parse(event.slice('data: '.length)) as {
      choices: { delta: { content?: string } }[];
      usage?: Record<string, unknown>;
    };
    text += data.choices[0]?.delta.content ?? '';
    usage = data.usage ?? usage;
  }
  return { text, usage };
}

function expect(side: SideName, answer: Answer, what: string, is: unknown, wanted: unknown): void {
  if (is === wanted) return;
  throw new Error(
    `${side}: ${what} is ${is}, not ${wanted}, in an answer ${answer.status}: ${answer.body.slice(0, 500)}`,
  );
}
