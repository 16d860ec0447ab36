/** What each surface understands of a request and of an answer: bad ones by the field that is wrong, true ones by the wire's own form. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_ANSWER } from '../../../src/gateway/reported.ts';
import { embeddings } from '../../../src/gateway/surfaces/embeddings.ts';
import { imageEdits, imageGenerations } from '../../../src/gateway/surfaces/images.ts';
import { moderations } from '../../../src/gateway/surfaces/moderations.ts';
import { ocr } from '../../../src/gateway/surfaces/ocr.ts';
import { readPayload } from '../../../src/gateway/surfaces/payload.ts';
import { rerank } from '../../../src/gateway/surfaces/rerank.ts';
import { speech } from '../../../src/gateway/surfaces/speech.ts';
import type { AskedSurface, Counts, Surface } from '../../../src/gateway/surfaces/surface.ts';
import { transcriptions } from '../../../src/gateway/surfaces/transcriptions.ts';
import { UNITS } from '../../../src/money/price.ts';

const FILE = new File([new Uint8Array(2_500)], 'a.mp3');
const PDF = { type: 'document_url', document_url: 'https://example.com/a.pdf' };

const GOOD: readonly [Surface, Record<string, unknown>][] = [
  [embeddings, { model: 'm', input: 'one two' }],
  [moderations, { model: 'm', input: 'one two' }],
  [rerank, { model: 'm', query: 'one', documents: ['a', { text: 'b' }] }],
  [imageGenerations, { model: 'm', prompt: 'a harbour' }],
  [imageEdits, { model: 'm', prompt: 'bluer', image: FILE }],
  [speech, { model: 'm', input: 'one two', voice: 'alloy' }],
  [transcriptions, { model: 'm', file: FILE }],
  [ocr, { model: 'm', document: PDF }],
];

function asked(surface: Surface, body: Record<string, unknown>): AskedSurface {
  const read = surface.read(body);
  if ('refusal' in read) throw new Error(JSON.stringify(read.refusal));
  return read.understood;
}

function good(surface: Surface): Record<string, unknown> {
  return GOOD.find(([one]) => one === surface)?.[1] ?? {};
}

const LARGE = { context: 1_000_000, output: 1_000 };

describe('a request', () => {
  it.each(GOOD.map(([surface, body]) => [surface.id, surface, body] as const))(
    'for %s is at most what it is about, and takes what it does not know',
    (_, surface, body) => {
      const { known, about, most } = asked(surface, { ...body, unknown: { deep: [1] } });
      const bound: Counts = { ...known, ...most(LARGE) };
      for (const unit of UNITS)
        expect([unit, bound[unit] ?? 0]).toEqual([unit, expect.toSatisfy((n) => n >= (about[unit] ?? 0))]);
      expect(known.request).toBe(1);
    },
  );

  const bad: readonly [Surface, Record<string, unknown>, field: string][] = [
    [embeddings, { input: '' }, 'input'],
    [embeddings, { input: [] }, 'input'],
    [embeddings, { input: [1, 'a'] }, 'input'],
    [embeddings, { input: new Array(2_049).fill('a') }, 'input'],
    [embeddings, { model: '' }, 'model'],
    [embeddings, { demo: { outputTokens: -1 } }, 'demo.outputTokens'],
    [moderations, { input: undefined }, 'input'],
    [rerank, { documents: [] }, 'documents'],
    [rerank, { documents: new Array(1_001).fill('a') }, 'documents'],
    [rerank, { query: 3 }, 'query'],
    [imageGenerations, { n: 9 }, 'n'],
    [imageGenerations, { n: 0 }, 'n'],
    [imageGenerations, { n: 1.5 }, 'n'],
    [imageGenerations, { prompt: '' }, 'prompt'],
    [imageEdits, { n: 'many' }, 'n'],
    [imageEdits, { image: 'not a file' }, 'image'],
    [imageEdits, { image: undefined }, 'image'],
    [imageEdits, { image: new Array(17).fill(FILE) }, 'image'],
    [speech, { input: '' }, 'input'],
    [speech, { input: 'a'.repeat(4_097) }, 'input'],
    [speech, { voice: undefined }, 'voice'],
    [speech, { speed: 5 }, 'speed'],
    [transcriptions, { file: 'not a file' }, 'file'],
    [transcriptions, { file: [FILE, FILE] }, 'file'],
    [ocr, { document: undefined }, 'document'],
    [ocr, { document: { type: 'letter' } }, 'document.type'],
    [ocr, { pages: [] }, 'pages'],
    [imageEdits, { n: '0x8' }, 'n'],
    [imageEdits, { n: ' 8' }, 'n'],
    [imageEdits, { n: '1e0' }, 'n'],
    [transcriptions, { file_url: 'https://a.example/long.mp3' }, 'file_url'],
    [transcriptions, { url: 'https://a.example/long.mp3' }, 'url'],
    [transcriptions, { file_id: 'file-1' }, 'file_id'],
    [ocr, { document: { ...PDF, document_url: 'data:application/pdf;base64,??' } }, 'document.document_url'],
    [ocr, { document: { type: 'image_url', image_url: { url: 'data:image/png;base64,abcde' } } }, 'document.image_url'],
    [ocr, { pages: [-1] }, 'pages'],
  ];
  it.each(bad.map(([surface, wrong, field]) => [surface.id, wrong, field, surface] as const))(
    'for %s with %j is refused, naming %s',
    (_, wrong, field, surface) => {
      const read = surface.read({ ...good(surface), ...wrong });
      expect(read).toMatchObject({ refusal: { kind: 'bad_request', message: expect.stringContaining(field) } });
      const named = 'refusal' in read && read.refusal.kind === 'bad_request' ? read.refusal.field : null;
      expect(named?.startsWith(field)).toBe(true);
    },
  );

  it('for embeddings is bounded by its bytes, or by its tokens where it is tokens', () => {
    expect(asked(embeddings, { model: 'm', input: 'äb' }).most(LARGE).input).toBe(3 + 2);
    expect(asked(embeddings, { model: 'm', input: [1, 2, 3] }).most(LARGE).input).toBeGreaterThanOrEqual(3);
    expect(asked(embeddings, { model: 'm', input: [[1, 2], [3]] }).about.input).toBe(3);
  });

  it('for images is bounded by how many, their size, and what is given', () => {
    const body = { model: 'm', prompt: 'p', n: 3, size: '1536x1024', partial_images: 2 };
    // 1536 x 1024 in high quality has 6,208 tokens, and each of two partial images 100.
    expect(asked(imageGenerations, body).most(LARGE).imageOutput).toBeGreaterThanOrEqual(3 * (6_208 + 200));
    expect(asked(imageGenerations, body).most(LARGE).image).toBe(3);
    const given = asked(imageEdits, { ...good(imageEdits), image: [FILE, FILE], mask: FILE, n: '2' });
    expect(given.most(LARGE)).toMatchObject({ image: 2, imageInput: 30_000 });
    expect(given.image).toEqual({ size: '1024x1024', quality: 'standard' });
  });

  it('for OCR is bounded by the pages it names, else by the most that a document has', () => {
    const pages = (body: object) => asked(ocr, { ...good(ocr), ...body }).most(LARGE);
    expect(pages({})).toEqual({ page: 1_000 });
    expect(pages({ pages: [0, 1, 1] })).toEqual({ page: 2 });
    expect(pages({ pages: '0-500' })).toEqual({ page: 1_000 });
    const image = (image_url: string) => pages({ document: { type: 'image_url', image_url } });
    expect(image('data:image/png;base64,AAAA')).toEqual({ page: 1 });
    // It may lead to any document.
    expect(image('https://example.com/a.png')).toEqual({ page: 1_000 });
    expect(image('data:application/pdf;base64,AAAA')).toEqual({ page: 1_000 });
    expect(pages({ pages: [0], document_annotation_format: { type: 'json_schema' } })).toEqual({ annotatedPage: 1 });
  });

  it('for a rerank is bounded by documents that are cut where they are long', () => {
    const units = (documents: string[]) => asked(rerank, { model: 'm', query: 'q', documents }).most(LARGE).searchUnit;
    expect(units(['a'])).toBe(1);
    // Fifty documents of 10,000 tokens are a thousand of 500: ten units.
    expect(units(new Array(50).fill('a'.repeat(10_000)))).toBeGreaterThanOrEqual(10);
  });
});

describe('an answer', () => {
  const read = (surface: Surface, json: unknown, type = 'application/json') => {
    const text = typeof json === 'string' ? json : JSON.stringify(json);
    return surface.answer(new TextEncoder().encode(text), type, asked(surface, good(surface)));
  };
  const events = (...all: unknown[]) => all.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join('');

  const told: readonly [string, Surface, unknown, Counts | null, type?: string][] = [
    ['embeddings', embeddings, { data: [], usage: { prompt_tokens: 4, total_tokens: 4 } }, { input: 4 }],
    ['embeddings without usage', embeddings, { data: [] }, null],
    ['moderation, which tells none', moderations, { results: [] }, null],
    ['Cohere', rerank, { results: [], meta: { billed_units: { search_units: 2 } } }, { searchUnit: 2 }],
    ['Jina', rerank, { results: [], usage: { total_tokens: 12 } }, { input: 12 }],
    ['images by the piece', imageGenerations, { data: [{}, {}] }, { image: 2 }],
    [
      'images by tokens',
      imageGenerations,
      {
        data: [{}],
        usage: { input_tokens: 50, output_tokens: 1056, input_tokens_details: { text_tokens: 10, image_tokens: 40 } },
      },
      { image: 1, input: 10, imageInput: 40, audioInput: 0, output: 0, imageOutput: 1056 },
    ],
    [
      'images by tokens, of which some are text',
      imageGenerations,
      {
        data: [{}],
        usage: { input_tokens: 5, output_tokens: 1100, output_tokens_details: { text_tokens: 44, image_tokens: 1056 } },
      },
      { image: 1, input: 5, imageInput: 0, audioInput: 0, output: 44, imageOutput: 1056 },
    ],
    [
      'images as a stream',
      imageGenerations,
      events(
        { type: 'image_generation.partial_image' },
        { type: 'image_generation.completed', usage: { input_tokens: 5, output_tokens: 100 } },
      ),
      { input: 5, imageInput: 0, audioInput: 0, output: 0, imageOutput: 100 },
      'text/event-stream',
    ],
    ['sound', speech, 'RIFF', null, 'audio/wav'],
    [
      'sound as a stream',
      speech,
      events({ type: 'speech.audio.done', usage: { input_tokens: 3, output_tokens: 30 } }),
      { input: 3, audioOutput: 30 },
      'text/event-stream',
    ],
    [
      'a transcription by seconds',
      transcriptions,
      { text: 'a', usage: { type: 'duration', seconds: 9 } },
      { audioSecond: 9 },
    ],
    ['a verbose one', transcriptions, { text: 'a', duration: 8.47 }, { audioSecond: 9 }],
    [
      'one of Mistral',
      transcriptions,
      { text: 'a', usage: { prompt_audio_seconds: 3, prompt_tokens: 4 } },
      { audioSecond: 3 },
    ],
    [
      'one by tokens',
      transcriptions,
      {
        text: 'a',
        usage: {
          type: 'tokens',
          input_tokens: 14,
          input_token_details: { text_tokens: 0, audio_tokens: 14 },
          output_tokens: 45,
        },
      },
      { input: 0, imageInput: 0, audioInput: 14, output: 45 },
    ],
    ['one as text', transcriptions, 'word', null, 'text/plain'],
    ['OCR', ocr, { pages: [{}], usage_info: { pages_processed: 3 } }, { page: 3 }],
    ['OCR without usage', ocr, { pages: [{}, {}] }, { page: 2 }],
  ];
  it.each(told)('of %s tells what was used', (_, surface, body, usage, type) => {
    expect(read(surface, body, type)).toEqual({ usage, error: null });
  });

  it.each(GOOD.map(([surface]) => [surface.id, surface] as const))('of %s that is a page is none', (_, surface) => {
    expect(read(surface, '<html>busy</html>', 'text/html')).toBeNull();
  });

  it.each(GOOD.map(([surface]) => [surface.id, surface] as const))(
    'of %s that says it failed is told as that',
    (_, surface) => {
      expect(read(surface, { error: { message: 'no' } })).toMatchObject({ error: 'no' });
    },
  );

  it.each(GOOD.map(([surface]) => [surface.id, surface] as const))(
    'of %s that is JSON of something else is none',
    (_, surface) => {
      expect(read(surface, { id: 'a', object: 'list' })).toMatchObject({ error: NO_ANSWER });
    },
  );

  it('of whatever kind throws nothing', () => {
    const types = fc.constantFrom('application/json', 'text/event-stream', 'audio/mpeg', 'text/plain', '');
    fc.assert(
      fc.property(fc.constantFrom(...GOOD.map(([surface]) => surface)), fc.anything(), types, (surface, any, type) => {
        const body = JSON.stringify(any) ?? '';
        for (const text of [body, `data: ${body}\n\n`, `{"usage":${body},"data":${body},"meta":${body}}`]) {
          const answer = read(surface, text.replaceAll('undefined', 'null'), type);
          for (const count of Object.values(answer?.usage ?? {}))
            expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
        }
      }),
    );
  });
});

describe('a form', () => {
  const post = (body: BodyInit, headers: HeadersInit = {}) =>
    readPayload(new Request('http://purser.test', { method: 'POST', body, headers }), { body: 'multipart' });

  it('goes on with its files and fields as they are, save the name of the model', async () => {
    const form = new FormData();
    form.append('model', 'demo/image');
    form.append('image[]', new File(['one'], 'a.png', { type: 'image/png' }));
    form.append('image[]', new File(['two'], 'b.png', { type: 'image/png' }));
    form.append('unknown', 'kept');
    const read = await post(form);
    if ('refusal' in read) throw new Error(JSON.stringify(read.refusal));
    expect(read.payload.json).toMatchObject({ model: 'demo/image', unknown: 'kept', image: [{ name: 'a.png' }, {}] });
    const { body, contentType } = await read.payload.written('image-1');
    const sent = await new Response(body, { headers: { 'content-type': contentType } }).formData();
    expect([...sent.keys()]).toEqual(['model', 'image[]', 'image[]', 'unknown']);
    expect(sent.get('model')).toBe('image-1');
    const [first] = sent.getAll('image[]') as File[];
    expect([first?.name, first?.type, await first?.text()]).toEqual(['a.png', 'image/png', 'one']);
  });

  it.each([
    ['{"model":"m"}', { 'content-type': 'application/json' }, 'Content-Type'],
    ['--x\r\nnothing', { 'content-type': 'multipart/form-data; boundary=x' }, null],
    ['--x\r\n', { 'content-type': 'multipart/form-data' }, 'Content-Type'],
  ])('that is none is refused: %j', async (body, headers, field) => {
    expect(await post(body, headers)).toMatchObject({ refusal: { kind: 'bad_request', field } });
  });
});

it('a form that numbers its images gives all of them', async () => {
  const form = new FormData();
  for (const [name, value] of [
    ['model', 'm'],
    ['prompt', 'bluer'],
  ] as const)
    form.append(name, value);
  for (const name of ['image[0]', 'image[1]', 'image[]']) form.append(name, FILE);
  const request = new Request('http://127.0.0.1/', { method: 'POST', body: form });
  const read = await readPayload(request, imageEdits);
  if ('refusal' in read) throw new Error(JSON.stringify(read.refusal));
  expect(asked(imageEdits, read.payload.json).most(LARGE)).toMatchObject({ imageInput: 30_000 });
});

it('images of which no usage is told are charged by their size, as they are held for', () => {
  const { about, most } = asked(imageGenerations, { ...good(imageGenerations), size: '1024x1536', stream: true });
  expect(about.imageOutput).toBe(most(LARGE).imageOutput);
});
