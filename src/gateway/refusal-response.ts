/** A refusal as the caller gets it, in the envelope of the protocol that it speaks. */
import type { Protocol } from './protocol.ts';
import { describe, type Refusal } from './refusals.ts';
import { noteRefusal } from './request-log.ts';
import type { AnswerHeaders } from './router.ts';

export function refusalResponse(
  { refusalBody }: Pick<Protocol, 'refusalBody'>,
  refusal: Refusal,
  requestId: string,
  headers: AnswerHeaders,
): Response {
  const described = describe(refusal, requestId);
  const { status, retryAfter } = described;
  const told = retryAfter === null ? headers : { ...headers, 'retry-after': retryAfter };
  const response = Response.json(refusalBody(described), { status, headers: told });
  noteRefusal(response, refusal.kind, described.code);
  return response;
}
