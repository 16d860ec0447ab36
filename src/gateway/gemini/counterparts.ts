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

/** Google tells apart what it calls an image, sound or a document by its type; of video no other protocol knows. */
const noVideo = (value: unknown): boolean => typeof value === 'string' && mediaKind(value) !== 'video';

const LEVELS = ['MEDIA_RESOLUTION_UNSPECIFIED', 'MEDIA_RESOLUTION_LOW', 'MEDIA_RESOLUTION_HIGH'];

const MEDIUM = { displayName: true } as const;
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
  systemInstruction: (value) => typeof value === 'string' || isOnlyText(value),
  tools: {
    functionDeclarations: { name: true, description: true, parameters: true, parametersJsonSchema: true },
  },
  toolConfig: {
    functionCallingConfig: {
      mode: oneOf('MODE_UNSPECIFIED', 'AUTO', 'NONE', 'ANY', 'VALIDATED'),
      // One name is a choice of that tool. Of several nobody else can say that it is to be one of them.
      allowedFunctionNames: (value) => Array.isArray(value) && value.length <= 1,
    },
  },
  generationConfig: {
    maxOutputTokens: true,
    candidateCount: true,
    stopSequences: true,
    temperature: true,
    topP: true,
    topK: true,
    seed: true,
    presencePenalty: true,
    frequencyPenalty: true,
    responseMimeType: oneOf('text/plain', 'application/json'),
    responseSchema: true,
    responseJsonSchema: true,
    responseModalities: (value) => Array.isArray(value) && value.every(oneOf('TEXT')),
    mediaResolution: oneOf(...LEVELS),
    thinkingConfig: {
      includeThoughts: true,
      thinkingBudget: true,
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
  return firstUnknown(request, REQUEST, '');
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

function isOnlyText(content: unknown): boolean {
  if (!isObject(content)) return false;
  const { role: _, parts, ...others } = content;
  if (Object.values(others).some((value) => value != null)) return false;
  return (
    Array.isArray(parts) && parts.every((part) => isObject(part) && Object.keys(part).every((name) => name === 'text'))
  );
}
