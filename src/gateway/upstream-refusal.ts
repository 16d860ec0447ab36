/**
 * What a provider's status means for the caller. Its 4xx is the caller's own and passes with its message; trouble with the
 * account or the key that it is called with, redirects and 5xx are not, and are told without the provider's words, which
 * may quote a credential. Of an account the operator reads in the log.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';
import type { Credential } from './providers/provider.ts';
import type { Refusal } from './refusals.ts';
import { readBody } from './request-body.ts';

const text = z.string().nullish().catch(null);

const ErrorBody = z.looseObject({
  error: z.union([z.looseObject({ message: text, code: text, type: text, status: text, param: text }), z.string()]),
});

const OWN_CODES = /budget|insufficient_credits|invalid_api_key|permission_denied|project_archived/;

const MESSAGE_LENGTH_MAX = 2_000;

/** Who was called, and with whose credential. */
export interface Called {
  provider: string;
  keyOf: Credential['of'];
  requestId: string;
}

type Trouble = 'credentials' | 'credit';

/** The refusal, or null where the provider took the request. Reads the body only of a refusal. */
export async function upstreamRefusal(response: Response, called: Called): Promise<Refusal | null> {
  const { status } = response;
  if (status >= 200 && status < 300) return null;
  if (status === 401 || status === 403) {
    await response.body?.cancel();
    return accountTrouble('credentials', status, called);
  }
  if (status < 400 || status >= 500) {
    await response.body?.cancel();
    if (status === 504) return { kind: 'upstream_timeout', message: 'The provider timed out (504).' };
    const message = `The provider failed with status ${status}.`;
    return { kind: 'upstream_error', message, ...(status >= 500 && { transient: true }) };
  }
  const bytes = await readBody(response, LIMITS.upstreamErrorBytesMax).catch(() => null);
  const error = readError(bytes);
  if (status === 402 || isAboutCredit(error)) return accountTrouble('credit', status, called);
  const { message, code, param } = error;
  return {
    kind: 'upstream_refused',
    status,
    message: (message ?? `The provider refused the request with status ${status}.`).slice(0, MESSAGE_LENGTH_MAX),
    // A provider's code that means a budget here would send clients looking for the wrong thing.
    code: code && !OWN_CODES.test(code) ? code : null,
    field: param ?? null,
    retryAfter: retryAfterIn(response.headers),
  };
}

/** Seconds or a date of HTTP. Whatever else a provider says there is nothing to wait for, and may quote a credential. */
function retryAfterIn(headers: Headers): string | null {
  const said = headers.get('retry-after');
  return said !== null && /^(\d{1,9}(\.\d{1,9})?|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT)$/.test(said) ? said : null;
}

/** A failure of this provider, which may be called well elsewhere; nothing that the caller could mend. */
function accountTrouble(reason: Trouble, status: number, { provider, keyOf, requestId }: Called): Refusal {
  console.error(JSON.stringify({ event: 'provider_account', provider, reason, keyOf, status, requestId }));
  return { kind: 'upstream_error', message: `${provider} ${TROUBLE[keyOf][reason]}` };
}

const TROUBLE: Record<Credential['of'], Record<Trouble, string>> = {
  deployment: {
    credentials: "does not accept this deployment's credentials: its operator has to look.",
    credit: 'serves no more on the credit of this deployment: its operator has to look.',
  },
  organization: {
    credentials: "does not accept the organization's own key: its admins have to look.",
    credit: "serves no more on the credit of the organization's own key: its admins have to look.",
  },
};

/** OpenAI's codes, which stand as its types too, and those of who speaks as it does. */
const CREDIT_CODES: ReadonlySet<unknown> = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
]);

/**
 * Of a 402 nothing else is meant. Anthropic and Google tell it by a 400 in words alone: only where the words begin so, or a status
 * goes with them, because a refusal may quote the request.
 */
function isAboutCredit({ message, code, type, status }: ReadError): boolean {
  if (CREDIT_CODES.has(code) || CREDIT_CODES.has(type)) return true;
  if (!message) return false;
  return (
    message.startsWith('Your credit balance is too low') ||
    (status === 'FAILED_PRECONDITION' && /billing/i.test(message))
  );
}

type ReadError = Partial<Record<'message' | 'code' | 'type' | 'status' | 'param', string | null | undefined>>;

function readError(bytes: Uint8Array | null): ReadError {
  try {
    const { error } = ErrorBody.parse(JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array())));
    return typeof error === 'string' ? { message: error } : error;
  } catch {
    return {};
  }
}
