/**
 * Answers of the neutral form as Messages have them, whole and streamed. Throws on what they cannot say: their answers are
 * texts, thoughts and calls of tools, of one choice.
 */
import type { Usage } from '../../money/cost.ts';
import type { Nanos } from '../../money/nanos.ts';
import type { EndReason, NeutralAnswer, NeutralEvent, Part, SealKind } from '../neutral.ts';
import type { EventWriter, Json, Names } from '../protocol.ts';
import type { Described } from '../refusals.ts';
import { jsonObjectIn } from '../reported.ts';
import { foreignSignature } from './foreign-thoughts.ts';
import { writeUsage } from './usage.ts';
import { endEvents, eventText, failureEvents, PING, withCost } from './wire.ts';

const REASONS: Record<EndReason, string> = {
  stop: 'end_turn',
  stop_sequence: 'stop_sequence',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
};

/** Some providers end a forced call as any other answer; clients of Messages run a tool only after `tool_use`. */
function stopReason(reason: EndReason, calls: boolean): string {
  return calls && reason === 'stop' ? 'tool_use' : REASONS[reason];
}

export function writeAnswer({ id, choices, usage }: NeutralAnswer, names: Names, cost: Nanos | null): Json {
  const [choice, ...others] = choices;
  if (others.length > 0) throw new TypeError('a message has one choice');
  const { parts, reason, sequence } = choice ?? { parts: [], reason: null, sequence: null };
  const calls = parts.some(({ type }) => type === 'tool_call');
  return {
    ...emptyMessage(id, names),
    content: parts.flatMap(blocksOf),
    stop_reason: stopReason(reason ?? 'stop', calls),
    stop_sequence: sequence,
    ...(usage && { usage: withCost(writeUsage(usage), cost) }),
  };
}

function emptyMessage(id: string, { model, requestId }: Names): Json {
  return {
    id: id === '' ? requestId : id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
}

function blocksOf(part: Part): Json[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'reasoning':
      if (part.sealed !== null && part.sealedBy === 'messages_redacted') {
        return [{ type: 'redacted_thinking', data: part.sealed }];
      }
      return [{ type: 'thinking', thinking: part.text, signature: signatureOf(part.sealed, part.sealedBy) }];
    case 'tool_call':
      return [
        ...sealOfCall(part.sealed),
        { type: 'tool_use', id: part.id, name: part.name, input: part.json === '' ? {} : inputOf(part.json) },
      ];
    default:
      throw new TypeError(`a message has no ${part.type}`);
  }
}

function signatureOf(sealed: string | null, sealedBy: SealKind | null): string {
  if (sealed === null) return '';
  return sealedBy === 'responses' || sealedBy === 'gemini' ? foreignSignature(sealedBy, sealed) : sealed;
}

function sealOfCall(sealed: string | null): Json[] {
  if (sealed === null) return [];
  return [{ type: 'thinking', thinking: '', signature: foreignSignature('gemini_call', sealed) }];
}

function inputOf(json: string): Json {
  const input = jsonObjectIn(json);
  if (!input) throw new TypeError('the input of a tool is no JSON object');
  return input;
}

/** Blocks come one after another; each is opened by the first event that belongs to it. */
export class MessagesEventWriter implements EventWriter {
  readonly #names: Names;
  #begun = false;
  #open: 'text' | 'thinking' | 'tool_use' | null = null;
  #index = -1;
  #calls = false;
  #end: { reason: EndReason; sequence: string | null } = { reason: 'stop', sequence: null };

  constructor(names: Names) {
    this.#names = names;
  }

  event(event: NeutralEvent): string {
    if (event.type === 'start') return this.#begin(event.id);
    // The usage is that of the end.
    if (event.type === 'usage') return '';
    if (event.choice !== 0) throw new TypeError('a message has one choice');
    if (event.type !== 'end') return this.#begin('') + this.#part(event);
    this.#end = event;
    return this.#begin('') + this.#close();
  }

  end(usage: Usage, cost: Nanos | null): string {
    const { reason, sequence } = this.#end;
    const delta = { stop_reason: stopReason(reason, this.#calls), stop_sequence: sequence };
    return this.#begin('') + this.#close() + endEvents({ delta, usage: writeUsage(usage) }, cost);
  }

  failure(described: Described): string {
    return failureEvents(described);
  }

  ping(): string {
    return PING;
  }

  #part(event: Exclude<NeutralEvent, { type: 'start' | 'usage' | 'end' }>): string {
    switch (event.type) {
      case 'text':
      case 'refusal':
        return this.#inside('text', { type: 'text', text: '' }) + this.#delta({ type: 'text_delta', text: event.text });
      case 'reasoning':
        return this.#thinking() + this.#delta({ type: 'thinking_delta', thinking: event.text });
      case 'sealed_reasoning':
        if (event.sealedBy === 'messages_redacted')
          return this.#whole({ type: 'redacted_thinking', data: event.sealed });
        return this.#sealed(signatureOf(event.sealed, event.sealedBy));
      case 'tool_call': {
        this.#calls = true;
        const { id, name, sealed } = event;
        const seal = sealOfCall(sealed).map((block) => this.#close() + this.#sealed(String(block.signature)));
        return seal.join('') + this.#close() + this.#opened('tool_use', { type: 'tool_use', id, name, input: {} });
      }
      case 'tool_json':
        if (this.#open !== 'tool_use') throw new TypeError('arguments of no tool call');
        return this.#delta({ type: 'input_json_delta', partial_json: event.json });
      case 'image':
        throw new TypeError('a message has no image');
    }
  }

  #begin(id: string): string {
    if (this.#begun) return '';
    this.#begun = true;
    // What was read is known at the end.
    const usage = { input_tokens: 0, output_tokens: 0 };
    return eventText({ type: 'message_start', message: { ...emptyMessage(id, this.#names), usage } });
  }

  #thinking(): string {
    return this.#inside('thinking', { type: 'thinking', thinking: '', signature: '' });
  }

  #sealed(signature: string): string {
    return this.#thinking() + this.#delta({ type: 'signature_delta', signature }) + this.#close();
  }

  #whole(block: Json): string {
    return this.#close() + this.#opened('text', block) + this.#close();
  }

  /** Goes on with the open block if it is one of these, else begins one. */
  #inside(kind: 'text' | 'thinking', block: Json): string {
    return this.#open === kind ? '' : this.#close() + this.#opened(kind, block);
  }

  #opened(kind: 'text' | 'thinking' | 'tool_use', block: Json): string {
    this.#open = kind;
    this.#index += 1;
    return eventText({ type: 'content_block_start', index: this.#index, content_block: block });
  }

  #delta(delta: Json): string {
    return eventText({ type: 'content_block_delta', index: this.#index, delta });
  }

  #close(): string {
    if (this.#open === null) return '';
    this.#open = null;
    return eventText({ type: 'content_block_stop', index: this.#index });
  }
}
