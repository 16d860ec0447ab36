/** Neutral answers as Gemini's clients understand them. */

import type { Usage } from '../../money/cost.ts';
import { formatUsd, type Nanos } from '../../money/nanos.ts';
import { parseExactly } from '../exact-json.ts';
import type { AnswerChoice, EndReason, NeutralAnswer, NeutralEvent, Part } from '../neutral.ts';
import type { EventWriter, Json, Names } from '../protocol.ts';
import type { Described } from '../refusals.ts';
import { isObject } from '../reported.ts';
import { writeUsage } from './answer.ts';
import { FINISH_REASONS, signatureOf, writeMedium, writeReasoning } from './parts.ts';
import { eventOf, failureEvent, PING } from './wire.ts';

type Call = Pick<Extract<Part, { type: 'tool_call' }>, 'id' | 'name' | 'json' | 'sealed'>;

export function writeAnswer(answer: NeutralAnswer, names: Names, cost: Nanos | null): Json {
  const candidates = answer.choices.map(({ parts, reason }, index) => {
    const written = parts.map(writePart);
    const halved = written.some((part) => part === null);
    return {
      content: { role: 'model', parts: written.flatMap((part) => part ?? []) },
      ...(reason !== null && { finishReason: finishReason(reason, halved) }),
      index,
    };
  });
  return {
    candidates,
    ...(answer.usage && { usageMetadata: usageMetadata(answer.usage, cost) }),
    modelVersion: names.model,
    responseId: answer.id,
  };
}

function usageMetadata(usage: Usage, cost: Nanos | null): Json {
  return { ...writeUsage(usage), ...(cost !== null && { cost: formatUsd(cost) }) };
}

function writePart(part: AnswerChoice['parts'][number]): Json[] | null {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [{ text: part.text }];
    case 'reasoning':
      return writeReasoning(part, 'client');
    case 'tool_call': {
      const call = writeCall(part);
      return call && [call];
    }
    case 'image':
    case 'document':
    case 'audio':
      return [writeMedium(part)];
    case 'tool_result':
      throw new TypeError('no answer has the result of a tool');
  }
}

/** Null where a cap or the model itself has left no whole arguments: Google's clients get calls only whole. */
function writeCall({ id, name, json, sealed }: Call): Json | null {
  const args = json.trim() === '' ? {} : parsed(json);
  if (!isObject(args)) return null;
  return { functionCall: { id, name, args }, ...(sealed !== null && { thoughtSignature: sealed }) };
}

function parsed(json: string): unknown {
  try {
    return parseExactly(json);
  } catch {
    return null;
  }
}

function finishReason(reason: EndReason, halvedCall: boolean): string {
  return halvedCall && reason !== 'length' ? 'MALFORMED_FUNCTION_CALL' : FINISH_REASONS[reason];
}

/** Made for one answer. The end of the last candidate waits for the usage, which Google tells with it. */
export class GeminiEvents implements EventWriter {
  readonly #model: string;
  #id = '';
  /** Calls whose arguments are still coming, by choice. */
  readonly #calls = new Map<number, Call>();
  readonly #halved = new Set<number>();
  #ending: Json | null = null;

  constructor({ model }: Names) {
    this.#model = model;
  }

  event(event: NeutralEvent): string {
    switch (event.type) {
      case 'start':
        this.#id = event.id;
        return '';
      case 'usage':
        return '';
      case 'tool_json': {
        const call = this.#calls.get(event.choice);
        if (!call) throw new TypeError('arguments of no tool call');
        call.json += event.json;
        return '';
      }
      case 'tool_call': {
        const before = this.#callOf(event.choice);
        this.#calls.set(event.choice, { id: event.id, name: event.name, json: '', sealed: event.sealed });
        return before;
      }
      case 'end': {
        const before = this.#callOf(event.choice) + this.#endBefore();
        const reason = finishReason(event.reason, this.#halved.has(event.choice));
        this.#ending = this.#chunk(event.choice, [], { finishReason: reason });
        return before;
      }
      default:
        return this.#callOf(event.choice) + eventOf(this.#chunk(event.choice, [partOf(event)]));
    }
  }

  end(usage: Usage, cost: Nanos | null): string {
    const ending = this.#ending ?? { modelVersion: this.#model, responseId: this.#id };
    return eventOf({ ...ending, usageMetadata: usageMetadata(usage, cost) });
  }

  failure(described: Described): string {
    return this.#endBefore() + failureEvent(described);
  }

  ping(): string {
    return PING;
  }

  #callOf(choice: number): string {
    const call = this.#calls.get(choice);
    if (!call) return '';
    this.#calls.delete(choice);
    const part = writeCall(call);
    if (part) return eventOf(this.#chunk(choice, [part]));
    this.#halved.add(choice);
    return '';
  }

  #endBefore(): string {
    const ending = this.#ending;
    this.#ending = null;
    return ending ? eventOf(ending) : '';
  }

  #chunk(index: number, parts: Json[], ended: Json = {}): Json {
    const candidate = { content: { role: 'model', parts }, ...ended, index };
    return { candidates: [candidate], modelVersion: this.#model, responseId: this.#id };
  }
}

function partOf(
  event: Extract<NeutralEvent, { type: 'text' | 'reasoning' | 'sealed_reasoning' | 'refusal' | 'image' }>,
): Json {
  switch (event.type) {
    case 'text':
    case 'refusal':
      return { text: event.text };
    case 'reasoning':
      return { text: event.text, thought: true };
    case 'sealed_reasoning':
      return {
        text: '',
        ...(event.sealedBy !== 'gemini' && { thought: true }),
        thoughtSignature: signatureOf(event.sealed, event.sealedBy),
      };
    case 'image':
      return { inlineData: { mimeType: event.mediaType, data: event.data } };
  }
}
