/**
 * Ids of responses, which are ours, and of items, as clients have them: in an answer that is stored each item's names the response that it is stored with, so that a later
 * request can say the id instead of the item (references.ts) without anybody keeping a list of ids. It tells nothing but
 * the random id of the response, which its client knows, and finds nothing without the API key (store.ts).
 *
 *     rs_68af4032b0d48193  ->  rs_<the 32 random characters of resp_...>-rs_68af4032b0d48193
 *
 * The provider's own id stands in it whole, because a provider checks that what it sealed belongs to the item's id: what
 * goes to one has its id as it was.
 */
import { randomText } from '../../ids.ts';
import type { Json } from '../protocol.ts';
import { isObject } from '../reported.ts';
import type { Turn } from './turn.ts';

const PREFIX = 'resp_';

/** 160 random bits: who has no other way to an answer must not find it by guessing. */
const RANDOM_LENGTH = 32;

const STORED = /^[a-z]+_([0-9a-z]{32})-(.+)$/s;
const KIND = /^[a-z]+(?=_)/;

export function newResponseId(): string {
  return PREFIX + randomText(RANDOM_LENGTH);
}

export function isResponseId(id: string): boolean {
  return /^resp_[0-9a-z]{32}$/.test(id);
}

/** The id of an item of this turn's answer, as its client is to know it. The same again for one that is so already. */
export function itemIdOf({ id: responseId, stores }: Turn, id: string): string {
  if (!stores) return id;
  const random = responseId.slice(PREFIX.length);
  if (STORED.exec(id)?.[1] === random) return id;
  return `${KIND.exec(id)?.[0] ?? 'item'}_${random}-${id}`;
}

/** The response that an item is stored with; null where the id names none. */
export function responseOfItem(id: string): string | null {
  const random = STORED.exec(id)?.[1];
  return random === undefined ? null : PREFIX + random;
}

/** An item of a turn's answer as its client is to see it. */
export function withItemId(turn: Turn, item: Json): Json {
  return typeof item.id === 'string' ? { ...item, id: itemIdOf(turn, item.id) } : item;
}

/** A response, whose items are named so. */
export function withOutputIds(turn: Turn, response: Json): Json {
  const { output } = response;
  if (!turn.stores || !Array.isArray(output)) return response;
  return { ...response, output: output.map((item) => (isObject(item) ? withItemId(turn, item) : item)) };
}

/** An item as its provider named it. */
export function withProvidersId(item: unknown): unknown {
  if (!isObject(item) || typeof item.id !== 'string') return item;
  const [, , id = item.id] = STORED.exec(item.id) ?? [];
  return id === item.id ? item : { ...item, id };
}
