/**
 * Joins the chunks of a stream into the answer that Google would have given in one piece: parts of a candidate one after
 * another, neighbouring pieces of one text as one part, and of everything else what was said last. Lists that grow with the
 * text (citations, log probabilities) are joined.
 */
import type { Gathered, Json, ReadAnswer } from '../protocol.ts';
import { isObject } from '../reported.ts';

export class GatheredGemini implements Gathered {
  readonly #head: Json = {};
  /** By their index: everything but the content. */
  readonly #candidates = new Map<number, { said: Json; content: Json; parts: unknown[] }>();

  add({ json }: ReadAnswer): void {
    const { candidates, ...head } = json;
    for (const [name, value] of Object.entries(head)) if (value != null) put(this.#head, name, value);
    if (Array.isArray(candidates))
      for (const [position, candidate] of candidates.entries()) this.#add(candidate, position);
  }

  whole(): Json {
    const candidates = [...this.#candidates]
      .sort(([a], [b]) => a - b)
      .map(([, { said, content, parts }]) => ({
        content: { role: 'model', ...content, parts },
        ...said,
      }));
    return { ...(candidates.length > 0 && { candidates }), ...this.#head };
  }

  /** Null where nothing was said, or the last call of a function still lacks arguments. */
  cutShort(): Json | null {
    const running = [...this.#candidates.values()].filter(({ said }) => typeof said.finishReason !== 'string');
    if (running.some(({ parts }) => isHalfACall(parts.at(-1)))) return null;
    if (![...this.#candidates.values()].some(({ parts }) => parts.some(isSaid))) return null;
    for (const { said } of running) said.finishReason = 'MAX_TOKENS';
    return this.whole();
  }

  #add(candidate: unknown, position: number): void {
    if (!isObject(candidate)) throw new TypeError('a candidate that is no object');
    const { content, index = position, ...said } = candidate;
    if (typeof index !== 'number') throw new TypeError('a candidate whose index is no number');
    const gathered = this.#candidates.get(index) ?? { said: { index }, content: {}, parts: [] };
    this.#candidates.set(index, gathered);
    for (const [name, value] of Object.entries(said)) put(gathered.said, name, value);
    if (!isObject(content)) return;
    const { parts, ...of } = content;
    for (const [name, value] of Object.entries(of)) put(gathered.content, name, value);
    if (Array.isArray(parts)) for (const part of parts) addPart(gathered.parts, part);
  }
}

/** The newest counts; lists within are joined. */
function put(into: Json, name: string, value: unknown): void {
  const before = Object.hasOwn(into, name) ? into[name] : undefined;
  const joined =
    isObject(before) && isObject(value) && GROWS.has(name)
      ? Object.fromEntries(
          [...new Set([...Object.keys(before), ...Object.keys(value)])].map((key) => [
            key,
            grown(before[key], value[key]),
          ]),
        )
      : value;
  // Defined and not assigned: a provider may name a field `__proto__`.
  Object.defineProperty(into, name, { value: joined, enumerable: true, configurable: true, writable: true });
}

const GROWS: ReadonlySet<string> = new Set(['citationMetadata', 'logprobsResult']);

function grown(before: unknown, next: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(next)) return [...before, ...next];
  return next ?? before;
}

function addPart(parts: unknown[], part: unknown): void {
  const last = parts.at(-1);
  if (
    !isOnlyText(part) ||
    !isOnlyText(last) ||
    (last.thought === true) !== (part.thought === true) ||
    last.thoughtSignature !== undefined
  ) {
    parts.push(isObject(part) ? { ...part } : part);
    return;
  }
  last.text += part.text;
  // It seals what came before it, and ends that.
  if (part.thoughtSignature !== undefined) last.thoughtSignature = part.thoughtSignature;
}

const TEXT_FIELDS: ReadonlySet<string> = new Set(['text', 'thought', 'thoughtSignature']);

function isOnlyText(part: unknown): part is { text: string; thought?: unknown; thoughtSignature?: unknown } {
  return isObject(part) && typeof part.text === 'string' && Object.keys(part).every((name) => TEXT_FIELDS.has(name));
}

function isHalfACall(part: unknown): boolean {
  return isObject(part) && isObject(part.functionCall) && part.functionCall.willContinue === true;
}

function isSaid(part: unknown): boolean {
  return (
    isObject(part) && part.thought !== true && Object.keys(part).some((name) => name !== 'text' || part.text !== '')
  );
}
