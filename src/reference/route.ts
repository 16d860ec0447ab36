/**
 * How a route is described: what it answers is written beside its handler, and what its middlewares refuse, and whom they
 * let in, is told by them. So the reference (document.ts) cannot promise what the guard does not do.
 */
import { createRoute, type RouteConfig, z } from '@hono/zod-openapi';
import { UNEXPECTED } from '../unexpected-error.ts';

/** The one shape of every refusal. */
export const ErrorBody = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable().openapi({ description: 'The field that is wrong' }),
      code: z.string(),
      metadata: z.record(z.string(), z.unknown()).openapi({ description: 'What else a program may want to know' }),
    }),
  })
  .openapi('Error');

/** Every refusal of the management API, by status; its `name` is that of the response in the document. */
const REFUSALS = {
  400: {
    name: 'BadRequest',
    description: 'A field is wrong, or what is asked for cannot be',
    error: { code: 'invalid_request_error', param: 'name', message: 'name must not be empty.' },
  },
  401: {
    name: 'Unauthorized',
    description: 'Nobody is signed in, or the key is none',
    error: { code: 'unauthorized', param: null, message: 'Sign in first.' },
  },
  402: {
    name: 'PaymentRequired',
    description: 'It costs more than was paid or accepted',
    error: { code: 'seats_exhausted', param: 'acceptSeatCost', message: 'All 3 seats are taken.' },
  },
  403: {
    name: 'Forbidden',
    description: 'Not allowed: by the role, the plan or the kind of organization, or from another site',
    error: { code: 'role_required', param: null, message: 'Only owners can manage master keys.' },
  },
  404: {
    name: 'NotFound',
    description: 'There is no such thing, or not for whoever asks',
    error: { code: 'not_found', param: null, message: 'There is no such organization.' },
  },
  409: {
    name: 'Conflict',
    description: 'It was changed meanwhile, or is so already',
    error: { code: 'version_conflict', param: 'version', message: 'The budget was changed meanwhile.' },
  },
  413: {
    name: 'TooLarge',
    description: 'The body is too large',
    error: { code: 'request_too_large', param: null, message: 'The request body is larger than 65536 bytes.' },
  },
  415: {
    name: 'NotJson',
    description: 'The body is not said to be JSON',
    error: { code: 'invalid_request_error', param: 'Content-Type', message: 'Send the body as JSON.' },
  },
  429: {
    name: 'TooMany',
    description: 'Too many tries: wait as the header Retry-After says',
    error: { code: 'rate_limited', param: null, message: 'Too many tries. Please wait 20 seconds.' },
  },
  500: {
    name: 'InternalError',
    description: 'A bug; the id in `metadata` finds it in the log',
    error: { code: 'internal_error', param: null, message: UNEXPECTED },
  },
  503: {
    name: 'Unavailable',
    description: 'Not possible for the moment; nothing has changed',
    error: { code: 'unavailable', param: null, message: 'Try again in a moment.' },
  },
} as const;

type RefusedStatus = keyof typeof REFUSALS;

/** What the type of an error is called, by its status. */
export function errorType(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 402) return 'billing_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'api_error' : 'invalid_request_error';
}

/** The refusals as responses of the document, by name. */
export function refusalResponses() {
  return Object.entries(REFUSALS).map(([status, { name, description, error }]) => {
    const { message, param, code } = error;
    const example = { error: { message, type: errorType(Number(status)), param, code, metadata: {} } };
    const content = { 'application/json': { schema: ERROR_REF, example } };
    return { name, response: { description, content, ...(TELLS_WHEN.has(name) && { headers: RETRY_AFTER }) } };
  });
}

/** Those that may tell when to come back. */
const TELLS_WHEN: ReadonlySet<string> = new Set(['TooMany', 'Unavailable']);

export const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds after which it may work', schema: { type: 'integer' as const } },
};

const ERROR_REF = { $ref: '#/components/schemas/Error' };

/** Ways to say who calls; document.ts describes each. */
export type Credential = 'apiKey' | 'masterKey' | 'session' | 'anonymous';

interface Told {
  refuses: readonly RefusedStatus[];
  /** Besides, of a route that changes something. */
  refusesChanges?: readonly RefusedStatus[];
  lets?: readonly Credential[];
}

const told = new WeakMap<object, Told>();

/** Notes what a middleware adds to the description of every route that has it. */
export function tells<Middleware extends object>(middleware: Middleware, what: Told): Middleware {
  told.set(middleware, what);
  return middleware;
}

export type Tag =
  | 'Gateway'
  | 'Sign-in'
  | 'Account'
  | 'Organizations'
  | 'Members'
  | 'Budgets'
  | 'Invitations'
  | 'Projects'
  | 'API keys'
  | 'Master keys'
  | 'Provider keys'
  | 'Analytics'
  | 'Wallet'
  | 'Billing'
  | 'Statements'
  | 'Audit log'
  | 'Service';

interface Described {
  /** One sentence without its full stop. */
  summary: string;
  /** What the handler itself may refuse with, beyond its middlewares and its schemas. */
  refuses?: readonly RefusedStatus[];
  /** Who may call, where no middleware tells. */
  lets?: readonly Credential[];
}

/** What describes the routes of one file, in the place of the framework's `createRoute`. */
export function routesOf(tag: Tag) {
  return <P extends string, R extends Omit<RouteConfig, 'path' | 'tags' | 'security'> & Described & { path: P }>(
    config: R,
  ) => {
    const { refuses = [], lets, ...route } = config;
    const facts = [config.middleware ?? []].flat().flatMap((middleware) => told.get(middleware) ?? []);
    const changes = config.method !== 'get';
    const statuses = new Set<RefusedStatus>([
      ...facts.flatMap((fact) => [...fact.refuses, ...((changes && fact.refusesChanges) || [])]),
      ...refuses,
      ...(config.request?.query || config.request?.body ? ([400] as const) : []),
      500,
    ]);
    const refusals = [...statuses].map((status) => [
      status,
      { $ref: `#/components/responses/${REFUSALS[status].name}` },
    ]);
    return createRoute<P, R>({
      ...(route as R),
      tags: [tag],
      security: securityOf(lets ?? facts.flatMap((fact) => fact.lets ?? [])),
      responses: { ...config.responses, ...Object.fromEntries(refusals) },
    });
  };
}

/** `{}` is nobody: the route answers without credentials too. */
export function securityOf(credentials: readonly Credential[]): Record<string, string[]>[] {
  return credentials.map((credential) => (credential === 'anonymous' ? {} : { [credential]: [] }));
}
