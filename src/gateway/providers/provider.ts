/**
 * What the relay needs of a provider: where to send a call, and how to count tokens before the provider has counted
 * them. A provider answers in its own wire format; the wire's reader understands it.
 */
import type { Mapping, ProviderId } from '../../models/catalogue.ts';
import type { ChatRequest } from '../chat-completions/request.ts';

export interface ProviderCall {
  env: Env;
  mapping: Mapping;
  /** The request as the client sent it, with what Purser needs changed, as JSON. */
  body: string;
  streamed: boolean;
  /** Request headers that the client sent and the provider may want. */
  clientHeaders: Headers;
  signal: AbortSignal;
}

export interface Provider {
  id: ProviderId;
  /** Whether this deployment has what it takes to call it. */
  isConfigured(env: Env): boolean;
  /** Sends the call. Rejects where no answer came; any status is an answer. */
  chat(call: ProviderCall): Promise<Response>;
  /** The field of the request that the provider bills apart and no price covers yet, or null. */
  unpricedField(request: ChatRequest): string | null;
  /** Never less than the provider will count as input; the model's context is a bound of its own. */
  inputTokensMax(request: ChatRequest, bodyBytes: number): number;
  /** About what the provider will count as input. */
  inputTokensEstimate(request: ChatRequest): number;
  /** Never more output than this will come, reasoning included, all choices together. */
  outputTokensMax(request: ChatRequest, mapping: Mapping): number;
  /** The field by which this model takes a cap on all output of a choice, that which it hides included. */
  capField(request: ChatRequest, mapping: Mapping): 'max_tokens' | 'max_completion_tokens';
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

/** Names the provider that serves a mapping. */
export type Providers = ReadonlyMap<ProviderId, Provider>;
