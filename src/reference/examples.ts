/**
 * Examples of whole bodies, put together from those of their fields: so each is complete, and none has to be written twice
 * or forgotten when a field is added.
 */

/** A JSON schema as the document has it, as far as examples need it. */
export interface JsonSchema {
  $ref?: string;
  example?: unknown;
  const?: unknown;
  enum?: unknown[];
  type?: string | string[];
  format?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: unknown;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

export type Schemas = Record<string, JsonSchema>;

/** What is asked for tells only what it must, and what its schema shows; what is answered tells all. */
export type Direction = 'asked' | 'answered';

/** Throws where a part of the schema has no example, with where that is. */
export function exampleOf(schema: JsonSchema, schemas: Schemas, direction: Direction, at = 'body'): unknown {
  if ('example' in schema) return schema.example;
  if (schema.$ref !== undefined) return exampleOf(named(schema.$ref, schemas), schemas, direction, at);
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [first] = (schema.anyOf ?? schema.oneOf ?? []).filter(({ type }) => type !== 'null');
  if (first) return exampleOf(first, schemas, direction, at);
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map((part) => exampleOf(part, schemas, direction, at)));
  }
  switch ([schema.type].flat().find((type) => type !== 'null')) {
    case 'object': {
      const { properties = {}, required = [] } = schema;
      const told = Object.entries(properties).filter(
        ([name, field]) => direction === 'answered' || required.includes(name) || 'example' in field,
      );
      return Object.fromEntries(
        told.map(([name, field]) => [name, exampleOf(field, schemas, direction, `${at}.${name}`)]),
      );
    }
    case 'array':
      return schema.items ? [exampleOf(schema.items, schemas, direction, `${at}[]`)] : [];
    case 'boolean':
      return true;
    default:
      throw new Error(`${at} has no example: ${JSON.stringify(schema)}`);
  }
}

function named(ref: string, schemas: Schemas): JsonSchema {
  const schema = schemas[ref.replace('#/components/schemas/', '')];
  if (!schema) throw new Error(`there is no schema ${ref}`);
  return schema;
}
