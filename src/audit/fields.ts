/**
 * What of a change goes into its entry: the fields that differ, and never a secret. Callers choose the fields; what is
 * here catches a secret that got among them all the same, by the name of its field or by its looks.
 */
import type { Entry, Fields } from './chain.ts';

/** The fields of a change in which it differs, as they were and as they are. */
export function changedFields<T extends object>(before: T, after: T): { before: Fields; after: Fields } {
  const names = Object.keys({ ...before, ...after }) as (keyof T)[];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const pick = (from: T): Fields => Object.fromEntries(changed.map((name) => [name, from[name] ?? null]));
  return { before: pick(before), after: pick(after) };
}

/** Of something new, the fields that are set. */
export function createdFields(after: object): { before: null; after: Fields } {
  return { before: null, after: Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null)) };
}

const HIDDEN = '(hidden)';

/** Whole names and endings: `tokensPerMinute` and `maskedKey` are no secrets. */
const SECRET_FIELD = /^(key|apiKey)$|(secret|password|passphrase|token|hash|privateKey|credential|credentials)$/i;

/** Our own keys, and the prefix that most providers give theirs: somebody pastes one into a name sooner or later. */
const SECRET_TEXT = /\b(ps[rm]_|sk-)[\w-]{16,}/g;

/** The entry as it may be kept: without secrets, and exactly as D1 will give it back. */
export function recordable(entry: Entry): Entry {
  const { target, before, after, from } = entry;
  return { ...entry, target: clean(target), before: clean(before), after: clean(after), from: clean(from) };
}

function clean<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, cleanField)) as T;
}

function cleanField(name: string, value: unknown): unknown {
  if (value !== null && SECRET_FIELD.test(name)) return HIDDEN;
  // D1 keeps UTF-8, in which half a surrogate pair does not exist.
  return typeof value === 'string' ? value.toWellFormed().replace(SECRET_TEXT, `$1${HIDDEN}`) : value;
}
