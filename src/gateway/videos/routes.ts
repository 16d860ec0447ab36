/**
 * A video after it was begun: GET and DELETE /v1/videos/{id}, and its content, which passes from the provider as it comes. A
 * video is its member's: any active key of theirs sees it, whatever is left of the budget, and to others it does not exist, as its
 * object is named by both.
 */
import { videoJob } from '../../objects.ts';
import type { PresentedKey } from '../../teams/keys.ts';
import { keyStanding } from '../admission.ts';
import { authenticate } from '../credentials.ts';
import type { VideoCall } from '../providers/provider.ts';
import { withoutSecrets } from '../providers/secrets.ts';
import type { Refusal } from '../refusals.ts';
import { relayTimes } from '../relay-times.ts';
import { refuseField } from '../request-body.ts';
import type { GatewayContext, Handler } from '../router.ts';
import { Stopped } from '../stopped.ts';
import { upstreamRefusal } from '../upstream-refusal.ts';
import { ContentCall } from './content.ts';
import { VIDEOS } from './create.ts';
import { reachOf } from './credential.ts';
import type { KeptVideo } from './life.ts';
import { type DeletedVideo, showVideo } from './shown.ts';
import { pathOf } from './upstream.ts';

const ID = /^video_[0-9a-hjkmnp-tv-z]{16}$/;

const VARIANTS = ['video', 'thumbnail', 'spritesheet'];

/** Of a request for content, what decides which bytes are meant; of the answer, what says which they are. */
const ASKED_HEADERS = ['range', 'if-range', 'if-none-match', 'if-modified-since'];
const TOLD_HEADERS = [
  'content-type',
  'content-length',
  'content-range',
  'content-disposition',
  'accept-ranges',
  'etag',
  'last-modified',
];

export const showVideoRoute: Handler = async (context, videoId) => {
  const found = await find(context, videoId);
  if ('refusal' in found) return found.refusal;
  return Response.json(showVideo(found.kept), { headers: { 'x-request-id': context.requestId } });
};

export const deleteVideo: Handler = async (context, videoId) => {
  const found = await find(context, videoId);
  if ('refusal' in found) return found.refusal;
  const memberId = found.caller.ownerId;
  if (!(await videoJob(context.env, { memberId, videoId }, (object) => object.forget()))) return notFound(videoId);
  const deleted: (typeof DeletedVideo)['_output'] = { id: videoId, object: 'video.deleted', deleted: true };
  return Response.json(deleted, { headers: { 'x-request-id': context.requestId } });
};

export const videoContent: Handler = async (context, videoId) => {
  const { env, request, requestId, providers, deadlines } = context;
  const found = await find(context, videoId);
  if ('refusal' in found) return found.refusal;
  const { kept } = found;
  const variant = new URL(request.url).searchParams.get('variant') ?? 'video';
  if (!VARIANTS.includes(variant)) return refuseField('variant', `variant is one of ${VARIANTS.join(', ')}.`).refusal;
  if (kept.status !== 'completed') {
    return refuseField('video_id', `The video is not there to be had: it is ${kept.status}.`).refusal;
  }
  const reached = await reachOf(env, providers, kept);
  if (!reached?.provider.callVideos) {
    return { kind: 'upstream_error', message: 'The provider of this video is not configured any more.' };
  }
  const { provider, credential } = reached;
  const headers = picked(request.headers, ASKED_HEADERS);
  const path = `${pathOf(kept.upstreamId)}/content?variant=${variant}`;
  const content = new ContentCall(deadlines, relayTimes(env), request.signal);
  const call: VideoCall = { env, credential, method: 'GET', path, headers, body: null, signal: content.signal };
  const response = await content.inTime(reached.provider.callVideos(call)).catch((error: unknown) => {
    console.warn(
      JSON.stringify({
        event: 'video_content_failed',
        videoId,
        provider: provider.id,
        error: withoutSecrets(String(error), credential),
      }),
    );
    return error;
  });
  if (!(response instanceof Response)) {
    if (response instanceof Stopped && 'refusal' in response.stop) return response.stop.refusal;
    return { kind: 'upstream_error', message: 'The provider could not be reached.' };
  }
  const refusal =
    response.status === 304
      ? null
      : await upstreamRefusal(response, { provider: provider.id, keyOf: credential.of, requestId });
  if (refusal) return refusal;
  const told = { ...picked(response.headers, TOLD_HEADERS), 'x-request-id': requestId };
  return new Response(content.passed(response), { status: response.status, headers: told });
};

async function find(
  context: GatewayContext,
  videoId: string,
): Promise<{ caller: PresentedKey; kept: KeptVideo } | { refusal: Refusal }> {
  const { env, request, requestId } = context;
  const authenticated = await authenticate(request, env);
  if ('refusal' in authenticated) return authenticated;
  const { caller } = authenticated;
  const { refusal } = await keyStanding(context, caller, { endpoint: VIDEOS });
  if (refusal) return { refusal };
  if (!ID.test(videoId)) return { refusal: notFound(videoId) };
  try {
    const kept = await videoJob(env, { memberId: caller.ownerId, videoId }, (object) => object.view());
    return kept ? { caller, kept } : { refusal: notFound(videoId) };
  } catch (error) {
    console.warn(JSON.stringify({ event: 'video_unreachable', videoId, requestId, error: String(error) }));
    return { refusal: { kind: 'budget_unavailable' } };
  }
}

function notFound(videoId: string): Refusal {
  return { kind: 'video_not_found', videoId: videoId.slice(0, 100) };
}

function picked(headers: Headers, names: readonly string[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) all[name] = value;
  }
  return all;
}
