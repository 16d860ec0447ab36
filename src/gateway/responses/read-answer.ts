/** Answers and events of Responses in the neutral form. What can't be translated throws: it would be lost in silence. */
import type { EndReason, NeutralAnswer, NeutralEvent, Part } from '../neutral.ts';
import type { Json } from '../protocol.ts';
import { isObject } from '../reported.ts';
import { isLifecycle, readUsage } from './answer.ts';
import { CallSeals, reasoningOf } from './items.ts';

export function readAnswer(json: Json): NeutralAnswer {
  if (!Array.isArray(json.output)) throw new TypeError('a response without output');
  const seals = new CallSeals();
  const parts: Part[] = [];
  for (const item of json.output as unknown[]) {
    if (!isObject(item)) return untranslatable(item);
    const sealed = seals.of(item);
    for (const part of partsOf(item)) parts.push(part.type === 'tool_call' ? { ...part, sealed } : part);
  }
  const reason = reasonOf(
    json,
    parts.map(({ type }) => type),
  );
  return { id: textOf(json.id), choices: [{ parts, reason, sequence: null }], usage: readUsage(json.usage) };
}

function partsOf(item: Json): Part[] {
  switch (item.type) {
    case 'message':
      return (Array.isArray(item.content) ? item.content : []).map(saidOf);
    case 'reasoning': {
      const { thought } = reasoningOf(item);
      return thought ? [thought] : [];
    }
    case 'function_call': {
      const { call_id: id, name, arguments: json } = item;
      return [{ type: 'tool_call', id: textOf(id), name: textOf(name), json: textOf(json), sealed: null, cache: null }];
    }
    case 'image_generation_call':
      return [{ type: 'image', source: { kind: 'data', ...imageOf(item) }, detail: null, cache: null }];
    default:
      return untranslatable(item.type);
  }
}

function saidOf(part: unknown): Part {
  if (!isObject(part)) return untranslatable(part);
  if (part.type === 'output_text') return { type: 'text', text: textOf(part.text), cache: null };
  if (part.type === 'refusal') return { type: 'refusal', text: textOf(part.refusal) };
  return untranslatable(part.type);
}

function imageOf({ result, output_format: format }: Json): { mediaType: string; data: string } {
  return { mediaType: `image/${typeof format === 'string' ? format : 'png'}`, data: textOf(result) };
}

function reasonOf({ status, incomplete_details: details }: Json, types: readonly string[]): EndReason | null {
  if (status === 'incomplete') {
    return isObject(details) && details.reason === 'content_filter' ? 'content_filter' : 'length';
  }
  if (types.includes('tool_call')) return 'tool_calls';
  return types.includes('refusal') ? 'refusal' : 'stop';
}

/** Says no more than what deltas, or the end of their item, say as well. */
const REPEATED = /\.(added|done)$/;

/**
 * Reads a stream. Items may come interleaved, while the parts of a neutral answer come one after another: what belongs to
 * another item than the one that is open waits for its turn.
 */
export class ResponsesEventReader {
  /** The item whose events pass as they come, by its place in the output. */
  #open: number | null = null;
  readonly #waiting = new Map<number, { events: NeutralEvent[]; done: boolean }>();
  /** What of an item its deltas have told, for providers that tell it only at its end. */
  readonly #told = new Map<number, number>();
  /** Kinds of parts so far, which tell why it ended. */
  readonly #types = new Set<string>();
  readonly #seals = new CallSeals();

  read(json: Json): NeutralEvent[] {
    const { type, response } = json;
    if (isLifecycle(type)) return isObject(response) ? this.#lifecycle(textOf(type), response) : untranslatable(type);
    if (type === 'error') throw new TypeError('the provider reported an error');
    const index = typeof json.output_index === 'number' ? json.output_index : 0;
    if (type === 'response.output_item.done') return this.#done(index, isObject(json.item) ? json.item : {});
    return this.#pass(index, this.#eventsOf(json, index));
  }

  #lifecycle(type: string, response: Json): NeutralEvent[] {
    if (type === 'response.created') return [{ type: 'start', id: textOf(response.id) }];
    if (type === 'response.failed') throw new TypeError('the provider failed');
    if (type !== 'response.completed' && type !== 'response.incomplete') return [];
    const rest = [...this.#waiting.values()].flatMap(({ events }) => events);
    this.#waiting.clear();
    const usage = readUsage(response.usage);
    return [
      ...rest,
      { type: 'end', choice: 0, reason: reasonOf(response, [...this.#types]) ?? 'stop', sequence: null },
      ...(usage ? [{ type: 'usage' as const, usage }] : []),
    ];
  }

  #eventsOf(json: Json, index: number): NeutralEvent[] {
    const delta = textOf(json.delta);
    const type = textOf(json.type);
    switch (type) {
      case 'response.output_item.added':
        return isObject(json.item) && json.item.type === 'function_call' ? [this.#call(json.item)] : [];
      case 'response.output_text.delta':
        return this.#tell(index, { type: 'text', choice: 0, text: delta }, delta);
      case 'response.refusal.delta':
        this.#types.add('refusal');
        return this.#tell(index, { type: 'refusal', choice: 0, text: delta }, delta);
      case 'response.function_call_arguments.delta':
        return this.#tell(index, { type: 'tool_json', choice: 0, json: delta }, delta);
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.#tell(index, { type: 'reasoning', choice: 0, text: delta }, delta);
      case 'response.reasoning_summary_part.added':
        // As the whole summary is written: a paragraph each.
        return json.summary_index === 0
          ? []
          : this.#tell(index, { type: 'reasoning', choice: 0, text: '\n\n' }, '\n\n');
      default:
        return REPEATED.test(type) || delta === '' ? [] : untranslatable(type);
    }
  }

  #call(item: Json): NeutralEvent {
    this.#types.add('tool_call');
    const sealed = this.#seals.of(item);
    return { type: 'tool_call', choice: 0, id: textOf(item.call_id), name: textOf(item.name), sealed };
  }

  #tell(index: number, event: NeutralEvent, text: string): NeutralEvent[] {
    this.#told.set(index, (this.#told.get(index) ?? 0) + text.length);
    return [event];
  }

  /** The end of an item: what its deltas have not told, then whoever waited for it. */
  #done(index: number, item: Json): NeutralEvent[] {
    const events = this.#pass(index, this.#untold(index, item));
    if (this.#open !== index) {
      const waiting = this.#waiting.get(index);
      if (waiting) waiting.done = true;
      return events;
    }
    this.#open = null;
    for (const [next, { events: held, done }] of this.#waiting) {
      this.#waiting.delete(next);
      events.push(...held);
      if (done) continue;
      this.#open = next;
      break;
    }
    return events;
  }

  #untold(index: number, item: Json): NeutralEvent[] {
    const isTold = this.#told.has(index);
    switch (item.type) {
      case 'reasoning': {
        this.#seals.of(item);
        const { thought } = reasoningOf(item);
        if (thought?.type !== 'reasoning') return [];
        const { text, sealed, sealedBy } = thought;
        const shown: NeutralEvent[] = isTold || text === '' ? [] : [{ type: 'reasoning', choice: 0, text }];
        if (sealed === null || sealedBy === null) return shown;
        return [...shown, { type: 'sealed_reasoning', choice: 0, sealed, sealedBy }];
      }
      case 'function_call':
        return isTold ? [] : [{ type: 'tool_json', choice: 0, json: textOf(item.arguments) }];
      case 'message':
        return isTold ? [] : partsOf(item).flatMap((part) => this.#said(part));
      case 'image_generation_call':
        return [{ type: 'image', choice: 0, ...imageOf(item) }];
      default:
        return untranslatable(item.type);
    }
  }

  #said(part: Part): NeutralEvent[] {
    if (part.type === 'text') return part.text === '' ? [] : [{ type: 'text', choice: 0, text: part.text }];
    if (part.type !== 'refusal') return [];
    this.#types.add('refusal');
    return [{ type: 'refusal', choice: 0, text: part.text }];
  }

  #pass(index: number, events: NeutralEvent[]): NeutralEvent[] {
    if (this.#open === null || this.#open === index) {
      this.#open = index;
      return events;
    }
    const waiting = this.#waiting.get(index) ?? { events: [], done: false };
    this.#waiting.set(index, waiting);
    waiting.events.push(...events);
    return [];
  }
}

function untranslatable(what: unknown): never {
  throw new TypeError(`Responses: ${JSON.stringify(what)?.slice(0, 80)} has no counterpart elsewhere`);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
