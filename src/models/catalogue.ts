/**
 * The models that Purser serves, and the one lookup by name.
 *
 * Prices come from the generated table; sizes and abilities are kept by hand (row.ts, rows/), as the price package has no
 * output sizes. The demo provider's mappings live elsewhere, and so do those that a deployment or an organization makes:
 * whoever builds a catalogue passes the list it should know.
 */

import type { Price } from '../money/price.ts';
import { PRICES } from './prices.generated.ts';
import { type Abilities, mappingId, type Service } from './row.ts';
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
  /** Input and output together. */
  contextTokens: number;
  /** Reasoning included. */
  maxOutputTokens: number;
  /** The provider bills output tokens that never appear in the stream, so the stream does not bound the cost. */
  hiddenReasoning: boolean;
  abilities: Abilities;
  /** Where it is served, where that is one place; absent: the credential's own region, if it has one. */
  region?: string;
  /** What it can be asked for; conversations, where nothing is said. */
  serves?: readonly Service[];
  /** Days (UTC) from which its provider advises against it, and ends it; null or absent: nothing was announced. */
  deprecatedOn?: string | null;
  retiresOn?: string | null;
  /** Ascending by date. */
  prices: readonly Price[];
}

/** What a name stands for: at least one mapping of one model. */
interface CatalogueEntry {
  canonicalModel: string;
  mappings: readonly Mapping[];
}

export interface Catalogue {
  /** Looks up a canonical model (all of its mappings) or a pinned one (that mapping); exact, case included. */
  find(name: string): CatalogueEntry | null;
  all(): readonly Mapping[];
}

export function serves(mapping: Mapping, service: Service): boolean {
  return (mapping.serves ?? ['conversation']).includes(service);
}

/** Throws if a name would stand for two things. */
export function createCatalogue(mappings: readonly Mapping[]): Catalogue {
  // Names come from callers: a Map has no inherited `__proto__` or `constructor` to find.
  const entries = new Map<string, CatalogueEntry>();
  const add = (name: string, entry: CatalogueEntry): void => {
    if (entries.has(name)) throw new Error(`two models are called ${name}`);
    entries.set(name, entry);
  };
  for (const mapping of mappings) add(mapping.id, { canonicalModel: mapping.canonicalModel, mappings: [mapping] });
  for (const [canonicalModel, group] of Map.groupBy(mappings, (mapping) => mapping.canonicalModel)) {
    add(canonicalModel, { canonicalModel, mappings: group });
  }
  return { find: (name) => entries.get(name) ?? null, all: () => mappings };
}

/** The mappings that every build has: the rows, each with its generated prices. */
export const CATALOGUE_MAPPINGS: readonly Mapping[] = ROWS.map((row) => {
  const { provider, model, canonicalModel, contextTokens, maxOutputTokens, abilities, serves } = row;
  const { deprecatedOn, retiresOn } = row;
  const id = mappingId(row);
  const prices = (PRICES as Readonly<Record<string, readonly Price[]>>)[id];
  if (!prices) throw new Error(`${id} has no price: run npm run generate:prices`);
  return {
    id,
    provider,
    upstreamModel: model,
    canonicalModel,
    contextTokens,
    maxOutputTokens,
    // OpenAI never streams its reasoning, others a summary or all of it if they are asked; all bill it as output.
    hiddenReasoning: abilities.reasoning,
    abilities,
    serves,
    deprecatedOn,
    retiresOn,
    prices,
  };
});
