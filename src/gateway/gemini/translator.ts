/** Gemini's protocol to and from the neutral form. */
import type { Translator } from '../protocol.ts';
import { EventReader, readAnswer } from './read-answer.ts';
import { readRequest } from './read-request.ts';
import { GeminiEvents, writeAnswer } from './write-answer.ts';
import { writeRequest } from './write-request.ts';

export const geminiTranslator: Translator = {
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  eventReader: () => new EventReader(),
  eventWriter: (_asked, names) => new GeminiEvents(names),
};
