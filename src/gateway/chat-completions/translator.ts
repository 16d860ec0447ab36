/** Chat Completions to and from the neutral form. */
import type { Translator } from '../protocol.ts';
import { ChatEventReader, readAnswer } from './read-answer.ts';
import { readRequest } from './read-request.ts';
import { ChatEventWriter, writeAnswer } from './write-answer.ts';
import { writeRequest } from './write-request.ts';

export const chatTranslator: Translator = {
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  eventReader: () => new ChatEventReader(),
  eventWriter: (asked, names) => new ChatEventWriter(asked, names),
};
