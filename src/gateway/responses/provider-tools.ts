/**
 * The tools that OpenAI runs itself (https://developers.openai.com/api/docs/guides/tools). Searches of the web cost $10 for a
 * thousand, and what they bring is input; `max_tool_calls` caps all that such tools do in a response. The others have no bound,
 * or reach into the provider's account, and are refused by name.
 */
import type { Json } from '../protocol.ts';
import type { ProviderTools } from '../provider-tools.ts';
import { isObject } from '../reported.ts';

/** Its preview has another price, with models that do not reason. */
const SEARCHES: ReadonlySet<unknown> = new Set(['web_search', 'web_search_2025_08_26']);

/** «Web search is limited to a context window size of 128000», whatever the model's own. */
const SEARCH_TOKENS_MAX = 128_000;

/** Why a tool is refused, and what to do instead, where there is more to say than that it has no bound. */
const BECAUSE: Readonly<Record<string, string>> = {
  web_search_preview: 'has a price that depends on the model: use web_search.',
  file_search:
    "searches vector stores in the provider's account, which everybody here shares: leave it out, and send what it would find.",
  code_interpreter:
    'runs in a container of OpenAI that is billed by itself, which nothing bounds: leave it out, or run the code yourself.',
  image_generation:
    'draws with a model whose price no usage of the answer tells: leave it out, and ask for images at /v1/images/generations.',
  mcp: 'brings as much input as its server likes, which nothing bounds: leave it out, and call the server yourself.',
};

export function unboundedBecause(type: unknown): string | undefined {
  const name = String(type).replace(/_\d{4}_\d{2}_\d{2}$/, '');
  return Object.hasOwn(BECAUSE, name) ? BECAUSE[name] : undefined;
}

export function isProviderTool({ type }: Json): boolean {
  return SEARCHES.has(type);
}

/** What of them a request offers; null: none. */
export function providerToolsOf(tools: readonly Json[], callsMax: number | null): ProviderTools | null {
  const first = tools.findIndex(isProviderTool);
  if (first < 0) return null;
  return {
    field: `tools.${first}`,
    usesMax: callsMax,
    usesMin: 1,
    fee: 'webSearch',
    tokensMax: SEARCH_TOKENS_MAX,
    fillsCache: true,
  };
}

/**
 * How many searches an item of an answer stands for: OpenAI bills those («Search actions incur a tool call cost»), and neither the
 * pages that it opens nor what it finds in them. Without an action it counts as one.
 */
export function searchesIn(item: unknown): number {
  if (!isObject(item) || item.type !== 'web_search_call') return 0;
  return isObject(item.action) && item.action.type !== 'search' ? 0 : 1;
}
