/** Counting for Google's models, wherever they are served, before Google has counted. */
import type { Asked } from '../protocol.ts';
import type { OutputCount, Provider } from './provider.ts';
import { estimateTokens, TextCount } from './text-count.ts';

/** What Google adds around a request, and around each turn and function. */
const TOKENS_PER_REQUEST_MAX = 256;
const TOKENS_PER_ITEM_MAX = 16;
const TOKENS_PER_ITEM_ABOUT = 4;

/**
 * Gemini 2 cuts an image, scaled to 3,072 pixels a side, into tiles of at least 256 by 256 and at most 768 by 768, sized by
 * its shorter side: at most 24 of 258 tokens each. Gemini 3 takes at most 2,240 for one
 * (https://ai.google.dev/gemini-api/docs/image-understanding, /media-resolution). Rounded up.
 */
const TOKENS_PER_IMAGE_MAX = 6_500;
const TOKENS_PER_IMAGE_ABOUT = 1_120;

/** Of a PDF, a recording or a film the bytes tell next to nothing: some pages, or half a minute. */
const TOKENS_PER_FILE_ABOUT = 3_000;

export const geminiCount = {
  inputTokensMax({ items, media }: Asked, bodyBytes: number): number {
    let tokens = bodyBytes + TOKENS_PER_REQUEST_MAX + items * TOKENS_PER_ITEM_MAX;
    for (const { kind, embeddedBytes } of media) {
      // Pages, seconds and what stands behind a link: only the model's context bounds them.
      if (kind !== 'image') return Number.POSITIVE_INFINITY;
      tokens += TOKENS_PER_IMAGE_MAX - embeddedBytes;
    }
    return tokens;
  },

  inputTokensEstimate(asked: Asked): number {
    let tokens = asked.items * TOKENS_PER_ITEM_ABOUT + estimateTokens(asked.toolsText());
    for (const text of asked.messageTexts()) tokens += estimateTokens(text);
    for (const { kind } of asked.media) tokens += kind === 'image' ? TOKENS_PER_IMAGE_ABOUT : TOKENS_PER_FILE_ABOUT;
    return tokens;
  },

  countOutput: (): OutputCount => new TextCount(),
} satisfies Pick<Provider, 'inputTokensMax' | 'inputTokensEstimate' | 'countOutput'>;
