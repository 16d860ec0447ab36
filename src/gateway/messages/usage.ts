/**
 * Usage as Anthropic counts it, and as we do.
 *
 * `input_tokens` are those that were neither read from the cache nor written to it; thinking counts within `output_tokens`
 * (https://platform.claude.com/docs/en/api/messages). What was written to the cache is told by time to live in
 * `cache_creation`, but in a stream only at its start: later events tell its sum alone. Of the tools that Anthropic runs only searches are
 * billed by their number; what they and other tools bring is within the input.
 */
import { NO_USAGE, type Usage } from '../../money/cost.ts';
import type { Json } from '../protocol.ts';
import { countOf, fieldsOf, isObject, usesOf } from '../reported.ts';

/** What a stream has told of its usage so far. Counts are cumulative, and an event leaves out, or nulls, what it does not tell. */
export class ReportedUsage {
  #told: Json = {};

  /** Null where nothing was told, or what was told is no count. */
  add(told: unknown): Usage | null {
    if (!isObject(told)) return null;
    const before = this.#told;
    this.#told = { ...before };
    for (const [name, value] of Object.entries(told)) if (value !== null) this.#told[name] = value;
    const usage = readUsage(this.#told);
    if (!usage) this.#told = before;
    return usage;
  }
}

export function readUsage(reported: unknown): Usage | null {
  const told = fieldsOf(reported);
  const input = countOf(told.input_tokens);
  const output = countOf(told.output_tokens);
  const cachedInput = countOf(told.cache_read_input_tokens ?? 0);
  const written = cacheWrites(told);
  const thought = countOf(fieldsOf(told.output_tokens_details).thinking_tokens ?? 0);
  const webSearch = usesOf(fieldsOf(told.server_tool_use).web_search_requests ?? 0);
  if (input === null || output === null || cachedInput === null || written === null || thought === null) return null;
  if (webSearch === null) return null;
  const reasoning = Math.min(output, thought);
  return { ...NO_USAGE, input, cachedInput, ...written, output: output - reasoning, reasoning, webSearch };
}

function cacheWrites(told: Json): Pick<Usage, 'cacheWrite5m' | 'cacheWrite1h'> | null {
  const byTtl = fieldsOf(told.cache_creation);
  const fiveMinutes = countOf(byTtl.ephemeral_5m_input_tokens ?? 0);
  const oneHour = countOf(byTtl.ephemeral_1h_input_tokens ?? 0);
  const sum = countOf(told.cache_creation_input_tokens ?? 0);
  if (fiveMinutes === null || oneHour === null || sum === null) return null;
  // What was written since, or by a provider that tells no times: the dearer, where that was written at all.
  const more = Math.max(0, sum - fiveMinutes - oneHour);
  return oneHour > 0
    ? { cacheWrite5m: fiveMinutes, cacheWrite1h: oneHour + more }
    : { cacheWrite5m: fiveMinutes + more, cacheWrite1h: 0 };
}

/** The same the other way round. */
export function writeUsage(usage: Usage): Json {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
    cache_read_input_tokens: usage.cachedInput,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5m,
      ephemeral_1h_input_tokens: usage.cacheWrite1h,
    },
    output_tokens: usage.output + usage.reasoning,
    output_tokens_details: { thinking_tokens: usage.reasoning },
  };
}
