/**
 * Reading OpenAI's chat answers: the text of a delta or message, the ends, the usage, an error inside a 200. Garbage
 * reads as nothing rather than throwing: what a provider sends is not trusted.
 */
import type { Usage } from '../../money/cost.ts';
import { inputTokensOf, NO_USAGE, outputTokensOf } from '../../money/cost.ts';
import type { ReadAnswer } from '../protocol.ts';
import { countOf, fieldsOf, jsonObjectIn, NO_ANSWER, textWithin } from '../reported.ts';
import { tierIn } from '../service-tier.ts';
import type { Frame } from '../sse.ts';

/** What of a choice is not output: the rest is counted, whatever it is called, so that nothing passes unseen. */
const NOT_OUTPUT: ReadonlySet<string> = new Set(['role', 'id', 'type', 'finish_reason', 'logprobs', 'index']);

const END_OF_STREAM = '[DONE]';

/** The mark at the end of a stream says nothing but that. */
const ENDED: ReadAnswer = { json: {}, text: '', ended: 0, usage: null, error: null, last: true };

export function readChatEvent({ data, raw }: Frame): ReadAnswer | null {
  if (data === END_OF_STREAM) return ENDED;
  const read = data === null ? null : readChunk(data);
  // OpenAI's protocol names no event but this one, and what it says has the error's fields at its top.
  if (read && read.error === null && raw.startsWith('event: error')) return { ...read, error: readError(read.json) };
  return read;
}

/** Reads a whole answer. */
export function readChatAnswer(text: string): ReadAnswer | null {
  const read = readChunk(text);
  return read && read.error === null && !Array.isArray(read.json.choices) ? { ...read, error: NO_ANSWER } : read;
}

/** Reads what a whole answer and one chunk of a stream have in common; null where it is no JSON object. */
function readChunk(text: string): ReadAnswer | null {
  const json = jsonObjectIn(text);
  if (!json) return null;
  const { choices, usage, error } = json;
  return {
    json,
    text: textWithin(choices, NOT_OUTPUT),
    ended: Array.isArray(choices) ? choices.filter(isEnded).length : 0,
    usage: readUsage(usage),
    tier: tierIn(json),
    error: readError(error),
    last: false,
  };
}

function isEnded(choice: unknown): boolean {
  return typeof fieldsOf(choice).finish_reason === 'string';
}

/** Whatever stands there is an error: one of a shape that nobody knows must not pass as an answer. Most answers have none. */
function readError(reported: unknown): string | null {
  if (reported == null) return null;
  if (typeof reported === 'string') return reported;
  const { message } = fieldsOf(reported);
  return typeof message === 'string' ? message : 'The provider reported an error.';
}

/**
 * OpenAI counts within the prompt what is read from the cache and what is written to it, and reasoning within the completion;
 * ours are disjoint. Null where a count is none. Read by hand: some providers report it with every chunk of a stream.
 */
export function readUsage(reported: unknown): Usage | null {
  const { prompt_tokens, completion_tokens, prompt_tokens_details, completion_tokens_details } = fieldsOf(reported);
  const prompt = countOf(prompt_tokens);
  const completion = countOf(completion_tokens);
  const { cached_tokens, cache_write_tokens, audio_tokens: heard } = fieldsOf(prompt_tokens_details);
  const { reasoning_tokens, audio_tokens: spoken } = fieldsOf(completion_tokens_details);
  const cached = countOf(cached_tokens ?? 0);
  const written = countOf(cache_write_tokens ?? 0);
  const reasoning = countOf(reasoning_tokens ?? 0);
  if (prompt === null || completion === null || cached === null || written === null || reasoning === null) return null;
  const cachedInput = Math.min(prompt, cached);
  const cacheWrite5m = Math.min(prompt - cachedInput, written);
  const reasoned = Math.min(completion, reasoning);
  const audioInput = Math.min(prompt - cachedInput - cacheWrite5m, countOf(heard) ?? 0);
  const audioOutput = Math.min(completion - reasoned, countOf(spoken) ?? 0);
  return {
    ...NO_USAGE,
    input: prompt - cachedInput - cacheWrite5m - audioInput,
    audioInput,
    cachedInput,
    // One rate for all that is written: it does not say for how long.
    cacheWrite5m,
    output: completion - reasoned - audioOutput,
    audioOutput,
    reasoning: reasoned,
  };
}

/** The same the other way round, for an answer whose provider never got to say it. */
export function writeUsage(usage: Usage): Record<string, unknown> {
  const written = usage.cacheWrite5m + usage.cacheWrite1h;
  const prompt = inputTokensOf(usage);
  const completion = outputTokensOf(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInput,
      ...(written > 0 && { cache_write_tokens: written }),
      ...(usage.audioInput > 0 && { audio_tokens: usage.audioInput }),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      ...(usage.audioOutput > 0 && { audio_tokens: usage.audioOutput }),
    },
  };
}
