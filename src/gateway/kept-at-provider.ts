/**
 * What a provider keeps in its account, named by an id. All organizations of a deployment share its accounts, so what a request
 * names there may be another's, and what it leaves there others could name: with the deployment's credential that is refused by
 * name. In an account of the organization's own it is its own.
 */
import type { Credential } from './providers/provider.ts';
import type { Refusal } from './refusals.ts';
import { isObject } from './reported.ts';
import { refuseField } from './request-body.ts';

/** Fields that name something in the provider's account. */
const NAMES: ReadonlySet<string> = new Set(['file_id', 'file_ids', 'container_id', 'skill_id', 'vector_store_ids']);

/** The first field, however deep, that names something at the provider. */
export function nameWithin(value: unknown): string | null {
  if (Array.isArray(value)) {
    for (const part of value) {
      const found = nameWithin(part);
      if (found !== null) return found;
    }
    return null;
  }
  if (!isObject(value)) return null;
  for (const [field, part] of Object.entries(value)) {
    // Within a schema these are names of a caller's own, and objects.
    if (NAMES.has(field) && part !== null && !isObject(part)) return field;
    const found = nameWithin(part);
    if (found !== null) return found;
  }
  return null;
}

/** `kept`: the field that names it, or would leave it there. */
export function sharedAccount({ kept }: { kept?: string | null }, { of }: Pick<Credential, 'of'>): Refusal | null {
  if (kept == null || of !== 'deployment') return null;
  const message = `${kept} stands for what is kept in the provider's account, which everybody here shares. Send the content itself, or use a provider key of your organization's own.`;
  return refuseField(kept, message).refusal;
}
