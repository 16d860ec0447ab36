/**
 * Counting the tokens of a request before it is made: by its provider where that has such a route in the client's protocol,
 * else by estimate, as a header tells. Free of charge and without a hold, but only for a key that could use the model.
 */
import type { RoutingBundle } from '../budgets/routing.ts';
import { LIMITS } from '../limits.ts';
import type { PresentedKey } from '../teams/keys.ts';
import { keyStanding, refuseKeyFirst } from './admission.ts';
import { type Candidate, candidatesFor, isDeniedHere } from './candidates.ts';
import { authenticate } from './credentials.ts';
import { leastUseOf } from './models-route.ts';
import type { Asked, Counting } from './protocol.ts';
import { withoutSecrets } from './providers/secrets.ts';
import type { Refusal } from './refusals.ts';
import { garbage } from './relay.ts';
import { jsonObjectIn } from './reported.ts';
import { readBody, readJsonBody } from './request-body.ts';
import type { AnswerHeaders, GatewayContext, Handler } from './router.ts';
import type { Candidates } from './routing/choose.ts';
import { errorIn } from './surfaces/fields.ts';
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
    const { asked } = understood;
    const found = await counterFor(context, caller, counting.endpoint, asked.model);
    if ('refusal' in found) return found.refusal;
    const { counter } = found;
    const { mapping, provider } = counter;
    const headers: AnswerHeaders = {
      'x-request-id': requestId,
      'x-purser-model': mapping.canonicalModel,
      'x-purser-provider': mapping.provider,
    };
    if (provider.serves?.(counting.operation, mapping)) return countAt(context, counting, asked, counter, headers);
    headers['x-purser-estimated'] = 'true';
    return Response.json(counting.answer(provider.inputTokensEstimate(asked)), { headers });
  };
}

async function understand(
  { request }: GatewayContext,
  counting: Counting,
  path: { model: string } | null,
): Promise<{ asked: Asked } | { refusal: Refusal }> {
  const read = await readJsonBody(request);
  if ('refusal' in read) return read;
  const understood = counting.ask(read.body.json, path);
  return 'refusal' in understood ? understood : { asked: understood.understood };
}

/** The first that key, rules and routing let serve the model now: what it counts is about what another would. */
async function counterFor(
  context: GatewayContext,
  caller: PresentedKey,
  endpoint: string,
  model: string,
): Promise<{ counter: Candidate } | { refusal: Refusal }> {
  const choice = await candidatesFor(context, caller, { model, service: 'conversation', endpoint });
  if ('refusal' in choice) return choice;
  let { candidates } = choice;
  for (let tries = 0; tries < LIMITS.routingTriesMax; tries++) {
    const standing = await firstAdmitted(context, caller, endpoint, candidates);
    if (!('stale' in standing)) return standing;
    const again = await choice.anew(standing.stale);
    if ('refusal' in again) return again;
    ({ candidates } = again);
  }
  return { refusal: { kind: 'budget_unavailable' } };
}

/** Whom no rule denies; where that is nobody, what denies the first. `stale`: the routing of now is this, and they were chosen by another. */
async function firstAdmitted(
  context: GatewayContext,
  caller: PresentedKey,
  endpoint: string,
  candidates: Candidates,
): Promise<{ counter: Candidate } | { refusal: Refusal } | { stale: RoutingBundle | null }> {
  let denied: Refusal | null = null;
  const asked = candidates.filter(({ mapping }) => mapping.canonicalModel === candidates[0].mapping.canonicalModel);
  for (const counter of asked) {
    const use = { endpoint, ...leastUseOf(counter.mapping, Date.now()) };
    const { refusal, routing = null } = await keyStanding(context, caller, use);
    if ((routing?.version ?? null) !== (counter.chosenBy?.version ?? null)) return { stale: routing };
    if (!refusal) return { counter };
    denied ??= refusal;
    if (!isDeniedHere(refusal)) break;
  }
  if (!denied) throw new Error('nobody was asked for');
  return { refusal: denied };
}

async function countAt(
  { env, request, requestId }: GatewayContext,
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
    const refusal = await upstreamRefusal(response, { provider: mapping.provider, keyOf: credential.of, requestId });
    if (refusal) return refusal;
    const bytes = await readBody(response, LIMITS.upstreamErrorBytesMax);
    const counted = bytes && jsonObjectIn(new TextDecoder().decode(bytes));
    if (!counted) return garbage(null);
    // An error inside a good status is no count, and may quote the credential.
    if (counted.error != null) return garbage(errorIn(counted.error), credential);
    return new Response(bytes, { headers: { ...headers, 'content-type': 'application/json' } });
  } catch (error) {
    console.warn(JSON.stringify({ event: 'count_failed', error: withoutSecrets(String(error), credential) }));
    return { kind: 'upstream_error', message: 'The provider could not be asked for its count.' };
  }
}
