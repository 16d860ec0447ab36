/** A refusal of the management API: thrown by the guard and handlers, put into its envelope in one place (src/api.ts). */

interface Details {
  /** The field that is wrong. */
  param?: string | null;
  metadata?: Record<string, unknown>;
  /** When to come back: the Retry-After header. */
  retryAfterSeconds?: number;
}

type Status = 400 | 401 | 402 | 403 | 404 | 409 | 413 | 415 | 429 | 503;

export class ApiError extends Error {
  readonly status: Status;
  readonly code: string;
  readonly param: string | null;
  readonly metadata: Record<string, unknown>;
  readonly retryAfterSeconds: number | null;

  constructor(status: Status, code: string, message: string, details: Details = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = details.param ?? null;
    this.metadata = details.metadata ?? {};
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
  }
}

export function badRequest(param: string | null, message: string): ApiError {
  return new ApiError(400, 'invalid_request_error', message, { param });
}

export function notFound(what: string): ApiError {
  return new ApiError(404, 'not_found', `There is no such ${what}.`);
}

/** The 409 of a change that was made for a version of `what` that is gone. */
export function staleVersion(what: string, expected: number): ApiError {
  const message = `The ${what} was changed meanwhile: it is not at version ${expected} any more.`;
  return new ApiError(409, 'version_conflict', message, { param: 'version' });
}
