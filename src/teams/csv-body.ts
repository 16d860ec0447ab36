/**
 * A body of `text/csv` where a route takes JSON with a field `csv`: it becomes that field, and the rest of the JSON is what
 * the query says. So the route, and what is refused of it, are the same either way.
 */
import { createMiddleware } from 'hono/factory';
import { type ApiEnv, strictUtf8 } from '../api.ts';

const CSV_TYPE = /^text\/csv(;|$)/i;

/** What the query says that is no text in JSON. */
const PARSED: Record<string, (text: string) => unknown> = {
  projects: (text) => text.split(',').filter((id) => id !== ''),
  skipBad: (text) => (text === 'true' ? true : text === 'false' ? false : text),
};

export const csvAsJson = createMiddleware<ApiEnv>(async (c, next) => {
  if (!CSV_TYPE.test(c.req.header('content-type') ?? '')) return next();
  const csv = strictUtf8(await c.req.raw.arrayBuffer());
  const asked = Object.entries(c.req.query()).map(([name, text]) => [name, PARSED[name]?.(text) ?? text]);
  const headers = new Headers(c.req.raw.headers);
  headers.set('content-type', 'application/json');
  headers.delete('content-length');
  const { method, url } = c.req.raw;
  c.req.raw = new Request(url, { method, headers, body: JSON.stringify({ ...Object.fromEntries(asked), csv }) });
  return next();
});
