/**
 * Who could serve a request, and the one way of trying them in turn: what fails before anything was sent to the client is tried
 * at the next provider that serves the model. Each try is an attempt of its own, under a hold of its own.
 */

import type { RoutingBundle } from '../budgets/routing.ts';
import { isOfOffer } from '../budgets/rules.ts';
import type { AttemptAbout } from '../budgets/usage-event.ts';
import { Deadlines } from '../deadlines.ts';
import { LIMITS } from '../limits.ts';
import { lifecycleHeaders } from '../models/lifecycle.ts';
import type { PresentedKey } from '../teams/keys.ts';
import { keyStanding } from './admission.ts';
import { appName } from './app-name.ts';
import type { Protocol } from './protocol.ts';
import { isFailing } from './provider-health.ts';
import type { Quote } from './quote.ts';
import { refusalResponse } from './refusal-response.ts';
import type { Refusal } from './refusals.ts';
import type { AnswerHeaders, GatewayContext } from './router.ts';
import {
  type Candidate,
  type Candidates,
  choose,
  isAtProvider,
  type KnownRouting,
  type Market,
  type Service,
} from './routing/choose.ts';
import { knownRouting, learnRouting, withoutLoops } from './routing/known-routing.ts';

export type { Candidate } from './routing/choose.ts';

/** Who could serve a request, and how to choose again where the caller's object says that this went by a stale routing. */
export interface Choice {
  candidates: Candidates;
  anew: (routing: RoutingBundle | null) => Promise<{ candidates: Candidates } | { refusal: Refusal }>;
}

/** Tries one candidate. `headers` is told what there is to tell beside its answer. */
export type AttemptAt = (
  context: GatewayContext,
  candidate: Candidate,
  headers: AnswerHeaders,
) => Promise<Response | Refusal | Unfit>;

/** Nothing was held or sent: the candidate can't take the request as it is. `unfit` tells why, where that is to be told. */
interface Unfit {
  unfit: () => Promise<Refusal>;
}

/** What there is to choose from by a routing. */
export function marketOf(
  { env, ctx, request, catalogue, providers }: GatewayContext,
  known: KnownRouting | null,
): Market {
  return {
    catalogue,
    providers,
    known: known && withoutLoops(known, request.url),
    deploymentCredential: (provider) => provider.credentialOf(env),
    isFailing: (name) => isFailing(env, ctx, name),
    nowMs: Date.now(),
  };
}

/**
 * Those who serve this model for that, best first. Before anything is refused the caller's object is asked: the key may be none,
 * and what this isolate knows of the routing, or of the organization's own providers, may be nothing yet or stale.
 */
export async function candidatesFor(
  context: GatewayContext,
  caller: PresentedKey,
  asked: { model: string; service: Service; endpoint: string },
): Promise<Choice | { refusal: Refusal }> {
  const { env } = context;
  const by = (known: KnownRouting | null) => choose(marketOf(context, known), asked.model, asked.service);
  const anew = async (routing: RoutingBundle | null) => by(await learnRouting(env, caller.hash, routing));
  const known = knownRouting(caller.hash);
  const chosen = by(known);
  if ('candidates' in chosen) return { ...chosen, anew };
  const { refusal, routing = null } = await keyStanding(context, caller, { endpoint: asked.endpoint });
  if (refusal) return { refusal };
  if ((routing?.version ?? null) === (known?.version ?? null)) return chosen;
  const again = await anew(routing);
  return 'candidates' in again ? { ...again, anew } : again;
}

/**
 * The answer of the first that gives one; where none does, what the last said. Where the caller's object says that they were chosen
 * by a stale routing they are chosen anew: nothing was held or sent then.
 */
export async function answerByFirst(
  context: GatewayContext,
  envelope: Pick<Protocol, 'refusalBody'>,
  { candidates, anew }: Choice,
  attemptAt: AttemptAt,
): Promise<Response> {
  const { requestId } = context;
  let tried = await tryInTurn(context, candidates, attemptAt);
  for (let tries = 1; tries < LIMITS.routingTriesMax; tries++) {
    const { answered } = tried;
    if (answered instanceof Response || answered.kind !== 'routing_stale') break;
    const chosen = await anew(answered.routing);
    if ('refusal' in chosen) return refusalResponse(envelope, chosen.refusal, requestId, { 'x-request-id': requestId });
    tried = await tryInTurn({ ...context, deadlines: new Deadlines() }, chosen.candidates, attemptAt);
  }
  const { answered, headers } = tried;
  return answered instanceof Response ? answered : refusalResponse(envelope, answered, requestId, headers);
}

interface Told {
  answered: Response | Refusal;
  headers: AnswerHeaders;
}

/**
 * Those who can't take the request as it is are passed over, whoever comes next; what the first of them says is told where nobody
 * can take it. Whom a rule denies is passed over for others who serve the same model, never for another model. A failure of a provider is not hidden by what is then refused here (a rule, a budget): that only says why it was
 * not tried elsewhere. One that has no other beside it is asked a second time where its failure may be that of a moment.
 */
async function tryInTurn(context: GatewayContext, candidates: Candidates, attemptAt: AttemptAt): Promise<Told> {
  const { request } = context;
  const attemptsMax = request.headers.has('x-no-fallback') ? 1 : LIMITS.attemptsMax;
  let told: (Told & { by: Candidate }) | null = null;
  let unfit: (Unfit & { headers: AnswerHeaders }) | null = null;
  let denied: Told | null = null;
  let attempts = 0;
  // Deadlines end with the attempt that set them.
  const attempt = (at: Candidate, headers: AnswerHeaders) =>
    attemptAt(attempts === 0 ? context : { ...context, deadlines: new Deadlines() }, at, headers);
  const isAsked = ({ mapping }: Candidate) => mapping.canonicalModel === candidates[0].mapping.canonicalModel;
  const lastAsked = candidates.findLastIndex(isAsked);
  for (const [at, candidate] of candidates.entries()) {
    if (attempts >= attemptsMax || (denied && !told && !isAsked(candidate))) break;
    const headers = namesOf(context, candidate);
    const answered = await attempt(at < lastAsked ? { ...candidate, othersServe: true } : candidate, headers);
    if ('unfit' in answered) {
      unfit ??= { ...answered, headers };
      continue;
    }
    if (!told && !(answered instanceof Response) && isDeniedHere(answered)) {
      denied ??= { answered, headers };
      continue;
    }
    attempts += 1;
    if (answered instanceof Response || request.signal.aborted) return { answered, headers };
    if (told && isRefusedHere(answered)) continue;
    told = { answered, headers, by: candidate };
    if (!mayGoElsewhere(answered)) return told;
  }
  if (!told) {
    if (denied) return denied;
    if (!unfit) throw new Error('nobody was tried');
    return { answered: await unfit.unfit(), headers: unfit.headers };
  }
  const { answered, by } = told;
  if (attempts > 1 || attemptsMax === 1 || answered instanceof Response || !mayBeOver(answered)) return told;
  await scheduler.wait(LIMITS.retryPauseMs * (1 / 2 + Math.random()));
  const headers = namesOf(context, by);
  const again = await attempt(by, headers);
  if ('unfit' in again || (!(again instanceof Response) && isRefusedHere(again))) return told;
  return { answered: again, headers };
}

/**
 * A candidate that cannot take the request as it is, as `refusal` says. Where that is to be told, what is wrong with the key comes
 * first; and where it was chosen by a stale routing, that is: by the one of now somebody else may be able, such as a key of the
 * organization's own that this isolate had not heard of.
 */
export function unfitAt(
  context: GatewayContext,
  caller: PresentedKey,
  endpoint: string,
  { chosenBy }: Candidate,
  refusal: Refusal,
): Unfit {
  const unfit = async (): Promise<Refusal> => {
    const { refusal: ofKey, routing = null } = await keyStanding(context, caller, { endpoint });
    if (ofKey) return ofKey;
    const isStale = (routing?.version ?? null) !== (chosenBy?.version ?? null);
    return isStale ? { kind: 'routing_stale', routing } : refusal;
  };
  return { unfit };
}

/** What an attempt at a candidate is for, as its usage event tells it. */
export function aboutOf(
  { request, requestId }: GatewayContext,
  { mapping, providerKeyId }: Candidate,
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
    ...(providerKeyId !== null && { providerKeyId }),
  };
}

/** What is the provider's fault, and not the request's: nothing has been sent to the client yet. */
function mayGoElsewhere(refusal: Refusal): boolean {
  if (refusal.kind === 'upstream_refused') return refusal.status === 429;
  return refusal.kind === 'upstream_error' || refusal.kind === 'upstream_timeout';
}

/** Before anything was sent. Not where they were chosen by a stale routing: then they are chosen anew. */
function isRefusedHere({ kind }: Refusal): boolean {
  const ofProvider = kind === 'upstream_refused' || kind === 'upstream_error' || kind === 'upstream_timeout';
  return !ofProvider && kind !== 'routing_stale' && kind !== 'internal_error';
}

/** A rule does not admit this one, and may admit another who serves the same model. */
export function isDeniedHere(refusal: Refusal): boolean {
  return refusal.kind === 'routing_denied' || (refusal.kind === 'rule_denied' && isOfOffer(refusal.rule));
}

function mayBeOver(refusal: Refusal): boolean {
  return refusal.kind === 'upstream_error' && refusal.transient === true;
}

function namesOf({ requestId }: GatewayContext, { mapping, credential }: Candidate): AnswerHeaders {
  return {
    ...(isAtProvider(credential) && lifecycleHeaders(mapping)),
    'x-request-id': requestId,
    'x-purser-model': mapping.canonicalModel,
    'x-purser-provider': mapping.provider,
  };
}
