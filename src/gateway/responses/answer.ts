/**
 * Reading Responses answers, whole and event by event: the text, the end, the usage, what went wrong. Garbage reads as
 * nothing rather than throwing: what a provider sends is not trusted.
 *
 * A stream says everything several times: in deltas, in the `done` of a part, in that of its item, and in the response at
 * its end. Each item's text is counted as it comes in deltas; of what repeats, only what goes beyond that. So nothing is
 * counted twice, and what a provider leaves out of its deltas is counted all the same.
 */
import { NO_USAGE, type Usage } from '../../money/cost.ts';
import type { AnswerReader, Json, ReadAnswer } from '../protocol.ts';
import { countOf, fieldsOf, isObject, jsonObjectIn, NO_ANSWER, textWithin } from '../reported.ts';
import { tierIn } from '../service-tier.ts';
import type { Frame } from '../sse.ts';
import { searchesIn } from './provider-tools.ts';

/**
 * What of an event or item is not output: names, places and states of the protocol, and reasoning as sealed, whose length
 * says nothing about its tokens. The rest is counted, whatever it is called, so that nothing passes unseen.
 */
const NOT_OUTPUT: ReadonlySet<string> = new Set([
  'type',
  'id',
  'item_id',
  'call_id',
  'role',
  'status',
  'phase',
  'logprobs',
  'obfuscation',
  'encrypted_content',
]);

/** The events that tell the state of the whole response. */
const LIFECYCLE: ReadonlySet<unknown> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.completed',
  'response.incomplete',
  'response.failed',
]);

export function isLifecycle(type: unknown): boolean {
  return LIFECYCLE.has(type);
}

export class ResponsesReader implements AnswerReader {
  /** How much text of each item has been counted, by its place in the output. */
  readonly #counted = new Map<number, number>();
  /** Searches of items that were told to be done. */
  #searches = 0;

  read({ data }: Frame): ReadAnswer | null {
    const json = jsonObjectIn(data ?? '');
    if (!json) return null;
    const { type, response } = json;
    // Some providers report what fails once they stream in the form of their refusals, which has no type.
    if (type === 'error' || (type === undefined && json.error != null)) {
      return nothing(json, { error: readError(json.error ?? json), last: true });
    }
    if (!isLifecycle(type)) {
      if (type === 'response.output_item.done') this.#searches += searchesIn(json.item);
      return nothing(json, { text: this.#textOf(json) });
    }
    if (!isObject(response)) return null;
    const { output, usage } = response;
    const text = Array.isArray(output)
      ? output.map((item, index) => this.#beyond(index, textWithin(item, NOT_OUTPUT))).join('')
      : '';
    const ended = type === 'response.completed' || type === 'response.incomplete';
    const failed = type === 'response.failed';
    return {
      json,
      text,
      ended: ended ? 1 : 0,
      usage: withSearches(readUsage(usage), Math.max(this.#searches, searchesOf(output))),
      tier: tierIn(response),
      error: failed ? (readError(response.error) ?? 'The provider failed to answer.') : null,
      last: ended || failed,
    };
  }

  #textOf(event: Json): string {
    const { type, output_index: index, ...said } = event;
    const text = textWithin(said, NOT_OUTPUT);
    if (typeof index !== 'number') return text;
    // An item that is added says what no delta repeats: the name of its tool.
    const repeats = typeof type === 'string' && !type.endsWith('.delta') && !type.endsWith('.added');
    if (repeats) return this.#beyond(index, text);
    this.#counted.set(index, (this.#counted.get(index) ?? 0) + text.length);
    return text;
  }

  /** What of an item's whole text was not counted before. */
  #beyond(index: number, whole: string): string {
    const counted = this.#counted.get(index) ?? 0;
    if (whole.length <= counted) return '';
    this.#counted.set(index, whole.length);
    return whole.slice(counted);
  }
}

export function readWhole(text: string): ReadAnswer | null {
  const json = jsonObjectIn(text);
  if (!json) return null;
  const { output, error, status, usage } = json;
  const reported = readError(error) ?? (Array.isArray(output) ? null : NO_ANSWER);
  const unfinished = status === 'queued' || status === 'in_progress' || status === 'failed' || status === 'cancelled';
  return {
    json,
    text: textWithin(output, NOT_OUTPUT),
    ended: 1,
    usage: withSearches(readUsage(usage), searchesOf(output)),
    tier: tierIn(json),
    error: reported ?? (unfinished ? 'The provider did not finish its answer.' : null),
    last: true,
  };
}

function nothing(json: Json, but: Partial<ReadAnswer>): ReadAnswer {
  return { json, text: '', ended: 0, usage: null, error: null, last: false, ...but };
}

function readError(reported: unknown): string | null {
  if (reported == null) return null;
  if (typeof reported === 'string') return reported;
  const message = isObject(reported) ? reported.message : null;
  return typeof message === 'string' ? message : 'The provider reported an error.';
}

/** Searches stand in no usage of OpenAI's: they are items of the answer. */
function withSearches(usage: Usage | null, webSearch: number): Usage | null {
  return usage && webSearch > 0 ? { ...usage, webSearch } : usage;
}

function searchesOf(output: unknown): number {
  return Array.isArray(output) ? output.reduce((sum: number, item) => sum + searchesIn(item), 0) : 0;
}

/**
 * OpenAI counts cached tokens within the input and reasoning within the output; ours are disjoint. Null where a count is
 * none.
 */
export function readUsage(reported: unknown): Usage | null {
  const { input_tokens, output_tokens, input_tokens_details, output_tokens_details } = fieldsOf(reported);
  const input = countOf(input_tokens);
  const output = countOf(output_tokens);
  const cached = countOf(fieldsOf(input_tokens_details).cached_tokens ?? 0);
  const reasoning = countOf(fieldsOf(output_tokens_details).reasoning_tokens ?? 0);
  if (input === null || output === null || cached === null || reasoning === null) return null;
  return {
    ...NO_USAGE,
    input: input - Math.min(input, cached),
    cachedInput: Math.min(input, cached),
    output: output - Math.min(output, reasoning),
    reasoning: Math.min(output, reasoning),
  };
}

/** The same the other way round. */
export function writeUsage(usage: Usage): Json {
  const input = usage.input + usage.cachedInput + usage.cacheWrite5m + usage.cacheWrite1h;
  const output = usage.output + usage.reasoning;
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cachedInput,
      cache_write_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + output,
  };
}
