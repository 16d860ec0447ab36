/** The kinds of call that the benches make, and what the answer to each must be. */
import { URL } from 'node:url';
import { ANSWER, COST, DEMO, MODEL, TEXT, USAGE } from './answers.ts';
import type { Answer, Call } from './load.ts';

/** Who is called: Purser, which must add the cost, or a pass-through, which must add nothing. */
export type SideName = 'bare' | 'purser';

export interface Side {
  name: SideName;
  /** Without a path. */
  url: string;
}

export interface Traffic {
  body: string;
  /** What Purser must book for one call. */
  costNanos: number;
  check(side: SideName, answer: Answer): void;
}

const MESSAGES = [{ role: 'user', content: 'Say in eight tokens what you always say.' }];

export const SMALL: Traffic = {
  body: JSON.stringify({ model: MODEL, messages: MESSAGES, max_tokens: 32 }),
  costNanos: COST.nanos,
  check(side, answer) {
    expect(side, answer, 'status', answer.status, 200);
    // Purser passes a whole answer on byte by byte.
    expect(side, answer, 'body', answer.body, ANSWER);
    if (side === 'purser') expect(side, answer, 'x-purser-cost', answer.headers['x-purser-cost'], COST.usd);
  },
};

export const STREAM: Traffic = {
  body: streamed({ model: MODEL, messages: MESSAGES, max_tokens: 32 }),
  costNanos: COST.nanos,
  check(side, answer) {
    expect(side, answer, 'status', answer.status, 200);
    const { text, usage } = readStream(answer.body);
    expect(side, answer, 'text', text, TEXT);
    const wanted = side === 'purser' ? { ...USAGE, cost: COST.usd } : USAGE;
    expect(side, answer, 'usage', JSON.stringify(usage), JSON.stringify(wanted));
  },
};

/** The demo provider is part of Purser's local build: no upstream is asked. */
export const DEMO_STREAM: Traffic = {
  body: streamed({
    model: 'demo/words',
    messages: [{ role: 'user', content: DEMO.prompt }],
    demo: { outputTokens: DEMO.outputTokens },
  }),
  costNanos: DEMO.nanos,
  check(side, answer) {
    expect(side, answer, 'status', answer.status, 200);
    const { text, usage } = readStream(answer.body);
    expect(side, answer, 'words', text.split(' ').length, DEMO.outputTokens);
    expect(side, answer, 'cost', usage?.cost, DEMO.usd);
  },
};

export function callOf(traffic: Traffic, side: Side, apiKey: string): Call {
  return {
    url: new URL('/v1/chat/completions', side.url),
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(traffic.body)),
    },
    body: traffic.body,
    check: (answer) => traffic.check(side.name, answer),
  };
}

function streamed(body: object): string {
  return JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } });
}

/** The text of a stream and its usage. Throws where it does not end as one must. */
function readStream(body: string): { text: string; usage: Record<string, unknown> | null } {
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
