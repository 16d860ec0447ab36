/**
 * A video at its provider, in OpenAI's protocol: how it is, and an end to it. What a provider says is not trusted: what cannot be
 * read is a failure to say, and never throws.
 */
import { LIMITS } from '../../limits.ts';
import type { Credential, Provider, VideoCall } from '../providers/provider.ts';
import { withoutSecrets } from '../providers/secrets.ts';
import { countOf, fieldsOf, jsonObjectIn } from '../reported.ts';
import { readBody } from '../request-body.ts';

export interface UpstreamVideo {
  id: string;
  status: 'queued' | 'in_progress' | 'completed' | 'failed';
  /** Percent. */
  progress: number;
  /** What it makes, or has made; null where it does not say. */
  seconds: number | null;
  size: string | null;
  /** Epoch seconds until which it can be had; null: not known. */
  expiresAt: number | null;
  error: VideoError | null;
}

export interface VideoError {
  code: string;
  message: string;
}

/** What a provider says of a video: `gone`, that there is none; else why it could not be asked. */
export type Polled = { video: UpstreamVideo } | { gone: true } | { failure: string };

/** Of whom, and with which credential; null where that is there no more. */
export type Reached = { provider: Provider; credential: Credential } | null;

/** OpenAI's words, and those of others that speak its protocol. */
const STATUSES: Readonly<Record<string, UpstreamVideo['status']>> = {
  queued: 'queued',
  completed: 'completed',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'failed',
  canceled: 'failed',
  expired: 'failed',
};

const ID_LENGTH_MAX = 1_000;
const MESSAGE_LENGTH_MAX = 2_000;

/** Null where it is no video. */
export function readVideo(bytes: Uint8Array, credential?: Credential): UpstreamVideo | null {
  const { id, status, progress, seconds, size, expires_at, error } = fieldsOf(
    jsonObjectIn(new TextDecoder().decode(bytes)),
  );
  if (typeof id !== 'string' || id === '' || id.length > ID_LENGTH_MAX || typeof status !== 'string') return null;
  const { code, message } = fieldsOf(error);
  const failed = {
    code: typeof code === 'string' ? withoutSecrets(code, credential) : 'upstream_error',
    message: (typeof message === 'string'
      ? withoutSecrets(message, credential)
      : 'The provider could not make the video.'
    ).slice(0, MESSAGE_LENGTH_MAX),
  };
  const read = Object.hasOwn(STATUSES, status) ? STATUSES[status] : 'in_progress';
  return {
    id,
    status: read ?? 'in_progress',
    progress: Math.min(100, countOf(Math.floor(Number(progress))) ?? 0),
    seconds: secondsIn(seconds),
    size: typeof size === 'string' ? size : null,
    expiresAt: countOf(expires_at),
    error: read === 'failed' ? failed : null,
  };
}

/** As a number, or a text of one; seconds are charged as begun. What is no length is none that is known, and not 0. */
function secondsIn(seconds: unknown): number | null {
  if (typeof seconds !== 'number' && typeof seconds !== 'string') return null;
  return countOf(Math.ceil(Number(seconds))) || null;
}

export async function pollVideo(env: Env, reached: Reached, id: string): Promise<Polled> {
  const answered = await callVideo(env, reached, 'GET', id);
  if ('failure' in answered) return answered;
  const { status, bytes } = answered;
  if (status === 404 || status === 410) return { gone: true };
  const video = status >= 200 && status < 300 ? readVideo(bytes, reached?.credential) : null;
  return video ? { video } : { failure: `status ${status}` };
}

/** Whether the provider has taken it, or knows nothing of the video. */
export async function cancelVideo(env: Env, reached: Reached, id: string): Promise<boolean> {
  const answered = await callVideo(env, reached, 'DELETE', id);
  return !('failure' in answered) && (answered.status < 300 || answered.status === 404 || answered.status === 410);
}

/** As in a path of `VideoCall`. */
export function pathOf(id: string): string {
  return `/${encodeURIComponent(id)}`;
}

async function callVideo(
  env: Env,
  reached: Reached,
  method: VideoCall['method'],
  id: string,
): Promise<{ status: number; bytes: Uint8Array } | { failure: string }> {
  const { provider, credential } = reached ?? {};
  if (!credential || !provider?.callVideos) return { failure: 'the provider is not configured any more' };
  const signal = AbortSignal.timeout(LIMITS.videoCallMsMax);
  try {
    const call = { env, credential, method, path: pathOf(id), headers: { accept: 'application/json' }, body: null };
    const response = await provider.callVideos({ ...call, signal });
    const bytes = await readBody(response, LIMITS.upstreamErrorBytesMax);
    return { status: response.status, bytes: bytes ?? new Uint8Array() };
  } catch (error) {
    return { failure: withoutSecrets(String(error), credential) };
  }
}
