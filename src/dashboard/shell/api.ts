/**
 * How the dashboard talks to Purser: the typed client, signed in by the session's cookie, and one cache of its answers.
 *
 * `asking(route, {path, query})` is what `useQuery` and `prefetchQuery` take. After a change, `forget('GET /orgs/{orgId}/keys', ...)`
 * says which answers are old now. A refusal is a `PurserError` wherever it surfaces.
 */
import { MutationCache, type Query, QueryCache, QueryClient, queryOptions } from '@tanstack/react-query';
import { type Asked, Purser, PurserError, type Rest, type Routes } from '../../../client/index.ts';

export const purser = new Purser({ baseUrl: location.origin });

/** Routes that only tell. */
export type Told = Extract<keyof Routes, `GET ${string}`>;

/** A look at another page within this time shows what was told before, without asking again. */
const FRESH_MS = 15_000;

/**
 * Where something is refused for want of a session, although there was one: it has ended under an open page. Then the page begins anew,
 * which leads to signing in and back to where it was. A wrong password is refused likewise, so `GET /me` is asked what it is.
 */
async function beginAnewIfSignedOut(error: unknown): Promise<void> {
  if (
    !isRefusal(error, 401) ||
    !queryClient
      .getQueryCache()
      .findAll({ queryKey: ['GET /me'] })
      .some(({ state }) => state.data !== undefined)
  )
    return;
  await purser.call('GET /me').catch((why: unknown) => isRefusal(why, 401) && location.reload());
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, { queryKey }) => void (queryKey[0] !== 'GET /me' && beginAnewIfSignedOut(error)),
  }),
  mutationCache: new MutationCache({ onError: (error) => void beginAnewIfSignedOut(error) }),
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      // What Purser refused it refuses again; what did not reach it may.
      retry: (failures, error) => failures < 2 && !(error instanceof PurserError && error.status < 500),
    },
    // Else a deed that was asked for offline is done when the network is back, even where its dialog was cancelled meanwhile.
    mutations: { networkMode: 'always' },
  },
});

/**
 * The options of a query that asks this route. What was asked before stays on the page until the answer is there, unless it is of
 * another organization: whose name stands above must be whose figures stand below.
 */
export function asking<Route extends Told>(route: Route, ...rest: Rest<Route>) {
  const asked = (rest[0] ?? {}) as Pick<Asked<Told>, never> & { path?: unknown; query?: unknown };
  const queryKey = [route, asked.path ?? null, asked.query ?? null] as const;
  const before = (was: unknown, of: Query | undefined) =>
    of && organizationIn(of.queryKey) === organizationIn(queryKey) ? was : undefined;
  return queryOptions({
    queryKey,
    queryFn: ({ signal }) => purser.call(route, ...([{ ...asked, signal }] as unknown as Rest<Route>)),
    placeholderData: before as never,
  });
}

/** The organization that a query is about; undefined: none. */
function organizationIn([, path, query]: readonly unknown[]): string | undefined {
  const { orgId } = (path ?? {}) as { orgId?: string };
  return orgId ?? ((query ?? {}) as { organizationId?: string }).organizationId;
}

/** Of a route that also answers with a file: what it tells as JSON, which is what a page asks for. */
export function told<T>(answer: T | undefined): Exclude<T, string> | undefined {
  return typeof answer === 'string' ? undefined : (answer as Exclude<T, string> | undefined);
}

/** Has every shown answer of these routes asked for anew, whatever was asked of them. */
export async function forget(...routes: Told[]): Promise<void> {
  await queryClient.invalidateQueries({ predicate: ({ queryKey }) => routes.includes(queryKey[0] as Told) });
}

export function isRefusal(error: unknown, ...statuses: number[]): error is PurserError {
  return error instanceof PurserError && (statuses.length === 0 || statuses.includes(error.status));
}

/** What to tell a person about a failure, in one sentence. */
export function tellError(error: unknown): string {
  if (error instanceof PurserError) return error.message;
  if (!navigator.onLine) return 'You are offline. Nothing was changed; what is missing is asked for once you are back.';
  return 'Purser did not answer. Try again in a moment.';
}
