/**
 * A conversation with a model, in any protocol, streaming or not. A whole answer whose worst case the budget does not cover is
 * gathered from a stream (relay-gathered.ts); where the output cannot be watched, the provider's own cap is lowered instead
 * (cover.ts).
 *
 * What fails before anything was sent to the client is tried at the next provider that serves the model: each try is an
 * attempt of its own, under a hold of its own.
 */
import type { AttemptAbout } from '../budgets/usage-event.ts';
import { Deadlines } from '../deadlines.ts';
import { LIMITS } from '../limits.ts';
import type { Mapping } from '../models/catalogue.ts';
import type { PresentedKey } from '../teams/keys.ts';
import { admit, budgetHeaders, refuseKeyFirst } from './admission.ts';
import { appName } from './app-name.ts';
import { Attempt } from './attempt.ts';
import { ask, coverOf } from './cover.ts';
import { authenticate } from './credentials.ts';
import { type Exchange, exchange } from './exchange.ts';
import type { Asked, Names, Protocol, Sent } from './protocol.ts';
import { PROTOCOLS } from './protocols.ts';
import { healthiestFirst } from './provider-health.ts';
import type { Credential, Provider } from './providers/provider.ts';
import { amountFor, type Quote, quote } from './quote.ts';
import { refusalResponse } from './refusal-response.ts';
import type { Refusal } from './refusals.ts';
import { GONE } from './relay.ts';
import { relayGathered } from './relay-gathered.ts';
import { relayStream } from './relay-stream.ts';
import { relayWhole } from './relay-whole.ts';
import { type JsonBody, readJsonBody, refuseField } from './request-body.ts';
import type { AnswerHeaders, GatewayContext, Handler } from './router.ts';

const encoder = new TextEncoder();

/** Who could serve a request: a model at a provider, and how to call it. */
interface Candidate {
  mapping: Mapping;
  provider: Provider;
  credential: Credential;
}

interface Conversation {
  client: Protocol;
  caller: PresentedKey;
  body: JsonBody;
  asked: Asked;
}

/** What the URL says of a request, in protocols whose URL says it; null where it says nothing that is understood. */
export type ReadPath = (parameter: string) => { model: string; streamed: boolean } | null;

export function converse(client: Protocol, readPath: ReadPath = () => null): Handler {
  return async (context, parameter) => {
    const authenticated = await authenticate(context.request, context.env);
    if ('refusal' in authenticated) return authenticated.refusal;
    const { caller } = authenticated;
    const understood = await understand(context, client, readPath(parameter));
    if ('refusal' in understood) return (await refuseKeyFirst(context, caller, client.endpoint)) ?? understood.refusal;
    const { candidates, ...read } = understood;
    return answerByFirst(context, { client, caller, ...read }, candidates);
  };
}

/**
 * The answer of the first that gives one; where none does, what the last said. One that has no other beside it is asked a second
 * time where its failure may be that of a moment.
 */
async function answerByFirst(
  context: GatewayContext,
  conversation: Conversation,
  candidates: readonly [Candidate, ...Candidate[]],
): Promise<Response> {
  const { request, requestId } = context;
  const [first, ...others] = candidates;
  let headers = namesOf(context, first);
  let answered = await attemptAt(context, conversation, first, headers);
  const next = request.headers.has('x-no-fallback') ? [] : others.length > 0 ? others : [first];
  for (const candidate of next.slice(0, LIMITS.attemptsMax - 1)) {
    if (answered instanceof Response || request.signal.aborted) break;
    if (!(candidate === first ? mayBeOver(answered) : mayGoElsewhere(answered))) break;
    if (candidate === first) await scheduler.wait(LIMITS.retryPauseMs * (1 / 2 + Math.random()));
    headers = namesOf(context, candidate);
    // Deadlines end with the attempt that set them.
    answered = await attemptAt({ ...context, deadlines: new Deadlines() }, conversation, candidate, headers);
  }
  return answered instanceof Response ? answered : refusalResponse(conversation.client, answered, requestId, headers);
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

/** One attempt at one provider, under one hold. `headers` is told what there is to tell. */
async function attemptAt(
  context: GatewayContext,
  conversation: Conversation,
  candidate: Candidate,
  headers: AnswerHeaders,
): Promise<Response | Refusal> {
  const { env, ctx, request, requestId, deadlines, recording } = context;
  const { client, caller, body, asked } = conversation;
  const { mapping, provider, credential } = candidate;
  const { streamed } = asked;
  const unfit = unfitFor(asked, mapping);
  if (unfit) return unfit;

  const served = protocolOf(client, candidate);
  const talk = exchange(client, served, asked);
  const unchanged = bodyText(talk, { mapping, streams: streamed, cap: null });
  if ('refusal' in unchanged) return unchanged.refusal;
  const startedAtMs = Date.now();
  // Written again, a body may grow (1e20 has 21 digits): the larger of both is the bound.
  const bytesMax = Math.max(body.bytes, encoder.encode(unchanged.text).byteLength);
  const quoted = quote(asked, bytesMax, mapping, provider, startedAtMs);
  const about: AttemptAbout = {
    requestId,
    endpoint: client.endpoint,
    mapping: mapping.id,
    canonicalModel: mapping.canonicalModel,
    provider: mapping.provider,
    app: appName(request.headers),
    streamed,
    priceVersion: quoted?.price.version ?? 'unknown',
  };
  const admission = await admitQuoted(context, caller, about, quoted);
  budgetHeaders(headers, 'refusal' in admission ? admission.tightest : admission.admitted.tightest);
  if ('refusal' in admission) return admission.refusal;
  const { hold } = admission.admitted;

  const cover = coverOf(quoted, streamed, hold.amount);
  const gathered = cover.watched && !streamed;
  const streams = streamed || gathered;
  const stands = !gathered && cover.cap === null;
  const sent = stands ? unchanged : bodyText(talk, { mapping, streams, cap: cover.cap });
  const attempt = new Attempt({
    mapping,
    choices: asked.choices,
    output: provider.countOutput(),
    inputTokensEstimate: () => provider.inputTokensEstimate(asked),
    quoted,
    cover,
    hold,
    startedAtMs,
    recording,
  });
  if ('refusal' in sent || request.signal.aborted) {
    // Nothing was sent yet, so nothing is owed.
    ctx.waitUntil(attempt.release());
    return 'refusal' in sent ? sent.refusal : GONE;
  }
  if (cover.cap !== null) headers['x-purser-max-output'] = String(cover.cap);
  const names: Names = { requestId, model: mapping.canonicalModel };
  const parts = {
    env,
    ctx,
    attempt,
    requestId,
    deadlines,
    clientGone: request.signal,
    send: (signal: AbortSignal) =>
      provider.send({
        env,
        credential,
        mapping,
        operation: served.id,
        body: sent.text,
        contentType: 'application/json',
        streamed: streams,
        clientHeaders: request.headers,
        signal,
      }),
    headers,
    times: LIMITS,
    exchange: talk,
    names,
  };
  if (streamed) return relayStream(parts);
  return gathered ? relayGathered(parts) : relayWhole(parts, (bytes) => talk.whole(bytes, names));
}

/** Reads the request as far as its cost depends on it, and finds who could serve it. */
async function understand(
  { env, ctx, request, catalogue, providers }: GatewayContext,
  client: Protocol,
  path: ReturnType<ReadPath>,
): Promise<{ body: JsonBody; asked: Asked; candidates: readonly [Candidate, ...Candidate[]] } | { refusal: Refusal }> {
  const read = await readJsonBody(request);
  if ('refusal' in read) return read;
  const understood = client.ask(read.body.json, path);
  if ('refusal' in understood) return understood;
  const { understood: asked } = understood;
  const mappings = catalogue.find(asked.model)?.mappings ?? [];
  const [first, ...others] = healthiestFirst(env, ctx, mappings).flatMap((mapping): Candidate[] => {
    const provider = providers.get(mapping.provider);
    const credential = provider?.credentialOf(env);
    return provider && credential ? [{ mapping, provider, credential }] : [];
  });
  if (!first) return { refusal: { kind: 'model_not_found', model: asked.model } };
  const unfit = unfitFor(asked, first.mapping);
  return unfit ? { refusal: unfit } : { body: read.body, asked, candidates: [first, ...others] };
}

/** What only the model's row can tell to be wrong with a request. */
function unfitFor({ cap, demo, unpriced }: Asked, mapping: Mapping): Refusal | null {
  if (cap && cap.tokens > mapping.maxOutputTokens) {
    return refuseField(cap.field, `${cap.field} is at most ${mapping.maxOutputTokens} for ${mapping.id}.`).refusal;
  }
  if (demo && mapping.provider !== 'demo') return refuseField('demo', 'demo steers the demo provider only.').refusal;
  if (unpriced === null) return null;
  const message = `${unpriced} is billed apart by the provider, and its price is not known here.`;
  return refuseField(unpriced, message).refusal;
}

/** The protocol in which the provider is spoken to: the client's where it can. */
function protocolOf(client: Protocol, { mapping, provider }: Candidate): Protocol {
  const spoken = provider.speaks(mapping);
  if (spoken.includes(client.id)) return client;
  const protocol = PROTOCOLS.get(spoken[0]);
  if (!protocol) throw new Error(`${provider.id} speaks ${spoken[0]}, which this build does not`);
  return protocol;
}

function bodyText(talk: Exchange, sent: Sent): { text: string } | { refusal: Refusal } {
  const body = talk.body(sent);
  return 'refusal' in body ? body : { text: JSON.stringify(body.understood) };
}

/** Admission, whose refusal tells the most that the request may cost. */
async function admitQuoted(
  context: GatewayContext,
  caller: PresentedKey,
  about: AttemptAbout,
  quoted: Quote | null,
): ReturnType<typeof admit> {
  const admission = await admit(context, caller, about, ask(quoted, about.streamed), quoted?.rulePrices);
  if (!quoted || !('refusal' in admission) || admission.refusal.kind !== 'request_exceeds_budget') return admission;
  return { ...admission, refusal: { ...admission.refusal, needed: amountFor(quoted, quoted.outputTokensMax) } };
}
