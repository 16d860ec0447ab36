/** Content blocks of Messages as parts of the neutral form. What has no counterpart there is objected to by its path. */
import { standardBase64 } from '../base64.ts';
import type { CacheMark, Part, Source } from '../neutral.ts';
import type { Json } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { readForeignSignature } from './foreign-thoughts.ts';
import type { Objections } from './objections.ts';
import { base64OfText } from './plain-text.ts';

/** Of each type that has a counterpart, the fields that have one, or are looked at. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ['text', 'citations'],
  image: ['source'],
  document: ['source', 'title', 'citations'],
  thinking: ['thinking', 'signature'],
  redacted_thinking: ['data'],
  tool_use: ['id', 'name', 'input', 'caller'],
  tool_result: ['tool_use_id', 'content', 'is_error'],
};

const OF_RESULTS: ReadonlySet<unknown> = new Set(['text', 'image', 'document']);

export class BlockReader {
  readonly #objections: Objections;
  /** Gemini's seal of the tool call that comes next. */
  #sealOfCall: string | null = null;

  constructor(objections: Objections) {
    this.#objections = objections;
  }

  read(content: unknown, path: string): Part[] {
    if (content == null) return [];
    if (typeof content === 'string') return [{ type: 'text', text: content, cache: null }];
    if (!Array.isArray(content)) {
      this.#objections.toValue(path, 'must be a text or a list of blocks');
      return [];
    }
    return content.flatMap(
      (block, i) => this.#part(this.#objections.fieldsAt(block, `${path}.${i}`), `${path}.${i}`) ?? [],
    );
  }

  cacheMark({ cache_control: mark }: Json, path: string): CacheMark | null {
    if (mark == null) return null;
    const { type, ttl = null, ...rest } = fieldsOf(mark);
    const known = type === 'ephemeral' && (ttl === null || ttl === '5m' || ttl === '1h');
    if (known && Object.keys(rest).length === 0) return { ttl };
    this.#objections.to(path === '' ? 'cache_control' : `${path}.cache_control`);
    return null;
  }

  #part(block: Json, path: string): Part | null {
    const known = typeof block.type === 'string' && Object.hasOwn(FIELDS, block.type) ? FIELDS[block.type] : undefined;
    if (!known) {
      this.#objections.to(path);
      return null;
    }
    this.#objections.toAllBut(block, path, ['type', 'cache_control', ...known]);
    const cache = this.cacheMark(block, path);
    switch (block.type) {
      case 'text':
        if (Array.isArray(block.citations) && block.citations.length > 0) this.#objections.to(`${path}.citations`);
        return { type: 'text', text: this.#text(block, 'text', path), cache };
      case 'image': {
        const source = this.#source(block.source, `${path}.source`);
        return source && { type: 'image', source, detail: null, cache };
      }
      case 'document': {
        if (fieldsOf(block.citations).enabled === true) this.#objections.to(`${path}.citations`);
        const source = this.#source(block.source, `${path}.source`);
        const name = this.#objections.textAt(block.title, `${path}.title`);
        return source && { type: 'document', source, name, cache };
      }
      case 'thinking':
        return this.#thought(
          this.#text(block, 'thinking', path),
          this.#objections.textAt(block.signature, `${path}.signature`) ?? '',
        );
      case 'redacted_thinking':
        return { type: 'reasoning', text: '', sealed: this.#text(block, 'data', path), sealedBy: 'messages_redacted' };
      case 'tool_use':
        return this.#toolCall(block, path, cache);
      default:
        return {
          type: 'tool_result',
          id: this.#text(block, 'tool_use_id', path),
          name: null,
          content: this.#result(block.content, `${path}.content`),
          isError: this.#objections.flagAt(block.is_error, `${path}.is_error`) === true,
          cache,
        };
    }
  }

  /** What a tool gave back: it neither thinks nor calls. */
  #result(content: unknown, path: string): Part[] {
    for (const [i, block] of (Array.isArray(content) ? content : []).entries()) {
      if (!OF_RESULTS.has(fieldsOf(block).type)) this.#objections.to(`${path}.${i}`);
    }
    return this.read(content, path);
  }

  #thought(text: string, signature: string): Part | null {
    const foreign = readForeignSignature(signature);
    if (foreign?.kind === 'gemini_call') {
      this.#sealOfCall = foreign.sealed;
      return null;
    }
    if (foreign) return { type: 'reasoning', text, sealed: foreign.sealed, sealedBy: foreign.kind };
    if (signature === '') return { type: 'reasoning', text, sealed: null, sealedBy: null };
    return { type: 'reasoning', text, sealed: signature, sealedBy: 'messages' };
  }

  #toolCall(block: Json, path: string, cache: CacheMark | null): Part {
    const { caller, input } = block;
    if (caller != null && fieldsOf(caller).type !== 'direct') this.#objections.to(`${path}.caller`);
    if (!isObject(input)) this.#objections.toValue(`${path}.input`, 'must be an object');
    const sealed = this.#sealOfCall;
    this.#sealOfCall = null;
    return {
      type: 'tool_call',
      id: this.#text(block, 'id', path),
      name: this.#text(block, 'name', path),
      json: JSON.stringify(input),
      sealed,
      cache,
    };
  }

  #source(value: unknown, path: string): Source | null {
    const { type, data, url, media_type: mediaType, ...rest } = this.#objections.fieldsAt(value, path);
    const source = sourceOf(type, data, url, mediaType);
    if (source) this.#objections.toAllBut(rest, path, []);
    else this.#objections.to(path);
    return source;
  }

  #text(block: Json, field: string, path: string): string {
    const value = block[field];
    if (typeof value === 'string') return value;
    this.#objections.toValue(`${path}.${field}`, 'must be a text');
    return '';
  }
}

function sourceOf(type: unknown, data: unknown, url: unknown, mediaType: unknown): Source | null {
  if (type === 'base64' && typeof data === 'string' && typeof mediaType === 'string') {
    return { kind: 'data', mediaType, data: standardBase64(data) };
  }
  if (type === 'url' && typeof url === 'string') return { kind: 'url', url, mediaType: null };
  if (type === 'text' && typeof data === 'string') {
    return { kind: 'data', mediaType: 'text/plain', data: base64OfText(data) };
  }
  return null;
}
