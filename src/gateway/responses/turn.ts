/**
 * One turn of a conversation: what a client asked and what becomes of the answer. Made before the request is understood,
 * because by then the earlier turns must be in its input; the answer as it came is left here for whoever stores it.
 */
import { LIMITS } from '../../limits.ts';
import type { Json, Names } from '../protocol.ts';
import { isObject } from '../reported.ts';
import { newResponseId, withOutputIds } from './ids.ts';
import { itemsOf } from './items.ts';

export const SEALED_REASONING = 'reasoning.encrypted_content';

export interface Turn {
  /** Ours, not the provider's: there it would be known to nobody. */
  readonly id: string;
  readonly createdAtSeconds: number;
  /** The request as it is understood, the items of earlier turns in its input. */
  readonly json: Json;
  readonly stores: boolean;
  /** Whether the client carries the model's sealed reasoning itself; else it is only stored. */
  readonly wantsSealed: boolean;
  /** What is to be stored of it, as JSON, once its answer is whole; null where nothing is. */
  kept: Uint8Array | null;
}

/** A turn that is stored, with those before it: so each is read at once, and goes on being whole where another is deleted. */
export interface Conversation {
  /** All items that the model had before it answered. */
  input: Json[];
  /** With its sealed reasoning. */
  response: Json;
}

const encoder = new TextEncoder();

export function newTurn(json: Json, nowMs: number): Turn {
  return {
    id: newResponseId(),
    createdAtSeconds: Math.floor(nowMs / 1000),
    json,
    stores: json.store !== false,
    wantsSealed: Array.isArray(json.include) && json.include.includes(SEALED_REASONING),
    kept: null,
  };
}

/** The answer of a turn at its end, as its client is to see it. One that is too large is not stored, which it says. */
export function finished(turn: Turn, ended: Json): Json {
  const response = withOutputIds(turn, ended);
  if (!turn.stores) return shownTo(turn, response);
  const conversation: Conversation = { input: itemsOf(turn.json.input), response };
  const bytes = encoder.encode(JSON.stringify(conversation));
  const fits = bytes.byteLength <= LIMITS.responseBytesMax;
  turn.kept = fits ? bytes : null;
  return shownTo(turn, fits ? response : { ...response, store: false });
}

/** What of the answer is this gateway's word and not the provider's. */
export function ours(turn: Turn, names: Names): Json {
  const { id, json, stores } = turn;
  return { id, model: names.model, store: stores, previous_response_id: json.previous_response_id ?? null };
}

/** A response as it begins, for a client whose provider speaks another protocol: what was asked, as OpenAI echoes it. */
export function begun(turn: Turn, names: Names): Json {
  const { json } = turn;
  const text = isObject(json.text) ? json.text : {};
  const reasoning = isObject(json.reasoning) ? json.reasoning : {};
  return {
    ...ours(turn, names),
    object: 'response',
    created_at: turn.createdAtSeconds,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: json.instructions ?? null,
    max_output_tokens: json.max_output_tokens ?? null,
    metadata: json.metadata ?? {},
    output: [],
    parallel_tool_calls: json.parallel_tool_calls ?? true,
    reasoning: { effort: null, summary: null, ...reasoning },
    temperature: json.temperature ?? 1,
    text: { format: { type: 'text' }, ...text },
    tool_choice: json.tool_choice ?? 'auto',
    tools: json.tools ?? [],
    top_p: json.top_p ?? 1,
    truncation: json.truncation ?? 'disabled',
    usage: null,
    user: json.user ?? null,
  };
}

/** A response without what its client did not ask for. */
export function shownTo(turn: Turn, response: Json): Json {
  if (turn.wantsSealed || !Array.isArray(response.output)) return response;
  return { ...response, output: response.output.map(withoutSeal) };
}

/** An item without the sealed reasoning that it may carry. */
export function withoutSeal(item: unknown): unknown {
  if (!isObject(item) || item.type !== 'reasoning') return item;
  const { encrypted_content: _, ...shown } = item;
  return shown;
}
