/**
 * What the gateway needs of a provider: where to send a call and with which credential, and how to count tokens before the
 * provider has counted them. It answers in a protocol of its own, whose reader understands it.
 */
import type { Mapping, ProviderId } from '../../models/catalogue.ts';
import type { Asked, Json, ProtocolId } from '../protocol.ts';
import type { SurfaceId } from '../surfaces/surface.ts';

/** What it takes to call a provider. Never logged. */
export interface Credential {
  /** An API key, or what stands for one. */
  key: string;
  /** Null: the provider's own. */
  baseUrl: string | null;
  /** What else it takes: a region, a project, a secret access key. */
  settings: Readonly<Record<string, string>>;
  of: 'deployment' | 'organization';
}

/** What is called: a conversation in a protocol, or something beside it. */
export type Operation = ProtocolId | SurfaceId | 'videos' | 'messages/count_tokens' | 'models/countTokens';

export interface ProviderCall {
  env: Env;
  credential: Credential;
  mapping: Mapping;
  operation: Operation;
  body: BodyInit;
  contentType: string;
  streamed: boolean;
  /** Request headers that the client sent and the provider may want. */
  clientHeaders: Headers;
  signal: AbortSignal;
}

/** What of a request a provider cannot be told: the field or header, and why. */
export interface Objection {
  field: string;
  message: string;
}

/** A request as its client made it, before it is known what it may cost. */
interface ProviderAsked {
  mapping: Mapping;
  /** In the client's protocol. */
  operation: Operation;
  /** Of a form its fields. */
  json: Json;
  headers: Headers;
}

/** A call about a video, in OpenAI's protocol (platform.openai.com/docs/api-reference/videos). */
export interface VideoCall {
  env: Env;
  credential: Credential;
  method: 'POST' | 'GET' | 'DELETE';
  /** What follows `videos` in the URL: nothing where one is to be made, else as in `/video_123/content?variant=thumbnail`. */
  path: string;
  headers: Readonly<Record<string, string>>;
  /** Of a POST. */
  body: BodyInit | null;
  signal: AbortSignal;
}

export interface Provider {
  id: ProviderId;
  /** The deployment's own credential, from its secrets; null where it has none. */
  credentialOf(env: Env): Credential | null;
  /** The protocols in which it serves a model; what speaks none of them is translated to the first that has words for it. */
  speaks(mapping: Mapping): readonly [ProtocolId, ...ProtocolId[]];
  /** Whether it can be called for something that is no conversation; not given, for nothing. */
  serves?(operation: Operation, mapping: Mapping): boolean;
  /** What it cannot be told of what the protocol has, asked before anything is held; not given: it takes, or refuses itself, what it is sent. */
  objection?(request: ProviderAsked): Objection | null;
  /** Sends the call. Rejects where no answer came; any status is an answer. A stream is one of server-sent events. */
  send(call: ProviderCall): Promise<Response>;
  /** The same of a call about a video; whoever serves `videos` has this. */
  callVideos?(call: VideoCall): Promise<Response>;
  /** Never less than the provider will count as input; the model's context is a bound of its own. */
  inputTokensMax(asked: Asked, bodyBytes: number, mapping: Mapping): number;
  /** Never more than the provider will count as input, if it reads all of it (`Asked.mayShrink`). */
  inputTokensMin(asked: Asked): number;
  /** About what the provider will count as input. */
  inputTokensEstimate(asked: Asked): number;
  /** The most output that can come, all choices together, where it knows better than by the cap and the model's own. */
  outputTokensMax?(asked: Asked, mapping: Mapping): number;
  /** Counts the output of one answer while it passes. */
  countOutput(): OutputCount;
}

export interface OutputCount {
  /** Takes the text of one delta, tool names and arguments included. */
  add(text: string): void;
  /** Never less than the provider will count for what was added. */
  readonly tokensMax: number;
  /** About what the provider will count for what was added; at least one token a delta. */
  readonly tokensEstimate: number;
}

/** Those that this build can call, by id. */
export type Providers = ReadonlyMap<string, Provider>;
