/**
 * A surface's answer as events, passed on as they come: images that show themselves before they are done, sound, a transcription
 * (`stream: true`, or `stream_format: "sse"`). The relay is that of conversations; what is particular is that nothing of the output
 * is counted on its way: its bound is held from the start, and the event that ends it tells what was used.
 */

import { LIMITS } from '../../limits.ts';
import type { Usage } from '../../money/cost.ts';
import { formatUsd, type Nanos } from '../../money/nanos.ts';
import { failureEvents, PING } from '../chat-completions/wire.ts';
import type { AnswerReader, Json, Passage, ReadAnswer } from '../protocol.ts';
import type { Described } from '../refusals.ts';
import { garbage, type StreamParts } from '../relay.ts';
import { isObject, jsonObjectIn } from '../reported.ts';
import { readBody } from '../request-body.ts';
import { eventText } from '../responses/wire.ts';
import type { Frame } from '../sse.ts';
import { Stopped } from '../stopped.ts';
import type { AskedSurface, Counts, Surface } from './surface.ts';

const EVENTS = 'text/event-stream';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const NOTHING = { json: {}, text: '', ended: 0, usage: null, error: null, last: false } as const satisfies ReadAnswer;

export class SurfaceStream {
  readonly #surface: Surface;
  readonly #asked: AskedSurface;
  readonly #usageOf: (counted: Counts | null) => Usage | null;
  /** The answer of a provider that did not stream. */
  #whole: { bytes: Uint8Array; contentType: string } | null = null;
  #came = false;

  /** `usageOf`: what was used, by what the provider counted of it. */
  constructor(surface: Surface, asked: AskedSurface, usageOf: (counted: Counts | null) => Usage | null) {
    this.#surface = surface;
    this.#asked = asked;
    this.#usageOf = usageOf;
  }

  readonly exchange: StreamParts['exchange'] = {
    reader: (): AnswerReader => ({ read: (frame) => this.#read(frame) }),
    passage: () => new SurfacePassage(),
  };

  /** Some models do not stream whatever they are asked (whisper-1): what they answer is then the one event of the stream. */
  async asEvents(response: Response): Promise<Response> {
    const contentType = response.headers.get('content-type') ?? '';
    if (!response.ok || contentType.includes(EVENTS)) return response;
    const bytes = await readBody(response, LIMITS.answerBytesMax);
    // Made and billed, but nothing that can be passed on: no event of this reads as an answer.
    if (!bytes) return new Response('data: \n\n', { headers: { 'content-type': EVENTS } });
    if (!this.#surface.answer(bytes, contentType, this.#asked)) return Response.json(null);
    this.#whole = { bytes, contentType };
    const data = decoder
      .decode(bytes)
      .trimEnd()
      .replaceAll(/\r\n|\r|\n/g, '\ndata: ');
    return new Response(`data: ${data}\n\n`, { headers: { 'content-type': EVENTS } });
  }

  #read({ data }: Frame): ReadAnswer | null {
    if (this.#whole) {
      const { bytes, contentType } = this.#whole;
      const read = this.#surface.answer(bytes, contentType, this.#asked);
      return read && { ...NOTHING, error: read.error, ended: 1, usage: this.#usageOf(read.usage) };
    }
    if (data?.trim() === '[DONE]') return { ...NOTHING, last: true };
    const json = jsonObjectIn(data ?? '');
    if (!json) return null;
    const line = encoder.encode(`data: ${JSON.stringify(json)}`);
    const read = this.#surface.answer(line, EVENTS, this.#asked);
    if (!read) return null;
    const ended = /\.(?:completed|done)$/.test(String(json.type)) ? 1 : 0;
    // What came before is of use to its client, so that it is no failure that is free.
    if (read.error !== null && this.#came) throw new Stopped({ kind: 'failed', refusal: garbage(read.error) });
    this.#came = true;
    const usage = ended > 0 || read.usage ? this.#usageOf(read.usage) : null;
    return { ...NOTHING, json, ended, usage, error: read.error };
  }
}

/** Events pass as they are; one that tells the usage is kept back until what it cost can be told with it. */
class SurfacePassage implements Passage {
  #kept: { raw: string; json: Json } | null = null;
  #last = '';

  event({ raw }: Frame, read: ReadAnswer | null): string {
    if (!read) return raw.startsWith(':') ? raw : '';
    if (read.last) {
      this.#last = raw;
      return '';
    }
    const before = this.#kept?.raw ?? '';
    this.#kept = isObject(read.json.usage) ? { raw, json: read.json } : null;
    return this.#kept ? before : before + raw;
  }

  end(_usage: Usage, cost: Nanos): string {
    return (this.#kept ? withCost(this.#kept.json, cost) : '') + this.#last;
  }

  failure(described: Described): string {
    return (this.#kept?.raw ?? '') + failureEvents(described);
  }

  ping(): string {
    return PING;
  }
}

function withCost(json: Json, cost: Nanos): string {
  const told = { ...json, usage: { ...(json.usage as Json), cost: formatUsd(cost) } };
  return typeof json.type === 'string' ? eventText(told) : `data: ${JSON.stringify(told)}\n\n`;
}
