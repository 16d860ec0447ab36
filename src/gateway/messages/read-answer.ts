/** Anthropic's answers, whole and streamed, as the neutral form has them. Throws on what has no counterpart there. */
import { type EndReason, gatherEvents, type NeutralAnswer, type NeutralEvent } from '../neutral.ts';
import type { Json } from '../protocol.ts';
import { fieldsOf } from '../reported.ts';
import { ReportedUsage } from './usage.ts';

const REASONS: ReadonlyMap<unknown, EndReason> = new Map<unknown, EndReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop_sequence'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  // Anthropic's classifiers end an answer so, mostly without a word; where they say why, it is a refusal in words.
  ['refusal', 'content_filter'],
  ['pause_turn', 'pause'],
]);

const CHOICE = { choice: 0 } as const;

export function readAnswer(message: Json): NeutralAnswer {
  if (!Array.isArray(message.content)) throw new TypeError('a message without content');
  const events = [
    startOf(message),
    ...message.content.flatMap((block) => eventsOfBlock(fieldsOf(block))),
    ...endOf(message),
    ...usageOf(new ReportedUsage(), message.usage),
  ];
  return gatherEvents(events);
}

/** Made for one stream: its counts are cumulative. */
export class EventReader {
  readonly #usage = new ReportedUsage();

  read(json: Json): NeutralEvent[] {
    switch (json.type) {
      case 'message_start': {
        const message = fieldsOf(json.message);
        return [startOf(message), ...usageOf(this.#usage, message.usage)];
      }
      case 'content_block_start':
        return eventsOfBlock(fieldsOf(json.content_block));
      case 'content_block_delta':
        return eventsOfDelta(fieldsOf(json.delta));
      case 'message_delta':
        return [...endOf(fieldsOf(json.delta)), ...usageOf(this.#usage, json.usage)];
      default:
        // Other events, those to come included, say nothing of the answer (https://platform.claude.com/docs/en/api/versioning).
        return [];
    }
  }
}

function startOf({ id }: Json): NeutralEvent {
  return { type: 'start', id: textOf(id ?? '') };
}

/** A block that begins a stream's, mostly empty yet, or one that is whole. */
function eventsOfBlock(block: Json): NeutralEvent[] {
  switch (block.type) {
    case 'text':
      return texts('text', block.text);
    case 'thinking':
      return [...texts('reasoning', block.thinking), ...sealOf(block.signature)];
    case 'redacted_thinking':
      return [{ type: 'sealed_reasoning', ...CHOICE, sealed: textOf(block.data), sealedBy: 'messages_redacted' }];
    case 'tool_use': {
      const call = { id: textOf(block.id), name: textOf(block.name), sealed: null };
      const input = fieldsOf(block.input);
      // A stream begins with an empty input, and so does a call without one: no arguments are those of {}.
      const json = Object.keys(input).length > 0 ? JSON.stringify(input) : '';
      return [
        { type: 'tool_call', ...CHOICE, ...call },
        ...(json === '' ? [] : [{ type: 'tool_json' as const, ...CHOICE, json }]),
      ];
    }
    default:
      throw new TypeError(`a block of the kind ${String(block.type)} has no counterpart`);
  }
}

function eventsOfDelta(delta: Json): NeutralEvent[] {
  switch (delta.type) {
    case 'text_delta':
      return texts('text', delta.text);
    case 'thinking_delta':
      return texts('reasoning', delta.thinking);
    case 'signature_delta':
      return sealOf(delta.signature);
    case 'input_json_delta':
      return delta.partial_json === '' ? [] : [{ type: 'tool_json', ...CHOICE, json: textOf(delta.partial_json) }];
    default:
      throw new TypeError(`a delta of the kind ${String(delta.type)} has no counterpart`);
  }
}

/** The end, and why the model refused where it says so. */
function endOf({ stop_reason: reason, stop_sequence: sequence, stop_details: details }: Json): NeutralEvent[] {
  if (reason == null) return [];
  const { explanation } = fieldsOf(details);
  const stopSequence = typeof sequence === 'string' ? sequence : null;
  if (reason === 'refusal' && typeof explanation === 'string') {
    return [
      { type: 'refusal', ...CHOICE, text: explanation },
      { type: 'end', ...CHOICE, reason: 'refusal', sequence: stopSequence },
    ];
  }
  // One that is yet to come ends the answer all the same.
  return [{ type: 'end', ...CHOICE, reason: REASONS.get(reason) ?? 'stop', sequence: stopSequence }];
}

function texts(type: 'text' | 'reasoning', text: unknown): NeutralEvent[] {
  return text === '' ? [] : [{ type, ...CHOICE, text: textOf(text) }];
}

function sealOf(signature: unknown): NeutralEvent[] {
  if (signature == null || signature === '') return [];
  return [{ type: 'sealed_reasoning', ...CHOICE, sealed: textOf(signature), sealedBy: 'messages' }];
}

function usageOf(reported: ReportedUsage, told: unknown): NeutralEvent[] {
  const usage = reported.add(told);
  return usage ? [{ type: 'usage', usage }] : [];
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('a text that is none');
}
