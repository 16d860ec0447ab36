/**
 * The media of a conversation, which bytes do not bound. Every protocol's reader asks these, so that what a part may hold is never
 * taken for text because its type is new: only text that is known as such is bounded by its bytes.
 */
import type { Media } from './protocol.ts';

/** Pages, a film or anything else: only the model's context bounds it. */
export const UNKNOWN_MEDIUM: Media = { kind: 'file', embeddedBytes: 0 };

/** What stands where an image is to be: a link to one, or the image itself. A document in its place has pages. */
export function imageAt(url: unknown): Media {
  if (typeof url !== 'string' || !/^\s*data:/i.test(url)) return { kind: 'image', embeddedBytes: 0 };
  return { kind: /^data:image\//i.test(url) ? 'image' : 'file', embeddedBytes: url.length };
}
