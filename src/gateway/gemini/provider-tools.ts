/**
 * The tools that Google runs itself (https://ai.google.dev/gemini-api/docs/google-search). Gemini 2.5 bills a search by the prompt that
 * it grounds, once, however many queries the model makes for it: that is a bound. Gemini 3 bills each query, and knows no cap on
 * them; so its models have no price of searches here, and a search is refused by name, as are the tools that read and run
 * whatever they like.
 */
import type { Json } from '../protocol.ts';
import type { ProviderTools } from '../provider-tools.ts';
import { isObject } from '../reported.ts';

/** Beside the functions that a client declares. */
const BOUNDED = 'googleSearch';

const BECAUSE: Readonly<Record<string, string>> = {
  urlContext: 'reads as much input as its pages hold, which nothing bounds: leave it out, and send what is to be read.',
  codeExecution:
    'reads again what it runs, as often as it likes, which nothing bounds: leave it out, or declare a function.',
};

/** The first tool of Google's own that nothing bounds, by its field; null: none. */
export function unboundedTool(tools: readonly Json[]): { field: string; because?: string | undefined } | null {
  for (const tool of tools) {
    for (const [name, value] of Object.entries(tool)) {
      if (name === 'functionDeclarations' || name === BOUNDED || value == null) continue;
      return { field: `tools.${name}`, because: Object.hasOwn(BECAUSE, name) ? BECAUSE[name] : undefined };
    }
  }
  return null;
}

/** What of them a request offers; null: none. */
export function providerToolsOf(tools: readonly Json[]): ProviderTools | null {
  if (!tools.some((tool) => tool[BOUNDED] != null)) return null;
  return { field: `tools.${BOUNDED}`, usesMax: 1, usesMin: 1, fee: 'webSearch', tokensMax: null, fillsCache: true };
}

/** Whether a candidate was made with a search. A query that is empty is none. */
export function isGrounded(candidate: unknown): boolean {
  if (!isObject(candidate) || !isObject(candidate.groundingMetadata)) return false;
  const { webSearchQueries, imageSearchQueries } = candidate.groundingMetadata;
  return [webSearchQueries, imageSearchQueries].some(
    (queries) => Array.isArray(queries) && queries.some((query) => typeof query === 'string' && query !== ''),
  );
}
