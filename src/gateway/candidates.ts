/**
 * Who could serve a request, and the one way of trying them in turn: what fails before anything was sent to the client is tried
 * at the next provider that serves the model. Each try is an attempt of its own, under a hold of its own.
 */
import type { AttemptAbout } from '../budgets/usage-event.ts';
import { Deadlines } from '../deadlines.ts';
import { LIMITS } from '../limits.ts';
import { type Mapping, serves } from '../models/catalogue.ts';
import { appName } from './app-name.ts';
import type { Protocol } from './protocol.ts';
import { healthiestFirst } from './provider-health.ts';
import type { Credential, Provider } from './providers/provider.ts';
import type { Quote } from './quote.ts';
import { refusalResponse } from './refusal-response.ts';
import type { Refusal } from './refusals.ts';
import { refuseField } from './request-body.ts';
import type { AnswerHeaders, GatewayContext } from './router.ts';
import type { SurfaceId } from './surfaces/surface.ts';

/** A model at a provider, and how to call it. */
export interface Candidate {
  mapping: Mapping;
  provider: Provider;
  credential: Credential;
}

export type Candidates = readonly [Candidate, ...Candidate[]];

/** Tries one candidate. `headers` is told what there is to tell beside its answer. */
export type AttemptAt = (
  context: GatewayContext,
  candidate: Candidate,
  headers: AnswerHeaders,
) => Promise<Response | Refusal>;

/** Those who serve this model for that, the healthiest first. */
export function candidatesFor(
  { env, ctx, catalogue, providers }: GatewayContext,
  model: string,
  service: 'conversation' | 'videos' | SurfaceId,
): { candidates: Candidates } | { refusal: Refusal } {
  const mappings = catalogue.find(model)?.mappings ?? [];
  const [first, ...others] = healthiestFirst(env, ctx, mappings).flatMap((mapping): Candidate[] => {
    const provider = providers.get(mapping.provider);
    const credential = provider?.credentialOf(env);
    return provider && credential ? [{ mapping, provider, credential }] : [];
  });
  if (!first) return { refusal: { kind: 'model_not_found', model } };
  const [able, ...alsoAble] = [first, ...others].filter(
    ({ mapping, provider }) =>
      serves(mapping, service) && (service === 'conversation' || provider.serves?.(service, mapping) === true),
  );
  if (able) return { candidates: [able, ...alsoAble] };
  const { serves: served = ['conversation'] } = first.mapping;
  const what = service === 'conversation' ? 'conversations' : `/v1/${service}`;
  return refuseField('model', `${model} is no model for ${what} here; it is one for ${served.join(', ')}.`);
}

/**
 * The answer of the first that gives one; where none does, what the last said. One that has no other beside it is asked a second
 * time where its failure may be that of a moment.
 */
export async function answerByFirst(
  context: GatewayContext,
  envelope: Pick<Protocol, 'refusalBody'>,
  candidates: Candidates,
  attemptAt: AttemptAt,
): Promise<Response> {
  const { request, requestId } = context;
  const [first, ...others] = candidates;
  let headers = namesOf(context, first);
  let answered = await attemptAt(context, first, headers);
  const next = request.headers.has('x-no-fallback') ? [] : others.length > 0 ? others : [first];
  for (const candidate of next.slice(0, LIMITS.attemptsMax - 1)) {
    if (answered instanceof Response || request.signal.aborted) break;
    if (!(candidate === first ? mayBeOver(answered) : mayGoElsewhere(answered))) break;
    if (candidate === first) await scheduler.wait(LIMITS.retryPauseMs * (1 / 2 + Math.random()));
    headers = namesOf(context, candidate);
    // Deadlines end with the attempt that set them.
    answered = await attemptAt({ ...context, deadlines: new Deadlines() }, candidate, headers);
  }
  return answered instanceof Response ? answered : refusalResponse(envelope, answered, requestId, headers);
}

/** What an attempt at a candidate is for, as its usage event tells it. */
export function aboutOf(
  { request, requestId }: GatewayContext,
  { mapping }: Candidate,
  endpoint: string,
  streamed: boolean,
  quoted: Quote | null,
): AttemptAbout {
  return {
    requestId,
    endpoint,
    mapping: mapping.id,
    canonicalModel: mapping.canonicalModel,
    provider: mapping.provider,
    app: appName(request.headers),
    streamed,
    priceVersion: quoted?.price.version ?? 'unknown',
  };
}

/** What is the provider's fault, and not the request's: nothing has been sent to the client yet. */
function mayGoElsewhere(refusal: Refusal): boolean {
  if (refusal.kind === 'upstream_refused') return refusal.status === 429;
  return refusal.kind === 'upstream_error' || refusal.kind === 'upstream_timeout';
}

function mayBeOver(refusal: Refusal): boolean {
  return refusal.kind === 'upstream_error' && refusal.transient === true;
}

function namesOf({ requestId }: GatewayContext, { mapping }: Candidate): AnswerHeaders {
  return {
    'x-request-id': requestId,
    'x-purser-model': mapping.canonicalModel,
    'x-purser-provider': mapping.provider,
  };
}
