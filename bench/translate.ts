/**
 * `npm run bench -- translate`: what a protocol costs in CPU, on the code that a Worker runs, in plain Node. Of a stream, each
 * chunk cut into events, read, counted and passed on, as upstream-events.ts and the relay do it, on the same wire and
 * translated; of a request, its body read, bounded and written for the provider.
 */
import { exchange } from '../src/gateway/exchange.ts';
import type { Json, Protocol, Sent } from '../src/gateway/protocol.ts';
import { TextCount } from '../src/gateway/providers/text-count.ts';
import { Frames } from '../src/gateway/sse.ts';
import { NO_USAGE } from '../src/money/cost.ts';
import { nanos } from '../src/money/nanos.ts';
import { askedOf, CLIENTS, PROVIDERS, writtenBy } from '../test/gateway/translation/protocols.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { describeMachine, machineText } from './machine.ts';
import { table } from './table.ts';
import { answer, request } from './talk.ts';

/** Promised for one chunk of a stream. */
const SAME_MS_MAX = 0.05;
const TRANSLATED_MS_MAX = 0.2;

const TURNS = 40;
const WORDS = 600;
const NAMES = { requestId: 'req_1', model: 'some-model' };
const ROUNDS = 5;
/** Of all that is measured, the share of each round: the figures are many. */
const ROUND_SHARE = 1 / 8;

interface Figure {
  client: string;
  provider: string;
  translated: boolean;
  msPerChunk: number;
  msPerRequest: number;
}

const encoder = new TextEncoder();

export async function translate({ seconds, say, signal }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  const figures: Figure[] = [];
  const broken: string[] = [];
  const long = request(TURNS);
  let bytes = 0;
  for (const { protocol: client } of CLIENTS) {
    // One provider for each protocol: what differs between providers of one is in the request alone, and little.
    for (const { protocol: provider, sent, name } of PROVIDERS.filter(isFirst)) {
      signal.throwIfAborted();
      say(`Measuring: ${client.id} served by ${name} ...`);
      const chunks = streamOf(provider);
      const body = JSON.stringify({ ...writtenBy(client, long), ...(client.id === 'gemini' ? {} : { stream: true }) });
      bytes = Math.max(bytes, body.length);
      const passed = passOn(client, provider, chunks, sent);
      if (!passed.includes('tool_1')) broken.push(`${client.id} served by ${name}: the call did not pass`);
      const forMs = seconds * 1_000 * ROUND_SHARE;
      figures.push({
        client: client.id,
        provider: provider.id,
        translated: client !== provider,
        msPerChunk: cpuOf(() => passOn(client, provider, chunks, sent), forMs) / chunks.length,
        msPerRequest: cpuOf(() => bodyFor(client, provider, body, sent), forMs),
      });
    }
  }
  const ids = CLIENTS.map(({ protocol }) => protocol.id);
  const of = (what: 'msPerChunk' | 'msPerRequest', digits: number) =>
    ids.map((client) => [
      `  ${client} client`,
      ...ids.map((provider) => {
        const figure = figures.find((one) => one.client === client && one.provider === provider);
        return figure ? figure[what].toFixed(digits) : '-';
      }),
    ]);
  const lines = [
    ['served by a provider of', ...ids],
    [`ms of CPU for a chunk (promised: ${SAME_MS_MAX} on the same wire, ${TRANSLATED_MS_MAX} translated)`],
    ...of('msPerChunk', 4),
    [`ms of CPU for a request of ${Math.round(bytes / 1024)} KB, ${TURNS} turns and 20 tools`],
    ...of('msPerRequest', 2),
  ];
  const slow = figures.filter(
    ({ translated, msPerChunk }) => msPerChunk > (translated ? TRANSLATED_MS_MAX : SAME_MS_MAX),
  );
  const missed = slow.map(
    ({ client, provider, msPerChunk }) => `Missed: ${client} by ${provider}, ${msPerChunk.toFixed(4)} ms a chunk.`,
  );
  const meaning = `One chunk is one event, of about a word. The fastest of ${ROUNDS} rounds: what disturbs a round is not the code's.`;
  return {
    text: [machineText(machine), table(lines), meaning, ...missed, ...broken].join('\n\n'),
    json: { bench: 'translate', machine, figures },
    broken,
  };
}

function isFirst({ protocol }: { protocol: Protocol }, index: number, all: readonly { protocol: Protocol }[]): boolean {
  return all.findIndex((one) => one.protocol === protocol) === index;
}

/** The provider's stream, each of its events as the network would bring it. */
function streamOf(provider: Protocol): Uint8Array[] {
  const asked = { ...askedOf(provider, writtenBy(provider, request(0))), wantsUsage: true };
  const writer = provider.translator.eventWriter(asked, NAMES);
  const pieces = answer(WORDS).map((event) => writer.event(event));
  const stream = [...pieces, writer.end({ ...NO_USAGE, input: 1_000, output: WORDS }, null)].join('');
  return new Frames().push(encoder.encode(stream)).map(({ raw }) => encoder.encode(raw));
}

function passOn(client: Protocol, provider: Protocol, chunks: readonly Uint8Array[], sent: Sent): string {
  const asked = { ...askedOf(client, writtenBy(client, request(0))), wantsUsage: true };
  const { reader, passage } = exchange(client, provider, asked);
  const [read, passed, counted, frames] = [reader(), passage(NAMES), new TextCount(), new Frames()];
  let text = '';
  for (const chunk of chunks) {
    for (const frame of frames.push(chunk)) {
      const event = read.read(frame);
      if (!event) throw new Error(`${sent.mapping.provider}: not understood: ${frame.raw}`);
      counted.add(event.text);
      text += new TextDecoder().decode(encoder.encode(passed.event(frame, event)));
    }
  }
  return text + passed.end({ ...NO_USAGE, output: counted.tokensEstimate }, nanos(1));
}

function bodyFor(client: Protocol, provider: Protocol, body: string, sent: Sent): string {
  const asked = askedOf(client, JSON.parse(body) as Json, true);
  const done = exchange(client, provider, asked).body({ ...sent, streams: true });
  if ('refusal' in done) throw new Error(JSON.stringify(done.refusal));
  return JSON.stringify(done.understood);
}

/** Milliseconds of CPU that `work` takes once: the fastest round, after one that only warms up. */
function cpuOf(work: () => void, forMs: number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= ROUNDS; round++) {
    const endMs = performance.now() + forMs / ROUNDS;
    const before = process.cpuUsage();
    let times = 0;
    do {
      work();
      times += 1;
    } while (performance.now() < endMs);
    const { user, system } = process.cpuUsage(before);
    if (round > 0) fastest = Math.min(fastest, (user + system) / 1_000 / times);
  }
  return fastest;
}
