/**
 * The tools that Anthropic runs itself (https://platform.claude.com/docs/en/agents-and-tools/tool-use/server-tools). Searches of the
 * web ($10 for a thousand, and what they bring as input) and pages fetched (input alone) have `max_uses`, and so a bound. Their
 * newer versions may also be called by code that Anthropic runs, in a container that costs by its time and goes round as often
 * as it likes: they pass where `allowed_callers` keeps them to the model itself.
 */
import { LIMITS } from '../../limits.ts';
import type { Json } from '../protocol.ts';
import { type ProviderTools, shareOut } from '../provider-tools.ts';
import { fieldsOf } from '../reported.ts';

const TOOL = /^web_(search|fetch)_\d{8}$/;

/** These know no code that would call them. */
const CALLED_BY_MODEL: ReadonlySet<unknown> = new Set(['web_search_20250305', 'web_fetch_20250910']);

function isProviderTool({ type }: Json): boolean {
  // Most tools are the client's, and there are dozens of them.
  return typeof type === 'string' && type.startsWith('web_') && TOOL.test(type);
}

/** Why a tool that is none of the client's has no bound; undefined: nothing is to be said of it. */
export function unboundedBecause(tool: Json): string | undefined {
  if (isProviderTool(tool)) {
    return 'may be called by code that Anthropic runs, which nothing bounds: set allowed_callers to ["direct"].';
  }
  if (String(tool.type).startsWith('code_execution_')) {
    return 'runs in a container of Anthropic that costs by its time, which nothing bounds: leave it out, or run the code yourself.';
  }
  return undefined;
}

export function isBounded(tool: Json): boolean {
  if (!isProviderTool(tool)) return false;
  const { type, allowed_callers: callers } = tool;
  return callers == null ? CALLED_BY_MODEL.has(type) : JSON.stringify(callers) === '["direct"]';
}

/** The field whose cap is none, or null. */
export function badCap(tools: readonly Json[]): string | null {
  const bad = tools.findIndex((tool) => isProviderTool(tool) && tool.max_uses != null && !isCap(tool.max_uses));
  return bad < 0 ? null : `tools.${bad}.max_uses`;
}

function isCap(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LIMITS.toolUsesMax;
}

/** What of them a request offers; null: none. Anthropic's cache is filled where a request marks what to keep, and only there. */
export function providerToolsOf(json: Json, tools: readonly Json[]): ProviderTools | null {
  const offered = tools.filter(isProviderTool);
  const [first] = offered;
  if (!first) return null;
  const caps = offered.map(({ max_uses: cap }) => cap);
  return {
    field: `tools.${first.type}`,
    usesMax: caps.every((cap) => typeof cap === 'number') ? caps.reduce((sum, cap) => sum + cap, 0) : null,
    usesMin: offered.length,
    fee: offered.some(({ type }) => String(type).startsWith('web_search')) ? 'webSearch' : null,
    // `max_content_tokens` of a fetch is about what it brings, and a search has nothing of the kind.
    tokensMax: null,
    fillsCache: JSON.stringify(json).includes('cache_control'),
  };
}

/** The tools of a request, capped to so many uses together. */
export function withUses(tools: unknown, uses: number): unknown {
  if (!Array.isArray(tools)) return tools;
  const offered = tools.map(fieldsOf).filter(isProviderTool);
  const shares = shareOut(
    uses,
    offered.map(({ max_uses: cap }) => (typeof cap === 'number' ? cap : uses)),
  );
  return tools.map((tool) => (isProviderTool(fieldsOf(tool)) ? { ...tool, max_uses: shares.shift() } : tool));
}
