/**
 * The models that Purser serves, and the one lookup by name.
 *
 * Prices come from the generated table; sizes and abilities are kept by hand (row.ts, rows/), as the price package has no
 * output sizes. The demo provider's mappings live elsewhere, and so do those that a deployment or an organization makes:
 * whoever builds a catalogue passes the list it should know.
 */

import type { Price } from '../money/price.ts';
import { aliasesOf } from './aliases.ts';
import { PRICES } from './prices.generated.ts';
import { type Abilities, mappingId, type Reasons, type Service, type Thinking } from './row.ts';
import { ROWS } from './rows.ts';

export type { ProviderId } from './row.ts';

/** A model at one provider. */
export interface Mapping {
  /** The pinned name: `openai/gpt-5.5`. */
  id: string;
  /** Who serves it: one of ours (ProviderId), or one of an organization's own, by its slug. */
  provider: string;
  /** What the provider calls it. */
  upstreamModel: string;
  /** The model whoever serves it: `gpt-5.5`. */
  canonicalModel: string;
  /** What else the model is called, whoever serves it. */
  aliases?: readonly string[];
  /** Input and output together. */
  contextTokens: number;
  /** Reasoning included. */
  maxOutputTokens: number;
  /** When its provider bills output that never appears in the stream, so that the stream does not bound the cost. */
  reasons: Reasons;
  abilities: Abilities;
  /** How it is told how much to think, where it takes only one of the two. */
  thinking?: Thinking;
  /** Where it is served, where that is not the credential's own region; absent: there, if it has one. */
  region?: string | null;
  /** What it can be asked for; conversations, where nothing is said. */
  serves?: readonly Service[];
  /** Days (UTC) from which its provider advises against it, and ends it; null or absent: nothing was announced. */
  deprecatedOn?: string | null;
  retiresOn?: string | null;
  /** Ascending by date. */
  prices: readonly Price[];
}

/**
 * All names that stand for a mapping: its pinned one, the model's own and other ones, and each of those at its provider. It is found, listed
 * and ruled on by any of them.
 */
export function namesOf({ id, provider, canonicalModel, aliases = [] }: NamedMapping): string[] {
  const plain = [canonicalModel, ...aliases];
  return [...new Set([id, ...plain, ...plain.map((name) => `${provider}/${name}`)])];
}

/** Those beside the pinned and the canonical one. */
export function otherNamesOf(mapping: NamedMapping): string[] {
  return namesOf(mapping).filter((name) => name !== mapping.id && name !== mapping.canonicalModel);
}

type NamedMapping = Pick<Mapping, 'id' | 'provider' | 'canonicalModel' | 'aliases'>;

/** What a name stands for: at least one mapping of one model. */
interface CatalogueEntry {
  canonicalModel: string;
  mappings: readonly Mapping[];
}

export interface Catalogue {
  /** Looks up any name: one that is not pinned stands for all mappings of its model, here or at the provider it names. Exact, case included. */
  find(name: string): CatalogueEntry | null;
  all(): readonly Mapping[];
}

export function serves(mapping: Mapping, service: Service): boolean {
  return (mapping.serves ?? ['conversation']).includes(service);
}

/** Throws if a name would stand for two things. */
export function createCatalogue(mappings: readonly Mapping[]): Catalogue {
  // Names come from callers: a Map has no inherited `__proto__` or `constructor` to find.
  const entries = new Map<string, { canonicalModel: string; mappings: Mapping[] }>();
  const twice = (name: string) => new Error(`two models are called ${name}`);
  for (const mapping of mappings) {
    if (entries.has(mapping.id)) throw twice(mapping.id);
    entries.set(mapping.id, { canonicalModel: mapping.canonicalModel, mappings: [mapping] });
  }
  const pinned = new Set(entries.keys());
  for (const mapping of mappings) {
    for (const name of namesOf(mapping)) {
      const entry = entries.get(name) ?? { canonicalModel: mapping.canonicalModel, mappings: [] };
      if (entry.canonicalModel !== mapping.canonicalModel) throw twice(name);
      // A pinned name stays that of one mapping, whatever else its provider serves the model as.
      if (!pinned.has(name)) entry.mappings.push(mapping);
      entries.set(name, entry);
    }
  }
  return { find: (name) => entries.get(name) ?? null, all: () => mappings };
}

/** The mappings that every build has: the rows, each with its generated prices. */
export const CATALOGUE_MAPPINGS: readonly Mapping[] = ROWS.map((row) => {
  const { provider, model, canonicalModel, contextTokens, maxOutputTokens, abilities, reasons, serves } = row;
  const { region, deprecatedOn, retiresOn, thinking } = row;
  const id = mappingId(row);
  const prices = (PRICES as Readonly<Record<string, readonly Price[]>>)[id];
  if (!prices) throw new Error(`${id} has no price: run npm run generate:prices`);
  return {
    id,
    provider,
    upstreamModel: model,
    canonicalModel,
    aliases: aliasesOf(canonicalModel),
    contextTokens,
    maxOutputTokens,
    abilities,
    reasons,
    serves,
    region,
    ...(thinking && { thinking }),
    deprecatedOn,
    retiresOn,
    prices,
  };
});
