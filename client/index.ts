/**
 * A typed client of Purser, for programs: every route of /openapi.json by its name, typed by what was generated from there.
 * It runs wherever there is `fetch`, depends on nothing, and is these two files: copy the folder, or import it from here.
 */
import type { OwnKey, Routes } from './api.generated.ts';

export type * from './api.generated.ts';

export interface PurserOptions {
  /** Where Purser is, e.g. `https://purser.example.com`. */
  baseUrl: string;
  /** An API key (`psr_…`) for /v1, a master key (`psm_…`) for what manages an organization; none for who is signed in, in a page of Purser's own. */
  key?: string;
  /** In the place of the global one. */
  fetch?: (request: Request) => Promise<Response>;
}

/** What a key may spend and has spent: decimal USD, null where there is no such limit. */
export type Balance = Pick<
  OwnKey,
  'usageLimit' | 'usage' | 'periodUsageLimit' | 'currentPeriodUsage' | 'currentPeriodResetAt'
>;

/** What Purser refused, and why. */
export class PurserError extends Error {
  override readonly name = 'PurserError';
  readonly status: number;
  /** For programs, e.g. `member_budget_exhausted`. */
  readonly code: string;
  /** The field that is wrong. */
  readonly param: string | null;
  readonly metadata: Record<string, unknown>;
  /** Seconds after which it may work. */
  readonly retryAfter: number | null;

  constructor(status: number, error: Partial<ToldError>, retryAfter: string | null) {
    super(error.message ?? `Purser answered ${status}.`);
    this.status = status;
    this.code = error.code ?? 'unknown';
    this.param = error.param ?? null;
    this.metadata = error.metadata ?? {};
    this.retryAfter = retryAfter === null || Number.isNaN(Number(retryAfter)) ? null : Number(retryAfter);
  }
}

interface ToldError {
  message: string;
  code: string;
  param: string | null;
  metadata: Record<string, unknown>;
}

/** What a route takes: of `path`, `query` and `body` those that it has, and an end to waiting. */
export type Asked<Route extends keyof Routes> = Omit<Routes[Route], 'answer'> & { signal?: AbortSignal };

/** Nothing need be said to a route that requires nothing. */
export type Rest<Route extends keyof Routes> =
  object extends Asked<Route> ? [asked?: Asked<Route>] : [asked: Asked<Route>];

export class Purser {
  readonly #options: PurserOptions;

  constructor(options: PurserOptions) {
    this.#options = options;
  }

  /** Calls a route, e.g. `call('GET /orgs/{orgId}/members', {path: {orgId}})`. Throws a PurserError where it is refused. */
  async call<Route extends keyof Routes>(route: Route, ...[asked]: Rest<Route>): Promise<Routes[Route]['answer']> {
    const { key, fetch: send = fetch } = this.#options;
    const { path = {}, query = {}, body, signal } = (asked ?? {}) as Loose;
    const [method = '', template = ''] = route.split(' ');
    const url = new URL(
      template.replaceAll(/\{(\w+)\}/g, (_, name: string) => escaped(name, path[name])),
      this.#options.baseUrl,
    );
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers = new Headers(key === undefined ? {} : { authorization: `Bearer ${key}` });
    if (body !== undefined) headers.set('content-type', 'application/json');
    const response = await send(
      new Request(url, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      }),
    );
    const text = await response.text();
    if (!response.ok) throw new PurserError(response.status, errorIn(text), response.headers.get('retry-after'));
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return (text === '' ? undefined : isJson ? JSON.parse(text) : text) as Routes[Route]['answer'];
  }

  /** What this API key may spend and has spent; told also when nothing is left. */
  async getBalance(): Promise<Balance> {
    const { usageLimit, usage, periodUsageLimit, currentPeriodUsage, currentPeriodResetAt } =
      await this.call('GET /v1/key');
    return { usageLimit, usage, periodUsageLimit, currentPeriodUsage, currentPeriodResetAt };
  }
}

/** What every route's `asked` is, once its own type has checked it. */
interface Loose {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
}

/** Of a path, the part that this value is; throws where it would lead to another route. A model's name alone has slashes. */
function escaped(name: string, value = ''): string {
  const parts = value.split('/');
  if (value === '' || parts.includes('.') || parts.includes('..')) {
    throw new TypeError(`${name} is not to be ${JSON.stringify(value)}: a path with it is another route's.`);
  }
  return parts.map(encodeURIComponent).join(name === 'model' ? '/' : '%2F');
}

/** The error that an answer tells; nothing where it is not Purser's, but a proxy's on the way. */
function errorIn(text: string): Partial<ToldError> {
  try {
    return (JSON.parse(text) as { error?: Partial<ToldError> }).error ?? {};
  } catch {
    return {};
  }
}
