/** The OpenAPI document of the app as `npm start` runs it: what the tests of every route take their routes from. */
import { createApp } from '../../src/app.ts';
import { localRouter } from '../../src/local/routes.ts';
import { REFERENCE } from '../support/documented.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean;
  schema?: Schema;
}

/** JSON Schema, as far as the tests read it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

export interface Operation {
  /** `GET /orgs/{orgId}` */
  route: string;
  method: string;
  path: string;
  parameters: Parameter[];
  /** Of the JSON body, where it takes one. */
  body: Schema | null;
  /** The statuses that it documents. */
  statuses: string[];
}

interface Described {
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  responses?: Record<string, unknown>;
}

const app = createApp({ mappings: [], providers: [], routers: [localRouter] });

/** As it is served. */
const document = REFERENCE as unknown as {
  paths: Record<string, Partial<Record<string, Described>>>;
  components?: { schemas?: Record<string, Schema> };
};

/** Every operation of the document. */
export const OPERATIONS: readonly Operation[] = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.flatMap((name): Operation[] => {
    const described = item[name];
    if (!described) return [];
    const method = name.toUpperCase();
    const { parameters = [], requestBody, responses = {} } = described;
    const body = requestBody?.content?.['application/json']?.schema ?? null;
    return [{ route: `${method} ${path}`, method, path, parameters, body, statuses: Object.keys(responses) }];
  }),
);

/** Every route that the app answers, whether the document has it or not; `{name}` for its parameters. */
export const SERVED: readonly string[] = [
  ...new Set(
    app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`),
  ),
];

/** A schema with what it refers to in its place. */
export function resolved(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  if (name === undefined) return schema;
  const found = document.components?.schemas?.[name];
  if (!found) throw new Error(`the document refers to ${schema.$ref}, which it does not have`);
  return resolved(found);
}
