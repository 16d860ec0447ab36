/**
 * POST /v1/audio/speech, in OpenAI's protocol (platform.openai.com/docs/api-reference/audio/createSpeech): text in, sound out as it
 * comes. Billed by the character, which the request tells, or by tokens, which only a stream of events tells.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { estimateTokens } from '../providers/text-count.ts';
import { parseBody } from '../request-body.ts';
import { bytesOf, DEMO, MODEL, modalTokens, readJson, readJsonOrEvents } from './fields.ts';
import { readRecording } from './recording.ts';
import type { Surface } from './surface.ts';

/** gpt-4o-mini-tts makes some 1,250 tokens a minute, in which some 900 characters are read; instructions and scripts may make it slower. */
const TOKENS_PER_SECOND = 1_250 / 60;
const TOKENS_PER_CHARACTER_MAX = 8;
/** OpenAI's raw sound: 24,000 samples a second of 16 bits. */
const PCM_BYTES_PER_SECOND = 48_000;

export const SpeechBody = z
  .looseObject({
    model: MODEL,
    input: z.string().min(1).max(LIMITS.speechLengthMax),
    voice: z.union([z.string(), z.looseObject({})]),
    instructions: z.string().nullish(),
    speed: z.number().min(0.25).max(4).nullish(),
    stream_format: z.string().nullish(),
    demo: DEMO,
  })
  .openapi('SpeechBody', { example: { model: 'demo/speech', input: 'Hello', voice: 'alloy' } as never });

export const speech: Surface = {
  id: 'audio/speech',
  body: 'json',
  read(json) {
    const read = parseBody(SpeechBody, json);
    if ('refusal' in read) return read;
    const { model, input, instructions, speed, stream_format: format, demo = null } = read.understood;
    const text = input + (instructions ?? '');
    const audioOutput = Math.ceil((input.length * TOKENS_PER_CHARACTER_MAX) / Math.min(1, speed ?? 1));
    return {
      understood: {
        model,
        demo,
        streamed: format === 'sse',
        known: { request: 1, character: input.length },
        most: () => ({ input: bytesOf(text), audioOutput }),
        about: { input: estimateTokens(text), audioOutput },
        image: null,
      },
    };
  },
  answer(bytes, contentType, { about }) {
    if (contentType.includes('text/event-stream')) {
      return readJsonOrEvents(bytes, contentType, 'audio_data', ({ usage }) => {
        const tokens = modalTokens(usage);
        return tokens && { input: tokens.input ?? 0, audioOutput: tokens.output ?? 0 };
      });
    }
    // A page of text is no sound. Mistral's protocol tells sound within JSON.
    if (contentType.startsWith('text/')) return null;
    if (contentType.includes('json')) return readJson(bytes, 'audio_data', () => null);
    const seconds = contentType.includes('pcm') ? bytes.length / PCM_BYTES_PER_SECOND : readRecording(bytes).seconds;
    if (seconds === null) return { usage: null, error: null };
    // It tells no usage, but how long the sound is that it made.
    return { usage: { input: about.input ?? 0, audioOutput: Math.ceil(seconds * TOKENS_PER_SECOND) }, error: null };
  },
};
