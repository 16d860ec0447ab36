/** What the routes of videos take and answer, as the reference shows it. */
import { z } from '@hono/zod-openapi';
import { like } from '../../reference/fields.ts';
import { VideoBody } from './request.ts';
import { DeletedVideo, Video } from './shown.ts';

const BINARY = z.string().openapi({ format: 'binary', example: 'bytes' });

const VideoForm = z
  .looseObject({
    model: like('demo/video'),
    prompt: like('A harbour'),
    seconds: like('4').optional(),
    size: like('720x1280').optional(),
    input_reference: BINARY.optional(),
  })
  .openapi('VideoForm');

const ONE = z.object({ id: like('video_0123456789abcdef') });

const VARIANT = z.enum(['video', 'thumbnail', 'spritesheet']).optional().openapi({ example: 'video' });

export const VIDEOS_TOLD = {
  create: {
    summary: "A video, in OpenAI's protocol: a job, held for from its start and settled when it ends",
    description:
      'Answers at once. What it may cost is held until then; the cost is told by the video, once it is done. A form where the first frame is a file.',
    bodies: { 'application/json': VideoBody, 'multipart/form-data': VideoForm },
    answer: Video,
  },
  show: {
    summary: 'How a video is, and what it cost once it is settled',
    description:
      "Seen by every key of its member, whatever is left of the budget. One that may not go on (a limit lowered below it, a key revoked, a member removed) is cancelled, and `failed` with that refusal's code.",
    request: { params: ONE },
    answer: Video,
  },
  content: {
    summary: 'The video itself, as its provider has it; in part, with `Range`',
    request: {
      params: ONE,
      query: z.object({ variant: VARIANT }),
      headers: z.object({ range: like('bytes=0-1023').optional() }),
    },
    answer: { 'video/mp4': BINARY, 'image/webp': BINARY },
  },
  remove: {
    summary: 'Deletes a video, and cancels one that is not done',
    description: 'What is cancelled costs what was held for it: no provider says what it bills for a part.',
    request: { params: ONE },
    answer: DeletedVideo,
  },
} as const;
