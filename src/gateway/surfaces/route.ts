/**
 * The way of every request to a surface: who calls, what for, who serves it, at most how much, one attempt after another, each under
 * its own hold. Nothing here knows what a surface is about: that is its row of the table (surfaces.ts). What cannot be served is
 * refused in OpenAI's envelope, which all surfaces share.
 */
import type { Usage } from '../../money/cost.ts';
import { isPriced, UNITS } from '../../money/price.ts';
import type { PresentedKey } from '../../teams/keys.ts';
import { refuseKeyFirst } from '../admission.ts';
import { type AttemptAt, answerByFirst, candidatesFor, unfitAt } from '../candidates.ts';
import { chat } from '../chat-completions/protocol.ts';
import { authenticate } from '../credentials.ts';
import { conversationIn } from '../other-protocol.ts';
import type { Quote } from '../quote.ts';
import type { Refusal } from '../refusals.ts';
import { relayStream } from '../relay-stream.ts';
import { relayWhole, type WholeAnswer } from '../relay-whole.ts';
import { refuseField } from '../request-body.ts';
import type { GatewayContext, Handler } from '../router.ts';
import { openAttempt, unfitFor } from './attempt.ts';
import { pricedPart } from './counts.ts';
import { type Payload, readPayload } from './payload.ts';
import { SurfaceStream } from './stream.ts';
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
    const understood = await understand(context, surface);
    if ('refusal' in understood) return (await refuseKeyFirst(context, caller, surface.id)) ?? understood.refusal;
    const { model } = understood.asked;
    const choice = await candidatesFor(context, caller, { model, service: surface.id, endpoint: surface.id });
    if ('refusal' in choice) return choice.refusal;
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
  if ('refusal' in understood) {
    const elsewhere = conversationIn(payload.json);
    return elsewhere === null ? understood : refuseField(null, elsewhere);
  }
  const asked = understood.understood;
  return { payload, asked: (await surface.measure?.(payload.json, asked)) ?? asked };
}

/** One attempt at one provider, under one hold. */
async function attemptAt(
  { surface, caller, payload, asked }: Call,
  ...[context, candidate, headers]: Parameters<AttemptAt>
): ReturnType<AttemptAt> {
  const { mapping, provider, credential } = candidate;
  const { env, request } = context;
  const asking = { operation: surface.id, mapping, json: payload.json, headers: request.headers };
  const objection = provider.objection?.(asking);
  const unfit =
    unfitFor(asked, candidate) ?? (objection ? refuseField(objection.field, objection.message).refusal : null);
  if (unfit) return unfitAt(context, caller, surface.id, candidate, unfit);
  const opened = await openAttempt(context, candidate, headers, { endpoint: surface.id, caller, asked, isJob: false });
  if ('refusal' in opened) return opened.refusal;
  const sent = await payload.written(mapping.upstreamModel);
  const call = { env, credential, mapping, operation: surface.id, ...sent, clientHeaders: request.headers };
  const send = (signal: AbortSignal) => provider.send({ ...call, streamed: false, signal });
  if (asked.streamed) {
    const stream = new SurfaceStream(surface, asked, (counted) => usageOf(asked, counted, opened.quoted));
    const names = { requestId: context.requestId, model: mapping.canonicalModel };
    const sendStreamed = async (signal: AbortSignal) => stream.asEvents(await send(signal));
    return relayStream({ ...opened.parts, send: sendStreamed, exchange: stream.exchange, names });
  }
  return relayWhole({ ...opened.parts, send }, (bytes, response) =>
    wholeOf(surface, asked, opened.quoted, bytes, response),
  );
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
    UNITS.some((unit) => counts[unit] !== undefined && (price === null || isPriced(price, unit)));
  if (tells(about) && !(counted && tells(counted))) return null;
  return pricedPart({ ...counted, ...known }, price);
}
