/** What OpenAI's chat protocol looks like from the outside: errors, the end of a stream, comments, the cost on the usage. */
import { formatUsd, type Nanos } from '../../money/nanos.ts';
import { type Described, describe, type Refusal } from '../refusals.ts';
import type { AnswerHeaders } from '../router.ts';

function errorBody(described: Described): { error: Record<string, unknown> } {
  const { message, type, param, code, metadata } = described;
  return { error: { message, type, param, code, metadata } };
}

export const chatWire = {
  endOfStream: '[DONE]',
  endEvent: 'data: [DONE]\n\n',
  /** ONE newline: some clients take a blank line for an (empty) event. */
  ping: ': ping\n',

  refusal(refusal: Refusal, requestId: string, headers: AnswerHeaders): Response {
    const described = describe(refusal, requestId);
    const { status, retryAfter } = described;
    const told = retryAfter === null ? headers : { ...headers, 'retry-after': retryAfter };
    return Response.json(errorBody(described), { status, headers: told });
  },

  /** The terminal events of a stream that failed after its first byte. */
  failureEvents(refusal: Refusal, requestId: string): string {
    return `data: ${JSON.stringify(errorBody(describe(refusal, requestId)))}\n\n${chatWire.endEvent}`;
  },

  /** An event without the usage that its client did not ask for. */
  withoutUsage({ usage: _, ...frame }: Record<string, unknown>): string {
    return `data: ${JSON.stringify(frame)}\n\n`;
  },

  /** The final usage with what it cost, in decimal USD. */
  usageEvent(frame: Record<string, unknown>, cost: Nanos): string {
    const usage = { ...(frame.usage as object), cost: formatUsd(cost) };
    return `data: ${JSON.stringify({ ...frame, usage })}\n\n`;
  },
};
