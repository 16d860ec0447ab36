/** Gemini's answers in the neutral form: a whole answer is read as the one chunk of a stream. */
import { gatherEvents, type NeutralAnswer, type NeutralEvent } from '../neutral.ts';
import type { Json } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { isBlocked, readUsage } from './answer.ts';
import { endOf, NO_SIGNATURE, readMedium, sealIn, sealOfCall } from './parts.ts';

export function readAnswer(json: Json): NeutralAnswer {
  return gatherEvents(new EventReader().read(json));
}

/** Made for one answer. Throws on what cannot be said in the neutral form. */
export class EventReader {
  #id: string | null = null;
  #calls = 0;
  /** Candidates that have called a function: Google's answers end with STOP all the same. */
  readonly #called = new Set<number>();
  readonly #ended = new Set<number>();

  read(json: Json): NeutralEvent[] {
    const events: NeutralEvent[] = [];
    if (!Array.isArray(json.candidates) && !isBlocked(json) && !isObject(json.usageMetadata)) {
      throw new TypeError('no answer of Gemini');
    }
    if (this.#id === null) {
      this.#id = typeof json.responseId === 'string' ? json.responseId : crypto.randomUUID();
      events.push({ type: 'start', id: this.#id });
    }
    for (const [position, candidate] of (Array.isArray(json.candidates) ? json.candidates : []).entries()) {
      const said = fieldsOf(candidate);
      const choice = typeof said.index === 'number' ? said.index : position;
      const { parts } = fieldsOf(said.content);
      for (const part of Array.isArray(parts) ? parts : []) events.push(...this.#part(choice, fieldsOf(part)));
      events.push(...this.#end(choice, said));
    }
    if (isBlocked(json) && this.#ended.size === 0) {
      this.#ended.add(0);
      events.push({ type: 'end', choice: 0, reason: 'content_filter', sequence: null });
    }
    const usage = readUsage(json.usageMetadata);
    if (usage) events.push({ type: 'usage', usage });
    return events;
  }

  #part(choice: number, part: Json): NeutralEvent[] {
    if (isObject(part.functionCall)) return this.#call(choice, part, part.functionCall);
    const medium = readMedium(part, null);
    if (medium) {
      const { type, source } = medium;
      if (type !== 'image' || source.kind !== 'data') throw new TypeError(`an answer that is ${type}`);
      return [{ type: 'image', choice, mediaType: source.mediaType, data: source.data }];
    }
    const { text, thought, thoughtSignature, ...others } = part;
    if (Object.keys(others).length > 0) throw new TypeError(`a part of ${Object.keys(others).join(', ')}`);
    const events: NeutralEvent[] = [];
    if (typeof text === 'string' && text !== '') {
      events.push({ type: thought === true ? 'reasoning' : 'text', choice, text });
    }
    if (typeof thoughtSignature === 'string' && thoughtSignature !== NO_SIGNATURE) {
      events.push({ type: 'sealed_reasoning', choice, ...sealIn(thoughtSignature) });
    }
    return events;
  }

  #call(choice: number, part: Json, { id, name, args, willContinue }: Json): NeutralEvent[] {
    if (willContinue === true) throw new TypeError('a call whose arguments come in pieces');
    if (typeof name !== 'string') throw new TypeError('a call of no function');
    this.#calls += 1;
    this.#called.add(choice);
    // Others match results to calls by their ids, over a whole conversation.
    const own = `call_${String(this.#id).replaceAll(/[^\w-]/g, '')}_${this.#calls}`;
    const called = typeof id === 'string' && id !== '' ? id : own;
    return [
      { type: 'tool_call', choice, id: called, name, sealed: sealOfCall(part) },
      { type: 'tool_json', choice, json: JSON.stringify(args ?? {}) },
    ];
  }

  #end(choice: number, { finishReason, finishMessage }: Json): NeutralEvent[] {
    if (typeof finishReason !== 'string' || this.#ended.has(choice)) return [];
    const reason = endOf(finishReason);
    if (!reason) throw new TypeError(`an answer that ended with ${finishReason}: ${String(finishMessage ?? '')}`);
    this.#ended.add(choice);
    const called = reason === 'stop' && this.#called.has(choice);
    return [{ type: 'end', choice, reason: called ? 'tool_calls' : reason, sequence: null }];
  }
}
