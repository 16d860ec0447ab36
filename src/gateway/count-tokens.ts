/**
 * How many tokens a request would read, for programs that ask before they send it: free, so nothing is set aside. The provider
 * counts where it offers that in the client's protocol; else it is our estimate. Of the key's rules those for models count.
 */
import { brokenRule } from '../budgets/rules.ts';
import { LIMITS } from '../limits.ts';
import type { Mapping } from '../models/catalogue.ts';
import { keyStanding } from './admission.ts';
import { type Candidate, candidatesFor, type ReadPath } from './converse.ts';
import { authenticate } from './credentials.ts';
import { useOf } from './models-route.ts';
import type { Asked, Json, Protocol, Understood } from './protocol.ts';
import type { Operation } from './providers/provider.ts';
import type { Refusal } from './refusals.ts';
import { readBody, readJsonBody } from './request-body.ts';
import type { AnswerHeaders, GatewayContext, Handler } from './router.ts';
import { upstreamRefusal } from './upstream-refusal.ts';

/** How a protocol asks for a count. */
export interface Counting {
  operation: Operation;
  read(json: Json, path: ReturnType<ReadPath>): Understood<Asked>;
  /** What a provider that counts itself is sent. */
  body(asked: Asked, mapping: Mapping): Json;
  answer(inputTokens: number): Json;
}

export function countTokens(client: Protocol, counting: Counting, readPath: ReadPath = () => null): Handler {
  return async (context, parameter) => {
    const { request, env, requestId } = context;
    const authenticated = await authenticate(request, env);
    if ('refusal' in authenticated) return authenticated.refusal;
    const { refusal, rules } = await keyStanding(context, authenticated.caller, client.endpoint);
    if (refusal) return refusal;
    const read = await readJsonBody(request);
    if ('refusal' in read) return read.refusal;
    const understood = counting.read(read.body.json, readPath(parameter));
    if ('refusal' in understood) return understood.refusal;
    const { understood: asked } = understood;
    const nowMs = Date.now();
    const candidates = candidatesFor(context, asked.model).filter(({ mapping }) =>
      rules.every((some) => brokenRule(some, useOf(mapping, nowMs)) === null),
    );
    const counter = candidates.find(({ mapping, provider }) => provider.serves?.(counting.operation, mapping));
    const candidate = counter ?? candidates[0];
    if (!candidate) return { kind: 'model_not_found', model: asked.model };
    const { mapping, provider } = candidate;
    const headers: AnswerHeaders = {
      'x-request-id': requestId,
      'x-purser-model': mapping.canonicalModel,
      'x-purser-provider': mapping.provider,
    };
    if (counter) return countedBy(context, counter, counting, asked, headers);
    return Response.json(counting.answer(provider.inputTokensEstimate(asked)), { headers });
  };
}

async function countedBy(
  { env, request }: GatewayContext,
  { mapping, provider, credential }: Candidate,
  { operation, body }: Counting,
  asked: Asked,
  headers: AnswerHeaders,
): Promise<Response | Refusal> {
  const outOfTime = AbortSignal.timeout(LIMITS.countTokensMsMax);
  try {
    const response = await provider.send({
      env,
      credential,
      mapping,
      operation,
      body: JSON.stringify(body(asked, mapping)),
      contentType: 'application/json',
      streamed: false,
      clientHeaders: request.headers,
      signal: AbortSignal.any([request.signal, outOfTime]),
    });
    const refusal = await upstreamRefusal(response);
    if (refusal) return refusal;
    const counted = await readBody(response, LIMITS.upstreamErrorBytesMax);
    if (!counted) return { kind: 'upstream_error', message: 'The provider answered with something that is no count.' };
    return new Response(counted, { headers: { ...headers, 'content-type': 'application/json' } });
  } catch (error) {
    console.warn(JSON.stringify({ event: 'upstream_failed', error: String(error) }));
    return outOfTime.aborted
      ? { kind: 'upstream_timeout', message: 'The provider took too long to count.' }
      : { kind: 'upstream_error', message: 'The provider could not be reached.' };
  }
}
