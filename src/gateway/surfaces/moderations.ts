/** POST /v1/moderations, in OpenAI's protocol (platform.openai.com/docs/api-reference/moderations), which tells no usage. */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { estimateTokens } from '../providers/text-count.ts';
import { parseBody } from '../request-body.ts';
import { bytesOf, DEMO, MODEL, readJson } from './fields.ts';
import type { Surface } from './surface.ts';

/** As OpenAI has it where nothing is said. */
const MODEL_DEFAULT = 'omni-moderation-latest';

const TextPart = z.looseObject({ type: z.literal('text'), text: z.string() });
const ImagePart = z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: z.string() }) });

export const ModerationBody = z
  .looseObject({
    model: MODEL.default(MODEL_DEFAULT),
    input: z.union([
      z.string(),
      z.array(z.string()).min(1).max(LIMITS.inputsMax),
      z
        .array(z.union([TextPart, ImagePart]))
        .min(1)
        .max(LIMITS.inputsMax),
    ]),
    demo: DEMO,
  })
  .openapi('ModerationBody', { example: { model: 'demo/moderate', input: 'Hello' } as never });

export const moderations: Surface = {
  id: 'moderations',
  body: 'json',
  read(json) {
    const read = parseBody(ModerationBody, json);
    if ('refusal' in read) return read;
    const { model, input, demo = null } = read.understood;
    const text = JSON.stringify(input);
    return {
      understood: {
        model,
        demo,
        known: { request: 1 },
        most: () => ({ input: bytesOf(text) }),
        about: { input: estimateTokens(text) },
        image: null,
      },
    };
  },
  answer: (bytes) => readJson(bytes, 'results', () => null),
};
