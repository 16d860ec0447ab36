/**
 * POST /v1/images/generations and /v1/images/edits (a form), in OpenAI's protocol
 * (platform.openai.com/docs/api-reference/images). Billed by the image, by its size and quality, or by tokens, of which an image of
 * 1024x1536 in high quality has 6,208: one for some 256 pixels.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { estimateTokens } from '../providers/text-count.ts';
import { fieldsOf } from '../reported.ts';
import { parseBody } from '../request-body.ts';
import { bytesOf, DEMO, FILE, MODEL, modalTokens, readJsonOrEvents, STREAM } from './fields.ts';
import type { Counts, Surface } from './surface.ts';

const SIZE = /^(\d{1,5})x(\d{1,5})$/;
const SIZE_DEFAULT = '1024x1024';
const QUALITY_DEFAULT = 'standard';

const PIXELS_PER_TOKEN = 250;
const TOKENS_PER_IMAGE_MIN = 300;
/** Of the largest that is made where the provider chooses the size. */
const TOKENS_PER_IMAGE_MAX = 8_192;
/** One that is shown before it is done (platform.openai.com/docs/guides/image-generation). */
const TOKENS_PER_PARTIAL = 100;
/** What the model writes for itself. */
const TEXT_TOKENS_MAX = 2_048;
/** One that is given, in high fidelity. */
const TOKENS_PER_GIVEN_IMAGE_MAX = 10_000;
const TOKENS_PER_GIVEN_IMAGE_ABOUT = 1_000;

/** In a form numbers are text: as digits alone, which every provider reads alike. */
const count = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : value),
    z.int().min(min).max(max),
  );

const COMMON = {
  model: MODEL,
  prompt: z.string().min(1),
  n: count(1, LIMITS.imagesMax).nullish(),
  size: z.string().nullish(),
  quality: z.string().nullish(),
  stream: STREAM,
  partial_images: count(0, 3).nullish(),
  demo: DEMO,
};

export const ImageBody = z
  .looseObject(COMMON)
  .openapi('ImageBody', { example: { model: 'demo/image', prompt: 'A harbour', size: '1024x1024' } as never });

const FILES = z.union([FILE.transform((file) => [file]), z.array(FILE).min(1).max(LIMITS.imagesGivenMax)]);
const EditBody = z.looseObject({ ...COMMON, image: FILES, mask: FILE.nullish() });

type Request = z.infer<typeof ImageBody>;

export const imageGenerations: Surface = {
  id: 'images/generations',
  body: 'json',
  read(json) {
    const read = parseBody(ImageBody, json);
    return 'refusal' in read ? read : asked(read.understood, 0);
  },
  answer,
};

export const imageEdits: Surface = {
  id: 'images/edits',
  body: 'multipart',
  read(json) {
    const read = parseBody(EditBody, json);
    if ('refusal' in read) return read;
    const { image, mask } = read.understood;
    return asked(read.understood, image.length + (mask ? 1 : 0));
  },
  answer,
};

function asked(request: Request, given: number): ReturnType<Surface['read']> {
  const { model, prompt, n, size, quality, partial_images: partials, stream, demo = null } = request;
  const images = n ?? 1;
  const imageOutput = images * (tokensMaxOf(size ?? null) + (partials ?? 0) * TOKENS_PER_PARTIAL);
  const about = {
    image: images,
    input: estimateTokens(prompt),
    imageInput: given * TOKENS_PER_GIVEN_IMAGE_ABOUT,
    imageOutput,
  };
  return {
    understood: {
      model,
      demo,
      streamed: stream ?? false,
      known: { request: 1 },
      most: () => ({
        image: images,
        input: bytesOf(prompt),
        imageInput: given * TOKENS_PER_GIVEN_IMAGE_MAX,
        imageOutput,
        output: TEXT_TOKENS_MAX,
      }),
      about,
      image: { size: size ?? SIZE_DEFAULT, quality: quality ?? QUALITY_DEFAULT },
    },
  };
}

/** Of one image of this size, with all that its model writes beside it. */
export function outputTokensMaxOf(size: string | null): number {
  return tokensMaxOf(size) + TEXT_TOKENS_MAX;
}

function tokensMaxOf(size: string | null): number {
  const [, width, height] = SIZE.exec(size ?? '') ?? [];
  if (width === undefined || height === undefined) return TOKENS_PER_IMAGE_MAX;
  return Math.max(TOKENS_PER_IMAGE_MIN, Math.ceil((Number(width) * Number(height)) / PIXELS_PER_TOKEN));
}

/** What was made is counted by what came, and by the tokens that the provider tells: those it makes are the image's but for text it tells apart. */
function answer(bytes: Uint8Array, contentType: string): ReturnType<Surface['answer']> {
  return readJsonOrEvents(bytes, contentType, 'data', ({ data, usage }): Counts | null => {
    const came = Array.isArray(data) ? { image: data.length } : {};
    const tokens = modalTokens(usage);
    if (!tokens) return Array.isArray(data) ? came : null;
    const { output_tokens, output_tokens_details } = fieldsOf(usage);
    const text = fieldsOf(output_tokens_details).text_tokens === undefined ? 0 : (tokens.output ?? 0);
    return { ...came, ...tokens, output: text, imageOutput: Math.max(0, Number(output_tokens) - text) };
  });
}
