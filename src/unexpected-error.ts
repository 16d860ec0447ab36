/** A bug that has reached the edge: the log has all of it under the request's id, whoever called hears that id and no more. */

export const UNEXPECTED = 'Something failed here. The log has it under this request id.';

export function logUnexpected(error: unknown, requestId: string): void {
  const stack = error instanceof Error ? error.stack : undefined;
  console.error(JSON.stringify({ event: 'unexpected_error', requestId, error: String(error), stack }));
}
