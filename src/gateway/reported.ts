/**
 * Reading what a provider says, which is not trusted: garbage reads as nothing rather than throwing, and by hand rather than by a
 * schema, because every event of a stream is read.
 */

import { isTooDeep } from '../json-depth.ts';
import { isExactInteger, parseExactly } from './exact-json.ts';
import type { Json } from './protocol.ts';

/** No model takes or makes so much at once: a provider that says so has miscounted, and its count is not used. */
const REPORTED_TOKENS_MAX = 100_000_000;

const REPORTED_USES_MAX = 10_000;

/** Said of what came with a good status and is neither an answer nor an error. */
export const NO_ANSWER = 'The provider answered with something that is no answer.';

/** The JSON object that a text is, or null; also where it is nested deeper than anything here could read. */
export function jsonObjectIn(text: string): Json | null {
  if (isTooDeep(text)) return null;
  try {
    const json = parseExactly(text);
    return isObject(json) ? json : null;
  } catch {
    return null;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactInteger(value);
}

/** The fields of an object; of anything else, none. */
export function fieldsOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** A count of tokens, or null where it is none. */
export function countOf(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isInteger(value)) return null;
  return value >= 0 && value <= REPORTED_TOKENS_MAX ? value : null;
}

/** A count of uses of a tool, or null where it is none: no answer has so many, however little its provider keeps to a cap. */
export function usesOf(value: unknown): number | null {
  const uses = countOf(value);
  return uses !== null && uses <= REPORTED_USES_MAX ? uses : null;
}

/** All text in a value, however deep, save in the fields that are no output. Known or not, so that nothing passes unseen. */
export function textWithin(value: unknown, notOutput: ReadonlySet<string>): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  let text = '';
  for (const [name, part] of Object.entries(value)) if (!notOutput.has(name)) text += textWithin(part, notOutput);
  return text;
}
