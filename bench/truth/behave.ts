/**
 * How the truthful upstream behaves: OpenAI's chat protocol at a model's pace, with the faults and lies that a call asks
 * for. It makes tokens whether or not anyone reads them, as providers do, and stops a few tokens after a cancel. What it
 * makes it tells its count (count.ts), token by token.
 */
import type { ServerResponse } from 'node:http';
import type { Ask, TrueCall } from './calls.ts';
import type { Count } from './count.ts';

const TICK_MS = 20;
const SILENT_MS = 3_000;

/** Each with the space before it one token of OpenAI's. */
const WORDS = [
  'the',
  'house',
  'water',
  'light',
  'people',
  'world',
  'small',
  'table',
  'green',
  'morning',
  'music',
  'river',
];

export function words(count: number, from = 0): string {
  return Array.from({ length: count }, (_, i) => ` ${WORDS[(from + i) % WORDS.length]}`).join('');
}

interface Behaviour {
  ask: Ask;
  call: TrueCall;
  count: Count;
  response: ServerResponse;
}

export async function behave({ ask, call, count, response }: Behaviour): Promise<void> {
  let gone = false;
  response.once('close', () => {
    gone = !response.writableFinished;
  });
  const cap = ask.lie === 'ignores_cap' || call.cap === null ? Number.POSITIVE_INFINITY : call.cap;
  const reasoning = Math.min(ask.reasoningTokens, cap);
  const text = Math.min(ask.textTokens * (ask.lie === 'ignores_cap' ? 3 : 1), cap - reasoning);
  const say = call.streamed ? speak(response) : keep();

  await pause(ask.thinkMs);
  let spoken = 0;
  let reasoned = 0;
  let faulty = ask.fault;
  let allowance = 0;
  while (!gone && reasoned + spoken < reasoning + text) {
    await pause(TICK_MS);
    allowance += (ask.tokensPerSecond * TICK_MS) / 1000;
    while (allowance >= 1 && !gone && reasoned + spoken < reasoning + text) {
      if (reasoned < reasoning) {
        const some = Math.min(Math.floor(allowance), reasoning - reasoned);
        count.make(call, some);
        reasoned += some;
        allowance -= some;
        continue;
      }
      const some = Math.min(ask.tokensPerEvent, text - spoken);
      count.make(call, some);
      say.text(words(some, spoken));
      spoken += some;
      allowance -= some;
      if (faulty === null || spoken < ask.faultAfter) continue;
      if (faulty === 'breaks') return end(count, call, response, false);
      if (faulty === 'silent') await pause(SILENT_MS);
      if (faulty === 'garbage') say.garbage();
      faulty = null;
    }
  }
  if (gone) {
    count.make(call, Math.min(ask.tailTokens, reasoning + text - reasoned - spoken));
    return end(count, call, response, true);
  }
  const usage = billed(ask, call, reasoned);
  call.billedNanos = Math.round(call.costNanos * lieFactor(ask));
  const finish = reasoned + spoken >= cap ? 'length' : 'stop';
  say.end(response, finish, usage);
  count.end(call, false);
}

/** A connection that breaks: what was written before gets out first, as a destroyed socket drops what it still holds. */
async function end(count: Count, call: TrueCall, response: ServerResponse, cancelled: boolean): Promise<void> {
  count.end(call, cancelled);
  await pause(5);
  response.destroy();
}

function lieFactor({ lie }: Ask): number {
  return lie === 'bills_more' ? 3 : lie === 'bills_less' ? 0.1 : 1;
}

function billed(ask: Ask, call: TrueCall, reasoned: number): object {
  const factor = lieFactor(ask);
  const [input, output] = [Math.round(call.inputTokens * factor), Math.round(call.outputTokens * factor)];
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: Math.min(output, Math.round(reasoned * factor)) },
  };
}

interface Speech {
  text(text: string): void;
  garbage(): void;
  end(response: ServerResponse, finish: string, usage: object): void;
}

const HEAD = { id: 'chatcmpl-bench', created: 1_750_000_000, model: 'bench' };

/** Event by event. */
function speak(response: ServerResponse): Speech {
  const event = (data: object) =>
    response.write(`data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', ...data })}\n\n`);
  const choice = (delta: object, finish: string | null) =>
    event({ choices: [{ index: 0, delta, finish_reason: finish }] });
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  choice({ role: 'assistant', content: '' }, null);
  return {
    text: (text) => choice({ content: text }, null),
    garbage: () => response.write('data: {"choices":[{"delta":{"content":" a broken\n\n'),
    end(response, finish, usage) {
      choice({}, finish);
      event({ choices: [], usage });
      response.end('data: [DONE]\n\n');
    },
  };
}

/** All at its end. */
function keep(): Speech {
  let whole = '';
  let broken = false;
  return {
    text(text) {
      whole += text;
    },
    garbage() {
      broken = true;
    },
    end(response, finish, usage) {
      const message = { role: 'assistant', content: whole, refusal: null };
      const body = {
        ...HEAD,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: finish }],
        usage,
      };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(broken ? '<html><body>502 Bad Gateway</body></html>' : JSON.stringify(body));
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
