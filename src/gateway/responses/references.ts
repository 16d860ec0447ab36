/**
 * Items that a request names by their ids instead of sending them: `item_reference`, as the AI SDK does for what the model said in
 * earlier turns. The id says which response the item is stored with (ids.ts); that is read, and the item put in the
 * reference's place before the request is understood, so that everything behind sees it as if it had been sent.
 *
 * A stored response has all that its model was told as well, so the newest one that is named usually has the items of all others.
 */
import { LIMITS } from '../../limits.ts';
import type { Json } from '../protocol.ts';
import type { Refusal } from '../refusals.ts';
import { isObject } from '../reported.ts';
import { refuseField } from '../request-body.ts';
import { responseOfItem } from './ids.ts';
import { itemsOf } from './items.ts';
import type { ResponseStore } from './store.ts';

/** The id of an item that is only named; null for one that is sent. */
export function referencedId(item: unknown): string | null {
  if (!isObject(item) || typeof item.id !== 'string') return null;
  // A message may leave its type out, and so may a reference; only the message says who speaks.
  const isReference = item.type === 'item_reference' || (item.type === undefined && item.role === undefined);
  return isReference ? item.id : null;
}

/** The input with each item in the place of its reference. At most `bytesMax` of items are put there. */
export async function withReferencedItems(
  input: readonly unknown[],
  store: ResponseStore,
  bytesMax: number,
): Promise<{ input: unknown[]; bytes: number } | { refusal: Refusal }> {
  const ids = input.map(referencedId);
  const unstored = ids.findIndex((id) => id !== null && responseOfItem(id) === null);
  if (unstored >= 0) return notStored(unstored, ids[unstored] ?? '');
  const wanted = new Set(ids.filter((id) => id !== null));
  const found = new Map<string, Json>();
  let reads = 0;
  for (const [position, id] of [...ids.entries()].reverse()) {
    const responseId = id === null || found.has(id) ? null : responseOfItem(id);
    if (id === null || responseId === null) continue;
    if (++reads > LIMITS.referencedResponsesMax) return tooMany();
    const stored = await store.read(responseId);
    if ('refusal' in stored) return stored.refusal.kind === 'response_not_found' ? notFound(position, id) : stored;
    const { input: told, response } = stored.conversation;
    for (const item of [...told, ...itemsOf(response.output)]) {
      const isWanted = typeof item.id === 'string' && wanted.has(item.id) && referencedId(item) === null;
      if (isWanted) found.set(item.id as string, item);
    }
    if (!found.has(id)) return notFound(position, id);
  }
  return inPlace(input, ids, found, bytesMax);
}

function inPlace(
  input: readonly unknown[],
  ids: readonly (string | null)[],
  found: ReadonlyMap<string, Json>,
  bytesMax: number,
): { input: unknown[]; bytes: number } | { refusal: Refusal } {
  const sizes = new Map(
    [...found].map(([id, item]) => [id, new TextEncoder().encode(JSON.stringify(item)).byteLength]),
  );
  // Each time that it is named: a name is short, and what it stands for need not be.
  const bytes = ids.reduce((sum, id) => sum + ((id !== null && sizes.get(id)) || 0), 0);
  if (bytes > bytesMax) {
    return refuseField(
      'input',
      `With the items that it names the request is larger than ${LIMITS.requestBytesMax} bytes.`,
    );
  }
  return { input: input.map((item, position) => found.get(ids[position] ?? '') ?? item), bytes };
}

function notStored(position: number, id: string) {
  const message = `Item ${quoted(id)} is not stored here, as those of an answer made with store: false never are: send the item itself.`;
  return refuseField(`input.${position}`, message);
}

function notFound(position: number, id: string) {
  const days = LIMITS.responseKeepMs / (24 * 60 * 60 * 1000);
  const message = `There is no item ${quoted(id)} of this API key: items are kept for ${days} days, with the response that they belong to. Send the item itself.`;
  return refuseField(`input.${position}`, message);
}

function tooMany() {
  const message = `The items of at most ${LIMITS.referencedResponsesMax} responses can be named: send the others themselves.`;
  return refuseField('input', message);
}

function quoted(id: string): string {
  return JSON.stringify(id.slice(0, LIMITS.idLengthMax));
}
