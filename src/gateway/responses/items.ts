/**
 * The items of a conversation, and which of them may go to the provider: those that carry all they mean. An item that only
 * names what the provider keeps (an earlier item, a file, a container) could name another organization's, because all of a
 * deployment share its account there.
 */
import { nameWithin } from '../kept-at-provider.ts';
import type { Part, SealKind } from '../neutral.ts';
import type { Json } from '../protocol.ts';
import { isObject } from '../reported.ts';

/** Said by the model or by its caller, in full. A type that is not known may name something, so it is not among them. */
const WHOLE_ITEMS: ReadonlySet<unknown> = new Set([
  'message',
  'function_call',
  'function_call_output',
  'reasoning',
  'custom_tool_call',
  'custom_tool_call_output',
  'local_shell_call',
  'local_shell_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'tool_search_call',
  'tool_search_output',
  'web_search_call',
  'additional_tools',
  'configuration_update',
  'compaction',
  'compaction_trigger',
]);

/** All that items may say which change how the response is made; another field could choose another model or rate. */
const CHANGES: Readonly<Record<string, ReadonlySet<string>>> = {
  additional_tools: new Set(['type', 'id', 'role', 'tools']),
  configuration_update: new Set([
    'type',
    'id',
    'reasoning',
    'reasoning.effort',
    'text',
    'text.verbosity',
    'text.format',
  ]),
};

/** Tools that the caller runs: the provider only writes the call, as text. All others it runs itself (provider-tools.ts). */
const CALLERS_TOOLS: ReadonlySet<unknown> = new Set([
  'function',
  'custom',
  'local_shell',
  'apply_patch',
  'tool_search',
]);

/** Why an item of the input cannot be sent, or null. */
export function foreignItem(item: Json): string | null {
  // A message may leave its type out, as it says who speaks. What is named by its id was put here before this is asked (references.ts).
  const type = item.type ?? (item.role === undefined ? 'item_reference' : 'message');
  if (type === 'item_reference') return 'An item says its type and what belongs to it, or is named by its id.';
  if (!WHOLE_ITEMS.has(type)) return `Items of type ${JSON.stringify(type)?.slice(0, 60)} are not served here.`;
  const novel = novelChange(item);
  if (novel !== null) return `${novel} of an item of type ${item.type} is not served here: leave it out.`;
  const named = nameWithin(item);
  return named === null
    ? null
    : `${named} names something that the provider keeps, which is not reachable here: send its content.`;
}

/** The first field that is not known of an item which changes how the response is made. */
function novelChange({ type, ...item }: Json): string | null {
  const known = typeof type === 'string' && Object.hasOwn(CHANGES, type) ? CHANGES[type] : undefined;
  if (!known) return null;
  const within = (name: string) =>
    isObject(item[name]) ? Object.keys(item[name]).map((field) => `${name}.${field}`) : [];
  const fields = [...Object.keys(item), ...within('reasoning'), ...within('text')];
  return fields.find((field) => !known.has(field)) ?? null;
}

export function unpricedTool(tool: unknown): boolean {
  if (!isObject(tool)) return true;
  // A shell of the caller's own, unlike one in a container of the provider's.
  if (tool.type === 'shell') return !(isObject(tool.environment) && tool.environment.type === 'local');
  if (tool.type === 'namespace') return !Array.isArray(tool.tools) || tool.tools.some(unpricedTool);
  return !CALLERS_TOOLS.has(tool.type);
}

/**
 * Who sealed a reasoning item, and what: OpenAI's own is a Fernet token, which has no colon; what another provider sealed
 * and a client of this protocol carries for it has a name of ours before it. `gemini_call` is Gemini's signature on the tool
 * call that comes next, for which that call has no place.
 */
const SEALED = /^(messages|messages_redacted|gemini|gemini_call):(.*)$/s;

type SealedBy = SealKind | 'gemini_call';

function readSeal(encrypted: string): { sealed: string; sealedBy: SealedBy } {
  const [, by, sealed] = SEALED.exec(encrypted) ?? [];
  if (by === undefined || sealed === undefined) return { sealed: encrypted, sealedBy: 'responses' };
  return { sealed, sealedBy: by as SealedBy };
}

export function writeSeal(sealed: string, sealedBy: SealedBy): string {
  return sealedBy === 'responses' ? sealed : `${sealedBy}:${sealed}`;
}

/** What a reasoning item says: a thought, or the signature on the call behind it. */
export function reasoningOf(item: Json): { thought: Part | null; callSeal: string | null } {
  const { encrypted_content: encrypted } = item;
  const text = reasoningText(item);
  if (typeof encrypted !== 'string') {
    // One that neither shows nor seals anything is none: only the provider that kept it could tell what it was.
    return { thought: text === '' ? null : { type: 'reasoning', text, sealed: null, sealedBy: null }, callSeal: null };
  }
  const { sealed, sealedBy } = readSeal(encrypted);
  if (sealedBy === 'gemini_call') return { thought: null, callSeal: sealed };
  return { thought: { type: 'reasoning', text, sealed, sealedBy }, callSeal: null };
}

/** Carries each signature to the call behind it. Told of every item in its order. */
export class CallSeals {
  #next: string | null = null;

  /** The signature on this item, if it is a call that has one. */
  of(item: Json): string | null {
    const sealed = this.#next;
    this.#next = item.type === 'reasoning' ? reasoningOf(item).callSeal : null;
    return sealed;
  }
}

/** What a reasoning item shows: its summary or, where a provider shows all, its content. */
function reasoningText({ summary, content }: Json): string {
  return textsOf(summary) || textsOf(content);
}

function textsOf(parts: unknown): string {
  const texts = Array.isArray(parts)
    ? parts.filter(isObject).map(({ text }) => (typeof text === 'string' ? text : ''))
    : [];
  return texts.join('\n\n');
}

/**
 * Whether the provider can make sense of a reasoning item: only of one that it sealed itself. One by its id alone it would
 * have to have kept.
 */
export function isReadable({ type, encrypted_content: sealed }: Json): boolean {
  if (type !== 'reasoning') return true;
  return typeof sealed === 'string' && readSeal(sealed).sealedBy === 'responses';
}

/** A response's items as `input` takes them: what is text alone is a message of the user. */
export function itemsOf(input: unknown): Json[] {
  if (typeof input === 'string') {
    return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }];
  }
  return Array.isArray(input) ? input.filter(isObject) : [];
}
