/**
 * What all management routers share: the request's parts are validated by zod before a handler runs, and every failure
 * leaves in one envelope, `{error: {message, type, param, code, metadata}}`.
 */

import { OpenAPIHono, type z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';
import { HTTPException } from 'hono/http-exception';
import { firstProblem } from './first-problem.ts';
import { isTooDeep, TOO_DEEP } from './json-depth.ts';
import { LIMITS } from './limits.ts';
import { type ErrorBody, errorType, tells } from './reference/route.ts';
import { ApiError, badRequest } from './teams/api-error.ts';
import { logUnexpected, UNEXPECTED } from './unexpected-error.ts';

export type ApiEnv = { Bindings: Env };

/** A router whose handlers may throw ApiError. */
export function apiRouter(): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result, c) => (result.success ? undefined : invalid(c, result.error)),
  });
}

/** An answer in a route's description; the handler's JSON is checked against the schema's type. */
export const answers = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { 'application/json': { schema } },
});

/** A required JSON body in a route's description. */
export const body = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
});

/** As the framework takes it; any other body is one that a page elsewhere could have a browser send. */
const JSON_TYPE = /^application\/([a-z-.]+\+)?json(;\s*[\w-]+=[^;]+)*$/i;

/**
 * The middlewares of a route that takes a JSON body: bounded, said to be JSON, strict UTF-8, not too deep, and never taken for
 * `{}` where it is missing.
 */
export const jsonBody = [
  tells(
    bodyLimit({
      maxSize: LIMITS.apiBodyBytesMax,
      onError: () => {
        throw new ApiError(
          413,
          'request_too_large',
          `The request body is larger than ${LIMITS.apiBodyBytesMax} bytes.`,
        );
      },
    }),
    { refuses: [413, 415] },
  ),
  createMiddleware<ApiEnv>(async (c, next) => {
    const bytes = await c.req.arrayBuffer();
    if (bytes.byteLength === 0) throw badRequest(null, 'The body is empty; send a JSON object.');
    if (!JSON_TYPE.test(c.req.header('content-type') ?? '')) {
      const message = 'Send the body as JSON, with the header Content-Type: application/json.';
      throw new ApiError(415, 'invalid_request_error', message, { param: 'Content-Type' });
    }
    if (isTooDeep(strictUtf8(bytes))) throw badRequest(null, TOO_DEEP);
    await next();
  }),
] as const;

/** The text of a body; throws a 400 where it is none. */
export function strictUtf8(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw badRequest(null, 'The body is not valid UTF-8.');
  }
}

/** The answer to anything a route threw. An unforeseen error is told by its id, its text goes to the log only. */
export function answerError(error: Error, c: Context<ApiEnv>): Response {
  if (error instanceof ApiError) {
    const { status, code, message, param, metadata, retryAfterSeconds } = error;
    const answer = envelope(status, errorType(status), code, message, param, metadata);
    if (retryAfterSeconds !== null) answer.headers.set('retry-after', String(retryAfterSeconds));
    return answer;
  }
  if (error instanceof HTTPException) {
    return envelope(
      error.status,
      'invalid_request_error',
      'invalid_request_error',
      error.message || 'Malformed request.',
      null,
      {},
    );
  }
  const requestId = c.req.header('x-request-id') ?? crypto.randomUUID();
  logUnexpected(error, requestId);
  return envelope(500, 'api_error', 'internal_error', UNEXPECTED, null, { requestId });
}

export function answerNotFound(c: Context<ApiEnv>): Response {
  return envelope(
    404,
    'invalid_request_error',
    'not_found',
    `There is nothing at ${c.req.method} ${c.req.path}.`,
    null,
    {},
  );
}

function invalid(_c: Context, error: z.ZodError): Response {
  const { issue, field: param } = firstProblem(error);
  const metadata = issue?.code === 'custom' ? (issue.params ?? {}) : {};
  return envelope(400, 'invalid_request_error', 'invalid_request_error', wrongIn(issue, param), param, metadata);
}

function wrongIn(issue: z.core.$ZodIssue | undefined, param: string | null): string {
  if (issue?.code === 'unrecognized_keys') return `Unknown field: ${param || '""'}.`;
  // Of the whole: queries and paths are objects whatever is sent.
  if (issue?.code === 'invalid_type' && param === null) return 'The body must be a JSON object.';
  return issue?.message ?? 'Malformed request.';
}

function envelope(
  status: number,
  type: string,
  code: string,
  message: string,
  param: string | null,
  metadata: Record<string, unknown>,
): Response {
  const body: z.infer<typeof ErrorBody> = { error: { message, type, param, code, metadata } };
  return Response.json(body, { status });
}
