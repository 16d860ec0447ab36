/**
 * What of a Gemini request the neutral form has a counterpart for, field by field. Everything else is refused by name when
 * the model's provider speaks another protocol, unknown fields included: nothing is lost in silence.
 */
import type { Json } from '../protocol.ts';
import { isObject } from '../reported.ts';
import { mediaKind } from './request.ts';

/** What may stand at a field: anything, what a test admits, or an object or a list of objects of known fields. */
type Known = true | ((value: unknown) => boolean) | Fields;
interface Fields {
  [field: string]: Known;
}

const oneOf =
  (...values: unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);

const aText = (value: unknown): boolean => typeof value === 'string';
const aNumber = (value: unknown): boolean => typeof value === 'number';
const aFlag = (value: unknown): boolean => typeof value === 'boolean';
const texts = (value: unknown): boolean => Array.isArray(value) && value.every(aText);

/** Google tells apart what it calls an image, sound or a document by its type; of video no other protocol knows. */
const noVideo = (value: unknown): boolean => typeof value === 'string' && mediaKind(value) !== 'video';

const LEVELS = ['MEDIA_RESOLUTION_UNSPECIFIED', 'MEDIA_RESOLUTION_LOW', 'MEDIA_RESOLUTION_HIGH'];

const MEDIUM = { displayName: aText };
const INLINE: Fields = { ...MEDIUM, data: true, mimeType: noVideo };
const FILE: Fields = { ...MEDIUM, fileUri: true, mimeType: noVideo };

const CONTENT: Fields = {
  role: oneOf('user', 'model', 'function'),
  parts: {
    text: true,
    thought: true,
    thoughtSignature: true,
    inlineData: INLINE,
    fileData: FILE,
    mediaResolution: { level: oneOf(...LEVELS) },
    functionCall: { id: true, name: true, args: true },
    functionResponse: { id: true, name: true, response: true, parts: { inlineData: INLINE, fileData: FILE } },
  },
};

const REQUEST: Fields = {
  contents: CONTENT,
  systemInstruction: { role: true, parts: { text: aText } },
  tools: {
    functionDeclarations: { name: true, description: true, parameters: true, parametersJsonSchema: true },
  },
  toolConfig: {
    functionCallingConfig: {
      mode: oneOf('MODE_UNSPECIFIED', 'AUTO', 'NONE', 'ANY', 'VALIDATED'),
      // One name is a choice of that tool. Of several nobody else can say that it is to be one of them.
      allowedFunctionNames: (value) => texts(value) && (value as unknown[]).length <= 1,
    },
  },
  generationConfig: {
    maxOutputTokens: aNumber,
    candidateCount: aNumber,
    stopSequences: texts,
    temperature: aNumber,
    topP: aNumber,
    topK: aNumber,
    seed: aNumber,
    presencePenalty: aNumber,
    frequencyPenalty: aNumber,
    responseMimeType: oneOf('text/plain', 'application/json'),
    responseSchema: isObject,
    responseJsonSchema: isObject,
    responseModalities: (value) => Array.isArray(value) && value.every(oneOf('TEXT')),
    mediaResolution: oneOf(...LEVELS),
    thinkingConfig: {
      includeThoughts: aFlag,
      thinkingBudget: aNumber,
      thinkingLevel: oneOf('THINKING_LEVEL_UNSPECIFIED', 'MINIMAL', 'LOW', 'MEDIUM', 'HIGH'),
    },
  },
  // These change nothing in the answer.
  model: true,
  demo: true,
  labels: true,
  store: oneOf(false),
  serviceTier: (value) => ['unspecified', 'standard'].includes(String(value).toLowerCase()),
};

/** The first field, named by its way through the body, that no other protocol has a counterpart for; null: none. */
export function withoutCounterpart(request: Json): string | null {
  const { systemInstruction, ...rest } = request;
  return firstUnknown(typeof systemInstruction === 'string' ? rest : request, REQUEST, '');
}

function firstUnknown(value: unknown, known: Known, path: string): string | null {
  if (known === true) return null;
  if (typeof known === 'function') return known(value) ? null : path;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = firstUnknown(item, known, `${path}.${index}`);
      if (found !== null) return found;
    }
    return null;
  }
  if (!isObject(value)) return path;
  for (const [name, inner] of Object.entries(value)) {
    if (inner == null) continue;
    const field = path === '' ? name : `${path}.${name}`;
    const found = Object.hasOwn(known, name) ? firstUnknown(inner, known[name] ?? true, field) : field;
    if (found !== null) return found;
  }
  return null;
}
