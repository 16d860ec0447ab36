/** Parts of a content, as requests and answers have them alike. */
import { standardBase64 } from '../base64.ts';
import type { EndReason, Part, SealKind, Source } from '../neutral.ts';
import type { Json } from '../protocol.ts';
import { fieldsOf, isObject } from '../reported.ts';
import { mediaKind } from './request.ts';

type Reasoning = Extract<Part, { type: 'reasoning' }>;

/**
 * Stands in for the signature of a call that another model made, or that a client has lost: without one, Gemini 3 refuses the
 * call (https://ai.google.dev/gemini-api/docs/thought-signatures).
 */
export const NO_SIGNATURE = 'skip_thought_signature_validator';

const FOREIGN = 'purser:';
const KINDS: ReadonlySet<string> = new Set<SealKind>(['messages', 'messages_redacted', 'responses']);

/** What another provider sealed travels through a Gemini client as a signature that says whose it is. */
export function signatureOf(sealed: string, sealedBy: SealKind): string {
  return sealedBy === 'gemini' ? sealed : btoa(`${FOREIGN}${sealedBy}:${sealed}`);
}

export function sealIn(signature: string): { sealed: string; sealedBy: SealKind } {
  const text = fromBase64(signature);
  if (text?.startsWith(FOREIGN)) {
    const [, kind = '', ...sealed] = text.split(':');
    if (KINDS.has(kind)) return { sealed: sealed.join(':'), sealedBy: kind as SealKind };
  }
  return { sealed: signature, sealedBy: 'gemini' };
}

function fromBase64(text: string): string | null {
  // Signatures are long, and there may be many.
  if (!text.startsWith(btoa(FOREIGN).slice(0, 8))) return null;
  try {
    // Clients that keep bytes may write them in the other alphabet.
    return atob(standardBase64(text));
  } catch {
    return null;
  }
}

/**
 * What was thought: its text, then a part of its own for the seal, as Gemini itself ends a stream. Google gets its own seals
 * only; of all other thoughts the text.
 */
export function writeReasoning({ text, sealed, sealedBy }: Reasoning, to: 'client' | 'google'): Json[] {
  const shown = text === '' ? [] : [{ text, thought: true }];
  if (sealed === null || sealedBy === null) return shown;
  if (sealedBy === 'gemini') return [...shown, { text: '', thoughtSignature: sealed }];
  return to === 'google'
    ? shown
    : [...shown, { text: '', thought: true, thoughtSignature: signatureOf(sealed, sealedBy) }];
}

/** Adds what a part with text says, to parts of one side in their order. */
export function addText(parts: Part[], { text, thought, thoughtSignature }: Json): void {
  const last = parts.at(-1);
  const said = typeof text === 'string' ? text : '';
  const open = last?.type === 'reasoning' && last.sealed === null ? last : null;
  if (said !== '' && thought === true && open) open.text += said;
  else if (said !== '' && thought === true) parts.push({ type: 'reasoning', text: said, sealed: null, sealedBy: null });
  else if (said !== '') parts.push({ type: 'text', text: said, cache: null });
  if (typeof thoughtSignature !== 'string' || thoughtSignature === NO_SIGNATURE) return;
  const seal = sealIn(thoughtSignature);
  const before = parts.at(-1);
  if (before?.type === 'reasoning' && before.sealed === null) Object.assign(before, seal);
  else parts.push({ type: 'reasoning', text: '', ...seal });
}

/** A signature on a call of a function; what another provider sealed does not stand there. */
export function sealOfCall({ thoughtSignature }: Json): string | null {
  if (typeof thoughtSignature !== 'string' || thoughtSignature === NO_SIGNATURE) return null;
  return thoughtSignature;
}

type Medium = Extract<Part, { type: 'image' | 'document' | 'audio' }>;

/** A medium within a part, or null where there is none. */
export function readMedium(part: Json, everyLevel: unknown): Medium | null {
  const medium = part.inlineData ?? part.fileData;
  if (!isObject(medium)) return null;
  const source = sourceOf(part);
  const kind = mediaKind(typeof medium.mimeType === 'string' ? medium.mimeType : typeByName(medium.fileUri));
  const level = fieldsOf(part.mediaResolution).level ?? everyLevel;
  if (kind === 'image') return { type: 'image', source, detail: DETAILS[String(level)] ?? null, cache: null };
  if (kind === 'audio') return { type: 'audio', source, cache: null };
  return {
    type: 'document',
    source,
    name: typeof medium.displayName === 'string' ? medium.displayName : null,
    cache: null,
  };
}

const DETAILS: Readonly<Record<string, 'low' | 'high'>> = {
  MEDIA_RESOLUTION_LOW: 'low',
  MEDIA_RESOLUTION_HIGH: 'high',
};

/** By the ends of names: Google wants to be told what a link leads to, and others do not say it. */
const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  pdf: 'application/pdf',
  txt: 'text/plain',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
};

function typeByName(uri: unknown): string | null {
  const [, ending = ''] = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(String(uri)) ?? [];
  return TYPES[ending.toLowerCase()] ?? null;
}

const LIKELY_TYPES = { image: 'image/jpeg', document: 'application/pdf', audio: 'audio/mpeg' } as const;

function sourceOf({ inlineData, fileData }: Json): Source {
  const { mimeType, data } = fieldsOf(inlineData);
  if (isObject(inlineData))
    return { kind: 'data', mediaType: String(mimeType ?? ''), data: standardBase64(String(data ?? '')) };
  const file = fieldsOf(fileData);
  return {
    kind: 'url',
    url: String(file.fileUri ?? ''),
    mediaType: typeof file.mimeType === 'string' ? file.mimeType : null,
  };
}

export function writeMedium(part: Medium): Json {
  const { type, source } = part;
  const written: Json =
    source.kind === 'data'
      ? { inlineData: { mimeType: source.mediaType, data: source.data } }
      : {
          fileData: { fileUri: source.url, mimeType: source.mediaType ?? typeByName(source.url) ?? LIKELY_TYPES[type] },
        };
  if (part.type !== 'image' || (part.detail !== 'low' && part.detail !== 'high')) return written;
  return { ...written, mediaResolution: { level: `MEDIA_RESOLUTION_${part.detail.toUpperCase()}` } };
}

/** Why Google's answers end, in the words that other protocols have. */
const ENDS: ReadonlyMap<string, EndReason> = new Map<string, EndReason>(
  Object.entries({
    STOP: 'stop',
    MAX_TOKENS: 'length',
    SAFETY: 'content_filter',
    RECITATION: 'content_filter',
    LANGUAGE: 'content_filter',
    BLOCKLIST: 'content_filter',
    PROHIBITED_CONTENT: 'content_filter',
    SPII: 'content_filter',
    IMAGE_SAFETY: 'content_filter',
    IMAGE_PROHIBITED_CONTENT: 'content_filter',
    IMAGE_RECITATION: 'content_filter',
  } as const),
);

/** The model went wrong: what it says is no answer, and must not look like one. */
const FAILURES: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MISSING_THOUGHT_SIGNATURE',
  'NO_IMAGE',
]);

/** Null where it is no end but a failure. A reason that is yet to come, or OTHER, ends the answer all the same. */
export function endOf(finishReason: string): EndReason | null {
  return FAILURES.has(finishReason) ? null : (ENDS.get(finishReason) ?? 'stop');
}

export const FINISH_REASONS: Readonly<Record<EndReason, string>> = {
  stop: 'STOP',
  stop_sequence: 'STOP',
  tool_calls: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
  refusal: 'SAFETY',
  pause: 'OTHER',
};
