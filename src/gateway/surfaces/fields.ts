/** What the requests and answers of surfaces have in common. */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { DemoField } from '../demo-field.ts';
import { countOf, fieldsOf, isObject, jsonObjectIn, NO_ANSWER } from '../reported.ts';
import type { Counts, ReadSurface } from './surface.ts';

const encoder = new TextEncoder();

export const MODEL = z.string().min(1).max(LIMITS.modelLengthMax);

/** A file of a form. */
export const FILE = z.instanceof(File, { error: 'it must be a file' });

/** In a form all fields are text: a number as its digits, an object as JSON. */
export const DEMO = z
  .preprocess((value) => (typeof value === 'string' ? jsonObjectIn(value) : value), DemoField)
  .optional();
export const STREAM = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]).nullish();

export function bytesOf(text: string): number {
  return encoder.encode(text).byteLength;
}

/** A JSON answer, which has this `field`: what it says went wrong, or its usage by `read`; null where it is no JSON object. */
export function readJson(
  bytes: Uint8Array,
  field: string,
  read: (json: Record<string, unknown>) => Counts | null,
): ReadSurface | null {
  const json = jsonObjectIn(new TextDecoder().decode(bytes));
  if (!json) return null;
  if (json.error != null) return { usage: null, error: errorIn(json.error) };
  return { usage: read(json), error: json[field] == null ? NO_ANSWER : null };
}

/** As readJson, for an answer that may also be a stream of events: then the last of them that tells usage tells it. */
export function readJsonOrEvents(
  bytes: Uint8Array,
  contentType: string,
  field: string,
  read: (json: Record<string, unknown>) => Counts | null,
): ReadSurface | null {
  if (!contentType.includes('text/event-stream')) return readJson(bytes, field, read);
  let usage: Counts | null = null;
  for (const line of new TextDecoder().decode(bytes).split(/\r\n|\r|\n/)) {
    const json = line.startsWith('data:') ? jsonObjectIn(line.slice('data:'.length)) : null;
    if (!json) continue;
    if (json.type === 'error' || json.error != null) return { usage: null, error: errorIn(json.error ?? json) };
    if (isObject(json.usage)) usage = read(json) ?? usage;
  }
  return { usage, error: null };
}

/** What an `error` of an answer says, in any shape that providers give it. */
export function errorIn(error: unknown): string {
  const { message } = fieldsOf(error);
  if (typeof message === 'string') return message;
  return typeof error === 'string' ? error : 'The provider reported an error.';
}

/** Counts of tokens of more than one kind, as OpenAI's images and transcriptions tell them; null where they tell none. */
export function modalTokens(usage: unknown): Counts | null {
  const { input_tokens, output_tokens, input_tokens_details, input_token_details, output_tokens_details } =
    fieldsOf(usage);
  const [input, output] = [countOf(input_tokens), countOf(output_tokens)];
  if (input === null || output === null) return null;
  const read = fieldsOf(input_tokens_details ?? input_token_details);
  const made = fieldsOf(output_tokens_details);
  const imageInput = Math.min(input, countOf(read.image_tokens) ?? 0);
  const audioInput = Math.min(input - imageInput, countOf(read.audio_tokens) ?? 0);
  return {
    input: input - imageInput - audioInput,
    imageInput,
    audioInput,
    output: countOf(made.text_tokens) ?? output,
  };
}
