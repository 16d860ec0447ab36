/**
 * Neutral answers as chat's clients expect them, whole and streamed. What OpenAI's protocol has no place for stands where it has
 * become usual: reasoning in `reasoning_content` and `reasoning_details` (reasoning.ts), pictures in `images` (OpenRouter), the
 * stop sequence that was met in `stop_reason` (vLLM), Gemini's signature in a call's `extra_content` (Google).
 */
import type { Usage } from '../../money/cost.ts';
import { formatUsd, type Nanos } from '../../money/nanos.ts';
import type { AnswerChoice, EndReason, NeutralAnswer, NeutralEvent, Part } from '../neutral.ts';
import type { Asked, EventWriter, Json, Names } from '../protocol.ts';
import type { Described } from '../refusals.ts';
import { writeUsage } from './answer.ts';
import { writeSource } from './data-url.ts';
import { DetailWriter, writeDetails } from './reasoning.ts';
import { END_EVENT, failureEvents, PING } from './wire.ts';

/** `pause` waits for a client that sends the answer back to have it finished: to one of chat it was cut short. */
const FINISHES: Record<Exclude<EndReason, 'refusal'>, string> = {
  stop: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  pause: 'length',
};

/** A refusal in words ends as any text does; one without is the provider's filter. */
function finishOf(reason: EndReason | null, refused: boolean): string | null {
  if (reason === null) return null;
  if (reason === 'refusal') return refused ? 'stop' : 'content_filter';
  return FINISHES[reason];
}

function headOf(id: string, { model, requestId }: Names, object: string): Json {
  return { id: id === '' ? requestId : id, object, created: Math.floor(Date.now() / 1000), model };
}

export function writeAnswer({ id, choices, usage }: NeutralAnswer, names: Names, cost: Nanos | null): Json {
  return {
    ...headOf(id, names, 'chat.completion'),
    choices: choices.map(writeChoice),
    ...(usage && { usage: withCost(usage, cost) }),
  };
}

function withCost(usage: Usage, cost: Nanos | null): Json {
  return { ...writeUsage(usage), ...(cost !== null && { cost: formatUsd(cost) }) };
}

function writeChoice({ parts, reason, sequence }: AnswerChoice, index: number): Json {
  const text = textOf(parts, 'text');
  const refusal = textOf(parts, 'refusal');
  const thought = parts.filter((part) => part.type === 'reasoning');
  const reasoning = textOf(parts, 'reasoning');
  const calls = parts.flatMap((part) => (part.type === 'tool_call' ? [writeCall(part)] : []));
  const images = parts.flatMap((part) => (part.type === 'image' ? [writeImage(writeSource(part.source))] : []));
  return {
    index,
    message: {
      role: 'assistant',
      content: text === '' ? null : text,
      refusal: refusal === '' ? null : refusal,
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      ...(thought.length > 0 && { reasoning_details: writeDetails(thought) }),
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(images.length > 0 && { images }),
    },
    logprobs: null,
    finish_reason: finishOf(reason, refusal !== ''),
    ...(sequence !== null && { stop_reason: sequence }),
  };
}

function textOf(parts: readonly Part[], type: 'text' | 'refusal' | 'reasoning'): string {
  return parts.map((part) => (part.type === type ? part.text : '')).join('');
}

function writeCall({ id, name, json, sealed }: Extract<Part, { type: 'tool_call' }>): Json {
  return { id, type: 'function', function: { name, arguments: json }, ...writeCallSeal(sealed) };
}

function writeCallSeal(sealed: string | null): Json {
  return sealed === null ? {} : { extra_content: { google: { thought_signature: sealed } } };
}

function writeImage(url: string): Json {
  return { type: 'image_url', image_url: { url } };
}

/** What of one choice has gone out. */
interface Begun {
  told: boolean;
  calls: number;
  refused: boolean;
  pictures: number;
  details: DetailWriter;
}

export class ChatEventWriter implements EventWriter {
  readonly #names: Names;
  readonly #wantsUsage: boolean;
  readonly #choices = new Map<number, Begun>();
  #head: Json;

  constructor({ wantsUsage }: Asked, names: Names) {
    this.#names = names;
    this.#wantsUsage = wantsUsage;
    this.#head = headOf('', names, 'chat.completion.chunk');
  }

  event(event: NeutralEvent): string {
    switch (event.type) {
      case 'start':
        this.#head = headOf(event.id, this.#names, 'chat.completion.chunk');
        return '';
      case 'usage':
        // The last count comes with `end`, together with its cost.
        return '';
      case 'end': {
        const finish = finishOf(event.reason, this.#choices.get(event.choice)?.refused ?? false);
        const { sequence } = event;
        return this.#chunk(event.choice, {}, { finish_reason: finish, ...(sequence && { stop_reason: sequence }) });
      }
      default:
        return this.#chunk(event.choice, this.#delta(event));
    }
  }

  end(usage: Usage, cost: Nanos | null): string {
    if (!this.#wantsUsage) return END_EVENT;
    return `data: ${JSON.stringify({ ...this.#head, choices: [], usage: withCost(usage, cost) })}\n\n${END_EVENT}`;
  }

  failure(described: Described): string {
    return failureEvents(described);
  }

  ping(): string {
    return PING;
  }

  #delta(event: Exclude<NeutralEvent, { type: 'start' | 'usage' | 'end' }>): Json {
    const begun = this.#begun(event.choice);
    switch (event.type) {
      case 'text':
        return { content: event.text };
      case 'refusal':
        begun.refused = true;
        return { refusal: event.text };
      case 'reasoning':
        return { reasoning_content: event.text, reasoning_details: [begun.details.text(event.text)] };
      case 'sealed_reasoning':
        return { reasoning_details: [begun.details.seal(event.sealed, event.sealedBy)] };
      case 'tool_call': {
        const { id, name, sealed } = event;
        const index = begun.calls++;
        const call = { index, id, type: 'function', function: { name, arguments: '' }, ...writeCallSeal(sealed) };
        return { tool_calls: [call] };
      }
      case 'tool_json':
        return { tool_calls: [{ index: begun.calls - 1, function: { arguments: event.json } }] };
      case 'image': {
        const url = writeSource({ kind: 'data', mediaType: event.mediaType, data: event.data });
        return { images: [{ index: begun.pictures++, ...writeImage(url) }] };
      }
    }
  }

  #begun(choice: number): Begun {
    const known = this.#choices.get(choice);
    if (known) return known;
    const begun = { told: false, calls: 0, refused: false, pictures: 0, details: new DetailWriter() };
    this.#choices.set(choice, begun);
    return begun;
  }

  /** The first of each choice says whose words they are. */
  #chunk(choice: number, delta: Json, ended: Json = { finish_reason: null }): string {
    const begun = this.#begun(choice);
    const said = begun.told ? delta : { role: 'assistant', content: null, ...delta };
    begun.told = true;
    return `data: ${JSON.stringify({ ...this.#head, choices: [{ index: choice, delta: said, ...ended }] })}\n\n`;
  }
}
