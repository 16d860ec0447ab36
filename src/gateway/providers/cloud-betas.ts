/**
 * Anthropic's betas at the clouds that serve Claude (Vertex, Bedrock), which refuse a whole call for one that they do not know. A
 * beta passes, or is left out where nothing is lost by that, or is refused by its name before anything is held: to drop what
 * changes the answer would be to answer something else than was asked. Names are without their dates.
 */
import type { Mapping } from '../../models/catalogue.ts';
import type { Json } from '../protocol.ts';
import { betaName, betasIn } from './anthropic.ts';
import type { Objection } from './provider.ts';

/** Known there, and change neither bill nor reach. */
const PASSED: ReadonlySet<string> = new Set([
  'computer-use',
  'context-management',
  'dev-full-thinking',
  'effort',
  'fine-grained-tool-streaming',
  'interleaved-thinking',
  'token-efficient-tools',
]);

const CLIENT = 'tells who calls, or how they signed in';
const SETTLED = 'is how everybody is served by now';
const OPENS = 'only opens a field, a value or a tool: who uses that without it is refused by its name, there or here';
const SHOWN = 'changes how much is shown of what was done, and clients take both';

/**
 * Left out, with why. Claude Code and other tools name a dozen with each request, whoever serves it, and use few; without these they
 * go on as they are.
 */
const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ['claude-code', CLIENT],
  ['oauth', CLIENT],
  ['extended-cache-ttl', SETTLED],
  ['max-tokens-3-5-sonnet', SETTLED],
  ['messages', SETTLED],
  ['output-128k', SETTLED],
  ['pdfs', SETTLED],
  ['prompt-caching', SETTLED],
  ['token-counting', SETTLED],
  ['adaptive-thinking', OPENS],
  ['advanced-tool-use', OPENS],
  ['advisor-tool', OPENS],
  ['compact', OPENS],
  ['fast-mode', OPENS],
  ['mcp-client', OPENS],
  ['mid-conversation-system', OPENS],
  ['prompt-caching-scope', OPENS],
  ['structured-outputs', OPENS],
  ['task-budgets', OPENS],
  ['tool-examples', OPENS],
  ['tool-search-tool', OPENS],
  ['web-fetch', OPENS],
  ['web-search', OPENS],
  ['redact-thinking', SHOWN],
  ['thinking-display-updates', SHOWN],
  ['thinking-token-count', SHOWN],
]);

/** The one that asks for a larger context than some models have: where the model has it anyway, nothing is lost. */
const LONG_CONTEXT = 'context-1m';
const LONG_CONTEXT_TOKENS = 1_000_000;

/** Of the client's betas those that are sent on. */
export function cloudBetas(betas: string | null): string {
  return betasIn(betas)
    .filter((beta) => PASSED.has(betaName(beta)))
    .join(',');
}

/** The first beta that is neither sent on nor left out; in the body, where Bedrock's own clients have them, none is sent on. */
export function betaObjection(headers: Headers, { anthropic_beta }: Json, mapping: Mapping): Objection | null {
  const inBody = Array.isArray(anthropic_beta) ? anthropic_beta.map(String) : [];
  const isLost = (beta: string) => {
    const name = betaName(beta);
    if (name === LONG_CONTEXT) return mapping.contextTokens < LONG_CONTEXT_TOKENS;
    return !PASSED.has(name) && !LEFT_OUT.has(name);
  };
  const inHeader = betasIn(headers.get('anthropic-beta')).find(isLost);
  if (inHeader !== undefined) {
    const message = `anthropic-beta: ${mapping.id} is not served with ${inHeader.slice(0, 100)}. Leave it out.`;
    return { field: 'anthropic-beta', message };
  }
  const lost = inBody.find((beta) => PASSED.has(betaName(beta)) || isLost(beta));
  if (lost === undefined) return null;
  return {
    field: 'anthropic_beta',
    message: `anthropic_beta: name ${lost.slice(0, 100)} in the header anthropic-beta.`,
  };
}
