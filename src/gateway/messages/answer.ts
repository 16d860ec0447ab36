/**
 * Reading Anthropic's answers, whole and streamed: the text of blocks and deltas, the end, the usage, an error inside a 200.
 * Garbage reads as nothing rather than throwing: what a provider sends is not trusted.
 */
import type { AnswerReader, Json, ReadAnswer } from '../protocol.ts';
import { fieldsOf, jsonObjectIn, NO_ANSWER, textWithin } from '../reported.ts';
import { ReportedUsage, readUsage } from './usage.ts';

/**
 * What of a block or delta is no output; the rest is counted, whatever it is called. A signature, and the data of redacted
 * thinking, seal what was thought: no model made them token by token. Citations quote what was read, and what a search has
 * found is sealed, too.
 */
const NOT_OUTPUT: ReadonlySet<string> = new Set([
  'type',
  'id',
  'index',
  'tool_use_id',
  'caller',
  'signature',
  'data',
  'encrypted_content',
  'encrypted_index',
  'citation',
  'citations',
]);

/** Of an event that nobody knows, all is output but what says which event it is. */
const NOT_EVENT: ReadonlySet<string> = new Set([...NOT_OUTPUT, 'usage']);

/** Made for one stream: its counts are cumulative. */
export class MessagesReader implements AnswerReader {
  readonly #usage = new ReportedUsage();

  read({ data }: { data: string | null }): ReadAnswer | null {
    const json = data === null ? null : jsonObjectIn(data);
    if (!json) return null;
    const found = { json, text: '', ended: 0, usage: null, error: readError(json), last: false };
    switch (json.type) {
      case 'message_start': {
        const message = fieldsOf(json.message);
        const usage = this.#usage.add(message.usage);
        // What it says here of its output is a beginning, not yet told apart by what was thought.
        const read = usage && { ...usage, output: 0, reasoning: 0 };
        return { ...found, text: textWithin(message.content, NOT_OUTPUT), usage: read };
      }
      case 'content_block_start':
        return { ...found, text: textWithin(json.content_block, NOT_OUTPUT) };
      case 'content_block_delta':
        return { ...found, text: textWithin(json.delta, NOT_OUTPUT) };
      case 'message_delta': {
        const ended = typeof fieldsOf(json.delta).stop_reason === 'string' ? 1 : 0;
        return { ...found, ended, usage: this.#usage.add(json.usage) };
      }
      case 'message_stop':
        return { ...found, last: true };
      case 'content_block_stop':
      case 'ping':
      case 'error':
        return found;
      default:
        return { ...found, text: textWithin(json, NOT_EVENT) };
    }
  }
}

/** Reads a whole answer; null where it is no JSON object. */
export function readMessage(text: string): ReadAnswer | null {
  const json = jsonObjectIn(text);
  if (!json) return null;
  return {
    json,
    text: textWithin(json.content, NOT_OUTPUT),
    ended: typeof json.stop_reason === 'string' ? 1 : 0,
    usage: readUsage(json.usage),
    error: readError(json) ?? (Array.isArray(json.content) ? null : NO_ANSWER),
    last: true,
  };
}

function readError({ type, error }: Json): string | null {
  if (type !== 'error' && error == null) return null;
  const { message } = fieldsOf(error);
  return typeof message === 'string' ? message : 'The provider reported an error.';
}
