/** How the demo provider refuses, when it is asked to. */
export function failure(status: number): Response {
  const headers = status === 429 ? { 'retry-after': '1' } : {};
  const error = {
    message: `The demo provider was asked to fail with ${status}.`,
    type: 'demo',
    code: 'demo',
    param: null,
  };
  return Response.json({ error }, { status, headers });
}
