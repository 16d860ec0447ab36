/** Counting for Google's models, wherever they are served, before Google has counted. */
import { inputCount } from './input-count.ts';
import type { OutputCount, Provider } from './provider.ts';
import { TextCount } from './text-count.ts';

export const geminiCount = {
  ...inputCount({
    requestMax: 256,
    itemMax: 16,
    itemAbout: 4,
    // Gemini 2 cuts an image, scaled to 3,072 pixels a side, into tiles of at least 256 by 256 and at most 768 by 768, sized
    // by its shorter side: at most 24 of 258 tokens each. Gemini 3 takes at most 2,240 for one
    // (https://ai.google.dev/gemini-api/docs/image-understanding, /media-resolution). Rounded up.
    imageMax: 6_500,
    imageAbout: 1_120,
    fileAbout: 3_000,
  }),
  countOutput: (): OutputCount => new TextCount(),
} satisfies Pick<Provider, 'inputTokensMax' | 'inputTokensMin' | 'inputTokensEstimate' | 'countOutput'>;
