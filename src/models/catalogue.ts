/**
 * The models that Purser serves, and the one lookup by name.
 *
 * Prices come from the generated table; sizes and abilities are kept by hand, from each provider's own model pages, as
 * the price package has no output sizes. The demo provider's mappings live elsewhere: whoever builds a catalogue passes
 * the list it should know.
 */

import type { Price } from '../money/price.ts';
import { PRICES } from './prices.generated.ts';

export type ProviderId = 'openai' | 'anthropic' | 'demo';

interface Abilities {
  tools: boolean;
  /** Takes images as input. */
  images: boolean;
  /** Can be held to a JSON schema. */
  jsonSchema: boolean;
  reasoning: boolean;
}

/** A model at one provider. */
export interface Mapping {
  /** The pinned name: `openai/gpt-5.5`. */
  id: string;
  provider: ProviderId;
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

interface Sizes {
  contextTokens: number;
  maxOutputTokens: number;
}

const GPT_1M: Sizes = { contextTokens: 1_050_000, maxOutputTokens: 128_000 };
const GPT_400K: Sizes = { contextTokens: 400_000, maxOutputTokens: 128_000 };
const O_SERIES: Sizes = { contextTokens: 200_000, maxOutputTokens: 100_000 };
const GPT_4_1: Sizes = { contextTokens: 1_047_576, maxOutputTokens: 32_768 };
const GPT_4O: Sizes = { contextTokens: 128_000, maxOutputTokens: 16_384 };
const CLAUDE_1M: Sizes = { contextTokens: 1_000_000, maxOutputTokens: 128_000 };

const PLAIN: Abilities = { tools: true, images: true, jsonSchema: true, reasoning: false };
const REASONING: Abilities = { ...PLAIN, reasoning: true };

/**
 * The rows that every deployment has. OpenAI models that only /v1/responses serves (the pro and codex ones) are not
 * among them: a row must work with every protocol that Purser translates.
 */
export const CATALOGUE_MAPPINGS: readonly Mapping[] = [
  openai('gpt-6-astra', GPT_1M, REASONING),
  openai('gpt-6-sol', GPT_1M, REASONING),
  openai('gpt-6-luna', GPT_1M, REASONING),
  openai('gpt-5.6-sol', GPT_1M, REASONING),
  openai('gpt-5.6-terra', GPT_1M, REASONING),
  openai('gpt-5.6-luna', GPT_1M, REASONING),
  openai('gpt-5.5', GPT_1M, REASONING),
  openai('gpt-5.4', GPT_1M, REASONING),
  openai('gpt-5.4-mini', GPT_400K, REASONING),
  openai('gpt-5.4-nano', GPT_400K, REASONING),
  openai('gpt-5.2', GPT_400K, REASONING),
  openai('gpt-5.1', GPT_400K, REASONING),
  openai('gpt-5', GPT_400K, REASONING),
  openai('gpt-5-mini', GPT_400K, REASONING),
  openai('gpt-5-nano', GPT_400K, REASONING),
  openai('o3', O_SERIES, REASONING),
  openai('o4-mini', O_SERIES, REASONING),
  openai('gpt-4.1', GPT_4_1, PLAIN),
  openai('gpt-4.1-mini', GPT_4_1, PLAIN),
  openai('gpt-4.1-nano', GPT_4_1, PLAIN),
  openai('gpt-4o', GPT_4O, PLAIN),
  openai('gpt-4o-mini', GPT_4O, PLAIN),
  anthropic('claude-fable-5', CLAUDE_1M, REASONING),
  anthropic('claude-sonnet-5', CLAUDE_1M, REASONING),
];

// The parameter types are the generated table's own keys: a row without a price does not compile.

function openai(model: keyof typeof PRICES.openai, sizes: Sizes, abilities: Abilities): Mapping {
  return builtIn('openai', model, sizes, abilities, PRICES.openai[model]);
}

function anthropic(model: keyof typeof PRICES.anthropic, sizes: Sizes, abilities: Abilities): Mapping {
  return builtIn('anthropic', model, sizes, abilities, PRICES.anthropic[model]);
}

function builtIn(
  provider: ProviderId,
  model: string,
  sizes: Sizes,
  abilities: Abilities,
  prices: readonly Price[],
): Mapping {
  return {
    id: `${provider}/${model}`,
    provider,
    upstreamModel: model,
    canonicalModel: model,
    ...sizes,
    // OpenAI never streams its reasoning and Anthropic streams a summary at most; both bill all of it as output.
    hiddenReasoning: abilities.reasoning,
    abilities,
    prices,
  };
}
