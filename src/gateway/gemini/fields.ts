/**
 * Google's REST reads protobuf's JSON: each field by its camelCase name or by its snake_case one, and one item where a list
 * is meant. A request is read here in one form: camelCase, lists as lists. What is sent to Google stays as it came.
 *
 * A field given in both casings is refused: of two caps Google might take the one that was not read here.
 */
import type { Json, Understood } from '../protocol.ts';

/** What is the caller's own below these: arguments, results, JSON schemas. Not fields of Google's, so kept as they are. */
const THE_CALLERS_OWN: ReadonlySet<string> = new Set([
  'args',
  'response',
  'parametersJsonSchema',
  'responseJsonSchema',
  'partMetadata',
  'labels',
  'default',
  'example',
  'demo',
]);

/** Of a Schema: its fields are names that the caller gave, and what stands under each is a Schema again. */
const NAMED_BY_THE_CALLER = 'properties';

const LISTS: ReadonlySet<string> = new Set([
  'contents',
  'parts',
  'tools',
  'functionDeclarations',
  'safetySettings',
  'stopSequences',
  'responseModalities',
  'allowedFunctionNames',
]);

class Unreadable extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** A copy in which every field of Google's has its camelCase name. */
export function inCamelCase(json: Json): Understood<Json> {
  try {
    return { understood: fields(json) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { refusal: { kind: 'bad_request', field: error.field, message: error.message } };
  }
}

/** The name under which a field stands in an object as it was sent: snake_case or, also where there is none, camelCase. */
export function nameIn(json: Json, camelCased: string): string {
  return Object.keys(json).find((name) => camelCase(name) === camelCased) ?? camelCased;
}

function fields(object: Json): Json {
  const seen = new Set<string>();
  return Object.fromEntries(
    Object.entries(object).map(([given, value]) => {
      const name = camelCase(given);
      if (seen.has(name)) throw new Unreadable(given, `Give ${name} or ${given}, not both.`);
      seen.add(name);
      if (THE_CALLERS_OWN.has(name)) return [name, value];
      const inner = name === NAMED_BY_THE_CALLER ? named(value) : within(value);
      return [name, LISTS.has(name) && inner !== null && !Array.isArray(inner) ? [inner] : inner];
    }),
  );
}

/** By recursion: no body is read that is nested too deep for that. */
function within(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? value.map(within) : fields(value as Json);
}

function named(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, schema]) => [key, within(schema)]));
}

function camelCase(name: string): string {
  return name.includes('_')
    ? name.replace(/(?<=[a-zA-Z0-9])_+([a-zA-Z0-9])/g, (_, letter) => letter.toUpperCase())
    : name;
}
