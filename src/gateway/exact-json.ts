/**
 * JSON in which every integer stays what it was: ids of 19 digits are usual in tools' arguments, and a double rounds them. One
 * that a double does not write as it came is kept as raw JSON, which JSON.stringify writes back digit for digit; to whoever
 * reads it, it is neither a number nor an object, so that nothing computes with it.
 */

interface RawJson {
  readonly rawJSON: string;
}

/** Of V8, and not yet of TypeScript's own library. */
interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): boolean;
}

const json = JSON as unknown as JsonWithSource;

/** A double writes any integer of 15 digits as it came. */
const LONG = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** What JSON.parse gives, and throws, but for integers that it would round. */
export function parseExactly(text: string): unknown {
  // A reviver costs as much again as parsing, and nearly no text needs one.
  if (!LONG.test(text)) return JSON.parse(text);
  return json.parse(text, (_, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    return String(value) !== source && INTEGER.test(source) ? json.rawJSON(source) : value;
  });
}

/** Whether a value is such an integer: its typeof is that of an object. */
export function isExactInteger(value: object): boolean {
  return json.isRawJSON(value);
}
