/**
 * Google's wire as it is, written by hand after its REST reference and the answers that its documentation shows
 * (https://ai.google.dev/api/generate-content, /gemini-api/docs/thought-signatures, /gemini-api/docs/caching).
 */

/** One event of a stream, ended as Google ends lines. */
export function event(json: object): string {
  return `data: ${JSON.stringify(json)}\r\n\r\n`;
}

const HEAD = { modelVersion: 'gemini-3.1-flash-lite', responseId: 'Vd2aaOzdHJ-SmtkP6Y-L2QY' };

const PROMPT = {
  promptTokenCount: 1_200,
  cachedContentTokenCount: 1_000,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1_200 }],
  cacheTokensDetails: [{ modality: 'TEXT', tokenCount: 1_000 }],
};

/** Thoughts, text in two pieces, a call, a signature; the counts grow from chunk to chunk. */
export const STREAM: readonly object[] = [
  {
    candidates: [{ content: { parts: [{ text: 'Let me see. ', thought: true }], role: 'model' }, index: 0 }],
    usageMetadata: { ...PROMPT, thoughtsTokenCount: 40, totalTokenCount: 1_240 },
    ...HEAD,
  },
  {
    candidates: [{ content: { parts: [{ text: 'I will ' }], role: 'model' }, index: 0 }],
    usageMetadata: { ...PROMPT, candidatesTokenCount: 2, thoughtsTokenCount: 60, totalTokenCount: 1_262 },
    ...HEAD,
  },
  {
    candidates: [
      {
        content: {
          parts: [
            { text: 'look it up.' },
            { functionCall: { name: 'weather', args: { city: 'Oslo' } }, thoughtSignature: 'EpEICo4IAdHtim9k' },
          ],
          role: 'model',
        },
        index: 0,
      },
    ],
    usageMetadata: { ...PROMPT, candidatesTokenCount: 15, thoughtsTokenCount: 60, totalTokenCount: 1_275 },
    ...HEAD,
  },
  {
    candidates: [{ content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { ...PROMPT, candidatesTokenCount: 16, thoughtsTokenCount: 60, totalTokenCount: 1_276 },
    ...HEAD,
  },
];

/** The same in one piece. */
export const WHOLE = {
  candidates: [
    {
      content: {
        role: 'model',
        parts: [
          { text: 'Let me see. ', thought: true },
          { text: 'I will look it up.' },
          { functionCall: { name: 'weather', args: { city: 'Oslo' } }, thoughtSignature: 'EpEICo4IAdHtim9k' },
          { text: '' },
        ],
      },
      index: 0,
      finishReason: 'STOP',
    },
  ],
  usageMetadata: { ...PROMPT, candidatesTokenCount: 16, thoughtsTokenCount: 60, totalTokenCount: 1_276 },
  ...HEAD,
};

/** An image that was asked for, with what it cost in tokens of images. */
export const IMAGE = {
  candidates: [
    {
      content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }], role: 'model' },
      finishReason: 'STOP',
      index: 0,
    },
  ],
  usageMetadata: {
    promptTokenCount: 300,
    candidatesTokenCount: 1_150,
    thoughtsTokenCount: 12,
    totalTokenCount: 1_462,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 42 },
      { modality: 'IMAGE', tokenCount: 258 },
    ],
    candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_120 }],
  },
  ...HEAD,
};

export const BLOCKED = {
  promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
  usageMetadata: {
    promptTokenCount: 9,
    totalTokenCount: 9,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: 9 }],
  },
  ...HEAD,
};

export const OVERLOADED = {
  error: { code: 503, message: 'The model is overloaded. Please try again later.', status: 'UNAVAILABLE' },
};
