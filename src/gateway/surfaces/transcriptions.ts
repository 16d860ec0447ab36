/**
 * POST /v1/audio/transcriptions (a form), in OpenAI's protocol (platform.openai.com/docs/api-reference/audio/createTranscription),
 * which Groq and Mistral speak too. Billed by the second of sound, or by tokens.
 *
 * How long a recording is, is bounded by its bytes: a second of MP3 has 1,000 at least (8 kbit/s, the least that its frames can say),
 * one of WAV 1,600 (GSM); of whatever else it is taken to have 250, a third of what the leanest codec for speech needs.
 */
import { z } from '@hono/zod-openapi';
import { countOf, fieldsOf } from '../reported.ts';
import { parseBody } from '../request-body.ts';
import { bytesOf, DEMO, FILE, MODEL, modalTokens, readJsonOrEvents, STREAM } from './fields.ts';
import type { Counts, Surface } from './surface.ts';

const BYTES_PER_SECOND_MIN = { mp3: 1_000, wav: 1_600, other: 250 };
/** 64 kbit/s. */
const BYTES_PER_SECOND_ABOUT = 8_000;

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

export const transcriptions: Surface = {
  id: 'audio/transcriptions',
  body: 'multipart',
  read(json) {
    const read = parseBody(TranscriptionBody, json);
    if ('refusal' in read) return read;
    const { model, file, prompt, stream, demo = null } = read.understood;
    const [secondsMax, seconds] = [
      secondsIn(file, BYTES_PER_SECOND_MIN[kindOf(file)]),
      secondsIn(file, BYTES_PER_SECOND_ABOUT),
    ];
    return {
      understood: {
        model,
        demo,
        streamed: stream ?? false,
        known: { request: 1 },
        most: ({ context, output }) => ({
          audioSecond: secondsMax,
          input: bytesOf(prompt ?? ''),
          audioInput: Math.min(secondsMax * TOKENS_PER_SECOND_MAX, context),
          output,
        }),
        about: {
          audioSecond: Math.min(seconds, secondsMax),
          audioInput: seconds * TOKENS_PER_SECOND_ABOUT,
          output: seconds * WORD_TOKENS_PER_SECOND_ABOUT,
        },
        image: null,
      },
    };
  },
  answer(bytes, contentType) {
    if (/json|event-stream/.test(contentType)) return readJsonOrEvents(bytes, contentType, usageIn);
    // Text or subtitles, as asked for; a page is none.
    return contentType.includes('html') ? null : { usage: null, error: null };
  },
};

/** By its name: what a provider makes of it goes by that as well. */
function kindOf({ name }: File): keyof typeof BYTES_PER_SECOND_MIN {
  if (/\.(mp3|mpga|mpeg)$/i.test(name)) return 'mp3';
  return /\.wav$/i.test(name) ? 'wav' : 'other';
}

function secondsIn({ size }: File, bytesPerSecond: number): number {
  return Math.ceil(size / bytesPerSecond);
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
