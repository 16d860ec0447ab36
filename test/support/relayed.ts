/** One admitted attempt, relayed from an upstream that the test plays itself, with little patience. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Deadlines } from '../../src/deadlines.ts';
import { admit } from '../../src/gateway/admission.ts';
import { Attempt } from '../../src/gateway/attempt.ts';
import { chat } from '../../src/gateway/chat-completions/protocol.ts';
import { coverOf } from '../../src/gateway/cover.ts';
import { exchange } from '../../src/gateway/exchange.ts';
import type { Json, Protocol } from '../../src/gateway/protocol.ts';
import type { Credential } from '../../src/gateway/providers/provider.ts';
import { amountFor, quote } from '../../src/gateway/quote.ts';
import type { ConversationParts } from '../../src/gateway/relay.ts';
import { relayGathered } from '../../src/gateway/relay-gathered.ts';
import { relayStream } from '../../src/gateway/relay-stream.ts';
import type { RelayTimes } from '../../src/gateway/relay-times.ts';
import { relayWhole } from '../../src/gateway/relay-whole.ts';
import { DEMO_MAPPINGS, demoProvider } from '../../src/local/demo-provider.ts';
import { NO_USAGE } from '../../src/money/cost.ts';
import { checkKey } from '../../src/teams/keys.ts';
import { ABOUT } from './about.ts';
import { HELLO, ORIGIN } from './gateway.ts';
import { seedOrganization } from './seed.ts';

export const TIMES = {
  firstByteMsMax: 30,
  pingMs: 30,
  upstreamIdleMsMax: 1_000,
  upstreamTotalMsMax: 2_000,
  clientIdleMsMax: 300,
  drainMs: 500,
};

export type Send = (signal: AbortSignal) => Promise<Response>;

export type Kind = 'whole' | 'stream' | 'gathered';

const RELAYS = {
  whole: (parts: ConversationParts) => relayWhole(parts, (bytes) => parts.exchange.whole(bytes, parts.names)),
  stream: relayStream,
  gathered: relayGathered,
};

/** One admitted attempt of 100 tokens at most, all or so many covered, relayed from an upstream that the test plays itself. */
export async function relayed(
  kind: Kind,
  send: Send,
  clientGone = new AbortController().signal,
  {
    usageLimit = '1',
    covered = 100,
    demo,
    wantsUsage = false,
    protocol = chat,
    served = protocol,
    times = TIMES,
    credential,
    said = { messages: HELLO, max_tokens: 100 },
  }: {
    usageLimit?: string;
    covered?: number;
    demo?: object | undefined;
    wantsUsage?: boolean;
    protocol?: Protocol;
    /** What the upstream speaks, where that is another. */
    served?: Protocol;
    times?: RelayTimes;
    /** What the upstream is called with. */
    credential?: Credential;
    /** The conversation and its cap, in the words of the protocol. */
    said?: Json;
  } = {},
) {
  const stream = kind === 'stream';
  const seeded = await seedOrganization({ budget: { usageLimit } });
  const caller = await checkKey(seeded.apiKey, env.KEY_SECRET);
  const mapping = DEMO_MAPPINGS.find(({ id }) => id === 'demo/words');
  const json = {
    model: 'demo/words',
    ...said,
    stream,
    ...(wantsUsage && { stream_options: { include_usage: true } }),
    ...(demo && { demo }),
  };
  if (!caller || !mapping) throw new Error('the test is set up wrong');
  const ctx = createExecutionContext();
  const deadlines = new Deadlines();
  const understood = protocol.ask(json, { model: 'demo/words', streamed: stream });
  if ('refusal' in understood) throw new Error('the test is set up wrong');
  const { understood: asked } = understood;
  const quoted = quote(asked, 100, mapping, demoProvider, Date.now());
  const admission = await admit(
    { env, ctx, deadlines, request: new Request(ORIGIN) },
    caller,
    { ...ABOUT, streamed: stream },
    { amount: quoted && amountFor(quoted, covered), otherwise: null },
  );
  if ('refusal' in admission) throw new Error('refused');
  const { hold } = admission.admitted;
  const attempt = new Attempt({
    mapping,
    choices: asked.choices,
    output: demoProvider.countOutput(),
    estimate: () => ({ ...NO_USAGE, input: demoProvider.inputTokensEstimate(asked) }),
    quoted,
    cover: coverOf(quoted, kind !== 'whole', hold.amount),
    hold,
    startedAtMs: Date.now(),
    recording: null,
  });
  const parts = {
    env,
    ctx,
    attempt,
    requestId: 'req_1',
    deadlines,
    clientGone,
    send,
    exchange: exchange(protocol, served, asked),
    names: { requestId: 'req_1', model: 'demo-words' },
    headers: {} as Record<string, string>,
    times,
    ...(credential && { credential }),
  };
  return { ...seeded, ctx, headers: parts.headers, answered: await RELAYS[kind](parts) };
}

/** An event stream whose parts come with pauses between them. */
export function eventStream(parts: string[], pauseMs = 0): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const part of parts) {
        controller.enqueue(encoder.encode(part));
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

export async function textOf(answered: unknown): Promise<string> {
  if (!(answered instanceof Response)) throw new Error(`refused: ${JSON.stringify(answered)}`);
  return answered.text();
}
