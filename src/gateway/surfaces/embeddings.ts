/** POST /v1/embeddings, in OpenAI's protocol (platform.openai.com/docs/api-reference/embeddings). */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { estimateTokens } from '../providers/text-count.ts';
import { countOf, fieldsOf } from '../reported.ts';
import { parseBody } from '../request-body.ts';
import { bytesOf, DEMO, MODEL, readJson } from './fields.ts';
import type { Surface } from './surface.ts';

const TOKENS = z.array(z.int().min(0)).min(1);

export const EmbeddingBody = z
  .looseObject({
    model: MODEL,
    input: z.union([
      z.string().min(1),
      TOKENS,
      z.array(z.string().min(1)).min(1).max(LIMITS.inputsMax),
      z.array(TOKENS).min(1).max(LIMITS.inputsMax),
    ]),
    demo: DEMO,
  })
  .openapi('EmbeddingBody', { example: { model: 'demo/embed', input: 'Hello' } as never });

export const embeddings: Surface = {
  id: 'embeddings',
  body: 'json',
  read(json) {
    const read = parseBody(EmbeddingBody, json);
    if ('refusal' in read) return read;
    const { model, input, demo = null } = read.understood;
    const texts = [input].flat(2).filter((part) => typeof part === 'string');
    const tokens = [input].flat(2).length - texts.length;
    const bytes = texts.reduce((sum, text) => sum + bytesOf(text), 0);
    return {
      understood: {
        model,
        demo,
        known: { request: 1 },
        // Some models put a mark at either end of a text.
        most: () => ({ input: tokens + bytes + 2 * [input].flat().length }),
        about: { input: tokens + texts.reduce((sum, text) => sum + estimateTokens(text), 0) },
        image: null,
      },
    };
  },
  answer: (bytes) =>
    readJson(bytes, 'data', ({ usage }) => {
      const { prompt_tokens, total_tokens } = fieldsOf(usage);
      const input = countOf(prompt_tokens) ?? countOf(total_tokens);
      return input === null ? null : { input };
    }),
};
