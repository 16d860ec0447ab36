/**
 * What POST /v1/videos takes, in OpenAI's protocol (platform.openai.com/docs/api-reference/videos/create): JSON, or a form with a
 * picture. Billed by the second, which may depend on the size; both are the request's, so its bound is what it costs.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { wrongInDataUrl } from '../base64.ts';
import type { Demo } from '../demo-field.ts';
import type { Json, Understood } from '../protocol.ts';
import { parseBody, refuseField } from '../request-body.ts';
import { DEMO, FILE, MODEL } from '../surfaces/fields.ts';

/** As OpenAI has them. Sent where the request leaves them out, so that what is made is what was held for. */
export const VIDEO_DEFAULTS = { seconds: '4', size: '720x1280' } as const;

const SECONDS = z.preprocess(
  (value) => (typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : value),
  z.int().min(1).max(LIMITS.videoSecondsMax),
);

const LINK = z.looseObject({ image_url: z.string().optional(), file_id: z.string().optional() });

export const VideoBody = z
  .looseObject({
    model: MODEL,
    prompt: z.string().min(1),
    seconds: SECONDS.optional(),
    size: z
      .string()
      .regex(/^\d{2,5}x\d{2,5}$/, 'it must be as in 720x1280')
      .optional(),
    input_reference: z
      .union([FILE, LINK])
      .openapi({
        type: 'object',
        description:
          'A picture to begin with: `image_url` or, with a provider key of your own, `file_id`; or in a form a file',
      })
      .optional(),
    demo: DEMO,
  })
  .openapi('VideoBody', {
    example: { model: 'demo/video', prompt: 'A harbour', seconds: '4', size: '720x1280' } as never,
  });

export interface AskedVideo {
  model: string;
  seconds: number;
  size: string;
  demo: Demo | null;
  /** As for surfaces. */
  kept: string | null;
}

export function askVideo(json: Json): Understood<AskedVideo> {
  const read = parseBody(VideoBody, json);
  if ('refusal' in read) return read;
  const { model, seconds, size, input_reference: given, demo = null, n } = read.understood;
  // Some servers of this protocol make several for one request, which nothing was held for.
  if (n !== undefined && String(n) !== '1') return refuseField('n', 'n is 1 here: each video is a request of its own.');
  const url = given instanceof File ? undefined : given?.image_url;
  const wrong = url === undefined ? null : wrongInDataUrl(url);
  if (wrong) return refuseField('input_reference.image_url', `input_reference.image_url is not valid: ${wrong}.`);
  const asked = { seconds: seconds ?? Number(VIDEO_DEFAULTS.seconds), size: size ?? VIDEO_DEFAULTS.size };
  const kept = given instanceof File || given?.file_id === undefined ? null : 'input_reference.file_id';
  return { understood: { model, ...asked, demo, kept } };
}
