/**
 * POST /v1/rerank, as Cohere made it and others took it over (docs.cohere.com/reference/rerank): `model`, `query`, `documents`,
 * `top_n`. Cohere bills search units: a query over up to 100 documents, where one longer than 500 tokens with the query counts as
 * several (docs.cohere.com/docs/rerank-overview). Others bill tokens.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { estimateTokens } from '../providers/text-count.ts';
import { countOf, fieldsOf } from '../reported.ts';
import { parseBody } from '../request-body.ts';
import { bytesOf, DEMO, MODEL, readJson } from './fields.ts';
import type { Surface } from './surface.ts';

const DOCUMENTS_PER_UNIT = 100;
const TOKENS_PER_DOCUMENT = 500;

export const RerankBody = z
  .looseObject({
    model: MODEL,
    query: z.string().min(1),
    documents: z
      .array(z.union([z.string(), z.looseObject({})]))
      .min(1)
      .max(LIMITS.rerankDocumentsMax),
    top_n: z.int().positive().nullish(),
    demo: DEMO,
  })
  .openapi('RerankBody', { example: { model: 'demo/rerank', query: 'fruit', documents: ['apple', 'stone'] } as never });

export const rerank: Surface = {
  id: 'rerank',
  body: 'json',
  read(json) {
    const read = parseBody(RerankBody, json);
    if ('refusal' in read) return read;
    const { model, query, documents, demo = null } = read.understood;
    const texts = documents.map((document) => (typeof document === 'string' ? document : JSON.stringify(document)));
    const unitsOf = (chunks: number) => Math.ceil(chunks / DOCUMENTS_PER_UNIT);
    const queryBytes = bytesOf(query);
    // The query stands beside each document, and each is cut into as many as that makes.
    const beside = texts.map((text) => bytesOf(text) + queryBytes);
    const chunks = beside.reduce((sum, bytes) => sum + Math.ceil((2 * bytes) / TOKENS_PER_DOCUMENT + 1), 0);
    const tokens = beside.reduce((sum, bytes) => sum + bytes, 0);
    return {
      understood: {
        model,
        demo,
        known: { request: 1 },
        most: () => ({ searchUnit: unitsOf(chunks), input: tokens }),
        about: {
          searchUnit: unitsOf(texts.length),
          input: texts.reduce((sum, text) => sum + estimateTokens(text), estimateTokens(query) * texts.length),
        },
        image: null,
      },
    };
  },
  answer: (bytes) =>
    readJson(bytes, 'results', ({ meta, usage }) => {
      const billed = fieldsOf(fieldsOf(meta).billed_units);
      const { search_units, total_tokens, prompt_tokens } = fieldsOf(usage);
      const searchUnit = countOf(billed.search_units) ?? countOf(search_units);
      const input = countOf(total_tokens) ?? countOf(prompt_tokens) ?? countOf(billed.input_tokens);
      if (searchUnit === null && input === null) return null;
      return { ...(searchUnit !== null && { searchUnit }), ...(input !== null && { input }) };
    }),
};
