/**
 * Who speaks what in one attempt: its client's protocol and its provider's. Where they are the same the answer passes as it
 * is; else it goes through the neutral form, by the translators of both. Either way the provider's protocol reads it, because
 * what counts against the hold is what came, not what is shown.
 */
import type { Usage } from '../money/cost.ts';
import type { Nanos } from '../money/nanos.ts';
import { logUnexpected } from '../unexpected-error.ts';
import { inWordsOf } from './lacking.ts';
import type {
  AnswerReader,
  Asked,
  EventWriter,
  Gathered,
  Json,
  Names,
  Passage,
  Protocol,
  ReadAnswer,
  Sent,
  Understood,
} from './protocol.ts';
import type { Described } from './refusals.ts';
import type { WholeAnswer } from './relay-whole.ts';
import type { Frame } from './sse.ts';
import { Stopped } from './stopped.ts';

const decoder = new TextDecoder();

export interface Exchange {
  /** The request as the provider understands it. */
  body(sent: Sent): Understood<Json>;
  /** Reads its stream. */
  reader(): AnswerReader;
  gather(): Gathered;
  /** Forwards its stream. */
  passage(names: Names): Passage;
  /** Reads an answer that came in one piece; null where it is none. */
  whole(bytes: Uint8Array, names: Names): WholeAnswer | null;
  /** An answer that was gathered, as the client understands it. */
  answer(json: Json, names: Names, cost: Nanos): Json;
  /** The same of one that was cut short, whose provider never got to say its usage. */
  cut(json: Json, names: Names, usage: Usage, cost: Nanos): Json;
}

export function exchange(client: Protocol, provider: Protocol, asked: Asked): Exchange {
  const same = client === provider;
  const answer = (json: Json, names: Names, cost: Nanos | null) =>
    same ? json : ours(names, () => client.translator.writeAnswer(provider.translator.readAnswer(json), names, cost));
  return {
    body: (sent) => (same ? { understood: client.body(asked, sent) } : translatedBody(client, provider, asked, sent)),
    reader: () => provider.reader(),
    gather: () => provider.gather(),
    passage: (names) => (same ? client.passage(asked, names) : new TranslatedPassage(client, provider, asked, names)),
    whole: (bytes, names) => {
      const read = provider.readWhole(decoder.decode(bytes));
      if (!read) return null;
      const { text, usage, tier = null, error, json } = read;
      const body = (cost: Nanos) => (same ? bytes : JSON.stringify(answer(json, names, cost)));
      return { text, usage, tier, error, body, contentType: 'application/json' };
    },
    answer,
    cut: (json, names, usage, cost) => client.withUsage(answer(json, names, null), usage, cost),
  };
}

/**
 * What throws here is ours: the provider's protocol has read the answer, and it is made and billed. So it is told as our failure,
 * in the log by all that is known of it, and neither asked for elsewhere nor held against the provider.
 */
function ours<T>({ requestId }: Names, translate: () => T): T {
  try {
    return translate();
  } catch (error) {
    logUnexpected(error, requestId);
    throw new Stopped({ kind: 'failed', refusal: { kind: 'internal_error' } });
  }
}

function translatedBody(client: Protocol, provider: Protocol, asked: Asked, sent: Sent): Understood<Json> {
  const read = client.translator.readRequest(asked);
  if ('refusal' in read) return read;
  const written = provider.translator.writeRequest(read.understood, sent);
  return 'refusal' in written ? { refusal: inWordsOf(client.id, written.refusal) } : written;
}

/** A stream, event by event. Comments of the provider are its own affair: the client gets ours. */
class TranslatedPassage implements Passage {
  readonly #reader: ReturnType<Protocol['translator']['eventReader']>;
  readonly #writer: EventWriter;
  readonly #names: Names;

  constructor(client: Protocol, provider: Protocol, asked: Asked, names: Names) {
    this.#reader = provider.translator.eventReader();
    this.#names = names;
    this.#writer = client.translator.eventWriter(asked, names);
  }

  event(frame: Frame, read: ReadAnswer | null): string {
    if (!read) return '';
    return ours(this.#names, () => {
      let text = '';
      for (const event of this.#reader.read(read.json, frame)) text += this.#writer.event(event);
      return text;
    });
  }

  end(usage: Usage, cost: Nanos): string {
    return ours(this.#names, () => this.#writer.end(usage, cost));
  }

  failure(described: Described): string {
    return this.#writer.failure(described);
  }

  ping(): string {
    return this.#writer.ping();
  }
}
