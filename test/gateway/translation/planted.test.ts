/**
 * A request that has something in it which nobody knows, or which is of the wrong kind, wherever it stands: it is refused by
 * name before anything of it is translated. What is the caller's own (schemas, arguments) may hold anything.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, Protocol } from '../../../src/gateway/protocol.ts';
import type { Refusal } from '../../../src/gateway/refusals.ts';
import { neutralRequest } from './generate.ts';
import { affordable, CLIENTS, writtenBy } from './protocols.ts';

const RUNS = { numRuns: 10 };

/** Below these stands what the caller or the model made up. */
const THE_CALLERS_OWN: ReadonlySet<string> = new Set([
  'parameters',
  'schema',
  'input_schema',
  'parametersJsonSchema',
  'responseJsonSchema',
  'args',
  'response',
  // What providers of Chat Completions say of reasoning, each in its own way.
  'reasoning_details',
]);

/** Fields whose value says nothing to the model, so that it is never read here. */
const UNREAD: ReadonlySet<string> = new Set([
  // What the route sets, or has dealt with.
  'model',
  'stream',
  'stream_options',
  'store',
  // A call is a call.
  'tool_calls.type',
]);

type Path = (string | number)[];

interface Place {
  path: Path;
  value: unknown;
}

/** Every value of a request, itself included, that its protocol has a word for. */
function places(value: unknown, path: Path = []): Place[] {
  const here = { path, value };
  if (typeof value !== 'object' || value === null || isTheCallersOwn(path)) return [here];
  return [here, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, keyOf(value, key)]))];
}

function keyOf(value: object, key: string): string | number {
  return Array.isArray(value) ? Number(key) : key;
}

/** `input` is that of a tool in Messages, and the conversation in Responses. */
function isTheCallersOwn(path: Path): boolean {
  const name = String(path.at(-1));
  return THE_CALLERS_OWN.has(name) || (name === 'input' && path.length > 1);
}

function isUnread(path: Path): boolean {
  const names = path.filter((step) => typeof step === 'string');
  return UNREAD.has(names.join('.')) || UNREAD.has(names.slice(-2).join('.'));
}

/** A copy of `json` with `value` at `path`. */
function planted(json: Json, path: Path, value: unknown): Json {
  const copy = structuredClone(json);
  const last = path.at(-1);
  // biome-ignore lint/suspicious/noExplicitAny: a path that was found in the same value.
  const at = path.slice(0, -1).reduce<any>((inner, step) => inner[step], copy);
  at[last as string] = value;
  return copy;
}

/** What is wrong with the answer to a request in which something was planted at `path`; null where it is refused by name. */
function unnamed(protocol: Protocol, json: Json, path: Path): string | null {
  const refusal = refusalOf(protocol, json);
  if (refusal === null) return `${pattern(path)} was lost`;
  if (refusal.kind !== 'bad_request') return `${pattern(path)} was refused as ${refusal.kind}`;
  // What it stands in may be named instead: of a mark for the cache that nobody understands, the mark.
  const field = refusal.field ?? '';
  const isNamed = field !== '' && (`${path.join('.')}.`.startsWith(`${field}.`) || field.includes(String(path.at(-1))));
  return isNamed ? null : `${pattern(path)} was refused as ${field}`;
}

function refusalOf(protocol: Protocol, json: Json): Refusal | null {
  const asked = protocol.ask(json, protocol.id === 'gemini' ? { model: 'any', streamed: false } : null);
  if ('refusal' in asked) return asked.refusal;
  const read = protocol.translator.readRequest(asked.understood);
  return 'refusal' in read ? read.refusal : null;
}

function pattern(path: Path): string {
  return path.map((step) => (typeof step === 'number' ? '*' : step)).join('.');
}

describe.each(CLIENTS)('a request of $protocol.id', ({ protocol, unsaid }) => {
  const bodies = neutralRequest({ lacks: unsaid }).map((request) => writtenBy(protocol, affordable(request)));

  /** The body in turn with each thing that `plants` puts somewhere in it. */
  function refusesAll(plants: (place: Place) => [path: Path, value: unknown] | null): void {
    fc.assert(
      fc.property(bodies, (body) => {
        const wrong = places(body).flatMap((place) => {
          const [path, value] = plants(place) ?? [];
          const found = path && unnamed(protocol, planted(body, path, value), path);
          return found ? [found] : [];
        });
        expect([...new Set(wrong)]).toEqual([]);
      }),
      RUNS,
    );
  }

  it('with a field that nobody knows is refused by its name, wherever it stands', () => {
    refusesAll(({ path, value }) => (isObject(value) && !isTheCallersOwn(path) ? [[...path, 'planted'], 1] : null));
  });

  it('with a value of the wrong kind is refused by the name of its field, wherever it stands', () => {
    refusesAll(({ path, value }) =>
      path.length === 0 || value === null || isUnread(path)
        ? null
        : [path, isObject(value) || Array.isArray(value) ? 5 : { planted: true }],
    );
  });
});

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
