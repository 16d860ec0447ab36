/**
 * Reading Gemini's answers, whole or a chunk of a stream: both are a GenerateContentResponse. Garbage reads as nothing
 * rather than throwing: what a provider sends is not trusted.
 */
import type { Usage } from '../../money/cost.ts';
import { cachedTokensOf, inputTokensOf, NO_USAGE, outputTokensOf } from '../../money/cost.ts';
import type { AnswerReader, Json, ReadAnswer } from '../protocol.ts';
import { countOf, fieldsOf, isObject, jsonObjectIn, NO_ANSWER, textWithin } from '../reported.ts';
import type { Frame } from '../sse.ts';
import { isGrounded } from './provider-tools.ts';

/**
 * What of a candidate is not output: the rest is counted, whatever it is called, so that nothing passes unseen. A signature
 * is a thought sealed, and billed as that; of a picture neither the bytes nor the base64 tell the tokens.
 */
const NOT_OUTPUT: ReadonlySet<string> = new Set([
  'role',
  'index',
  'finishReason',
  'safetyRatings',
  'thoughtSignature',
  'data',
  'logprobsResult',
]);

/** Made for one stream: a search is told in one chunk, and the usage in every one. */
export class GeminiReader implements AnswerReader {
  #grounded = false;

  read({ data }: Frame): ReadAnswer | null {
    const read = data === null ? null : readChunk(data);
    if (!read) return null;
    this.#grounded ||= read.usage ? read.usage.webSearch > 0 : isAnyGrounded(read.json);
    return read.usage && this.#grounded ? { ...read, usage: { ...read.usage, webSearch: 1 } } : read;
  }
}

/** Reads a whole answer: candidates, or why there are none. */
export function readResponse(text: string): ReadAnswer | null {
  const read = readChunk(text);
  const isAnswer = read && (Array.isArray(read.json.candidates) || isObject(read.json.promptFeedback));
  return read && read.error === null && !isAnswer ? { ...read, error: NO_ANSWER } : read;
}

/** Reads what a whole answer and one chunk of a stream have in common; null where it is no JSON object. */
function readChunk(text: string): ReadAnswer | null {
  const json = jsonObjectIn(text);
  if (!json) return null;
  const candidates = Array.isArray(json.candidates) ? json.candidates : [];
  return {
    json,
    text: textWithin(json.candidates, NOT_OUTPUT),
    ended: candidates.filter(isEnded).length + (isBlocked(json) ? 1 : 0),
    usage: withSearch(readUsage(json.usageMetadata), candidates),
    error: readError(json.error),
    // Nothing marks the end of a stream but that it ends.
    last: false,
  };
}

/** A prompt that is grounded is billed once, for all of its queries and candidates. */
function withSearch(usage: Usage | null, candidates: unknown[]): Usage | null {
  return usage && candidates.some(isGrounded) ? { ...usage, webSearch: 1 } : usage;
}

function isAnyGrounded({ candidates }: Json): boolean {
  return Array.isArray(candidates) && candidates.some(isGrounded);
}

/** A prompt that is blocked has no candidates, and nothing comes after that. */
export function isBlocked({ promptFeedback }: Json): boolean {
  return typeof fieldsOf(promptFeedback).blockReason === 'string';
}

function isEnded(candidate: unknown): boolean {
  return isObject(candidate) && typeof candidate.finishReason === 'string';
}

function readError(reported: unknown): string | null {
  if (reported == null) return null;
  if (typeof reported === 'string') return reported;
  if (isObject(reported) && typeof reported.message === 'string') return reported.message;
  return 'The provider reported an error.';
}

/**
 * Google counts cached tokens within the prompt, images and sound within each sum, thoughts beside the candidates, and what
 * tools that it runs have read beside the prompt. A count of 0 is left out. In a stream each count is of all so far. Null
 * where a count is none.
 */
export function readUsage(reported: unknown): Usage | null {
  if (!isObject(reported)) return null;
  const prompt = tokens(reported.promptTokenCount);
  const tools = tokens(reported.toolUsePromptTokenCount);
  const cached = tokens(reported.cachedContentTokenCount);
  const output = tokens(reported.candidatesTokenCount);
  const thoughts = tokens(reported.thoughtsTokenCount);
  if (prompt === null || tools === null || cached === null || output === null || thoughts === null) return null;
  if (prompt + output + thoughts === 0) return null;
  const read = byModality(prompt, reported.promptTokensDetails);
  const fromCache = byModality(Math.min(prompt, cached), reported.cacheTokensDetails);
  const made = byModality(output, reported.candidatesTokensDetails);
  const fresh = (modality: keyof Modalities) => Math.max(0, read[modality] - fromCache[modality]);
  const image = fresh('image');
  const audio = fresh('audio');
  return {
    ...NO_USAGE,
    input: Math.max(0, prompt - Math.min(prompt, cached) - image - audio) + tools,
    cachedInput: fromCache.text,
    imageInput: image,
    cachedImageInput: fromCache.image,
    audioInput: audio,
    cachedAudioInput: fromCache.audio,
    output: made.text,
    imageOutput: made.image,
    audioOutput: made.audio,
    reasoning: thoughts,
  };
}

interface Modalities {
  text: number;
  image: number;
  audio: number;
}

/** What of a sum is images or sound, as far as the details say so and the sum has room; all else is priced as text. */
function byModality(sum: number, details: unknown): Modalities {
  const found = { image: 0, audio: 0 };
  for (const detail of Array.isArray(details) ? details : []) {
    const { modality, tokenCount } = fieldsOf(detail);
    const counted = tokens(tokenCount) ?? 0;
    if (modality === 'IMAGE') found.image += counted;
    if (modality === 'AUDIO') found.audio += counted;
  }
  const image = Math.min(sum, found.image);
  const audio = Math.min(sum - image, found.audio);
  return { text: sum - image - audio, image, audio };
}

function tokens(value: unknown): number | null {
  return value == null ? 0 : countOf(value);
}

/** The same the other way round, for an answer whose provider never got to say it, or says it in another protocol. */
export function writeUsage(usage: Usage): Json {
  const prompt = inputTokensOf(usage);
  const cached = cachedTokensOf(usage);
  const output = outputTokensOf(usage) - usage.reasoning;
  return {
    promptTokenCount: prompt,
    ...(cached > 0 && { cachedContentTokenCount: cached }),
    candidatesTokenCount: output,
    ...(usage.reasoning > 0 && { thoughtsTokenCount: usage.reasoning }),
    totalTokenCount: prompt + output + usage.reasoning,
    ...details(
      'promptTokensDetails',
      prompt,
      usage.imageInput + usage.cachedImageInput,
      usage.audioInput + usage.cachedAudioInput,
    ),
    ...details('cacheTokensDetails', cached, usage.cachedImageInput, usage.cachedAudioInput),
    ...details('candidatesTokensDetails', output, usage.imageOutput, usage.audioOutput),
  };
}

function details(name: string, sum: number, image: number, audio: number): Json {
  if (image + audio === 0) return {};
  const counts = { TEXT: sum - image - audio, IMAGE: image, AUDIO: audio };
  const told = Object.entries(counts).filter(([, tokenCount]) => tokenCount > 0);
  return { [name]: told.map(([modality, tokenCount]) => ({ modality, tokenCount })) };
}
