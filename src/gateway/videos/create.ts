/**
 * POST /v1/videos: who calls, what for, at most how much, may they, then the provider, and then the video is handed over to an
 * object of its own (life.ts), which owns the hold from then on. Until that has taken it the hold is this Worker's, so one that
 * dies on the way is charged by the hold's expiry.
 */
import { newId } from '../../ids.ts';
import { LIMITS } from '../../limits.ts';
import type { Mapping } from '../../models/catalogue.ts';
import { priceAt, priceOfVideo } from '../../money/price.ts';
import { videoJob } from '../../objects.ts';
import type { PresentedKey } from '../../teams/keys.ts';
import { refuseKeyFirst } from '../admission.ts';
import { type AttemptAt, answerByFirst, candidatesFor, unfitAt } from '../candidates.ts';
import { chat } from '../chat-completions/protocol.ts';
import { authenticate } from '../credentials.ts';
import type { Refusal } from '../refusals.ts';
import { GONE, garbage, note, outcomeOf, outcomeOfStop, type RelayParts, stopOf } from '../relay.ts';
import { readBody } from '../request-body.ts';
import type { GatewayContext } from '../router.ts';
import { Stopped } from '../stopped.ts';
import { openAttempt, unfitFor } from '../surfaces/attempt.ts';
import { type Payload, readPayload } from '../surfaces/payload.ts';
import type { AskedSurface } from '../surfaces/surface.ts';
import { UpstreamCall } from '../upstream-call.ts';
import type { Begun } from './life.ts';
import { type AskedVideo, askVideo, VIDEO_DEFAULTS } from './request.ts';
import { showVideo } from './shown.ts';
import { cancelVideo, readVideo } from './upstream.ts';

export const VIDEOS = 'videos';

interface Call {
  caller: PresentedKey;
  payload: Payload;
  asked: AskedVideo;
}

export async function createVideo(context: GatewayContext): Promise<Response | Refusal> {
  const authenticated = await authenticate(context.request, context.env);
  if ('refusal' in authenticated) return authenticated.refusal;
  const { caller } = authenticated;
  const understood = await understand(context);
  if ('refusal' in understood) return (await refuseKeyFirst(context, caller, VIDEOS)) ?? understood.refusal;
  const { model } = understood.asked;
  const choice = await candidatesFor(context, caller, { model, service: VIDEOS, endpoint: VIDEOS });
  if ('refusal' in choice) return choice.refusal;
  return answerByFirst(context, chat, choice, (...at) => attemptAt({ caller, ...understood }, ...at));
}

async function understand({
  request,
}: GatewayContext): Promise<{ payload: Payload; asked: AskedVideo } | { refusal: Refusal }> {
  const isForm = /^multipart\//i.test(request.headers.get('content-type') ?? '');
  const read = await readPayload(request, { body: isForm ? 'multipart' : 'json' });
  if ('refusal' in read) return read;
  const { payload } = read;
  const understood = askVideo(payload.json);
  return 'refusal' in understood ? understood : { payload, asked: understood.understood };
}

/** One attempt at one provider, under one hold. */
async function attemptAt(
  { caller, payload, asked }: Call,
  ...[context, candidate, headers]: Parameters<AttemptAt>
): ReturnType<AttemptAt> {
  const { env, ctx, requestId, recording } = context;
  const { mapping, provider, credential } = candidate;
  const forSize = { ...candidate, mapping: pricedForSize(mapping, asked.size) };
  const use = useOf(asked);
  const unfit = unfitFor(use, candidate);
  if (unfit) return unfitAt(context, caller, VIDEOS, candidate, unfit);
  const what = { endpoint: VIDEOS, caller, asked: use, isJob: true };
  const opened = await openAttempt(context, forSize, headers, what);
  if ('refusal' in opened) return opened.refusal;
  const { hold, about, startedAtMs } = opened;
  const { body, contentType } = await payload.written(mapping.upstreamModel, VIDEO_DEFAULTS);
  const post = { method: 'POST', path: '', headers: { 'content-type': contentType }, body } as const;
  const send = async (signal: AbortSignal) => {
    if (!provider.callVideos) throw new Error(`${provider.id} makes no videos`);
    return provider.callVideos({ env, credential, ...post, signal });
  };
  const parts = { ...opened.parts, send };

  const { memberId, ticket } = hold.claim;
  const handOver: HandOver = async (first) => {
    const videoId = newId('video');
    const price = priceAt(mapping.prices, startedAtMs);
    const { seconds, size } = asked;
    const begun: Begun = { videoId, memberId, ticket, about, provider: provider.id, first, seconds, size, price };
    try {
      const kept = await videoJob(env, { memberId, videoId }, (object) => object.begin(begun));
      hold.handOver();
      // It will be charged, though not yet: a repeat is to get this video, and not make another.
      recording?.spent(ticket.amount);
      return Response.json(showVideo(kept), { headers });
    } catch (error) {
      console.error(JSON.stringify({ event: 'video_hand_over_failed', videoId, requestId, error: String(error) }));
      // It may have been taken all the same: then its object finds the video gone, and the hold resolved.
      ctx.waitUntil(cancelVideo(env, { provider, credential }, first.id));
      throw new Stopped({ kind: 'failed', refusal: { kind: 'internal_error' } });
    }
  };
  const answered = start(parts, handOver);
  ctx.waitUntil(answered.then(() => parts.attempt.settled()));
  return answered;
}

/** The answer to the client, of a video that the provider has taken and an object follows. Throws a Stopped where none does. */
type HandOver = (first: NonNullable<ReturnType<typeof readVideo>>) => Promise<Response>;

async function start(parts: RelayParts, handOver: HandOver): Promise<Response | Refusal> {
  const { attempt } = parts;
  // Whoever hung up may come back with the same Idempotency-Key, and the provider makes it anyway: it is always waited for.
  const call = new UpstreamCall(parts, () => true);
  let answering = false;
  try {
    const response = await call.send();
    const refusal = await call.refusalIn(response);
    if (refusal) {
      attempt.settle(outcomeOf(refusal), 'free');
      note(parts, refusal);
      return refusal;
    }
    answering = true;
    const bytes = await call.inTime(readBody(response, LIMITS.upstreamErrorBytesMax));
    const first = bytes && readVideo(bytes, parts.credential);
    if (!first) {
      // As any answer that is none: free.
      const failure = garbage(null);
      attempt.settle('upstream_error', 'free');
      note(parts, failure);
      return failure;
    }
    note(parts, null);
    return await handOver(first);
  } catch (error) {
    const stopped = stopOf(parts, error, call.signal, answering);
    // A provider that failed before it answered made nothing. Else it makes a video that nobody will see: the worst case.
    attempt.settle(outcomeOfStop(stopped), stopped.kind === 'failed' && !answering ? 'free' : 'unknown');
    if (stopped.kind === 'client_gone') return GONE;
    if (stopped.kind === 'failed' && !answering) note(parts, stopped.refusal);
    return stopped.refusal;
  } finally {
    call.end();
  }
}

/** What it uses, in the words of surfaces. */
function useOf({ model, seconds, demo, kept }: AskedVideo): AskedSurface {
  const made = { videoSecond: seconds };
  return { model, demo, known: { request: 1 }, most: () => made, about: made, kept, image: null };
}

function pricedForSize(mapping: Mapping, size: string): Mapping {
  return { ...mapping, prices: mapping.prices.map((price) => priceOfVideo(price, size)) };
}
