/**
 * Thoughts of models that other providers serve, in the conversation of a client that speaks Messages.
 *
 * Their providers want them back as they were, sealed; a thinking block is the one place where such a client keeps them. So
 * its signature carries the seal behind a prefix of ours, which says whose it is. Anthropic refuses a block that it has not
 * signed: where the next turn goes there, such blocks are left out, as a model has no use for the thoughts of another.
 */
import { isObject } from '../reported.ts';

/** `gemini_call`: Gemini's thought signature on a tool call, which stands right before that call. */
export type ForeignSeal = 'responses' | 'gemini' | 'gemini_call';

const PREFIX = 'purser:';

const SIGNATURE = /^purser:(responses|gemini|gemini_call):(.*)$/s;

export function foreignSignature(kind: ForeignSeal, sealed: string): string {
  return `${PREFIX}${kind}:${sealed}`;
}

export function readForeignSignature(signature: string): { kind: ForeignSeal; sealed: string } | null {
  const [, kind, sealed] = SIGNATURE.exec(signature) ?? [];
  return kind === undefined || sealed === undefined ? null : { kind: kind as ForeignSeal, sealed };
}

/** The messages as they are, save such blocks, and those that nobody has signed. */
export function withoutForeignThoughts(messages: unknown): unknown {
  if (!Array.isArray(messages)) return messages;
  return messages.flatMap((message: unknown) => {
    if (!isObject(message) || !Array.isArray(message.content) || !message.content.some(isForeign)) return [message];
    const content = message.content.filter((block) => !isForeign(block));
    return content.length > 0 ? [{ ...message, content }] : [];
  });
}

function isForeign(block: unknown): boolean {
  if (!isObject(block) || block.type !== 'thinking') return false;
  const { signature } = block;
  return signature === '' || (typeof signature === 'string' && signature.startsWith(PREFIX));
}
