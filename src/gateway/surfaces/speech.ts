/**
 * POST /v1/audio/speech, in OpenAI's protocol (platform.openai.com/docs/api-reference/audio/createSpeech): text in, sound out as it
 * comes. Billed by the character, which the request tells, or by tokens, which only a stream of events tells.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { estimateTokens } from '../providers/text-count.ts';
import { parseBody } from '../request-body.ts';
import { bytesOf, DEMO, MODEL, modalTokens, readJson, readJsonOrEvents } from './fields.ts';
import type { Surface } from './surface.ts';

/** gpt-4o-mini-tts makes some 1,250 tokens a minute, in which some 900 characters are read; scripts that pack more into one take longer. */
const TOKENS_PER_CHARACTER_ABOUT = 1.4;
const TOKENS_PER_CHARACTER_MAX = 8;

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
    const audioTokens = (perCharacter: number) => Math.ceil((input.length * perCharacter) / Math.min(1, speed ?? 1));
    return {
      understood: {
        model,
        demo,
        streamed: format === 'sse',
        known: { request: 1, character: input.length },
        most: () => ({ input: bytesOf(text), audioOutput: audioTokens(TOKENS_PER_CHARACTER_MAX) }),
        about: { input: estimateTokens(text), audioOutput: audioTokens(TOKENS_PER_CHARACTER_ABOUT) },
        image: null,
      },
    };
  },
  answer(bytes, contentType) {
    if (contentType.includes('text/event-stream')) {
      return readJsonOrEvents(bytes, contentType, ({ usage }) => {
        const tokens = modalTokens(usage);
        return tokens && { input: tokens.input ?? 0, audioOutput: tokens.output ?? 0 };
      });
    }
    // A page of text is no sound. Mistral's protocol tells sound within JSON.
    if (contentType.startsWith('text/')) return null;
    return contentType.includes('json') ? readJson(bytes, () => null) : { usage: null, error: null };
  },
};
