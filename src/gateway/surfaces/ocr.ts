/** POST /v1/ocr, in Mistral's protocol (docs.mistral.ai/api, OCR): billed by the page, and more where a schema is to be filled in. */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { wrongInDataUrl } from '../base64.ts';
import { countOf, fieldsOf } from '../reported.ts';
import { parseBody, refuseField } from '../request-body.ts';
import { DEMO, MODEL, readJson } from './fields.ts';
import type { Surface } from './surface.ts';

const URL_FIELD = z.union([z.string(), z.looseObject({ url: z.string() })]);

export const OcrBody = z
  .looseObject({
    model: MODEL,
    document: z.discriminatedUnion('type', [
      z.looseObject({ type: z.literal('document_url'), document_url: z.string() }),
      z.looseObject({ type: z.literal('image_url'), image_url: URL_FIELD }),
      z.looseObject({ type: z.literal('file'), file_id: z.string() }),
    ]),
    pages: z.union([z.array(z.int().min(0)).min(1), z.string(), z.int().min(0)]).nullish(),
    document_annotation_format: z.looseObject({}).nullish(),
    bbox_annotation_format: z.looseObject({}).nullish(),
    demo: DEMO,
  })
  .openapi('OcrBody', {
    example: {
      model: 'demo/ocr',
      document: { type: 'document_url', document_url: 'https://example.com/a.pdf' },
      pages: [0, 1],
    } as never,
  });

export const ocr: Surface = {
  id: 'ocr',
  body: 'json',
  read(json) {
    const read = parseBody(OcrBody, json);
    if ('refusal' in read) return read;
    const { model, document, pages, demo = null, ...rest } = read.understood;
    const [field, url] = linkIn(document);
    const wrong = url === null ? null : wrongInDataUrl(url);
    if (wrong) return refuseField(field, `${field} is not valid: ${wrong}.`);
    const annotated = rest.document_annotation_format != null || rest.bbox_annotation_format != null;
    const counted = (count: number) => (annotated ? { annotatedPage: count } : { page: count });
    const asked = Array.isArray(pages) ? new Set(pages).size : typeof pages === 'number' ? 1 : null;
    // A link may lead to any document, whatever it is called.
    const isImage = document.type === 'image_url' && /^data:image\//i.test(url ?? '');
    const most = isImage ? 1 : Math.min(asked ?? LIMITS.ocrPagesMax, LIMITS.ocrPagesMax);
    return {
      understood: {
        model,
        demo,
        known: { request: 1 },
        most: () => counted(most),
        about: counted(Math.min(asked ?? 1, most)),
        kept: document.type === 'file' ? field : null,
        image: null,
      },
    };
  },
  answer: (bytes, _, asked) =>
    readJson(bytes, 'pages', ({ usage_info, pages }) => {
      const came = Array.isArray(pages) ? pages.length : null;
      const count = countOf(fieldsOf(usage_info).pages_processed) ?? came;
      if (count === null) return null;
      return asked.about.annotatedPage === undefined ? { page: count } : { annotatedPage: count };
    }),
};

/** The field that links to what is to be read, and the link; null where it is named by an id. */
function linkIn(document: z.infer<typeof OcrBody>['document']): [field: string, url: string | null] {
  switch (document.type) {
    case 'document_url':
      return ['document.document_url', document.document_url];
    case 'image_url': {
      const { image_url: image } = document;
      return ['document.image_url', typeof image === 'string' ? image : image.url];
    }
    case 'file':
      return ['document.file_id', null];
  }
}
