/**
 * Joins the events of a stream into the response that the provider would have given in one piece. A stream that came to
 * its end says it itself; of one that was cut the items so far are put together from their parts.
 */
import type { Gathered, Json, ReadAnswer } from '../protocol.ts';
import { isObject } from '../reported.ts';
import { isLifecycle } from './answer.ts';

export class GatheredResponse implements Gathered {
  /** The response as it was last told, without what came since. */
  #told: Json = {};
  /** By their place in the output. */
  readonly #items = new Map<number, Json>();
  readonly #done = new Set<number>();

  add({ json }: ReadAnswer): void {
    const { type, response, item, output_index: index } = json;
    if (isLifecycle(type)) {
      if (isObject(response)) this.#told = response;
      return;
    }
    if (typeof index !== 'number') return;
    if (isObject(item)) {
      this.#items.set(index, item);
      if (type === 'response.output_item.done') this.#done.add(index);
      return;
    }
    const message = this.#items.get(index);
    if (message?.type === 'message') addTo(message, json);
  }

  whole(): Json {
    const { output } = this.#told;
    const isTold = Array.isArray(output) && output.length > 0;
    return isTold ? this.#told : { ...this.#told, output: this.#inOrder().map(([, item]) => item) };
  }

  /**
   * The response so far, ended as by a provider's own cap; null where that would be of no use, because nothing was said, or
   * would do harm, because a tool call may be halved.
   */
  cutShort(): Json | null {
    const output: Json[] = [];
    for (const [index, item] of this.#inOrder()) {
      const running = !this.#done.has(index);
      if (running && item.type !== 'message' && item.type !== 'reasoning') return null;
      // Half a reasoning can be neither sealed nor sent back.
      if (running && item.type === 'reasoning') continue;
      output.push(running ? { ...item, status: 'incomplete' } : item);
    }
    if (!output.some(saysSomething)) return null;
    const incomplete_details = { reason: 'max_output_tokens' };
    return { ...this.#told, status: 'incomplete', incomplete_details, output, usage: null };
  }

  #inOrder(): [number, Json][] {
    return [...this.#items].sort(([a], [b]) => a - b);
  }
}

/** What a delta, or the end of a part, says of a message. */
function addTo(message: Json, { type, content_index: place, part, delta, text, refusal }: Json): void {
  if (!Array.isArray(message.content)) message.content = [];
  const content = message.content as unknown[];
  // Nobody leaves out a part: past the end it is a place that would make a list of nothing.
  if (typeof place !== 'number' || place > content.length) return;
  if (isObject(part)) content[place] = part;
  const said = content[place];
  if (!isObject(said)) return;
  if (type === 'response.output_text.delta') said.text = `${said.text ?? ''}${delta}`;
  else if (type === 'response.refusal.delta') said.refusal = `${said.refusal ?? ''}${delta}`;
  else if (type === 'response.output_text.done') said.text = text;
  else if (type === 'response.refusal.done') said.refusal = refusal;
}

function saysSomething({ type, content }: Json): boolean {
  if (type !== 'message' || !Array.isArray(content)) return false;
  return content.filter(isObject).some(({ text, refusal }) => Boolean(text) || Boolean(refusal));
}
