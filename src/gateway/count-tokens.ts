/**
 * Counting the tokens of a request before it is made: by its provider where that has such a route in the client's protocol,
 * else by estimate, as a header tells. Free of charge and without a hold, but only for a key that could use the model.
 */
import { LIMITS } from '../limits.ts';
import { keyStanding, refuseKeyFirst } from './admission.ts';
import { type Candidate, candidatesFor } from './candidates.ts';
import { authenticate } from './credentials.ts';
import { leastUseOf } from './models-route.ts';
import type { Asked, Counting } from './protocol.ts';
import type { Refusal } from './refusals.ts';
import { garbage } from './relay.ts';
import { jsonObjectIn } from './reported.ts';
import { readBody, readJsonBody } from './request-body.ts';
import type { AnswerHeaders, GatewayContext, Handler } from './router.ts';
import { upstreamRefusal } from './upstream-refusal.ts';

/** `readPath`: what the URL says, in protocols whose URL names the model. */
export function countTokens(
  counting: Counting,
  readPath: (parameter: string) => { model: string } | null = () => null,
): Handler {
  return async (context, parameter) => {
    const { env, request, requestId } = context;
    const authenticated = await authenticate(request, env);
    if ('refusal' in authenticated) return authenticated.refusal;
    const { caller } = authenticated;
    const understood = await understand(context, counting, readPath(parameter));
    if ('refusal' in understood)
      return (await refuseKeyFirst(context, caller, counting.endpoint)) ?? understood.refusal;
    const { asked, candidate } = understood;
    const { mapping, provider } = candidate;
    const use = { endpoint: counting.endpoint, ...leastUseOf(mapping, Date.now()) };
    const { refusal } = await keyStanding(context, caller, use);
    if (refusal) return refusal;
    const headers: AnswerHeaders = {
      'x-request-id': requestId,
      'x-purser-model': mapping.canonicalModel,
      'x-purser-provider': mapping.provider,
    };
    if (provider.serves?.(counting.operation, mapping)) return countAt(context, counting, asked, candidate, headers);
    headers['x-purser-estimated'] = 'true';
    return Response.json(counting.answer(provider.inputTokensEstimate(asked)), { headers });
  };
}

/** The healthiest that serves the model: what it counts is about what another would. */
async function understand(
  context: GatewayContext,
  counting: Counting,
  path: { model: string } | null,
): Promise<{ asked: Asked; candidate: Candidate } | { refusal: Refusal }> {
  const read = await readJsonBody(context.request);
  if ('refusal' in read) return read;
  const understood = counting.ask(read.body.json, path);
  if ('refusal' in understood) return understood;
  const { understood: asked } = understood;
  const found = candidatesFor(context, asked.model, 'conversation');
  return 'refusal' in found ? found : { asked, candidate: found.candidates[0] };
}

async function countAt(
  { env, request }: GatewayContext,
  counting: Counting,
  asked: Asked,
  { mapping, provider, credential }: Candidate,
  headers: AnswerHeaders,
): Promise<Response | Refusal> {
  try {
    const response = await provider.send({
      env,
      credential,
      mapping,
      operation: counting.operation,
      body: JSON.stringify(counting.body(asked, mapping)),
      contentType: 'application/json',
      streamed: false,
      clientHeaders: request.headers,
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(LIMITS.countTokensMsMax)]),
    });
    const refusal = await upstreamRefusal(response);
    if (refusal) return refusal;
    const bytes = await readBody(response, LIMITS.upstreamErrorBytesMax);
    if (!bytes || !jsonObjectIn(new TextDecoder().decode(bytes))) return garbage(null);
    return new Response(bytes, { headers: { ...headers, 'content-type': 'application/json' } });
  } catch (error) {
    console.warn(JSON.stringify({ event: 'count_failed', error: String(error) }));
    return { kind: 'upstream_error', message: 'The provider could not be asked for its count.' };
  }
}
