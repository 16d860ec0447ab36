/** A path that is none. Told like any other refusal, with the request's id. */
import type { Refusal } from './refusals.ts';
import type { GatewayContext } from './router.ts';

/** Enough to see what was asked for. */
const PATH_TOLD_MAX = 200;

export async function nothingHere({ request }: GatewayContext): Promise<Refusal> {
  return { kind: 'no_such_route', method: request.method, path: new URL(request.url).pathname.slice(0, PATH_TOLD_MAX) };
}
