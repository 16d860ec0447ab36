/**
 * Neutral answers as Responses: as the stream that OpenAI's client accepts, which checks that every event belongs to an item
 * and a part that were opened before, and that every item is closed before the response is; and whole, as that stream ends.
 */
import { randomText } from '../../ids.ts';
import type { Usage } from '../../money/cost.ts';
import type { Nanos } from '../../money/nanos.ts';
import { PING } from '../chat-completions/wire.ts';
import type { EndReason, NeutralAnswer, NeutralEvent, Part } from '../neutral.ts';
import type { EventWriter, Json, Names } from '../protocol.ts';
import type { Described } from '../refusals.ts';
import { itemIdOf } from './ids.ts';
import { writeSeal } from './items.ts';
import { begun, finished, type Turn, withoutSeal } from './turn.ts';
import { eventText, failureEvents, withUsage } from './wire.ts';

/** Random characters of an item's id: it names the item within its response. */
const ITEM_ID_LENGTH = 24;

/** What an item is made of: a message of texts and refusals, every other of one part. */
type Kind = 'text' | 'refusal' | 'reasoning' | 'tool_call';

interface Open {
  kind: Kind;
  /** The item as it began, and as far as it is known. */
  item: Json;
  /** What a message has said before the part that is open. */
  content: Json[];
  /** Of the part that is open. */
  text: string;
  isPartOpen: boolean;
}

export class ResponsesWriter implements EventWriter {
  readonly #turn: Turn;
  readonly #names: Names;
  readonly #output: Json[] = [];
  #open: Open | null = null;
  #begun = false;
  #sequence = 0;
  #reason: EndReason | null = null;
  /** Whether it has said no in words. */
  #refused = false;

  constructor(turn: Turn, names: Names) {
    this.#turn = turn;
    this.#names = names;
  }

  event(event: NeutralEvent): string {
    switch (event.type) {
      case 'usage':
        return '';
      case 'start':
        return this.#begin();
      case 'text':
      case 'refusal':
      case 'reasoning':
        this.#refused ||= event.type === 'refusal';
        return this.#begin() + this.#into(event.type) + this.#say(event.text);
      case 'sealed_reasoning': {
        const entered = this.#begin() + this.#into('reasoning');
        const sealed = { encrypted_content: writeSeal(event.sealed, event.sealedBy) };
        return entered + this.#close(sealed);
      }
      case 'tool_call': {
        const { id, name, sealed } = event;
        const before = this.#begin() + this.#close() + (sealed === null ? '' : this.#sign(sealed));
        return before + this.#openItem('tool_call', { call_id: id, name, arguments: '' });
      }
      case 'tool_json':
        return this.#say(event.json);
      case 'image':
        return this.#begin() + this.#image(event);
      case 'end':
        // Without words of its own it would look complete.
        this.#reason = event.reason === 'refusal' && !this.#refused ? 'content_filter' : event.reason;
        return this.#begin() + this.#close();
    }
  }

  end(usage: Usage, cost: Nanos | null): string {
    const closed = this.#begin() + this.#close();
    const response = withUsage(this.whole(), usage, cost);
    const type = response.status === 'incomplete' ? 'response.incomplete' : 'response.completed';
    return closed + this.#tell(type, { response: finished(this.#turn, response) });
  }

  /** The response as it ended, sealed reasoning included. */
  whole(): Json {
    return { ...begun(this.#turn, this.#names), ...ending(this.#reason), output: this.#output };
  }

  failure(described: Described): string {
    const next = { sequence: this.#sequence, begun: this.#begun };
    return failureEvents(begun(this.#turn, this.#names), next, described);
  }

  ping(): string {
    return PING;
  }

  #begin(): string {
    if (this.#begun) return '';
    this.#begun = true;
    const response = begun(this.#turn, this.#names);
    return this.#tell('response.created', { response }) + this.#tell('response.in_progress', { response });
  }

  /** Has an item open to which a part of this kind belongs, and no other part. */
  #into(kind: Kind): string {
    const open = this.#open;
    if (open?.kind === kind) return '';
    if (!open || !isSaid(open.kind) || !isSaid(kind)) {
      const fields = kind === 'reasoning' ? { summary: [] } : { role: 'assistant', content: [] };
      return this.#close() + this.#openItem(kind, fields);
    }
    const closed = this.#closePart(open);
    open.kind = kind;
    return closed;
  }

  #openItem(kind: Kind, fields: Json): string {
    const [type, prefix] = ITEMS[kind];
    const status = kind === 'reasoning' ? {} : { status: 'in_progress' };
    const item = { id: this.#newItemId(prefix), type, ...status, ...fields };
    this.#open = { kind, item, content: [], text: '', isPartOpen: false };
    return this.#tellItem('response.output_item.added', item);
  }

  #say(text: string): string {
    const open = this.#open;
    if (!open) throw new Error('a delta of no item');
    const opened = open.isPartOpen ? '' : this.#openPart(open);
    open.text += text;
    const logprobs = open.kind === 'text' ? { logprobs: [] } : {};
    return opened + this.#tellPart(open, `${TEXTS[open.kind]}.delta`, { delta: text, ...logprobs });
  }

  #openPart(open: Open): string {
    open.isPartOpen = true;
    open.text = '';
    return open.kind === 'tool_call' ? '' : this.#tellPart(open, `${partName(open)}.added`, { part: partOf(open) });
  }

  #closePart(open: Open): string {
    if (!open.isPartOpen) return '';
    open.isPartOpen = false;
    const part = partOf(open);
    const { kind, text, item } = open;
    switch (kind) {
      case 'tool_call':
        item.arguments = text;
        return this.#tellPart(open, `${TEXTS[kind]}.done`, { name: item.name, arguments: text });
      case 'reasoning':
        item.summary = [part];
        break;
      default:
        break;
    }
    const said = kind === 'refusal' ? { refusal: text } : kind === 'text' ? { text, logprobs: [] } : { text };
    const closed =
      this.#tellPart(open, `${TEXTS[kind]}.done`, said) + this.#tellPart(open, `${partName(open)}.done`, { part });
    if (isSaid(kind)) open.content.push(part);
    return closed;
  }

  /** Closes the item that is open, if one is. */
  #close(fields: Json = {}): string {
    const open = this.#open;
    if (!open) return '';
    // A call without arguments ends like any other.
    if (open.kind === 'tool_call') open.isPartOpen = true;
    const closed = this.#closePart(open);
    const { content, item, kind } = open;
    const done = {
      ...item,
      ...(kind !== 'reasoning' && { status: 'completed' }),
      ...(isSaid(kind) && { content }),
      ...fields,
    };
    const told = closed + this.#tellItem('response.output_item.done', done);
    this.#output.push(done);
    this.#open = null;
    return told;
  }

  /** The signature on the call that comes next stands before it, as reasoning that shows nothing. */
  #sign(sealed: string): string {
    const added = this.#openItem('reasoning', { summary: [] });
    return added + this.#close({ encrypted_content: writeSeal(sealed, 'gemini_call') });
  }

  #image({ mediaType, data }: { mediaType: string; data: string }): string {
    const closed = this.#close();
    const image = { id: this.#newItemId('ig'), type: 'image_generation_call' };
    const added = this.#tellItem('response.output_item.added', { ...image, status: 'in_progress', result: null });
    const output_format = mediaType.replace(/^image\//, '');
    const done = { ...image, status: 'completed', result: data, output_format };
    const told = closed + added + this.#tellItem('response.output_item.done', done);
    this.#output.push(done);
    return told;
  }

  #tellItem(type: string, item: Json): string {
    const shown = this.#turn.wantsSealed ? item : withoutSeal(item);
    return this.#tell(type, { output_index: this.#output.length, item: shown });
  }

  #tellPart({ item, kind, content }: Open, type: string, fields: Json): string {
    const place =
      kind === 'reasoning' ? { summary_index: 0 } : kind === 'tool_call' ? {} : { content_index: content.length };
    return this.#tell(type, { item_id: item.id, output_index: this.#output.length, ...place, ...fields });
  }

  #newItemId(prefix: string): string {
    return itemIdOf(this.#turn, `${prefix}_${randomText(ITEM_ID_LENGTH)}`);
  }

  #tell(type: string, fields: Json): string {
    return eventText({ type, sequence_number: this.#sequence++, ...fields });
  }
}

const ITEMS: Record<Kind, readonly [type: string, prefix: string]> = {
  text: ['message', 'msg'],
  refusal: ['message', 'msg'],
  reasoning: ['reasoning', 'rs'],
  tool_call: ['function_call', 'fc'],
};

/** Events that carry the text of a part. */
const TEXTS: Record<Kind, string> = {
  text: 'response.output_text',
  refusal: 'response.refusal',
  reasoning: 'response.reasoning_summary_text',
  tool_call: 'response.function_call_arguments',
};

/** Parts of one message may be of both kinds. */
function isSaid(kind: Kind): boolean {
  return kind === 'text' || kind === 'refusal';
}

function partName({ kind }: Open): string {
  return kind === 'reasoning' ? 'response.reasoning_summary_part' : 'response.content_part';
}

function partOf({ kind, text }: Open): Json {
  if (kind === 'refusal') return { type: 'refusal', refusal: text };
  return kind === 'text'
    ? { type: 'output_text', text, annotations: [], logprobs: [] }
    : { type: 'summary_text', text };
}

function ending(reason: EndReason | null): Json {
  // What pauses waits for a client that sends it back to be finished, and none of this protocol does.
  if (reason === 'length' || reason === 'pause')
    return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  if (reason === 'content_filter') return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
  return { status: 'completed', completed_at: Math.floor(Date.now() / 1000) };
}

/** A whole answer, sealed reasoning included: who shows it takes out what its client did not ask for. */
export function writeAnswer(turn: Turn, answer: NeutralAnswer, names: Names, cost: Nanos | null): Json {
  const [choice, ...others] = answer.choices;
  if (!choice || others.length > 0) throw new RangeError(`a response has one answer, not ${answer.choices.length}`);
  const writer = new ResponsesWriter(turn, names);
  for (const part of choice.parts) for (const event of eventsOf(part)) writer.event(event);
  writer.event({ type: 'end', choice: 0, reason: choice.reason ?? 'stop', sequence: choice.sequence });
  return answer.usage ? withUsage(writer.whole(), answer.usage, cost) : writer.whole();
}

function eventsOf(part: Part): NeutralEvent[] {
  const choice = 0;
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [{ type: part.type, choice, text: part.text }];
    case 'reasoning': {
      const shown: NeutralEvent[] = part.text === '' ? [] : [{ type: 'reasoning', choice, text: part.text }];
      const { sealed, sealedBy } = part;
      return sealed === null || sealedBy === null
        ? shown
        : [...shown, { type: 'sealed_reasoning', choice, sealed, sealedBy }];
    }
    case 'tool_call': {
      const { id, name, sealed, json } = part;
      return [
        { type: 'tool_call', choice, id, name, sealed },
        { type: 'tool_json', choice, json },
      ];
    }
    case 'image':
      if (part.source.kind !== 'data') throw new TypeError('an image that a model made has its bytes');
      return [{ type: 'image', choice, mediaType: part.source.mediaType, data: part.source.data }];
    default:
      throw new TypeError(`a ${part.type} is nothing that a model says`);
  }
}
