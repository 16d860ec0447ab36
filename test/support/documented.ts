/**
 * Every answer that a test of the management API sees is held against the reference: its status must be promised, its body
 * must be what the schema says, and have no field that the schema does not know.
 */
import { isDeepStrictEqual } from 'node:util';
import type { z } from '@hono/zod-openapi';
import { createApp } from '../../src/app.ts';
import { localRouter } from '../../src/local/routes.ts';
import { documentOf } from '../../src/reference/document.ts';

interface DescribedAnswer {
  $ref?: string;
  content?: Record<string, { schema?: z.ZodType }>;
}

export interface DescribedRoute {
  method: string;
  path: string;
  request?: { body?: { content: Record<string, { schema: z.ZodType }> } };
  responses: Record<string, DescribedAnswer>;
}

const app = createApp({ mappings: [], providers: [], routers: [localRouter] });

export const REFERENCE = documentOf(app);

/** What each route says of itself, its schemas still zod's. */
export const ROUTES = app.openAPIRegistry.definitions.flatMap((definition) =>
  definition.type === 'route' ? [definition.route as unknown as DescribedRoute] : [],
);

const PATTERNS = ROUTES.map((route) => ({ route, pattern: patternOf(route.path) }))
  // `members/me` is no `members/{memberId}`.
  .sort((a, b) => Number(a.route.path.includes('{')) - Number(b.route.path.includes('{')))
  .sort((a, b) => Number(a.route.path.endsWith('}')) - Number(b.route.path.endsWith('}')));

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('{model}', '.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

/** The answer itself, once it is known to be what the reference promises; throws where it is not. */
export async function documented(method: string, url: string, response: Response): Promise<Response> {
  const { pathname } = new URL(url);
  const found = PATTERNS.find(({ route, pattern }) => route.method === method.toLowerCase() && pattern.test(pathname));
  // What the reference does not know is not there, or is the operator's.
  if (!found || !response.headers.get('content-type')?.startsWith('application/json')) return response;
  const { route } = found;
  const at = `${method} ${route.path} answers ${response.status}`;
  const promised = route.responses[response.status];
  if (!promised) throw new Error(`${at}, which the reference does not tell`);
  // Refusals have one shape, which one function writes; a redirect's body nobody reads.
  if (promised.$ref !== undefined || response.status === 302) return response;
  const schema = promised.content?.['application/json']?.schema;
  if (!schema) throw new Error(`${at} with a body, of which the reference tells nothing`);
  const body: unknown = await response.clone().json();
  const { success, data, error } = schema.safeParse(body);
  if (!success) throw new Error(`${at} with what its schema does not allow: ${JSON.stringify(error.issues)}`);
  if (!isDeepStrictEqual(data, body)) {
    throw new Error(`${at} with fields that its schema does not know: ${JSON.stringify(body)}`);
  }
  return response;
}
