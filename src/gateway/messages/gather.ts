/**
 * Joins the events of a stream into the message that the provider would have given in one piece.
 *
 * Throws where an event contradicts those before it: a wrong answer would be worse than none.
 */
import { parseExactly } from '../exact-json.ts';
import type { Gathered, Json, ReadAnswer } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';

interface Block {
  json: Json;
  /** The text of a tool's input, as far as it came. */
  input: string;
  ended: boolean;
}

/** Ends that may come in the middle of a tool's input. */
const CUT_SHORT: ReadonlySet<unknown> = new Set(['max_tokens', 'model_context_window_exceeded']);

export class GatheredMessage implements Gathered {
  #message: Json = {};
  /** By their place. */
  readonly #blocks = new Map<unknown, Block>();

  add({ json }: ReadAnswer): void {
    switch (json.type) {
      case 'message_start':
        this.#message = { ...fieldsOf(json.message) };
        return;
      case 'content_block_start':
        this.#blocks.set(json.index, { json: { ...fieldsOf(json.content_block) }, input: '', ended: false });
        return;
      case 'content_block_delta':
        addDelta(this.#blockOf(json), fieldsOf(json.delta));
        return;
      case 'content_block_stop':
        this.#blockOf(json).ended = true;
        return;
      case 'message_delta':
        this.#addToMessage(json);
        return;
    }
  }

  whole(): Json {
    const { stop_reason } = this.#message;
    const content = [...this.#blocks.values()].flatMap((block) => {
      const whole = wholeBlock(block);
      if (whole) return [whole];
      // Half of an input is of no use to anybody, and must not be taken for all of it.
      if (CUT_SHORT.has(stop_reason)) return [];
      throw new TypeError('the input of a tool is no JSON');
    });
    return { ...this.#message, content };
  }

  cutShort(): Json | null {
    if (typeof this.#message.stop_reason === 'string') return this.whole();
    const blocks = [...this.#blocks.values()];
    const running = blocks.filter(({ ended }) => !ended);
    if (running.some(({ json }) => json.input !== undefined)) return null;
    // Thoughts are of use only when they are signed, at their end.
    const kept = blocks.filter(({ json, ended }) => ended || json.type === 'text');
    if (!kept.some(({ json }) => isSaid(json.text))) return null;
    return { ...this.#message, content: kept.map(wholeBlock), stop_reason: 'max_tokens', stop_sequence: null };
  }

  #addToMessage({ delta, usage, type: _, ...said }: Json): void {
    Object.assign(this.#message, said, fieldsOf(delta));
    // Cumulative; what an event does not tell stands as it was told before.
    const told = Object.entries(fieldsOf(usage)).filter(([, value]) => value !== null);
    this.#message.usage = { ...fieldsOf(this.#message.usage), ...Object.fromEntries(told) };
  }

  #blockOf(event: Json): Block {
    const block = this.#blocks.get(event.index);
    if (!block) throw new TypeError('an event of a block that has not begun');
    return block;
  }
}

function addDelta(block: Block, { type, ...parts }: Json): void {
  if (type === 'input_json_delta') {
    block.input += textOf(parts.partial_json);
    return;
  }
  if (type === 'citations_delta') {
    const { citations } = block.json;
    block.json.citations = [...(Array.isArray(citations) ? citations : []), parts.citation];
    return;
  }
  // Texts grow, known or not, but a signature comes whole.
  for (const [name, part] of Object.entries(parts)) {
    const before = block.json[name];
    const grows = typeof part === 'string' && name !== 'signature' && before != null;
    block.json[name] = grows ? textOf(before) + part : part;
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('a text that is none');
}

/** Null where its input is not whole. */
function wholeBlock({ json, input }: Block): Json | null {
  if (input === '') return json;
  try {
    const parsed = parseExactly(input);
    return isObject(parsed) ? { ...json, input: parsed } : null;
  } catch {
    return null;
  }
}

function isSaid(text: unknown): boolean {
  return typeof text === 'string' && text !== '';
}
