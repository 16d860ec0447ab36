/**
 * Any request to a route, right or wrong, out of its description in the OpenAPI document: the shapes that it asks for with
 * something odd in some place, unknown fields, and what is no JSON at all.
 *
 * Ids stand as `<name>` and `<foreign name>` until a request is sent, because the world that they are of may be another by then.
 */
import fc from 'fast-check';
import { type Operation, resolved, type Schema } from './document.ts';
import type { Ids, World } from './world.ts';

const ID_NAMES = [
  'orgId',
  'memberId',
  'otherOwnerId',
  'projectId',
  'keyId',
  'masterKeyId',
  'providerKeyId',
  'invitationId',
  'requestId',
] as const;

/** Ids as they stand in what is generated. */
export const SYMBOLS = Object.fromEntries(ID_NAMES.map((name) => [name, `<${name}>`])) as unknown as Ids;

/** With the ids of a world in the place of their names. */
export function fill(text: string, world: World, elsewhere: World): string {
  return text.replace(/<(foreign )?(\w+)>/g, (found, foreign: string | undefined, name: string) => {
    const { ids } = foreign ? elsewhere : world;
    return name in ids ? ids[name as keyof Ids] : found;
  });
}

const ids = fc.constantFrom(...ID_NAMES.flatMap((name) => [`<${name}>`, `<foreign ${name}>`]));

const ODD_TEXTS = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\udfff\ud800',
  '\u202egnp.exe',
  'e\u0301\u0301\u0301',
  '\u{1f469}\u200d\u{1f680}',
  '\uffff\ufeff',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  "' OR 1=1 --",
  '%',
  '%_\\',
  '../../etc',
  '<script>',
  '1e308',
  '-0',
  '-1',
  'NaN',
  'null',
  '0x10',
  '9'.repeat(400),
  'x'.repeat(5_000),
  '2026-13-45',
  '2026-02-30T25:61:61Z',
  '+275760-09-13T00:00:00.001Z',
  'Mars/Olympus',
  'unlimited',
  'someone@example.com',
];

/** What somebody might send in the place of a text. */
const oddText = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  ids,
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
);

const ODD_NUMBERS = [0, -0, -1, 1.5, 1e-9, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, -1e308];

const deep = fc.constantFrom(20, 300).map((levels) => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
});

/** What somebody might send in the place of anything. */
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.constantFrom<unknown>(null, true, false, [], {}, ...ODD_NUMBERS),
  fc.double({ noNaN: true }),
  fc.array(oddText, { maxLength: 3 }),
  fc.dictionary(oddText, oddText, { maxKeys: 3 }),
  deep,
);

/** What a schema asks for, with something odd in one place of some. */
function like(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const right = fc.oneof({ maxDepth: 4 }, ...shapesOf(resolved(schema), depth));
  return fc.oneof({ arbitrary: right, weight: 7 }, { arbitrary: oddValue, weight: 1 });
}

function shapesOf(schema: Schema, depth: number): fc.Arbitrary<unknown>[] {
  const { anyOf, oneOf, allOf, type, properties = {}, items } = schema;
  const several = anyOf ?? oneOf ?? allOf;
  if (several) return several.flatMap((one) => shapesOf(resolved(one), depth));
  if (schema.const !== undefined) return [fc.constant(schema.const)];
  if (schema.enum) return [fc.constantFrom(...schema.enum)];
  return [type ?? 'string'].flat().map((name): fc.Arbitrary<unknown> => {
    switch (name) {
      case 'object': {
        const fields = Object.entries(properties).map(([field, shape]) => [field, like(shape, depth + 1)]);
        return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
      }
      case 'array':
        return depth > 4 || !items ? fc.constant([]) : fc.array(like(items, depth + 1), { maxLength: 3 });
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'integer':
        return fc.oneof(fc.integer({ min: -2, max: 400 }), fc.maxSafeInteger());
      case 'number':
        return fc.double({ noNaN: true });
      default:
        return fc.oneof(oddText, fc.constantFrom('5', '0', '12.5', 'A name', '2026-11-01', 'UTC', 'hour', '123456'));
    }
  });
}

/** A right body with one field replaced or added. */
function mutated(example: object): fc.Arbitrary<unknown> {
  const field = fc.oneof(fc.constantFrom(...Object.keys(example), 'unknown'), oddText);
  return fc
    .tuple(field, oddValue)
    .map(([name, value]) => Object.fromEntries([...Object.entries(example), [name, value]]));
}

/** JSON by hand, so that names such as `__proto__` are sent as fields of their own. */
const asJson = (body: unknown) => JSON.stringify(body) ?? 'null';

const NO_JSON = [
  '',
  ' ',
  '{',
  '{"a":1,}',
  '[',
  'undefined',
  '{"__proto__":{"admin":true}}',
  '"\\ud800"',
  '\ufeff{}',
  '1e999',
];

export interface AnyRequest {
  path: string;
  body: string | Uint8Array<ArrayBuffer> | null;
  contentType: string;
}

/** Requests to an operation; `examples` are right bodies and queries of it. */
export function anyRequest(
  { method, path: template, parameters, body }: Operation,
  examples: { body?: unknown; query?: Record<string, string> }[],
): fc.Arbitrary<AnyRequest> {
  const queryNames = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const pair = fc.tuple(
    queryNames.length === 0
      ? oddText
      : fc.oneof({ arbitrary: fc.constantFrom(...queryNames), weight: 9 }, { arbitrary: oddText, weight: 1 }),
    fc.oneof(oddText, fc.nat(200).map(String), fc.constantFrom('hour', 'member', 'csv', 'me', '-name')),
  );
  const rightQueries = examples.map(({ query = {} }) => Object.entries(query));
  const query = fc
    .tuple(fc.constantFrom<[string, string][]>([], ...rightQueries, ...rightQueries), fc.array(pair, { maxLength: 2 }))
    .map(([right, odd]) => [...right, ...odd].map((one) => one.map(encode).join('=')).join('&'));
  const parts = template.split(/(\{\w+\})/).map((part) => {
    if (!part.startsWith('{')) return fc.constant(part);
    const name = part.slice(1, -1);
    const right = fc.constant(name in SYMBOLS ? `<${name}>` : part.slice(1, -1));
    return fc.oneof(
      { arbitrary: right, weight: 8 },
      { arbitrary: oddText.map((odd) => encode(odd) || '%20'), weight: 1 },
      { arbitrary: fc.constantFrom('%00', '%FF%FE', '%2e%2e', '%2F', '<foreign orgId>', '*', ':id'), weight: 1 },
    );
  });
  const bodies = examples.flatMap((example) =>
    typeof example.body === 'object' && example.body !== null ? [example.body] : [],
  );
  const sent: fc.Arbitrary<AnyRequest['body']> =
    body === null
      ? fc.constantFrom(null, ...(method === 'GET' ? [] : ['{}', 'x']))
      : fc.oneof(
          { arbitrary: like(body).map(asJson), weight: 5 },
          ...bodies.map((example) => ({ arbitrary: mutated(example).map(asJson), weight: 5 })),
          { arbitrary: fc.constantFrom(...NO_JSON), weight: 2 },
          { arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes)), weight: 1 },
        );
  const contentType = fc.oneof(
    { arbitrary: fc.constant('application/json'), weight: 12 },
    {
      arbitrary: fc.constantFrom('text/plain', 'multipart/form-data', 'application/json; charset=utf-16', 'x'),
      weight: 1,
    },
  );
  return fc
    .record({ parts: fc.tuple(...parts), query, body: sent, contentType })
    .map(({ parts: path, query, ...rest }) => ({ path: path.join('') + (query && `?${query}`), ...rest }));
}

/** For a path or query; ids are put in later. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('.', '%2E')
    .replaceAll('%3C', '<')
    .replaceAll('%3E', '>')
    .replaceAll('foreign%20', 'foreign ');
}
