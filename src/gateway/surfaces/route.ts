/**
 * The one handler of all surfaces (surface.ts): who calls, what for, at most how much, may they, then the relay of an answer in
 * one piece. A stream that a client asks for is passed on once it is whole, as it tells its usage at its end.
 */
import { LIMITS } from '../../limits.ts';
import type { Mapping } from '../../models/catalogue.ts';
import { ceilingOf, type Usage } from '../../money/cost.ts';
import { priceAt, priceOfImages, UNITS } from '../../money/price.ts';
import type { PresentedKey } from '../../teams/keys.ts';
import { admitQuoted, budgetHeaders, refuseKeyFirst } from '../admission.ts';
import { Attempt } from '../attempt.ts';
import { type AttemptAt, aboutOf, answerByFirst, candidatesFor } from '../candidates.ts';
import { chat } from '../chat-completions/protocol.ts';
import { coverOf } from '../cover.ts';
import { authenticate } from '../credentials.ts';
import { type Quote, rulePricesOf } from '../quote.ts';
import type { Refusal } from '../refusals.ts';
import { GONE } from '../relay.ts';
import { relayTimes } from '../relay-times.ts';
import { relayWhole, type WholeAnswer } from '../relay-whole.ts';
import { refuseField } from '../request-body.ts';
import type { GatewayContext, Handler } from '../router.ts';
import { healthName } from '../routing/choose.ts';
import { isPriced, pricedPart } from './counts.ts';
import { type Payload, readPayload } from './payload.ts';
import type { AskedSurface, Counts, Surface } from './surface.ts';

interface Call {
  surface: Surface;
  caller: PresentedKey;
  payload: Payload;
  asked: AskedSurface;
}

export function serveSurface(surface: Surface): Handler {
  return async (context) => {
    const authenticated = await authenticate(context.request, context.env);
    if ('refusal' in authenticated) return authenticated.refusal;
    const { caller } = authenticated;
    const keyFirst = async (refusal: Refusal) => (await refuseKeyFirst(context, caller, surface.id)) ?? refusal;
    const understood = await understand(context, surface);
    if ('refusal' in understood) return keyFirst(understood.refusal);
    const { model, demo } = understood.asked;
    const choice = await candidatesFor(context, caller, { model, service: surface.id, endpoint: surface.id });
    if ('refusal' in choice) return choice.refusal;
    if (demo && choice.candidates[0].mapping.provider !== 'demo') {
      return keyFirst(refuseField('demo', 'demo steers the demo provider only.').refusal);
    }
    const call = { surface, caller, ...understood };
    return answerByFirst(context, chat, choice, (...at) => attemptAt(call, ...at));
  };
}

async function understand(
  { request }: GatewayContext,
  surface: Surface,
): Promise<{ payload: Payload; asked: AskedSurface } | { refusal: Refusal }> {
  const read = await readPayload(request, surface);
  if ('refusal' in read) return read;
  const { payload } = read;
  const understood = surface.read(payload.json);
  if ('refusal' in understood) return understood;
  return { payload, asked: understood.understood };
}

/** One attempt at one provider, under one hold. */
async function attemptAt(
  { surface, caller, payload, asked }: Call,
  ...[context, candidate, headers]: Parameters<AttemptAt>
): Promise<Response | Refusal> {
  const { env, ctx, request, requestId, deadlines, recording } = context;
  const { mapping, provider, credential } = candidate;
  const startedAtMs = Date.now();
  const quoted = quoteOf(asked, mapping, startedAtMs);
  const about = aboutOf(context, candidate, surface.id, false, quoted);
  const admission = await admitQuoted(context, caller, candidate, about, quoted);
  budgetHeaders(headers, 'refusal' in admission ? admission.tightest : admission.admitted.tightest);
  if ('refusal' in admission) return admission.refusal;
  const { hold } = admission.admitted;
  const attempt = new Attempt({
    mapping,
    choices: 1,
    output: provider.countOutput(),
    estimate: () => pricedPart({ ...asked.known, ...asked.about }, quoted?.price ?? null),
    quoted,
    cover: coverOf(quoted, false, hold.amount),
    hold,
    startedAtMs,
    recording,
  });
  if (request.signal.aborted) {
    // Nothing was sent yet, so nothing is owed.
    ctx.waitUntil(attempt.release());
    return GONE;
  }
  const sent = await payload.written(mapping.upstreamModel);
  const send = (signal: AbortSignal) =>
    provider.send({
      env,
      credential,
      mapping,
      operation: surface.id,
      ...sent,
      streamed: false,
      clientHeaders: request.headers,
      signal,
    });
  const parts = {
    env,
    ctx,
    attempt,
    requestId,
    deadlines,
    clientGone: request.signal,
    health: healthName(candidate),
    send,
    headers,
    times: relayTimes(env),
  };
  return relayWhole(parts, (bytes, response) => wholeOf(surface, asked, quoted, bytes, response));
}

/** Null where the model has no price now for anything that this uses. */
export function quoteOf(asked: AskedSurface, mapping: Mapping, nowMs: number): Quote | null {
  const inForce = priceAt(mapping.prices, nowMs);
  if (!inForce) return null;
  const { image, known } = asked;
  const price = image ? priceOfImages(inForce, image.size, image.quality) : inForce;
  const counts = { ...known, ...asked.most({ context: mapping.contextTokens, output: mapping.maxOutputTokens }) };
  if (!UNITS.some((unit) => counts[unit] && isPriced(unit, price))) return null;
  const most = pricedPart(counts, price);
  return {
    price,
    inputMax: ceilingOf(most, price),
    // All of it is covered from the start, whatever side it is on.
    outputTokensMax: 0,
    outputRate: 0,
    choices: 1,
    capMin: LIMITS.outputTokensMin,
    watchable: false,
    rulePrices: rulePricesOf(price, most.input),
  };
}

function wholeOf(
  surface: Surface,
  asked: AskedSurface,
  quoted: Quote | null,
  bytes: Uint8Array,
  response: Response,
): WholeAnswer | null {
  const contentType = response.headers.get('content-type') ?? 'application/octet-stream';
  const read = surface.answer(bytes, contentType, asked);
  if (!read) return null;
  return { text: '', usage: usageOf(asked, read.usage, quoted), error: read.error, body: () => bytes, contentType };
}

/** What was used, by the request itself and by the provider's count; null where that is wanting of something that is priced. */
function usageOf({ about, known }: AskedSurface, counted: Counts | null, quoted: Quote | null): Usage | null {
  const price = quoted?.price ?? null;
  const tells = (counts: Counts) =>
    UNITS.some((unit) => counts[unit] !== undefined && (price === null || isPriced(unit, price)));
  if (tells(about) && !(counted && tells(counted))) return null;
  return pricedPart({ ...counted, ...known }, price);
}
