/**
 * The neutral form: what the conversation protocols have in common, for a request or answer that goes from one protocol to
 * another. Where both ends speak the same one, nothing passes through here and bytes stay as they are.
 *
 * Each protocol reads its own form into this and writes this as its own form (`Translator` in protocol.ts). Whatever has a
 * counterpart is carried over; a reader keeps what it knows, and refuses by name what no other protocol could know; a writer
 * refuses by name what its protocol has no counterpart for. Nothing is ever dropped in silence.
 *
 * Absent is null, never undefined and never a default: a default is the provider's own affair.
 */
import type { Usage } from '../money/cost.ts';

/** A mark up to which the provider is asked to cache the prompt; it stands on the last part that belongs to what is cached. */
export interface CacheMark {
  ttl: '5m' | '1h' | null;
}

/** Where the bytes of an image, a document or a recording are. `data` is base64. */
export type Source =
  | { kind: 'data'; mediaType: string; data: string }
  | { kind: 'url'; url: string; mediaType: string | null };

/** One thing that is said, by whoever says it. */
export type Part =
  | { type: 'text'; text: string; cache: CacheMark | null }
  | { type: 'image'; source: Source; detail: 'auto' | 'low' | 'high' | null; cache: CacheMark | null }
  | { type: 'document'; source: Source; name: string | null; cache: CacheMark | null }
  | { type: 'audio'; source: Source; cache: CacheMark | null }
  /**
   * What a model thought before it answered. `text` is what it shows of that, perhaps nothing; `sealed` is what only the
   * provider that made it can read, and wants back unchanged in the next turn; `sealedBy` says in which protocol.
   */
  | { type: 'reasoning'; text: string; sealed: string | null; sealedBy: SealKind | null }
  /** `json` is the text of the arguments: an object, as the model wrote it. `sealed`: Gemini's thought signature on a call. */
  | { type: 'tool_call'; id: string; name: string; json: string; sealed: string | null; cache: CacheMark | null }
  /** `name` is the tool's, where the protocol says it. `content`: text, images and documents. */
  | { type: 'tool_result'; id: string; name: string | null; content: Part[]; isError: boolean; cache: CacheMark | null }
  /** The model's own words for saying no. */
  | { type: 'refusal'; text: string };

/** `redacted`: Anthropic's thinking that it shows nothing of. */
export type SealKind = 'messages' | 'messages_redacted' | 'responses' | 'gemini';

/** Consecutive messages of one role are allowed; a writer joins them where its protocol wants turns to alternate. */
export interface Message {
  /** Tool results are the user's. `system`: instructions in the middle of a conversation, texts alone. */
  role: 'user' | 'assistant' | 'system';
  parts: Part[];
}

export interface Tool {
  name: string;
  description: string | null;
  /** A JSON schema; null where the tool takes nothing. */
  parameters: Record<string, unknown> | null;
  strict: boolean | null;
  cache: CacheMark | null;
}

export type ToolChoice = { kind: 'auto' } | { kind: 'none' } | { kind: 'required' } | { kind: 'tool'; name: string };

export type AnswerFormat =
  | { kind: 'text' }
  | { kind: 'json' }
  | {
      kind: 'schema';
      name: string | null;
      description: string | null;
      schema: Record<string, unknown>;
      strict: boolean | null;
    };

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export interface Reasoning {
  effort: Effort | null;
  /** The most tokens of reasoning; null where not said. */
  tokensMax: number | null;
  /** Whether the answer is to show a summary of it; null where not said. */
  shown: boolean | null;
}

export interface NeutralRequest {
  /** Instructions of the system or developer that stand before the conversation. */
  system: Part[];
  messages: Message[];
  tools: Tool[];
  toolChoice: ToolChoice | null;
  parallelToolCalls: boolean | null;
  /** For each choice, reasoning included. */
  outputTokensMax: number | null;
  temperature: number | null;
  topP: number | null;
  topK: number | null;
  stop: string[];
  seed: number | null;
  presencePenalty: number | null;
  frequencyPenalty: number | null;
  choices: number | null;
  format: AnswerFormat | null;
  reasoning: Reasoning | null;
  verbosity: 'low' | 'medium' | 'high' | null;
  /** Whom the caller serves, in the caller's own words, for the provider's watch against abuse. */
  endUser: string | null;
}

/**
 * The same for a protocol that has instructions at its head alone (Anthropic's and Google's): those in the middle of the
 * conversation come last among them, in their order. Nothing is lost but where they stood.
 */
export function withSystemAtHead(request: NeutralRequest): NeutralRequest {
  const { system, messages } = request;
  const inside = messages.filter(({ role }) => role === 'system');
  if (inside.length === 0) return request;
  return {
    ...request,
    system: [...system, ...inside.flatMap(({ parts }) => parts)],
    messages: messages.filter(({ role }) => role !== 'system'),
  };
}

/** Where an instruction stands that is read after `messages`: at the head, or in the middle as one of them. */
export function addInstruction({ system, messages }: Pick<NeutralRequest, 'system' | 'messages'>, parts: Part[]): void {
  if (messages.length === 0) system.push(...parts);
  else if (parts.length > 0) messages.push({ role: 'system', parts });
}

export type EndReason = 'stop' | 'stop_sequence' | 'length' | 'tool_calls' | 'content_filter' | 'refusal' | 'pause';

/** One step of an answer. `choice` counts from 0; parts of a choice come one after another, never interleaved. */
export type NeutralEvent =
  | { type: 'start'; id: string }
  | { type: 'text'; choice: number; text: string }
  | { type: 'reasoning'; choice: number; text: string }
  /** Closes the reasoning before it, or stands for one that shows nothing. */
  | { type: 'sealed_reasoning'; choice: number; sealed: string; sealedBy: SealKind }
  /** A call begins; its arguments follow in pieces. */
  | { type: 'tool_call'; choice: number; id: string; name: string; sealed: string | null }
  | { type: 'tool_json'; choice: number; json: string }
  | { type: 'refusal'; choice: number; text: string }
  | { type: 'image'; choice: number; mediaType: string; data: string }
  /** `sequence` is the stop sequence that was met, where the provider says it. */
  | { type: 'end'; choice: number; reason: EndReason; sequence: string | null }
  /** What was counted so far, all choices together; later counts replace earlier ones. */
  | { type: 'usage'; usage: Usage };

export interface AnswerChoice {
  /** Texts, refusals, reasoning, tool calls and images in the order in which they came. */
  parts: Part[];
  reason: EndReason | null;
  sequence: string | null;
}

export interface NeutralAnswer {
  id: string;
  choices: AnswerChoice[];
  usage: Usage | null;
}

/** The answer that a list of events makes: pieces of one part are joined. */
export function gatherEvents(events: Iterable<NeutralEvent>): NeutralAnswer {
  const answer: NeutralAnswer = { id: '', choices: [], usage: null };
  for (const event of events) addTo(answer, event);
  return answer;
}

function addTo(answer: NeutralAnswer, event: NeutralEvent): void {
  switch (event.type) {
    case 'start':
      answer.id = event.id;
      return;
    case 'usage':
      answer.usage = event.usage;
      return;
    case 'end': {
      const choice = choiceOf(answer, event.choice);
      choice.reason = event.reason;
      choice.sequence = event.sequence;
      return;
    }
    default:
      addPart(choiceOf(answer, event.choice).parts, event);
  }
}

function addPart(parts: Part[], event: Exclude<NeutralEvent, { type: 'start' | 'usage' | 'end' }>): void {
  const last = parts.at(-1);
  switch (event.type) {
    case 'text':
      if (last?.type === 'text') last.text += event.text;
      else parts.push({ type: 'text', text: event.text, cache: null });
      return;
    case 'refusal':
      if (last?.type === 'refusal') last.text += event.text;
      else parts.push({ type: 'refusal', text: event.text });
      return;
    case 'reasoning':
      if (last?.type === 'reasoning' && last.sealed === null) last.text += event.text;
      else parts.push({ type: 'reasoning', text: event.text, sealed: null, sealedBy: null });
      return;
    case 'sealed_reasoning':
      if (last?.type === 'reasoning' && last.sealed === null) {
        last.sealed = event.sealed;
        last.sealedBy = event.sealedBy;
      } else parts.push({ type: 'reasoning', text: '', sealed: event.sealed, sealedBy: event.sealedBy });
      return;
    case 'tool_call':
      parts.push({ type: 'tool_call', id: event.id, name: event.name, json: '', sealed: event.sealed, cache: null });
      return;
    case 'tool_json':
      if (last?.type !== 'tool_call') throw new TypeError('arguments of no tool call');
      last.json += event.json;
      return;
    case 'image':
      parts.push({
        type: 'image',
        source: { kind: 'data', mediaType: event.mediaType, data: event.data },
        detail: null,
        cache: null,
      });
      return;
  }
}

function choiceOf(answer: NeutralAnswer, index: number): AnswerChoice {
  while (answer.choices.length <= index) answer.choices.push({ parts: [], reason: null, sequence: null });
  const choice = answer.choices[index];
  if (!choice) throw new RangeError(`no choice ${index}`);
  return choice;
}
