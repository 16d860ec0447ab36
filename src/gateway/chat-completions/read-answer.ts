/**
 * Answers of chat's providers as the neutral form, whole and streamed. A stream's events gathered are its whole answer read
 * at once: reasoning, text, tool calls in the order of their index, pictures.
 *
 * Web citations (`annotations`) and log probabilities have no counterpart, but come only where they were asked for, which
 * read-request.ts has refused, or beside the same links in the text: they are left out.
 */
import type { AnswerChoice, EndReason, NeutralAnswer, NeutralEvent, Part } from '../neutral.ts';
import type { Json } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { readUsage } from './answer.ts';
import { readSource } from './data-url.ts';
import { eventsOf, readDetail, readReasoning, reasoningText, thinkingText } from './reasoning.ts';

const REASONS: ReadonlyMap<unknown, EndReason> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  // Mistral's word where the context, not the cap, is full.
  ['model_length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['content_filter', 'content_filter'],
]);

/** The provider broke off (OpenRouter's and DeepSeek's words): what there is must not look like an answer. */
const FAILURES: ReadonlySet<string> = new Set(['error', 'insufficient_system_resource']);

/** Why a choice ended; a reason that is yet to come ends it all the same. `sequence`: vLLM and others say which stop sequence was met, in `stop_reason`. */
function endOf(
  finish: string,
  stopReason: unknown,
  said: { calls: boolean; refusal: boolean },
): { reason: EndReason; sequence: string | null } {
  if (FAILURES.has(finish)) throw new TypeError(`an answer that ended by ${finish}`);
  const reason = REASONS.get(finish) ?? 'stop';
  // OpenAI says `stop` where the request named the tool.
  if (reason === 'stop' && said.calls) return { reason: 'tool_calls', sequence: null };
  if (reason === 'stop' && said.refusal) return { reason: 'refusal', sequence: null };
  if (reason === 'stop' && typeof stopReason === 'string') return { reason: 'stop_sequence', sequence: stopReason };
  return { reason, sequence: null };
}

export function readAnswer(json: Json): NeutralAnswer {
  const { id, choices, usage } = json;
  if (!Array.isArray(choices)) throw new TypeError('an answer without choices');
  const read: AnswerChoice[] = [];
  for (const [position, choice] of choices.entries()) {
    const { index } = fieldsOf(choice);
    read[typeof index === 'number' ? index : position] = readChoice(choice);
  }
  if (read.length !== choices.length || read.includes(undefined as never)) throw new TypeError('choices with gaps');
  return { id: typeof id === 'string' ? id : '', choices: read, usage: readUsage(usage) };
}

function readChoice(choice: unknown): AnswerChoice {
  const { message, finish_reason: finish, stop_reason: stopReason } = fieldsOf(choice);
  if (!isObject(message)) throw new TypeError('a choice without a message');
  refuseUnknown(message);
  const { content, refusal, tool_calls: calls, images } = message;
  const thought: Part[] = readReasoning(message);
  const said = readContent(content);
  const parts: Part[] = [
    ...thought,
    ...said,
    ...(isSaid(refusal) ? [{ type: 'refusal', text: refusal } as const] : []),
    ...(Array.isArray(calls) ? calls.map(readCall) : []),
    ...(Array.isArray(images) ? images.map(readImage) : []),
  ];
  if (typeof finish !== 'string') return { parts, reason: null, sequence: null };
  const has = (type: Part['type']) => parts.some((part) => part.type === type);
  return { parts, ...endOf(finish, stopReason, { calls: has('tool_call'), refusal: has('refusal') }) };
}

/** A text, or Mistral's parts. */
function readContent(content: unknown): Part[] {
  if (isSaid(content)) return [{ type: 'text', text: content, cache: null }];
  if (!Array.isArray(content)) return [];
  const parts: Part[] = [];
  for (const { thinking, text } of content.map(readContentPart)) {
    const last = parts.at(-1);
    if (thinking !== '') parts.push({ type: 'reasoning', text: thinking, sealed: null, sealedBy: null });
    else if (text !== '' && last?.type === 'text') last.text += text;
    else if (text !== '') parts.push({ type: 'text', text, cache: null });
  }
  return parts;
}

/** Links to sources (Mistral's `reference`) are left out as citations are. */
function readContentPart(part: unknown): { thinking: string; text: string } {
  const { type, text } = fieldsOf(part);
  return { thinking: thinkingText(part) ?? '', text: type === 'text' && typeof text === 'string' ? text : '' };
}

function readCall(call: unknown): Part {
  const { id, function: of } = fieldsOf(call);
  const { name, arguments: json } = fieldsOf(of);
  if (typeof name !== 'string') throw new TypeError('a tool call that is no function call');
  return {
    type: 'tool_call',
    id: typeof id === 'string' ? id : '',
    name,
    json: typeof json === 'string' ? json : JSON.stringify(json ?? {}),
    sealed: sealOf(call),
    cache: null,
  };
}

function sealOf(call: unknown): string | null {
  const { thought_signature: sealed } = fieldsOf(fieldsOf(fieldsOf(call).extra_content).google);
  return isSaid(sealed) ? sealed : null;
}

function readImage(image: unknown): Extract<Part, { type: 'image' }> {
  const { url } = fieldsOf(fieldsOf(image).image_url);
  const source = typeof url === 'string' ? readSource(url) : null;
  if (!source) throw new TypeError('a picture that can not be read');
  return { type: 'image', source, detail: null, cache: null };
}

/** Nobody asked for sound, and functions were superseded by tools before any model that is served here. */
function refuseUnknown({ audio, function_call: call }: Json): void {
  if (audio != null || call != null) throw new TypeError('an answer in sound, or with a function call');
}

/** Reads the chunks of one stream. */
export class ChatEventReader {
  readonly #choices = new Map<number, ChoiceReader>();
  #started = false;

  read({ id, choices, usage }: Json): NeutralEvent[] {
    const events: NeutralEvent[] = [];
    if (!this.#started && Array.isArray(choices)) {
      this.#started = true;
      events.push({ type: 'start', id: typeof id === 'string' ? id : '' });
    }
    if (Array.isArray(choices)) {
      for (const [position, choice] of choices.entries()) this.#choice(choice, position).read(choice, events);
    }
    const counted = readUsage(usage);
    if (counted) events.push({ type: 'usage', usage: counted });
    return events;
  }

  #choice(choice: unknown, position: number): ChoiceReader {
    const { index = position } = fieldsOf(choice);
    if (typeof index !== 'number') throw new TypeError('a choice whose index is no number');
    const known = this.#choices.get(index) ?? new ChoiceReader(index);
    this.#choices.set(index, known);
    return known;
  }
}

interface Call {
  id: string;
  name: string;
  json: string;
  sealed: string | null;
}

/**
 * One choice. Neutral parts come one after another, while a provider may go on with any call, or with the text, at any time.
 * So one call at a time passes as it comes; what comes beside it waits until that call can't go on any more: its arguments
 * are a whole JSON value, or the choice has ended.
 */
class ChoiceReader {
  readonly #choice: number;
  readonly #calls = new Map<number, Call>();
  /** The call that passes as it comes; its arguments so far are kept to see when they are whole. */
  #open: number | null = null;
  /** Calls that wait, and what else was said since. */
  readonly #waiting = new Set<number>();
  #held: NeutralEvent[] = [];
  #refused = false;

  constructor(choice: number) {
    this.#choice = choice;
  }

  read(chunk: unknown, events: NeutralEvent[]): void {
    const { delta, finish_reason: finish, stop_reason: stopReason } = fieldsOf(chunk);
    if (isObject(delta)) this.#delta(delta, events);
    if (typeof finish !== 'string') return;
    this.#closeAll(events);
    const said = { calls: this.#calls.size > 0, refusal: this.#refused };
    events.push({ type: 'end', choice: this.#choice, ...endOf(finish, stopReason, said) });
  }

  #delta(delta: Json, events: NeutralEvent[]): void {
    refuseUnknown(delta);
    const { content, refusal, tool_calls: calls, images } = delta;
    for (const event of this.#reasoning(delta)) this.#say(event, events);
    const choice = this.#choice;
    if (isSaid(content)) this.#say({ type: 'text', choice, text: content }, events);
    else if (Array.isArray(content)) {
      for (const { thinking, text } of content.map(readContentPart)) {
        if (thinking !== '') this.#say({ type: 'reasoning', choice, text: thinking }, events);
        if (text !== '') this.#say({ type: 'text', choice, text }, events);
      }
    }
    if (isSaid(refusal)) {
      this.#refused = true;
      this.#say({ type: 'refusal', choice, text: refusal }, events);
    }
    if (Array.isArray(calls)) for (const [position, call] of calls.entries()) this.#call(call, position, events);
    if (Array.isArray(images)) for (const image of images) this.#image(image, events);
  }

  #reasoning(delta: Json): NeutralEvent[] {
    const { reasoning_details: items } = delta;
    const details = Array.isArray(items) ? items.flatMap((item) => readDetail(item) ?? []) : [];
    if (details.length > 0) return details.flatMap((detail) => eventsOf(detail, this.#choice));
    const text = reasoningText(delta);
    return text === null ? [] : [{ type: 'reasoning', choice: this.#choice, text }];
  }

  #image(image: unknown, events: NeutralEvent[]): void {
    const { source } = readImage(image);
    if (source.kind === 'url') throw new TypeError('a picture that is only linked to');
    this.#say({ type: 'image', choice: this.#choice, mediaType: source.mediaType, data: source.data }, events);
  }

  /** What is no tool call. */
  #say(event: NeutralEvent, events: NeutralEvent[]): void {
    this.#closeIfWhole(events);
    if (this.#open === null) events.push(event);
    else this.#held.push(event);
  }

  #call(piece: unknown, position: number, events: NeutralEvent[]): void {
    const { index: said, id, function: of } = fieldsOf(piece);
    const { name, arguments: json } = fieldsOf(of);
    const index = this.#indexOf(said, id, position);
    let call = this.#calls.get(index);
    if (!call) {
      if (typeof name !== 'string') throw new TypeError('a tool call that is no function call');
      call = { id: typeof id === 'string' ? id : '', name, json: '', sealed: sealOf(piece) };
      this.#calls.set(index, call);
      this.#closeIfWhole(events);
      if (this.#open === null) this.#openCall(index, call, events);
      else this.#waiting.add(index);
    }
    if (!isSaid(json)) return;
    call.json += json;
    if (this.#open === index) events.push({ type: 'tool_json', choice: this.#choice, json });
    else if (!this.#waiting.has(index) && json.trim() !== '') throw new TypeError('arguments after their end');
  }

  /** Some leave the index out: what has no id either goes on with the call before it. */
  #indexOf(said: unknown, id: unknown, position: number): number {
    if (typeof said === 'number') return said;
    if (!isSaid(id)) return Math.max(0, this.#calls.size - 1);
    for (const [index, call] of this.#calls) if (call.id === id) return index;
    return Math.max(position, this.#calls.size);
  }

  #openCall(index: number, { id, name, sealed, json }: Call, events: NeutralEvent[]): void {
    this.#open = index;
    this.#waiting.delete(index);
    events.push({ type: 'tool_call', choice: this.#choice, id, name, sealed });
    if (json !== '') events.push({ type: 'tool_json', choice: this.#choice, json });
  }

  /** Looked at only when something else comes: once for each call, as a rule. */
  #closeIfWhole(events: NeutralEvent[]): void {
    while (this.#open !== null && isWhole(this.#calls.get(this.#open)?.json ?? '')) this.#close(events);
  }

  /** The next of those that wait takes its place; after the last, what else was said. */
  #close(events: NeutralEvent[]): void {
    this.#open = null;
    const next = this.#waiting.size === 0 ? null : Math.min(...this.#waiting);
    const call = next === null ? undefined : this.#calls.get(next);
    if (next !== null && call) {
      this.#openCall(next, call, events);
      return;
    }
    events.push(...this.#held);
    this.#held = [];
  }

  #closeAll(events: NeutralEvent[]): void {
    while (this.#open !== null) this.#close(events);
  }
}

/** Nothing but white space may follow a JSON value that is whole. */
function isWhole(json: string): boolean {
  if (!json.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

function isSaid(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
