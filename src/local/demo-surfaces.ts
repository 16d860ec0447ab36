/**
 * The demo provider beside conversations. Each surface is priced in another unit, so that each can be checked by hand:
 *
 *   demo/embed       $1 per million tokens, one a word; vectors of eight numbers
 *   demo/moderate    $0.001 a request; flags the word "forbidden"
 *   demo/rerank      $2 per thousand search units, one for up to 100 documents; by how many words of the query a document has
 *   demo/image       an image $0.04 in 1024x1024, $0.01 in 256x256, $0.08 in any other size or in quality hd
 *   demo/speech      $15 per million characters; a WAV with a tenth of a second for each
 *   demo/transcribe  $0.36 an hour, so $0.0001 a second; a second for every 1,000 bytes of the file, a word for each
 *   demo/ocr         $4 per thousand pages, $5 with annotations; the pages that are asked for, else one
 */

import type { ProviderCall } from '../gateway/providers/provider.ts';
import { fieldsOf } from '../gateway/reported.ts';
import type { SurfaceId } from '../gateway/surfaces/surface.ts';
import type { Mapping } from '../models/catalogue.ts';
import type { Rates } from '../money/price.ts';
import { pause } from './demo-answers.ts';
import { failure } from './demo-failure.ts';

const DIMENSIONS = 8;
const DOCUMENTS_PER_UNIT = 100;
const BYTES_PER_SECOND = 1_000;

function surface(name: string, serves: readonly SurfaceId[], rates: Rates, images?: Record<string, number>): Mapping {
  return {
    id: `demo/${name}`,
    provider: 'demo',
    upstreamModel: name,
    canonicalModel: `demo-${name}`,
    contextTokens: 1_000_000,
    maxOutputTokens: 0,
    reasons: 'never',
    abilities: { tools: false, images: false, jsonSchema: false, reasoning: false },
    serves,
    prices: [
      {
        version: `demo/${name}@0`,
        effectiveFrom: null,
        tiers: [{ aboveInputTokens: 0, rates }],
        ...(images && { images }),
      },
    ],
  };
}

export const DEMO_SURFACES: readonly Mapping[] = [
  surface('embed', ['embeddings'], { input: 1_000_000 }),
  surface('moderate', ['moderations'], { request: 1_000_000_000 }),
  surface('rerank', ['rerank'], { searchUnit: 2_000_000_000 }),
  surface(
    'image',
    ['images/generations', 'images/edits'],
    { image: 80_000_000_000 },
    { '1024x1024 standard': 40_000_000_000, '256x256 standard': 10_000_000_000 },
  ),
  surface('speech', ['audio/speech'], { character: 15_000_000 }),
  surface('transcribe', ['audio/transcriptions'], { audioSecond: 100_000_000 }),
  surface('ocr', ['ocr'], { page: 4_000_000_000, annotatedPage: 5_000_000_000 }),
];

type Fields = Record<string, unknown>;

/** Answers as this surface's provider would, or as the field `demo` says. */
export async function answerSurface(call: ProviderCall, id: SurfaceId): Promise<Response> {
  const { fields, demo } = await read(call);
  const { failStatus, delayMs, silentMs } = fieldsOf(demo);
  if (typeof failStatus === 'number') return failure(failStatus);
  await pause(Number(delayMs ?? 0) + Number(silentMs ?? 0), call.signal);
  return ANSWERS[id](fields, call.mapping.upstreamModel);
}

async function read({ body, contentType }: ProviderCall): Promise<{ fields: Fields; demo: unknown }> {
  if (contentType === 'application/json') {
    const fields = JSON.parse(String(body)) as Fields;
    return { fields, demo: fields.demo };
  }
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
  const fields = Object.fromEntries(form);
  return { fields, demo: typeof fields.demo === 'string' ? JSON.parse(fields.demo) : null };
}

const ANSWERS: Record<SurfaceId, (fields: Fields, model: string) => Response> = {
  embeddings({ input }, model) {
    const texts = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
    const data = texts.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) }));
    const tokens = texts.reduce((sum: number, text) => sum + countOf(text), 0);
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return Response.json({ object: 'list', data, model: `demo/${model}`, usage });
  },
  moderations({ input }, model) {
    const inputs = Array.isArray(input) ? input : [input];
    const results = inputs.map((each) => {
      const flagged = wordsOf(JSON.stringify(each)).some((word) => word.includes('forbidden'));
      return { flagged, categories: { violence: flagged }, category_scores: { violence: flagged ? 1 : 0 } };
    });
    return Response.json({ id: 'modr-demo', model: `demo/${model}`, results });
  },
  rerank({ query, documents, top_n }, model) {
    const wanted = new Set(wordsOf(query));
    const ranked = (documents as unknown[])
      .map((document, index) => {
        const words = wordsOf(typeof document === 'string' ? document : JSON.stringify(document));
        return { index, relevance_score: words.filter((word) => wanted.has(word)).length / Math.max(1, words.length) };
      })
      .toSorted((a, b) => b.relevance_score - a.relevance_score || a.index - b.index);
    const search_units = Math.ceil(ranked.length / DOCUMENTS_PER_UNIT);
    return Response.json({
      id: 'rerank-demo',
      model: `demo/${model}`,
      results: ranked.slice(0, typeof top_n === 'number' ? top_n : undefined),
      meta: { billed_units: { search_units } },
    });
  },
  'images/generations': images,
  'images/edits': images,
  'audio/speech': ({ input }) =>
    new Response(silence(String(input).length / 10), { headers: { 'content-type': 'audio/wav' } }),
  'audio/transcriptions'({ file, response_format }) {
    const seconds = Math.ceil((file as File).size / BYTES_PER_SECOND);
    const text = Array.from({ length: seconds }, (_, i) => `word${i + 1}`).join(' ');
    if (response_format === 'text') return new Response(text, { headers: { 'content-type': 'text/plain' } });
    return Response.json({ text, usage: { type: 'duration', seconds } });
  },
  ocr({ pages }, model) {
    const list = Array.isArray(pages) ? pages : [0];
    return Response.json({
      model: `demo/${model}`,
      pages: list.map((index) => ({ index, markdown: `Page ${Number(index) + 1}`, images: [] })),
      usage_info: { pages_processed: list.length },
    });
  },
};

/** The smallest PNG there is, as often as asked for. */
function images({ n }: Fields): Response {
  const b64_json = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=';
  const data = Array.from({ length: Number(n ?? 1) }, () => ({ b64_json }));
  return Response.json({ created: 0, data });
}

function wordsOf(text: unknown): string[] {
  return String(text).match(/\S+/g) ?? [];
}

/** A token given as a number is one as well. */
function countOf(text: unknown): number {
  return Array.isArray(text) ? text.length : wordsOf(text).length;
}

/** The same for the same text: the shares of its characters by code. */
function vectorOf(text: unknown): number[] {
  const counts = new Array<number>(DIMENSIONS).fill(0);
  const characters = [...String(text)];
  for (const character of characters) {
    const at = (character.codePointAt(0) ?? 0) % DIMENSIONS;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts.map((count) => count / Math.max(1, characters.length));
}

/** A WAV of so many seconds: one channel, 8,000 samples a second of one byte each. */
function silence(seconds: number): Uint8Array<ArrayBuffer> {
  const samples = Math.ceil(seconds * 8_000);
  const bytes = new Uint8Array(44 + samples).fill(128, 44);
  const view = new DataView(bytes.buffer);
  const text = (at: number, what: string) => bytes.set(new TextEncoder().encode(what), at);
  text(0, 'RIFF');
  view.setUint32(4, 36 + samples, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 8_000, true);
  view.setUint32(28, 8_000, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, 'data');
  view.setUint32(40, samples, true);
  return bytes;
}
