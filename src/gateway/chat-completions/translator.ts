/** Chat Completions to and from the neutral form. */
import { formatUsd, type Nanos } from '../../money/nanos.ts';
import type { EndReason, NeutralAnswer, NeutralEvent } from '../neutral.ts';
import type { Asked, EventWriter, Json, Names, Translator } from '../protocol.ts';
import { writeUsage } from './answer.ts';
import { END_EVENT, failureEvents, PING } from './wire.ts';

function notYet(): never {
  throw new Error('Chat Completions is not translated yet');
}

export const chatTranslator: Translator = {
  readRequest: notYet,
  writeRequest: notYet,
  readAnswer: notYet,
  writeAnswer,
  eventReader: notYet,
  eventWriter,
};

const FINISH: Record<EndReason, string> = {
  stop: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
};

function head({ id }: { id: string }, { model }: Names, object: string): Json {
  return { id: `chatcmpl-${id}`, object, created: Math.floor(Date.now() / 1000), model };
}

function writeAnswer(answer: NeutralAnswer, names: Names, cost: Nanos | null): Json {
  const choices = answer.choices.map(({ parts, reason }, index) => ({
    index,
    message: {
      role: 'assistant',
      content: parts.map((part) => (part.type === 'text' ? part.text : notYet())).join(''),
    },
    finish_reason: reason && FINISH[reason],
  }));
  const usage = answer.usage && { ...writeUsage(answer.usage), ...(cost !== null && { cost: formatUsd(cost) }) };
  return { ...head(answer, names, 'chat.completion'), choices, ...(usage && { usage }) };
}

function eventWriter({ wantsUsage }: Asked, names: Names): EventWriter {
  let frame: Json = {};
  const begun = new Set<number>();
  const chunk = (index: number, delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ ...frame, choices: [{ index, delta, finish_reason: finish }] })}\n\n`;
  const begin = (choice: number) => {
    if (begun.has(choice)) return '';
    begun.add(choice);
    return chunk(choice, { role: 'assistant', content: '' }, null);
  };
  return {
    event(event: NeutralEvent): string {
      switch (event.type) {
        case 'start':
          frame = head(event, names, 'chat.completion.chunk');
          return '';
        case 'usage':
          return '';
        case 'text':
          return begin(event.choice) + chunk(event.choice, { content: event.text }, null);
        case 'end':
          return begin(event.choice) + chunk(event.choice, {}, FINISH[event.reason]);
        default:
          return notYet();
      }
    },
    end: (usage, cost) => {
      const told = { ...writeUsage(usage), ...(cost !== null && { cost: formatUsd(cost) }) };
      return (wantsUsage ? `data: ${JSON.stringify({ ...frame, choices: [], usage: told })}\n\n` : '') + END_EVENT;
    },
    failure: failureEvents,
    ping: () => PING,
  };
}
