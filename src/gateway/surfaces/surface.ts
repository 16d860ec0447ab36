/**
 * What a surface beside conversations is to the gateway: embeddings, moderation, rerank, images, sound, OCR. Each says how its
 * request is read, what it can use at most and about, and how its answer is read; route.ts drives them all, through the same
 * admission, hold and settlement as conversations.
 *
 * A surface counts in every unit that any model may be priced in (an image by the piece and by the token, say), and only
 * what the price at hand names is charged. Requests pass to the provider unchanged, save the model's name, and answers as they come.
 */
import type { Service } from '../../models/row.ts';
import type { Usage } from '../../money/cost.ts';
import type { Demo } from '../demo-field.ts';
import type { Json, Understood } from '../protocol.ts';

/** Its name is its endpoint, as in rules and usage events, and what a provider is called for. */
export type SurfaceId = Exclude<Service, 'conversation' | 'videos'>;

export type Counts = Partial<Usage>;

/** What is understood of a request before it is bounded and sent. */
export interface AskedSurface {
  model: string;
  demo: Demo | null;
  /** Whether the client wants the answer as events, as it is made; left out where a surface has none. */
  streamed?: boolean;
  /** What it uses, as the request alone tells exactly. */
  known: Counts;
  /** What else it can use at most, by a model that takes and makes no more than so many tokens at once. */
  most(tokensMax: { context: number; output: number }): Counts;
  /** About the same: charged where the provider tells nothing. */
  about: Counts;
  /** The field that names something in the provider's account (kept-at-provider.ts), if one does. */
  kept?: string | null;
  /** What decides the price of an image; null where none is made. */
  image: { size: string; quality: string } | null;
}

/** What is found in an answer. Null in the place of all: no answer at all. */
export interface ReadSurface {
  /** What the provider counted; null where it says nothing that can be told. */
  usage: Counts | null;
  error: string | null;
}

export interface Surface {
  id: SurfaceId;
  /** How its request comes. */
  body: 'json' | 'multipart';
  /** `json`: the body, or the fields of a form (payload.ts). */
  read(json: Json): Understood<AskedSurface>;
  /** The same with what only the bytes of its file tell. */
  measure?(json: Json, asked: AskedSurface): Promise<AskedSurface>;
  /** The answer, of a provider that took the request. */
  answer(bytes: Uint8Array, contentType: string, asked: AskedSurface): ReadSurface | null;
}
