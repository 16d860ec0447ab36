/** What surfaces take and answer, as the reference shows it. Fields that are not described pass to the provider as they are. */
import { z } from '@hono/zod-openapi';
import { count, like } from '../../reference/fields.ts';
import { EmbeddingBody } from './embeddings.ts';
import { ImageBody } from './images.ts';
import { ModerationBody } from './moderations.ts';
import { OcrBody } from './ocr.ts';
import { RerankBody } from './rerank.ts';
import { SpeechBody } from './speech.ts';
import type { SurfaceId } from './surface.ts';

const BINARY = z.string().openapi({ format: 'binary', example: 'bytes' });

const Embeddings = z
  .looseObject({
    object: z.literal('list'),
    data: z.array(
      z.looseObject({
        object: z.literal('embedding'),
        index: count(0),
        embedding: z.union([z.array(z.number()), z.string()]).openapi({ example: [0.25, -0.5] }),
      }),
    ),
    model: like('text-embedding-3-small'),
    usage: z.looseObject({ prompt_tokens: count(4), total_tokens: count(4) }),
  })
  .openapi('Embeddings');

const Moderations = z
  .looseObject({
    id: like('modr-0123456789'),
    model: like('omni-moderation-latest'),
    results: z.array(z.looseObject({ flagged: z.boolean().openapi({ example: false }) })),
  })
  .openapi('Moderations');

const Reranked = z
  .looseObject({
    results: z.array(z.looseObject({ index: count(0), relevance_score: z.number().openapi({ example: 0.98 }) })),
  })
  .openapi('Reranked');

const Images = z
  .looseObject({
    created: count(1_795_253_400),
    data: z.array(z.looseObject({ b64_json: like('iVBORw0KGgo').optional() })),
  })
  .openapi('Images');

const Transcription = z.looseObject({ text: like('Hello.') }).openapi('Transcription');

const Pages = z
  .looseObject({
    pages: z.array(z.looseObject({ index: count(0), markdown: like('# Invoice') })),
    model: like('mistral-ocr-latest'),
    usage_info: z.looseObject({ pages_processed: count(1) }),
  })
  .openapi('OcrPages');

const ImageEditForm = z
  .looseObject({
    model: like('demo/image'),
    prompt: like('Make it bluer'),
    image: BINARY.openapi({ description: 'Up to 16: then `image[]`' }),
    mask: BINARY.optional(),
    n: count(1).optional(),
    size: like('1024x1024').optional(),
    quality: like('standard').optional(),
  })
  .openapi('ImageEditForm');

const TranscriptionForm = z
  .looseObject({
    model: like('demo/transcribe'),
    file: BINARY,
    response_format: like('json').optional(),
  })
  .openapi('TranscriptionForm');

export interface SurfaceTold {
  summary: string;
  body: z.ZodType;
  form?: true;
  /** By content type. */
  answer: Readonly<Record<string, z.ZodType>>;
}

export const SURFACES_TOLD: Readonly<Record<SurfaceId, SurfaceTold>> = {
  embeddings: {
    summary: "Vectors of texts, in OpenAI's protocol",
    body: EmbeddingBody,
    answer: { 'application/json': Embeddings },
  },
  moderations: {
    summary: "Whether texts and images are harmful, in OpenAI's protocol",
    body: ModerationBody,
    answer: { 'application/json': Moderations },
  },
  rerank: {
    summary: 'Documents in the order of how well they answer a query',
    body: RerankBody,
    answer: { 'application/json': Reranked },
  },
  'images/generations': {
    summary: "Images, in OpenAI's protocol",
    body: ImageBody,
    answer: { 'application/json': Images },
  },
  'images/edits': {
    summary: "Images made of others, in OpenAI's protocol",
    body: ImageEditForm,
    form: true,
    answer: { 'application/json': Images },
  },
  'audio/speech': {
    summary: "Text read aloud, in OpenAI's protocol",
    body: SpeechBody,
    answer: { 'audio/mpeg': BINARY },
  },
  'audio/transcriptions': {
    summary: "What is said in a recording, in OpenAI's protocol",
    body: TranscriptionForm,
    form: true,
    answer: { 'application/json': Transcription, 'text/plain': z.string() },
  },
  ocr: {
    summary: "Documents as text, in Mistral's protocol",
    body: OcrBody,
    answer: { 'application/json': Pages },
  },
};
