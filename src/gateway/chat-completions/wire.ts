/** What OpenAI's chat protocol looks like from the outside: errors, the end of a stream, comments, the cost on the usage. */
import type { Usage } from '../../money/cost.ts';
import { formatUsd, type Nanos } from '../../money/nanos.ts';
import type { Json, Passage, ReadAnswer } from '../protocol.ts';
import type { Described } from '../refusals.ts';
import type { Frame } from '../sse.ts';

export const END_EVENT = 'data: [DONE]\n\n';

/** ONE newline: some clients take a blank line for an (empty) event. */
export const PING = ': ping\n';

export function errorBody({ message, type, param, code, metadata }: Described): Json {
  return { error: { message, type, param, code, metadata } };
}

/** The terminal events of a stream that failed after its first byte. */
export function failureEvents(described: Described): string {
  return `data: ${JSON.stringify(errorBody(described))}\n\n${END_EVENT}`;
}

export class ChatPassage implements Passage {
  readonly #wantsUsage: boolean;
  /** The last event that told usage. */
  #kept: { raw: string; json: Json; choices: number } | null = null;

  constructor({ wantsUsage }: { wantsUsage: boolean }) {
    this.#wantsUsage = wantsUsage;
  }

  /**
   * The final usage, which may come with the end of the last choice, is kept back until the cost is settled; a client that did
   * not ask never sees it.
   */
  event({ raw }: Frame, read: ReadAnswer | null): string {
    if (read?.last) return '';
    if (!read?.usage) return raw;
    const choices = Array.isArray(read.json.choices) ? read.json.choices.length : 0;
    if (choices > 0 && !this.#wantsUsage) return withoutUsage(read.json);
    // Some providers count along with every chunk.
    if (choices > 0 && read.ended === 0) return raw;
    const before = this.#kept;
    this.#kept = { raw, json: read.json, choices };
    return before && before.choices > 0 ? before.raw : '';
  }

  end(_usage: Usage, cost: Nanos): string {
    return (this.#wantsUsage && this.#kept ? usageEvent(this.#kept.json, cost) : '') + END_EVENT;
  }

  failure(described: Described): string {
    return failureEvents(described);
  }

  ping(): string {
    return PING;
  }
}

/** An event without the usage that its client did not ask for. */
function withoutUsage({ usage: _, ...frame }: Json): string {
  return `data: ${JSON.stringify(frame)}\n\n`;
}

/** The final usage with what it cost, in decimal USD. */
function usageEvent(frame: Json, cost: Nanos): string {
  const usage = { ...(frame.usage as object), cost: formatUsd(cost) };
  return `data: ${JSON.stringify({ ...frame, usage })}\n\n`;
}
