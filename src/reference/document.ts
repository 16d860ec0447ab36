/**
 * The OpenAPI document of a build: what its routes say of themselves, with an example of every body. Made when it is first
 * asked for, which takes some tens of milliseconds; no other request pays for it.
 */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv } from '../api.ts';
import { type Direction, exampleOf, type JsonSchema, type Schemas } from './examples.ts';
import { type Credential, refusalResponses, type Tag } from './route.ts';

/** In the order of the page. */
const TAGS: Record<Tag, string> = {
  Gateway: 'Model calls, with an API key, in the protocols that tools already speak.',
  'API keys': 'What calls models; the usage is its member’s.',
  Members: 'Who there is, in which role, with which projects and rules.',
  Budgets: 'What a member may spend, and what developers inherit.',
  Invitations: 'How people become members.',
  Projects: 'What keys and usage belong to.',
  Organizations: 'Who pays, its settings and its seats.',
  'Master keys': 'What another program presents to manage the organization, as an admin would.',
  'Provider keys': 'Providers whose bill the organization pays itself, and providers of its own.',
  Analytics: 'Where the money went, and whether the books agree.',
  Wallet: 'Prepaid credit of a metered organization.',
  Billing: 'What was paid and given back, and the documents of it.',
  Statements: 'What was used in a month, for who charges it to cost centres.',
  'Audit log': 'Who changed what, from where, and whether that log was tampered with.',
  'Sign-in': 'Signing up and in, for browsers.',
  Account: 'What a signed-in person has for themselves.',
  Service: 'The service itself.',
};

const SECURITY_SCHEMES: Record<Exclude<Credential, 'anonymous'>, { description: string; [field: string]: string }> = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, `psr_…`; also taken from the headers `x-api-key` and `x-goog-api-key`.',
  },
  masterKey: { type: 'http', scheme: 'bearer', description: 'A master key, `psm_…`: it acts as an admin.' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'purser.session_token',
    description:
      'Signed in. Over https the cookie’s name begins with `__Secure-`. A change must come from our own pages.',
  },
};

const INFO = {
  title: 'Purser',
  version: '1',
  description: `Amounts are decimal strings in USD, at most 9 decimals. Instants are ISO 8601 in UTC.
Lists answer \`nextCursor\`, which the next page takes as \`cursor\`.

What is refused answers \`{"error": {message, type, param, code, metadata}}\`: \`code\` is for programs, \`param\` names the
field that is wrong, and the header \`Retry-After\` tells when to come back. Anthropic's and Google's routes say the same in the words
of their own protocols.

A change that members' objects enforce answers 202 with \`pending\` where one has not confirmed it yet; it will within minutes.`,
};

interface Content {
  schema?: JsonSchema;
  example?: unknown;
  examples?: unknown;
}

interface Body {
  content?: Record<string, Content>;
}

type Operation = { requestBody?: Body; responses: Record<string, Body> };

export type ReferenceDocument = ReturnType<typeof documentOf>;

export function documentOf(app: OpenAPIHono<ApiEnv>) {
  const { openAPIRegistry } = app;
  for (const { name, response } of refusalResponses()) openAPIRegistry.registerComponent('responses', name, response);
  const tags = Object.entries(TAGS).map(([name, description]) => ({ name, description }));
  const document = mended(app.getOpenAPI31Document({ openapi: '3.1.0', info: INFO, tags }));
  const schemas = (document.components?.schemas ?? {}) as Schemas;
  for (const methods of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(methods) as unknown as Operation[]) {
      addExamples(operation.requestBody, schemas, 'asked');
      for (const response of Object.values(operation.responses)) addExamples(response, schemas, 'answered');
    }
  }
  return { ...document, components: { ...document.components, securitySchemes: SECURITY_SCHEMES } };
}

/**
 * The document as it is meant: where something named may be null, the generator says that it must be both at once, which
 * nothing is.
 */
function mended<T>(node: T): T {
  if (Array.isArray(node)) return node.map(mended) as T;
  if (typeof node !== 'object' || node === null) return node;
  const { allOf, ...rest } = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, mended(value)]));
  if (!Array.isArray(allOf)) return { ...rest, ...(allOf !== undefined && { allOf }) } as T;
  const [named, also, ...others] = allOf as JsonSchema[];
  if (!named || !also || others.length > 0 || !Array.isArray(also.type)) return { ...rest, allOf } as T;
  const { type: _, ...facts } = also;
  return { ...rest, ...facts, anyOf: [named, { type: 'null' }] } as T;
}

function addExamples(body: Body | undefined, schemas: Schemas, direction: Direction): void {
  const json = body?.content?.['application/json'];
  if (!json?.schema || 'example' in json || 'examples' in json) return;
  json.example = exampleOf(json.schema, schemas, direction);
}
