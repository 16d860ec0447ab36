/**
 * What a conversation protocol is to the gateway. Each has a folder (chat-completions/, messages/, responses/, gemini/) that
 * exports one `Protocol`; the route (converse.ts), the attempt and the relays know no other word of any protocol.
 *
 * Clients speak protocols and so do providers. Where both speak the same one the provider's bytes pass as they are, save the
 * model's name and the usage: then `body` writes the request and a `Passage` of the protocol itself forwards the answer.
 * Where they differ, the client's protocol and the provider's are joined by their translators and the neutral form
 * (exchange.ts). Either way the *provider's* protocol reads the answer (`reader`, `readWhole`), because what is counted
 * against the hold is what came, not what is shown.
 */
import type { Mapping } from '../models/catalogue.ts';
import type { Usage } from '../money/cost.ts';
import type { Nanos } from '../money/nanos.ts';
import type { Demo } from './demo-field.ts';
import type { NeutralAnswer, NeutralEvent, NeutralRequest } from './neutral.ts';
import type { ProviderTools } from './provider-tools.ts';
import type { Operation } from './providers/provider.ts';
import type { Described, Refusal } from './refusals.ts';
import type { Frame } from './sse.ts';

export type ProtocolId = 'chat' | 'messages' | 'responses' | 'gemini';

export type Json = Record<string, unknown>;

/** What is understood of a request before it is bounded and sent. Everything else stays in `json`, and passes. */
export interface Asked {
  /** The body as it was sent. */
  json: Json;
  /** The name that the client gives the model. */
  model: string;
  streamed: boolean;
  /** Whether the client wants to be told the usage; a protocol that always tells it says true. */
  wantsUsage: boolean;
  choices: number;
  /** The cap that the client sets on the output of each choice, and the field that says so; null: none. */
  cap: { tokens: number; field: string } | null;
  /** The least to which a cap may be lowered, where that is more than an answer needs anyway (LIMITS.outputTokensMin). */
  capMin?: number;
  /** Messages and tools: providers add some tokens around each. */
  items: number;
  /** What is billed by something else than the bytes of its text. */
  media: Media[];
  /** All text of the messages that the model reads, for an estimate of the input where the provider reports none. */
  messageTexts(): string[];
  /** Whether the provider may leave some of them out: earlier thoughts, or what the client has it cut where all is too long. */
  mayShrink?: boolean;
  /** The same of what tools are described by. */
  toolsText(): string;
  /** The last text of the user, for the demo provider. */
  lastUserText(): string;
  /** What the request says of reasoning; null: nothing, so that it is as the model is used to. */
  reasoning: 'on' | 'off' | null;
  /** Whether the request itself makes the provider bill output that no stream shows (a prediction, audio). */
  hidesOutput: boolean;
  /** A field that a provider bills apart and that no price, or no bound, covers; or null. */
  unpriced: string | null;
  /** Why, and what to do instead, where there is more to say than that. */
  unpricedBecause?: string;
  /** The field that names, or would leave, something in the provider's account (kept-at-provider.ts), if one does. */
  kept?: string | null;
  /** Tools that the provider runs itself, where they are offered and can be bounded. */
  providerTools?: ProviderTools;
  /** How the demo provider is steered; null where the request does not. */
  demo: Demo | null;
}

export interface Media {
  kind: 'image' | 'file' | 'audio' | 'video';
  /** How many bytes of the body are the medium itself rather than a link to it. */
  embeddedBytes: number;
}

/** What reading one event of a stream, or a whole answer, has found. */
export interface ReadAnswer {
  json: Json;
  /** All new text that the provider made, tool names and arguments included, known fields or not. */
  text: string;
  /** How many choices it ends. */
  ended: number;
  /** The provider's count so far, or null where it says none here. */
  usage: Usage | null;
  /** The service tier at which it is served; null or absent where it does not say. */
  tier?: string | null;
  /** What the provider says went wrong, inside an answer that began well. */
  error: string | null;
  /** Nothing comes after it. */
  last: boolean;
}

/** Reads a provider's stream, event by event. Null: no answer at all; nothing of it may pass, as nobody has counted it. */
export interface AnswerReader {
  read(frame: Frame): ReadAnswer | null;
}

/** How one stream goes to its client. Made for one attempt; what it answers is the text to write. */
export interface Passage {
  /** One event, counted and paid for; `read` is null for a comment. What of it is kept back comes with `end`. */
  event(frame: Frame, read: ReadAnswer | null): string;
  /** The end of the answer, once its cost is settled. */
  end(usage: Usage, cost: Nanos): string;
  /** The protocol's own terminal events of a stream that failed, or was cut, after its first byte. */
  failure(described: Described): string;
  /** A sign of life between events. */
  ping(): string;
}

/** Joins the events of a stream into the answer that the provider would have given in one piece. */
export interface Gathered {
  add(read: ReadAnswer): void;
  whole(): Json;
  /** The answer so far, ended as by the provider's own cap; null where that is of no use, or a tool call may be halved. */
  cutShort(): Json | null;
}

/** What the gateway itself decides of what is sent. */
export interface Sent {
  mapping: Mapping;
  /** Whether the provider is to stream, whatever the client asked for. */
  streams: boolean;
  /** The most tokens that each choice may make; null where the request stands as it is. */
  cap: number | null;
  /** The most uses of tools that the provider runs, all together; absent where the request stands as it is. */
  toolUses?: number;
}

export type Understood<T> = { understood: T } | { refusal: Refusal };

export interface Protocol {
  id: ProtocolId;
  /** As in rules and usage events: `chat/completions`. */
  endpoint: string;

  // What its clients need.

  /** Reads a request as far as its cost depends on it. `path` is what the URL says, in protocols whose URL says it. */
  ask(json: Json, path: { model: string; streamed: boolean } | null): Understood<Asked>;
  /** A refusal as the body that this protocol's clients understand. */
  refusalBody(described: Described): Json;
  /** Forwards a stream of a provider that speaks the same. */
  passage(asked: Asked, names: Names): Passage;
  /** A whole answer of its own with the usage and what it cost. */
  withUsage(answer: Json, usage: Usage, cost: Nanos | null): Json;

  // What its providers need.

  /** The request for a provider that speaks the same: as it came, save what the gateway decides. */
  body(asked: Asked, sent: Sent): Json;
  reader(): AnswerReader;
  /** A whole answer; null where it is no JSON object. Of what else is no answer the error says so, and its usage counts. */
  readWhole(text: string): ReadAnswer | null;
  gather(): Gathered;

  translator: Translator;
}

/** Counting the tokens of a request before it is made, in a protocol that has a route for it. */
export interface Counting {
  /** For rules, that of the conversation. */
  endpoint: string;
  /** What a provider that counts is called for. */
  operation: Operation;
  /** As `Protocol.ask`, of a request that need not be complete. */
  ask(json: Json, path: { model: string } | null): Understood<Asked>;
  /** The request for a provider that counts. */
  body(asked: Asked, mapping: Mapping): Json;
  /** The answer where no provider does. */
  answer(tokens: number): Json;
}

/** What an answer is called at its client. */
export interface Names {
  requestId: string;
  /** The canonical model. */
  model: string;
}

/** From a protocol to the neutral form and back. What has no counterpart is a refusal that names the field. */
export interface Translator {
  /** `asked.json`, whole: what the neutral form can't hold is refused by name; what only transports (stream, model) is left out. */
  readRequest(asked: Asked): Understood<NeutralRequest>;
  writeRequest(request: NeutralRequest, sent: Sent): Understood<Json>;
  /** Throws where it is no answer of this protocol. */
  readAnswer(json: Json): NeutralAnswer;
  writeAnswer(answer: NeutralAnswer, names: Names, cost: Nanos | null): Json;
  /** Reads a provider's stream: made for one answer. Throws on what can't be translated. */
  eventReader(): { read(json: Json, frame: Frame): NeutralEvent[] };
  /** Writes a client's stream: made for one answer. */
  eventWriter(asked: Asked, names: Names): EventWriter;
}

/** A `Passage` for neutral events. */
export interface EventWriter extends Omit<Passage, 'event' | 'end'> {
  event(event: NeutralEvent): string;
  /** `cost` is null where the writer stands for a provider, which tells none. */
  end(usage: Usage, cost: Nanos | null): string;
}
