/**
 * Joins the chunks of a stream into the answer that the provider would have given in one piece.
 *
 * Nothing that a delta carries is lost, whether its field is known or not: texts grow, lists grow or, where their items
 * carry an `index`, are joined item by item, objects are joined field by field. Throws where two parts of one field are of
 * different kinds and can't be joined: a wrong answer would be worse than none.
 */
import type { Gathered, Json, ReadAnswer } from '../protocol.ts';
import { isObject } from '../reported.ts';

/** These are said once, or again with every delta, but never in parts. */
const SAID_ONCE: ReadonlySet<string> = new Set(['role', 'id', 'type', 'name', 'format']);

export class GatheredChat implements Gathered {
  readonly #head = empty();
  /** By their index: message, logprobs, finish_reason and whatever else was said of each. */
  readonly #choices = new Map<number, Json>();

  add({ json }: Pick<ReadAnswer, 'json'>): void {
    const { choices, ...head } = json;
    // What stands beside the choices is said of the answer as a whole, often with every chunk.
    for (const [name, value] of Object.entries(head)) if (value !== null) this.#head[name] = value;
    if (Array.isArray(choices)) for (const [position, choice] of choices.entries()) this.#addTo(choice, position);
  }

  /** The answer as it came. */
  whole(): Json {
    const { usage, obfuscation: _padding, ...head } = this.#head;
    const choices = [...this.#choices.keys()].sort((a, b) => a - b).map((index) => this.#choice(index));
    return { ...head, object: 'chat.completion', choices, ...(usage === undefined ? {} : { usage }) };
  }

  /**
   * The answer so far, ended as by a provider's own cap; null where that would be of no use, because nothing was said, or
   * would do harm, because a tool call may be halved.
   */
  cutShort(): Json | null {
    const whole = this.whole();
    const choices = whole.choices as (Json & { message: Json })[];
    const running = choices.filter(({ finish_reason }) => finish_reason === null);
    if (running.some(({ message }) => message.tool_calls != null || message.function_call != null)) return null;
    if (!choices.some(({ message }) => isSaid(message.content) || isSaid(message.refusal))) return null;
    for (const choice of running) choice.finish_reason = 'length';
    return whole;
  }

  #addTo(choice: unknown, position: number): void {
    if (choice === null) return;
    if (!isObject(choice)) throw new TypeError('a choice that is no object');
    const { index = position, delta = null, logprobs = null, ...said } = choice;
    if (typeof index !== 'number') throw new TypeError('a choice whose index is no number');
    const gathered = this.#choices.get(index) ?? empty();
    this.#choices.set(index, gathered);
    gathered.message = join(gathered.message, delta, 'message');
    if (logprobs !== null) gathered.logprobs = join(gathered.logprobs, logprobs, 'logprobs');
    for (const [name, value] of Object.entries(said)) {
      // A state, not a part: the newest counts.
      if (typeof value !== 'object') gathered[name] = value;
      else gathered[name] = join(gathered[name], value, name);
    }
  }

  #choice(index: number): Json & { message: Json } {
    const { message, ...said } = this.#choices.get(index) ?? {};
    const { tool_calls: calls, ...rest } = isObject(message) ? message : {};
    const toolCalls = Array.isArray(calls) ? { tool_calls: inOrder(calls) } : {};
    return {
      finish_reason: null,
      ...said,
      index,
      message: { role: 'assistant', content: null, ...rest, ...toolCalls },
    };
  }
}

/** Without a prototype: a provider may name a field `__proto__` or `constructor`, and must not reach any object but its own. */
function empty(): Json {
  return Object.create(null) as Json;
}

/** `next` after `before`. What is joined into is changed in place: a long answer must not be copied with every chunk. */
function join(before: unknown, next: unknown, name: string): unknown {
  if (next === null || next === undefined) return before ?? null;
  const old = before ?? null;
  if (Array.isArray(next)) {
    const list = old ?? [];
    if (!Array.isArray(list)) throw new TypeError(`${name} was no list before`);
    for (const item of next) joinItem(list, item, name);
    return list;
  }
  if (isObject(next)) {
    const joined = old ?? empty();
    if (!isObject(joined)) throw new TypeError(`${name} was no object before`);
    for (const [field, value] of Object.entries(next)) joined[field] = join(joined[field], value, field);
    return joined;
  }
  if (typeof next !== 'string') return next;
  if (old === null) return next;
  if (typeof old !== 'string') throw new TypeError(`${name} was no text before`);
  if (SAID_ONCE.has(name)) return next === '' ? old : next;
  return old + next;
}

function joinItem(list: unknown[], item: unknown, name: string): void {
  if (!isObject(item)) {
    list.push(item);
    return;
  }
  const same =
    typeof item.index === 'number'
      ? list.findLast((other) => isObject(other) && other.index === item.index)
      : // Some providers leave the index out: what has no id either goes on with the call before it.
        name === 'tool_calls' && !item.id
        ? list.at(-1)
        : undefined;
  if (same === undefined) list.push(join(null, item, name));
  else join(same, item, name);
}

/** Tool calls by their index, which a whole answer does not carry. */
function inOrder(calls: unknown[]): unknown[] {
  const place = (call: unknown, position: number) =>
    isObject(call) && typeof call.index === 'number' ? call.index : position;
  return calls
    .map((call, position) => ({ call, at: place(call, position) }))
    .sort((a, b) => a.at - b.at)
    .map(({ call }) => {
      if (!isObject(call)) return call;
      const { index: _, ...rest } = call;
      return rest;
    });
}

function isSaid(value: unknown): boolean {
  return (typeof value === 'string' || Array.isArray(value)) && value.length > 0;
}
