/** The types of the client (client/api.generated.ts), written from an OpenAPI document as Purser makes it. */
import type { ReferenceDocument } from '../src/reference/document.ts';
import type { JsonSchema } from '../src/reference/examples.ts';

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: JsonSchema;
}

interface Body {
  content?: Record<string, { schema?: JsonSchema }>;
}

interface Operation {
  summary: string;
  parameters?: Parameter[];
  requestBody?: Body;
  responses: Record<string, Body>;
}

export function clientTypes(document: ReferenceDocument): string {
  const schemas = Object.entries((document.components.schemas ?? {}) as Record<string, JsonSchema>);
  const routes = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as unknown as Record<string, Operation>).map(([method, operation]) =>
      routeType(`${method.toUpperCase()} ${path}`, operation),
    ),
  );
  const types = schemas
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `export type ${name} = ${typeOf(schema, '')};\n`);
  return `// Written by \`npm run generate:client\` from /openapi.json. Not to be edited.

${types.join('\n')}
/** What each route takes and answers. */
export interface Routes {
${routes.join('\n')}
}
`;
}

function routeType(name: string, { summary, parameters = [], requestBody, responses }: Operation): string {
  const of = (place: string) => parameters.filter((parameter) => parameter.in === place);
  const asked = jsonOf(requestBody);
  const answers = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, answer]) => answerType(answer));
  const parts = [
    ...['path', 'query'].flatMap((place) => (of(place).length === 0 ? [] : [parametersType(place, of(place))])),
    ...(asked ? [`body: ${typeOf(asked, '    ')};`] : []),
    `answer: ${[...new Set(answers)].join(' | ') || 'undefined'};`,
  ];
  return `  /** ${summary}. */\n  '${name}': {\n${parts.map((part) => `    ${part}\n`).join('')}  };`;
}

function parametersType(place: string, parameters: readonly Parameter[]): string {
  const isRequired = parameters.some(({ required }) => required);
  const fields = parameters.map(
    ({ name, required, schema }) => `${name}${required ? '' : '?'}: ${typeOf(schema, '      ')}`,
  );
  return `${place}${isRequired ? '' : '?'}: { ${fields.join('; ')} };`;
}

function jsonOf(body: Body | undefined): JsonSchema | undefined {
  return body?.content?.['application/json']?.schema;
}

/** Of what has more than one form, the JSON; a client that asks for another gets it as text. */
function answerType(answer: Body): string {
  const types = Object.entries(answer.content ?? {}).map(([type, { schema }]) =>
    type === 'application/json' && schema ? typeOf(schema, '    ') : 'string',
  );
  return [...new Set(types)].join(' | ') || 'undefined';
}

function typeOf(schema: JsonSchema, indent: string): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? 'unknown';
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return [...new Set(either.map((each) => typeOf(each, indent)))].join(' | ');
  if (schema.allOf) return schema.allOf.map((each) => typeOf(each, indent)).join(' & ');
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  if ('const' in schema) return literal(schema.const);
  return [schema.type ?? 'unknown']
    .flat()
    .map((type) => kindOf(type, schema, indent))
    .join(' | ');
}

function kindOf(type: string, schema: JsonSchema, indent: string): string {
  switch (type) {
    case 'integer':
      return 'number';
    case 'array': {
      const item = schema.items ? typeOf(schema.items, indent) : 'unknown';
      return /[ |&]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case 'object':
      return objectOf(schema, indent);
    default:
      return type;
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: JsonSchema, indent: string): string {
  const isOpen = additionalProperties !== undefined && additionalProperties !== false;
  const fields = Object.entries(properties).map(([name, schema]) => {
    const told = schema.description ? `${indent}  /** ${schema.description}. */\n` : '';
    return `${told}${indent}  ${name}${required.includes(name) ? '' : '?'}: ${typeOf(schema, `${indent}  `)};\n`;
  });
  if (fields.length === 0) return `Record<string, ${isOpen ? openType(additionalProperties, indent) : 'never'}>`;
  const rest = isOpen ? [`${indent}  [field: string]: unknown;\n`] : [];
  return `{\n${[...fields, ...rest].join('')}${indent}}`;
}

function openType(additional: unknown, indent: string): string {
  return typeof additional === 'object' && additional !== null ? typeOf(additional as JsonSchema, indent) : 'unknown';
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}
