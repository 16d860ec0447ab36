/**
 * POST /v1/audio/transcriptions (a form), in OpenAI's protocol (platform.openai.com/docs/api-reference/audio/createTranscription),
 * which Groq and Mistral speak too. Billed by the second of sound, or by tokens.
 *
 * How long a recording is, is bounded by its bytes (LIMITS.recordingBytesPerSecondMin) and by what they say of it (recording.ts),
 * whichever is more; where a provider tells no usage, it is charged by what they say, and else by the bound.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { countOf, fieldsOf } from '../reported.ts';
import { parseBody, refuseField } from '../request-body.ts';
import { bytesOf, DEMO, FILE, MODEL, modalTokens, readJsonOrEvents, STREAM } from './fields.ts';
import { type Recording, readRecording } from './recording.ts';
import type { AskedSurface, Counts, Surface } from './surface.ts';

const TOKENS_PER_SECOND_MAX = 50;
const TOKENS_PER_SECOND_ABOUT = 10;
const WORD_TOKENS_PER_SECOND_ABOUT = 4;

const TranscriptionBody = z.looseObject({
  model: MODEL,
  file: FILE,
  prompt: z.string().nullish(),
  response_format: z.string().nullish(),
  stream: STREAM,
  demo: DEMO,
});

/** Other recordings than the one that is measured (Mistral's and Groq's fields). */
const ELSEWHERE = ['file_url', 'file_id', 'url'] as const;

export const transcriptions: Surface = {
  id: 'audio/transcriptions',
  body: 'multipart',
  read(json) {
    const read = parseBody(TranscriptionBody, json);
    if ('refusal' in read) return read;
    const elsewhere = ELSEWHERE.find((field) => read.understood[field] != null);
    if (elsewhere) return refuseField(elsewhere, `${elsewhere} is not served here: send the recording as file, once.`);
    const { model, file, prompt, stream, demo = null } = read.understood;
    const unread = lengthOf(file, { kind: 'other', seconds: null });
    const asked = { model, demo, streamed: stream ?? false, known: { request: 1 }, image: null };
    return { understood: { ...asked, ...countsOf(unread, bytesOf(prompt ?? '')) } };
  },
  async measure({ file, prompt }, asked) {
    if (!(file instanceof File)) return asked;
    const recording = readRecording(new Uint8Array(await file.arrayBuffer()));
    return { ...asked, ...countsOf(lengthOf(file, recording), bytesOf(typeof prompt === 'string' ? prompt : '')) };
  },
  answer(bytes, contentType) {
    if (/json|event-stream/.test(contentType)) return readJsonOrEvents(bytes, contentType, 'text', usageIn);
    // Text or subtitles, as asked for; a page is none.
    return contentType.includes('html') ? null : { usage: null, error: null };
  },
};

interface Length {
  secondsMax: number;
  seconds: number;
}

function lengthOf({ size }: File, { kind, seconds }: Recording): Length {
  const byBytes = size / (kind === 'mp3' ? LIMITS.mp3BytesPerSecondMin : LIMITS.recordingBytesPerSecondMin);
  const secondsMax = Math.ceil(Math.max(byBytes, seconds ?? 0));
  return { secondsMax, seconds: Math.ceil(seconds ?? secondsMax) };
}

function countsOf({ secondsMax, seconds }: Length, promptBytes: number): Pick<AskedSurface, 'most' | 'about'> {
  return {
    most: ({ context, output }) => ({
      audioSecond: secondsMax,
      input: promptBytes,
      audioInput: Math.min(secondsMax * TOKENS_PER_SECOND_MAX, context),
      output,
    }),
    about: {
      audioSecond: seconds,
      audioInput: seconds * TOKENS_PER_SECOND_ABOUT,
      output: seconds * WORD_TOKENS_PER_SECOND_ABOUT,
    },
  };
}

/** Seconds are charged as begun. */
function usageIn({ usage, duration }: Record<string, unknown>): Counts | null {
  const told = fieldsOf(usage);
  const seconds = told.seconds ?? told.prompt_audio_seconds ?? duration;
  const audioSecond = typeof seconds === 'number' ? countOf(Math.ceil(seconds)) : null;
  const tokens = modalTokens(usage);
  if (audioSecond === null && tokens === null) return null;
  return { ...tokens, ...(audioSecond !== null && { audioSecond }) };
}
