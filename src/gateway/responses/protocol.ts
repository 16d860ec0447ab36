/** OpenAI's Responses, as clients and providers speak it. */

import { errorBody } from '../chat-completions/wire.ts';
import type { Asked, Json, Protocol, Sent } from '../protocol.ts';
import { ResponsesReader, readWhole } from './answer.ts';
import { GatheredResponse } from './gather.ts';
import { withProvidersId } from './ids.ts';
import { isReadable } from './items.ts';
import { ResponsesEventReader, readAnswer } from './read-answer.ts';
import { readRequest } from './read-request.ts';
import { askResponse } from './request.ts';
import { newTurn, SEALED_REASONING, type Turn } from './turn.ts';
import { ResponsesPassage, withUsage } from './wire.ts';
import { ResponsesWriter, writeAnswer } from './write-answer.ts';
import { writeRequest } from './write-request.ts';

/** As a provider speaks it, of whose answers nothing is kept. */
export const responses: Protocol = speaking((json) => newTurn({ ...json, store: false }, Date.now()));

/** As the client of this turn speaks it. */
export function responsesOf(turn: Turn): Protocol {
  return speaking(() => turn);
}

function speaking(turnOf: (json: Json) => Turn): Protocol {
  return {
    id: 'responses',
    endpoint: 'responses',
    ask: askResponse,
    refusalBody: errorBody,
    passage: ({ json }, names) => new ResponsesPassage(turnOf(json), names),
    withUsage,
    body: sentBody,
    reader: () => new ResponsesReader(),
    readWhole,
    gather: () => new GatheredResponse(),
    translator: {
      readRequest,
      writeRequest,
      readAnswer,
      writeAnswer: (answer, names, cost) => writeAnswer(turnOf({}), answer, names, cost),
      eventReader: () => new ResponsesEventReader(),
      eventWriter: ({ json }, names) => new ResponsesWriter(turnOf(json), names),
    },
  };
}

/**
 * Nothing is stored at the provider, whose account all organizations share; so the model's reasoning must come along, sealed,
 * for the next turn to have it, and what only the provider could have kept does not go there.
 */
function sentBody({ json }: Asked, { mapping, streams, cap, toolUses }: Sent): Json {
  const { previous_response_id: _ours, background: _never, ...sent }: Json = json;
  sent.model = mapping.upstreamModel;
  sent.store = false;
  if (Array.isArray(sent.input)) sent.input = sent.input.filter(isReadable).map(withProvidersId);
  if (mapping.abilities.reasoning) {
    const asked = Array.isArray(json.include) ? json.include : [];
    sent.include = asked.includes(SEALED_REASONING) ? asked : [...asked, SEALED_REASONING];
  }
  if (streams) sent.stream = true;
  if (cap !== null) sent.max_output_tokens = cap;
  if (toolUses !== undefined) sent.max_tool_calls = toolUses;
  return sent;
}
