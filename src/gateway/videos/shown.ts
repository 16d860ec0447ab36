/** A video as its member sees it: OpenAI's object, with what it cost once that is settled. */
import { z } from '@hono/zod-openapi';
import { formatUsd } from '../../money/nanos.ts';
import { count, like, usd } from '../../reference/fields.ts';
import type { KeptVideo } from './life.ts';

const instantS = () => count(1_795_253_400);

export const Video = z
  .object({
    id: like('video_0123456789abcdef'),
    object: z.literal('video'),
    model: like('demo-video'),
    status: z.enum(['queued', 'in_progress', 'completed', 'failed']),
    progress: count(100),
    created_at: instantS(),
    completed_at: instantS().nullable(),
    expires_at: instantS().nullable(),
    seconds: like('4'),
    size: like('720x1280'),
    prompt: z.null().openapi({ example: null }),
    remixed_from_video_id: z.null().openapi({ example: null }),
    error: z.object({ code: like('moderation_blocked'), message: like('The prompt was refused.') }).nullable(),
    cost: usd('0.40', 'Once it is settled').optional(),
  })
  .openapi('Video');

export const DeletedVideo = z
  .object({ id: like('video_0123456789abcdef'), object: z.literal('video.deleted'), deleted: z.literal(true) })
  .openapi('DeletedVideo');

export function showVideo(kept: KeptVideo): z.infer<typeof Video> {
  const { videoId, about, status, progress, createdAtMs, endedAtMs, expiresAt, seconds, size, error, phase } = kept;
  return {
    id: videoId,
    object: 'video',
    model: about.canonicalModel,
    status,
    progress,
    created_at: secondsOf(createdAtMs),
    completed_at: status === 'completed' && endedAtMs !== null ? secondsOf(endedAtMs) : null,
    expires_at: expiresAt,
    seconds: String(seconds),
    size,
    // Kept nowhere.
    prompt: null,
    remixed_from_video_id: null,
    error,
    ...(phase.kind === 'ended' && phase.cost !== null && { cost: formatUsd(phase.cost) }),
  };
}

function secondsOf(ms: number): number {
  return Math.floor(ms / 1_000);
}
