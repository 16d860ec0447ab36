/**
 * A client of one protocol served by a provider of another: two translators, joined at the neutral form.
 */
import type { Usage } from '../money/cost.ts';
import type { Nanos } from '../money/nanos.ts';
import { inWordsOf } from './lacking.ts';
import type { Asked, EventWriter, Json, Names, Passage, Protocol, ReadAnswer, Sent, Understood } from './protocol.ts';
import type { Described } from './refusals.ts';
import type { Frame } from './sse.ts';

/** The request as the provider understands it. */
export function translatedBody(client: Protocol, provider: Protocol, asked: Asked, sent: Sent): Understood<Json> {
  const read = client.translator.readRequest(asked);
  if ('refusal' in read) return read;
  const written = provider.translator.writeRequest(read.understood, sent);
  return 'refusal' in written ? { refusal: inWordsOf(client.id, written.refusal) } : written;
}

/** The whole answer as the client understands it. */
export function translatedAnswer(
  client: Protocol,
  provider: Protocol,
  json: Json,
  names: Names,
  cost: Nanos | null,
): Json {
  return client.translator.writeAnswer(provider.translator.readAnswer(json), names, cost);
}

/** A stream, event by event. Comments of the provider are its own affair: the client gets ours. */
export class TranslatedPassage implements Passage {
  readonly #reader: ReturnType<Protocol['translator']['eventReader']>;
  readonly #writer: EventWriter;

  constructor(client: Protocol, provider: Protocol, asked: Asked, names: Names) {
    this.#reader = provider.translator.eventReader();
    this.#writer = client.translator.eventWriter(asked, names);
  }

  event(frame: Frame, read: ReadAnswer | null): string {
    if (!read) return '';
    let text = '';
    for (const event of this.#reader.read(read.json, frame)) text += this.#writer.event(event);
    return text;
  }

  end(usage: Usage, cost: Nanos): string {
    return this.#writer.end(usage, cost);
  }

  failure(described: Described): string {
    return this.#writer.failure(described);
  }

  ping(): string {
    return this.#writer.ping();
  }
}
