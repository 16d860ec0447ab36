/**
 * Counting the input of a conversation before its provider has: the same everywhere but for how large things are taken to be.
 */
import type { Asked } from '../protocol.ts';
import { estimateTokens, leastTokens } from './text-count.ts';

/** In tokens: at most for what is held, about for what is charged where the provider reports nothing. At least is text alone. */
interface InputSizes {
  /** What the provider adds around a request. */
  requestMax: number;
  /** What it adds around each message and tool. */
  itemMax: number;
  itemAbout: number;
  imageMax: number;
  imageAbout: number;
  /** Of a document, a recording or a film the bytes tell next to nothing: some pages, or half a minute. */
  fileAbout: number;
}

export function inputCount(sizes: InputSizes) {
  return {
    inputTokensMax({ items, media }: Asked, bodyBytes: number): number {
      let tokens = bodyBytes + sizes.requestMax + items * sizes.itemMax;
      for (const { kind, embeddedBytes } of media) {
        // Pages, seconds and what stands behind a link or an id: only the model's context bounds them.
        if (kind !== 'image') return Number.POSITIVE_INFINITY;
        // An image is billed by its size in pixels, not by the bytes that carry it.
        tokens += sizes.imageMax - embeddedBytes;
      }
      return tokens;
    },

    inputTokensMin(asked: Asked): number {
      return asked.messageTexts().reduce((tokens, text) => tokens + leastTokens(text), 0);
    },

    inputTokensEstimate({ items, media, ...asked }: Asked): number {
      let tokens = items * sizes.itemAbout + estimateTokens(asked.toolsText());
      for (const text of asked.messageTexts()) tokens += estimateTokens(text);
      for (const { kind } of media) tokens += kind === 'image' ? sizes.imageAbout : sizes.fileAbout;
      return tokens;
    },
  };
}
