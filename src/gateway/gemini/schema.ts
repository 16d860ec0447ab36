/**
 * Google's Schema as JSON Schema. It is a part of OpenAPI 3.0's: types in capitals, `nullable`, and 64-bit numbers as texts
 * (https://ai.google.dev/api/caching#Schema). The way back is not needed: Google takes JSON Schema in fields of its own.
 */
import type { Json } from '../protocol.ts';
import { isObject } from '../reported.ts';

const COUNTS: ReadonlySet<string> = new Set([
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
]);

/** By name where JSON Schema calls it differently. */
const RENAMED: Readonly<Record<string, string>> = { defs: '$defs', ref: '$ref' };

export function jsonSchemaOf(schema: Json): Json {
  const { nullable, propertyOrdering, ...rest } = schema;
  const written = Object.fromEntries(
    Object.entries(rest).flatMap(([name, value]) =>
      value == null ? [] : [[RENAMED[name] ?? name, fieldValue(name, value)]],
    ),
  );
  if (Array.isArray(propertyOrdering) && isObject(written.properties)) {
    written.properties = ordered(written.properties, propertyOrdering);
  }
  return nullable === true ? orNull(written) : written;
}

function fieldValue(name: string, value: unknown): unknown {
  if (name === 'type' && typeof value === 'string') return value.toLowerCase();
  if (COUNTS.has(name) && typeof value === 'string') return Number(value);
  if (name === 'properties' || name === 'defs') {
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, of]) => [key, schemaIn(of)])) : value;
  }
  if (name === 'anyOf' || name === 'prefixItems') return Array.isArray(value) ? value.map(schemaIn) : value;
  if (name === 'example') return value;
  return name === 'items' || name === 'additionalProperties' ? schemaIn(value) : value;
}

function schemaIn(value: unknown): unknown {
  return isObject(value) ? jsonSchemaOf(value) : value;
}

/** JSON Schema has no order of properties; writers go by the one in which they stand. */
function ordered(properties: Json, ordering: unknown[]): Json {
  const names = [...new Set([...ordering.map(String), ...Object.keys(properties)])];
  return Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(properties, name) ? [[name, properties[name]]] : [])),
  );
}

function orNull(schema: Json): Json {
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  const choices = Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {};
  return { ...schema, type: [schema.type, 'null'], ...choices };
}
