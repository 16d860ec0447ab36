/**
 * What a model thought, as chat's clients and providers write it. OpenAI's own protocol has no place for it; this is what
 * has become usual around it:
 *
 * - `reasoning_content` (DeepSeek, vLLM and most others) or `reasoning` (OpenRouter, Groq, Cerebras): the text that is shown.
 * - `reasoning_details` (OpenRouter): the same in items, with what seals them. A client that sends a message back as it came
 *   thereby hands the provider its seals. `reasoning.text` with a `signature` is Anthropic's thinking; `reasoning.encrypted`
 *   is what can't be shown, and `format` says whose it is. Where both are there the details count.
 * - a part `thinking` within the content (Mistral).
 */
import type { NeutralEvent, Part, SealKind } from '../neutral.ts';
import type { Json } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';

type ReasoningPart = Extract<Part, { type: 'reasoning' }>;

const FORMATS: Record<SealKind, string> = {
  messages: 'anthropic-claude-v1',
  messages_redacted: 'anthropic-claude-v1',
  responses: 'openai-responses-v1',
  gemini: 'google-gemini-v1',
};

/** One item of `reasoning_details`: some text, or a seal, or both. */
export interface Detail {
  text: string;
  seal: { sealed: string; sealedBy: SealKind } | null;
}

/** Null where it is no such item, or sealed by somebody whom nobody here knows. */
export function readDetail(item: unknown): Detail | null {
  const { type, text, summary, data, signature, format } = fieldsOf(item);
  switch (type) {
    case 'reasoning.text':
      return {
        text: typeof text === 'string' ? text : '',
        seal: isSaid(signature) ? { sealed: signature, sealedBy: 'messages' } : null,
      };
    case 'reasoning.summary':
      return { text: typeof summary === 'string' ? summary : '', seal: null };
    case 'reasoning.encrypted': {
      const sealedBy = sealOf(format);
      return isSaid(data) && sealedBy !== null ? { text: '', seal: { sealed: data, sealedBy } } : null;
    }
    default:
      return null;
  }
}

function sealOf(format: unknown): SealKind | null {
  if (typeof format !== 'string') return null;
  if (format.startsWith('anthropic-')) return 'messages_redacted';
  if (format.startsWith('google-gemini-')) return 'gemini';
  return format.includes('-responses-') ? 'responses' : null;
}

/**
 * Items as parts. A seal without text closes the text before it, save Anthropic's that stands for thinking of which nothing
 * is shown; text with its own signature stands alone, or the signature would be of something else.
 */
function partsOf(details: readonly Detail[]): ReasoningPart[] {
  const parts: ReasoningPart[] = [];
  for (const { text, seal } of details) {
    const before = parts.at(-1);
    const alone = seal !== null && (text !== '' || seal.sealedBy === 'messages_redacted');
    const open = before?.sealed === null && !alone ? before : null;
    if (open) Object.assign(open, { text: open.text + text }, seal);
    else if (text !== '' || seal) parts.push({ type: 'reasoning', text, sealed: null, sealedBy: null, ...seal });
  }
  return parts;
}

/** The same of a stream, in which items come in pieces. */
export function eventsOf({ text, seal }: Detail, choice: number): NeutralEvent[] {
  return [
    ...(text === '' ? [] : [{ type: 'reasoning', choice, text } as const]),
    ...(seal ? [{ type: 'sealed_reasoning', choice, ...seal } as const] : []),
  ];
}

/** The text in whichever field a provider puts it; null where it says none. */
export function reasoningText(message: Json): string | null {
  const { reasoning_content: content, reasoning } = message;
  if (isSaid(content)) return content;
  return isSaid(reasoning) ? reasoning : null;
}

/** The text of a `thinking` part of Mistral's; null where it is none. */
export function thinkingText(part: unknown): string | null {
  if (!isObject(part) || part.type !== 'thinking') return null;
  const { thinking } = part;
  if (typeof thinking === 'string') return thinking;
  if (!Array.isArray(thinking)) return null;
  return thinking.map((piece) => fieldsOf(piece).text).join('');
}

/** All that a message says it thought, sealed or not. */
export function readReasoning(message: Json): ReasoningPart[] {
  const { reasoning_details: items } = message;
  const details = Array.isArray(items) ? items.flatMap((item) => readDetail(item) ?? []) : [];
  if (details.length > 0) return partsOf(details);
  const text = reasoningText(message);
  return text === null ? [] : partsOf([{ text, seal: null }]);
}

/** Writes `reasoning_details` item by item; `index` joins those of a stream that are one. Made for one message. */
export class DetailWriter {
  #index = 0;
  #open = false;

  /** What follows is another item than what came before. */
  next(): void {
    if (this.#open) this.#index += 1;
    this.#open = false;
  }

  text(text: string): Json {
    this.#open = true;
    return { type: 'reasoning.text', index: this.#index, text };
  }

  seal(sealed: string, sealedBy: SealKind): Json {
    const format = FORMATS[sealedBy];
    if (sealedBy !== 'messages') this.next();
    this.#open = false;
    const index = this.#index++;
    if (sealedBy === 'messages') return { type: 'reasoning.text', index, signature: sealed, format };
    return { type: 'reasoning.encrypted', index, data: sealed, format };
  }
}

/** The items of a whole message. */
export function writeDetails(parts: readonly ReasoningPart[]): Json[] {
  const writer = new DetailWriter();
  return parts.flatMap(({ text, sealed, sealedBy }) => {
    writer.next();
    const shown = text === '' ? null : writer.text(text);
    const seal = sealed === null || sealedBy === null ? null : writer.seal(sealed, sealedBy);
    // A signature belongs to the item that it signs.
    if (seal && 'signature' in seal) return [{ text: '', ...shown, ...seal }];
    return [shown, seal].filter((item) => item !== null);
  });
}

function isSaid(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
