/** Parts of the neutral form as content blocks of Messages. What Messages cannot say is objected to. */

import type { Word } from '../lacking.ts';
import type { CacheMark, Message, Part, Source } from '../neutral.ts';
import type { Json } from '../protocol.ts';
import { jsonObjectIn } from '../reported.ts';
import type { Objections } from './objections.ts';
import { textOfBase64 } from './plain-text.ts';

type PartOf<Type extends Part['type']> = Extract<Part, { type: Type }>;

export class BlockWriter {
  readonly #objections: Objections;

  constructor(objections: Objections) {
    this.#objections = objections;
  }

  /** Turns alternate: what one role says in several messages is one. */
  messages(messages: readonly Message[]): Json[] {
    const written: { role: string; content: Json[] }[] = [];
    for (const { role, parts } of messages) {
      const content = this.blocks(parts);
      const last = written.at(-1);
      if (last?.role === role) last.content.push(...content);
      // An empty message is refused, and says nothing.
      else if (content.length > 0) written.push({ role, content });
    }
    if (written.length === 0)
      this.#objections.toValue('messages' satisfies Word, 'say nothing, which Anthropic refuses');
    return written;
  }

  /** Instructions, which are text and nothing else. */
  text(parts: readonly Part[]): Json[] {
    if (parts.some(({ type }) => type !== 'text')) this.#objections.toWord('system');
    return this.blocks(parts);
  }

  blocks(parts: readonly Part[]): Json[] {
    return parts.map((part) => this.#block(part)).filter((block) => block !== null);
  }

  #block(part: Part): Json | null {
    switch (part.type) {
      case 'text':
        // An empty one is refused, and says nothing.
        return part.text === '' ? null : { type: 'text', text: part.text, ...cacheControl(part.cache) };
      case 'refusal':
        return part.text === '' ? null : { type: 'text', text: part.text };
      case 'image':
        return this.#image(part);
      case 'document':
        return this.#document(part);
      case 'audio':
        this.#objections.toWord(part.source.kind === 'url' ? 'audioUrl' : 'audio');
        return null;
      case 'reasoning':
        return thoughtOf(part);
      case 'tool_call': {
        const input = part.json === '' ? {} : jsonObjectIn(part.json);
        if (!input)
          this.#objections.toValue('toolInput' satisfies Word, `of tool call ${part.id} is not a JSON object`);
        return { type: 'tool_use', id: part.id, name: part.name, input, ...cacheControl(part.cache) };
      }
      case 'tool_result': {
        const { id, content, isError, cache } = part;
        const written = this.blocks(content);
        return {
          type: 'tool_result',
          tool_use_id: id,
          ...(written.length > 0 && { content: written }),
          ...(isError && { is_error: true }),
          ...cacheControl(cache),
        };
      }
    }
  }

  #image({ source, detail, cache }: PartOf<'image'>): Json {
    // Every image is looked at closely, which `auto` and `high` allow. Who asks for `low` wants to pay less, and would pay for all of it.
    if (detail === 'low') this.#objections.toWord('imageDetail');
    return { type: 'image', source: sourceOf(source), ...cacheControl(cache) };
  }

  #document({ source, name, cache }: PartOf<'document'>): Json {
    return {
      type: 'document',
      source: this.#documentSource(source),
      ...(name !== null && { title: name }),
      ...cacheControl(cache),
    };
  }

  /** PDF or plain text, and by URL only PDF. */
  #documentSource(source: Source): Json {
    if (source.mediaType === 'application/pdf') return sourceOf(source);
    if (source.kind === 'url') {
      if (source.mediaType !== null) this.#objections.toWord('documentUrl');
      return sourceOf(source);
    }
    const data = source.mediaType.startsWith('text/') ? textOfBase64(source.data) : null;
    if (data === null) this.#objections.toWord('document');
    return { type: 'text', media_type: 'text/plain', data };
  }
}

function sourceOf(source: Source): Json {
  if (source.kind === 'url') return { type: 'url', url: source.url };
  return { type: 'base64', media_type: source.mediaType, data: source.data };
}

/**
 * Only what Anthropic sealed may come back to it. Thoughts of other models, and those that nobody sealed, are left out: they
 * were their model's notes to itself, and every provider goes on without those of another.
 */
function thoughtOf({ text, sealed, sealedBy }: PartOf<'reasoning'>): Json | null {
  if (sealed === null) return null;
  if (sealedBy === 'messages') return { type: 'thinking', thinking: text, signature: sealed };
  return sealedBy === 'messages_redacted' ? { type: 'redacted_thinking', data: sealed } : null;
}

export function cacheControl(mark: CacheMark | null): Json {
  return mark ? { cache_control: { type: 'ephemeral', ...(mark.ttl !== null && { ttl: mark.ttl }) } } : {};
}
