/** Google's Gemini API, as AI Studio and Vertex AI serve it: models/{model}:generateContent and :streamGenerateContent. */
import type { Asked, Json, Protocol, Sent } from '../protocol.ts';
import { isObject } from '../reported.ts';
import { GeminiReader, readResponse } from './answer.ts';
import { nameIn } from './fields.ts';
import { GatheredGemini } from './gather.ts';
import { askGemini } from './request.ts';
import { geminiTranslator } from './translator.ts';
import { GeminiPassage, refusalBody, withUsage } from './wire.ts';

export const gemini: Protocol = {
  id: 'gemini',
  endpoint: 'models/generateContent',
  ask: askGemini,
  refusalBody,
  passage: () => new GeminiPassage(),
  withUsage,
  body: geminiBody,
  reader: () => new GeminiReader(),
  readWhole: readResponse,
  gather: () => new GatheredGemini(),
  translator: geminiTranslator,
};

/** The URL names the model, and whether it streams: a model in the body could only be another one. */
function geminiBody({ json }: Asked, { cap }: Sent): Json {
  const { model: _, ...sent } = json;
  if (cap === null) return sent;
  const configName = nameIn(sent, 'generationConfig');
  const config = isObject(sent[configName]) ? sent[configName] : {};
  return { ...sent, [configName]: { ...config, [nameIn(config, 'maxOutputTokens')]: cap } };
}
