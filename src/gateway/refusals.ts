/**
 * Every way in which the gateway says no, and the one place that gives each its status, code and words.
 *
 * A refusal is a value. `describe` is protocol-neutral; each wire puts the description into its own envelope.
 */
import type { LedgerRefusal, ScopeName, ScopeView } from '../budgets/refusals.ts';
import type { RoutingBundle } from '../budgets/routing.ts';
import type { RuleName } from '../budgets/rules.ts';
import { formatUsd, type Nanos } from '../money/nanos.ts';
import { UNEXPECTED } from '../unexpected-error.ts';
import type { RoutingRule } from './routing/choose.ts';

export type Refusal =
  | LedgerRefusal
  /** The same with what may go first: tools that the provider runs, each use of which is held for. */
  | (Extract<LedgerRefusal, { kind: 'request_exceeds_budget' }> & { toolsOffered?: boolean })
  | { kind: 'no_key'; reason: 'missing' | 'malformed' | 'several' | 'in_url' | 'not_a_gateway_key' }
  | { kind: 'no_such_route'; method: string; path: string }
  | { kind: 'bad_request'; field: string | null; message: string }
  | { kind: 'request_too_large'; bytesMax: number }
  /** `retiredOn`: the day on which its provider ended it; null or absent: there is none of the name. */
  | { kind: 'model_not_found'; model: string; retiredOn?: string | null }
  | { kind: 'video_not_found'; videoId: string }
  | { kind: 'response_not_found'; id: string }
  | { kind: 'budget_unavailable' | 'responses_unavailable' }
  /** The provider was chosen by a routing that is not that of now: to be chosen anew, by this one (null: by none). */
  | { kind: 'routing_stale'; routing: RoutingBundle | null }
  /** The project's routing leaves nobody who may serve this. */
  | { kind: 'routing_denied'; rule: RoutingRule; most?: Nanos | null }
  /** The organization's own provider key cannot be read, and nothing else may stand in for it. */
  | { kind: 'provider_key_unreadable'; provider: string }
  | { kind: 'idempotency_in_flight' | 'idempotency_not_replayable' | 'idempotency_key_reused' }
  | {
      kind: 'upstream_refused';
      status: number;
      message: string;
      code: string | null;
      field: string | null;
      retryAfter: string | null;
    }
  /** `transient`: asked again a moment later, the same provider may well answer. */
  | { kind: 'upstream_error'; message: string; transient?: true }
  | { kind: 'upstream_timeout'; message: string }
  /** A bug. */
  | { kind: 'internal_error' };

export interface Described {
  status: number;
  type: string;
  code: string;
  message: string;
  /** The field or header that is wrong, where one is. */
  param: string | null;
  metadata: Record<string, unknown>;
  retryAfter: string | null;
}

const EXHAUSTED: Record<ScopeName, { code: string; message: string }> = {
  member_total: {
    code: 'member_budget_exhausted',
    message: 'Member has reached their total spend budget.',
  },
  member_period: {
    code: 'member_period_budget_exhausted',
    message: 'Member has reached their period spend budget.',
  },
  api_key_total: {
    code: 'api_key_budget_exhausted',
    message: 'API key has reached its total spend limit.',
  },
  api_key_period: {
    code: 'api_key_budget_exhausted',
    message: 'API key has reached its period spend limit.',
  },
  wallet: {
    code: 'insufficient_credits',
    message: 'Organization has insufficient credits.',
  },
};

const KEY_MESSAGES = {
  missing: 'No API key was given. Send it as "Authorization: Bearer psr_...".',
  malformed: 'The API key is malformed or was not issued here. Check that it was copied whole.',
  several: 'The request carries several different API keys. Send one, in one header.',
  in_url:
    'API keys are not read from the URL, where they would be logged. Send "Authorization: Bearer psr_..." and roll this key.',
  not_a_gateway_key: 'This is a master key, which manages an organization. Model calls take an API key (psr_...).',
  unknown: 'The API key is not active: it was deleted, rolled, or its member was removed.',
  disabled: 'The API key is disabled.',
  expired: 'The API key has expired.',
} as const;

type Throttled = Extract<Refusal, { kind: 'rate_limited' }>;

const WHOSE = { member: 'The member', api_key: 'The API key' } as const;

const RATE_MESSAGES: Record<Throttled['throttle'], (refusal: Throttled) => string> = {
  requests_per_minute: ({ of, limit }) => `${WHOSE[of]} may make ${limit} requests a minute.`,
  tokens_per_minute: ({ of, limit }) => `${WHOSE[of]} may use ${limit} tokens a minute.`,
  concurrency: ({ of, limit }) => `${WHOSE[of]} may have ${limit} requests in flight at once.`,
};

const RULED: Record<RuleName, string> = {
  'models.allow': 'this model',
  'models.deny': 'this model',
  'providers.allow': 'this provider',
  'providers.deny': 'this provider',
  'endpoints.allow': 'this endpoint',
  maxInputPrice: "this model's input price",
  maxOutputPrice: "this model's output price",
  'ips.allow': 'requests from this address',
  'ips.deny': 'requests from this address',
};

const ROUTED: Record<RoutingRule, string> = {
  allow: "The project's routing does not allow any provider of this model.",
  deny: "The project's routing denies every provider of this model.",
  region: "No provider serves this model in the region that the project's routing asks for.",
  maxInputPrice: "This model's input price is above what the project's routing allows.",
  maxOutputPrice: "This model's output price is above what the project's routing allows.",
  maxCostPerRequest: "This request may cost more than the project's routing allows for one.",
};

function routedMessage({ rule, most }: Extract<Refusal, { kind: 'routing_denied' }>): string {
  if (rule !== 'maxCostPerRequest' || most == null) return ROUTED[rule];
  return `${ROUTED[rule]} At most it costs ${usd(most)}: ask for fewer tokens, or a cheaper model.`;
}

function ruleMessage({ of, rule }: Extract<Refusal, { kind: 'rule_denied' }>): string {
  return `${of === 'member' ? "The member's" : "The API key's"} rule ${rule} does not allow ${RULED[rule]}.`;
}

export const IDEMPOTENCY_KEY = 'Idempotency-Key';

const REPEATS = {
  idempotency_in_flight: {
    status: 409,
    message: 'The first request with this Idempotency-Key is still running. Its answer can be had once it is done.',
    // Most answers are done soon, and a repeat costs nothing.
    retryAfter: '1',
  },
  idempotency_not_replayable: {
    status: 409,
    message:
      'The first request with this Idempotency-Key was charged, but its answer was not recorded: it broke off, or it is larger than 1 MB. To send the request again, use another key.',
    retryAfter: null,
  },
  idempotency_key_reused: {
    status: 422,
    message: 'This Idempotency-Key was used for another request. Use one key for one request.',
    retryAfter: null,
  },
} as const;

/** What a held budget asks callers to wait: most answers are done, or their first slice is, by then. */
const IN_FLIGHT_RETRY_SECONDS = '1';
const UNAVAILABLE_RETRY_SECONDS = '2';

export function describe(refusal: Refusal, requestId: string): Described {
  switch (refusal.kind) {
    case 'no_key':
    case 'invalid_key':
      return said(401, 'invalid_request_error', 'invalid_api_key', KEY_MESSAGES[refusal.reason], { requestId });
    case 'project_not_granted':
      return said(
        403,
        'invalid_request_error',
        'permission_denied',
        "The API key's project is not granted to its member any more.",
        {
          rule: 'project',
          requestId,
        },
      );
    case 'rule_denied':
      return said(403, 'permission_error', 'permission_denied', ruleMessage(refusal), {
        rule: refusal.rule,
        of: refusal.of,
        requestId,
      });
    case 'routing_denied':
      return said(403, 'permission_error', 'permission_denied', routedMessage(refusal), {
        rule: `routing.${refusal.rule}`,
        of: 'project',
        requestId,
      });
    case 'provider_key_unreadable':
      return said(
        503,
        'api_error',
        'provider_key_unreadable',
        `The organization's own key of ${refusal.provider} cannot be read here, so nothing was sent. Its admins can give it again.`,
        { provider: refusal.provider, requestId },
      );
    case 'project_archived':
      return said(410, 'invalid_request_error', 'project_archived', "The API key's project is archived.", {
        requestId,
      });
    case 'no_such_route': {
      const message = `There is nothing at ${refusal.method} ${refusal.path}.`;
      return said(404, 'invalid_request_error', 'not_found', message, { requestId });
    }
    case 'bad_request':
      return {
        ...said(400, 'invalid_request_error', 'invalid_request_error', refusal.message, { requestId }),
        param: refusal.field,
      };
    case 'request_too_large':
      return said(
        413,
        'invalid_request_error',
        'request_too_large',
        `The request body is larger than ${refusal.bytesMax} bytes.`,
        {
          requestId,
        },
      );
    case 'model_not_found':
      return {
        ...said(
          404,
          'invalid_request_error',
          'model_not_found',
          `${whyNoModel(refusal)} GET /v1/models lists those you can use.`,
          {
            requestId,
          },
        ),
        param: 'model',
      };
    case 'video_not_found': {
      const message = `There is no video "${refusal.videoId}".`;
      return { ...said(404, 'invalid_request_error', 'not_found', message, { requestId }), param: 'video_id' };
    }
    case 'response_not_found': {
      const message = `There is no response "${refusal.id}" of this API key.`;
      return { ...said(404, 'invalid_request_error', 'not_found', message, { requestId }), param: 'id' };
    }
    case 'responses_unavailable':
      return {
        ...said(503, 'api_error', 'responses_unavailable', 'Stored responses cannot be reached. Try again.', {
          requestId,
        }),
        retryAfter: UNAVAILABLE_RETRY_SECONDS,
      };
    case 'price_unknown':
      return {
        ...said(
          400,
          'invalid_request_error',
          'price_unknown',
          'The price of this model is not known, and a budget applies.',
          {
            requestId,
          },
        ),
        param: 'model',
      };
    case 'exhausted': {
      const { code, message } = EXHAUSTED[refusal.view.scope];
      const metadata = { ...moneyMetadata(refusal.view, requestId), alsoExhausted: refusal.alsoExhausted };
      return said(403, 'permission_error', code, message, metadata);
    }
    case 'request_exceeds_budget':
      return said(
        403,
        'permission_error',
        'request_exceeds_budget',
        refusal.view.amountsHidden
          ? `This request may cost more than what remains. ${askForLess(refusal)}`
          : `This request may cost ${usd(refusal.needed)}, but ${usd(left(refusal.view))} remain. ${askForLess(refusal)}`,
        moneyMetadata(refusal.view, requestId, refusal.needed),
      );
    case 'budget_in_flight':
      return {
        ...said(
          429,
          'rate_limit_error',
          'budget_in_flight',
          refusal.view.amountsHidden
            ? 'What remains is held by requests in flight. Try again when they end.'
            : `What remains is held by requests in flight: this one needs ${usd(refusal.needed)}, ${usd(refusal.view.remaining)} are free. Try again when they end.`,
          moneyMetadata(refusal.view, requestId, refusal.needed),
        ),
        retryAfter: IN_FLIGHT_RETRY_SECONDS,
      };
    case 'rate_limited':
      return {
        ...said(429, 'rate_limit_error', 'rate_limited', RATE_MESSAGES[refusal.throttle](refusal), {
          scope: refusal.of,
          throttle: refusal.throttle,
          limit: refusal.limit,
          requestId,
        }),
        retryAfter: String(Math.max(1, Math.ceil(refusal.retryAfterMs / 1000))),
      };
    case 'insufficient_credits':
      return said(402, 'billing_error', 'insufficient_credits', 'Organization has insufficient credits.', {
        scope: 'wallet',
        requestId,
      });
    case 'credits_in_flight':
      return {
        ...said(
          429,
          'rate_limit_error',
          'budget_in_flight',
          "What remains of the organization's credits is held by requests in flight. Try again when they end.",
          { scope: 'wallet', requestId },
        ),
        retryAfter: IN_FLIGHT_RETRY_SECONDS,
      };
    case 'too_late':
    case 'routing_stale':
    case 'budget_unavailable':
      return {
        ...said(
          503,
          'api_error',
          'budget_unavailable',
          'The budget could not be checked, so nothing was sent. Try again.',
          {
            requestId,
          },
        ),
        retryAfter: UNAVAILABLE_RETRY_SECONDS,
      };
    case 'idempotency_in_flight':
    case 'idempotency_not_replayable':
    case 'idempotency_key_reused': {
      const { status, message, retryAfter } = REPEATS[refusal.kind];
      const metadata = { requestId };
      return {
        ...said(status, 'invalid_request_error', refusal.kind, message, metadata),
        param: IDEMPOTENCY_KEY,
        retryAfter,
      };
    }
    case 'upstream_refused':
      return {
        ...said(
          refusal.status,
          refusal.status === 429 ? 'rate_limit_error' : 'invalid_request_error',
          refusal.code ?? 'upstream_error',
          refusal.message,
          {
            requestId,
          },
        ),
        param: refusal.field,
        retryAfter: refusal.retryAfter,
      };
    case 'upstream_error':
      return said(502, 'api_error', 'upstream_error', refusal.message, { requestId });
    case 'upstream_timeout':
      return said(504, 'api_error', 'upstream_timeout', refusal.message, { requestId });
    case 'internal_error':
      return said(500, 'api_error', 'internal_error', UNEXPECTED, { requestId });
  }
}

/** The limit that cuts an answer, by name; null where it is no limit but a key, a project or a lost hold. */
export function cutScope(refusal: Refusal): ScopeName | null {
  if (refusal.kind === 'insufficient_credits' || refusal.kind === 'credits_in_flight') return 'wallet';
  return 'view' in refusal ? refusal.view.scope : null;
}

/** What the limit that refuses has free; null where it is no limit of money. */
export function freeOf(refusal: Refusal): Nanos | null {
  if ('view' in refusal) return refusal.view.remaining;
  return 'remaining' in refusal ? refusal.remaining : null;
}

/** What to set where a request is too dear. */
function askForLess(refusal: Extract<Refusal, { kind: 'request_exceeds_budget' }>): string {
  return 'toolsOffered' in refusal && refusal.toolsOffered
    ? 'Leave out the tools that the provider runs (a search reads the whole context again), or ask for fewer tokens or a cheaper model.'
    : 'Ask for fewer tokens or a cheaper model.';
}

/** The metadata of a refusal for money. Amounts are decimal USD, and left out where the organization hides them. */
function moneyMetadata(view: ScopeView, requestId: string, needed?: Nanos): Record<string, unknown> {
  const amounts = {
    limit: formatUsd(view.limit),
    spent: formatUsd(view.spent),
    held: formatUsd(view.held),
    remaining: formatUsd(view.remaining),
    ...(needed !== undefined && { needed: formatUsd(needed) }),
  };
  return {
    scope: view.scope,
    ...(!view.amountsHidden && amounts),
    resetsAt: view.resetsAtMs === null ? null : new Date(view.resetsAtMs).toISOString(),
    requestId,
    alsoExhausted: [],
  };
}

function said(
  status: number,
  type: string,
  code: string,
  message: string,
  metadata: Record<string, unknown>,
): Described {
  return { status, type, code, message, param: null, metadata, retryAfter: null };
}

function usd(amount: Nanos): string {
  return `$${formatUsd(amount)}`;
}

function left(view: ScopeView): Nanos {
  return Math.max(0, view.limit - view.spent) as Nanos;
}

function whyNoModel({ model, retiredOn = null }: { model: string; retiredOn?: string | null }): string {
  return retiredOn === null
    ? `There is no model "${model}" here.`
    : `The model "${model}" was ended by its provider on ${retiredOn}.`;
}
