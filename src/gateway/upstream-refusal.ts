/**
 * What a provider's status means for the caller. Its 4xx is the caller's own and passes with its message; trouble with
 * the deployment's credentials, redirects and 5xx are the gateway's, and are told without the provider's words, which
 * may quote a credential.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';
import type { Refusal } from './refusals.ts';
import { readBody } from './request-body.ts';

const text = z.string().nullish().catch(null);

const ErrorBody = z.looseObject({
  error: z.union([z.looseObject({ message: text, code: text, param: text }), z.string()]),
});

const OWN_CODES = /budget|insufficient_credits|invalid_api_key|permission_denied|project_archived/;

const MESSAGE_LENGTH_MAX = 2_000;

/** The refusal, or null where the provider took the request. Reads the body only of a refusal. */
export async function upstreamRefusal(response: Response): Promise<Refusal | null> {
  const { status } = response;
  if (status >= 200 && status < 300) return null;
  if (status === 401 || status === 403) {
    await response.body?.cancel();
    return { kind: 'upstream_error', message: "The provider does not accept this deployment's credentials." };
  }
  if (status < 400 || status >= 500) {
    await response.body?.cancel();
    if (status === 504) return { kind: 'upstream_timeout', message: 'The provider timed out (504).' };
    const message = `The provider failed with status ${status}.`;
    return { kind: 'upstream_error', message, ...(status >= 500 && { transient: true }) };
  }
  const bytes = await readBody(response, LIMITS.upstreamErrorBytesMax).catch(() => null);
  const { message, code, param } = readError(bytes);
  return {
    kind: 'upstream_refused',
    status,
    message: (message ?? `The provider refused the request with status ${status}.`).slice(0, MESSAGE_LENGTH_MAX),
    // A provider's code that means a budget here would send clients looking for the wrong thing.
    code: code && !OWN_CODES.test(code) ? code : null,
    field: param ?? null,
    retryAfter: response.headers.get('retry-after'),
  };
}

function readError(bytes: Uint8Array | null): {
  message?: string | null | undefined;
  code?: string | null | undefined;
  param?: string | null | undefined;
} {
  try {
    const { error } = ErrorBody.parse(JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array())));
    return typeof error === 'string' ? { message: error } : error;
  } catch {
    return {};
  }
}
