/**
 * Anthropic, and whatever speaks its Messages at ANTHROPIC_BASE_URL. Same wire in and out, so bodies pass as they are.
 */

import type { Asked, Json } from '../protocol.ts';
import { fieldsOf } from '../reported.ts';
import { inputCount } from './input-count.ts';
import type { Operation, OutputCount, Provider, ProviderCall } from './provider.ts';
import { TextCount } from './text-count.ts';
import { sendUpstream, upstreamUrl } from './upstream.ts';
import { withoutCredential } from './without-credential.ts';

const DEFAULT_BASE_URL = 'https://api.anthropic.com';

/** Of clients that name none, or speak another protocol. */
const DEFAULT_VERSION = '2023-06-01';

const PATHS: Partial<Record<Operation, string>> = {
  messages: 'v1/messages',
  'messages/count_tokens': 'v1/messages/count_tokens',
};

/**
 * The betas that pass, whatever their date. All others are left out, as if the provider did not have them, because a beta may
 * change what is billed (fast mode, longer contexts and outputs, compaction, fallbacks, priced tools), or read what others
 * who share the deployment's account keep there (files, skills, containers, threads, memories). These do neither: they shape
 * what is in the body, or in the answer.
 */
const BETAS_PASSED: ReadonlySet<string> = new Set([
  'claude-code',
  'computer-use',
  'context-management',
  'dev-full-thinking',
  'effort',
  'extended-cache-ttl',
  'fine-grained-tool-streaming',
  'inline-tools',
  'interleaved-thinking',
  'mid-conversation-output-config',
  'mid-conversation-system',
  'mid-conversation-system-clear-at',
  'mid-conversation-tool-changes',
  'model-context-window-exceeded',
  'pdfs',
  'prompt-caching',
  'structured-outputs',
  'task-budgets',
  'thinking-binding-controls',
  'thinking-display-updates',
  'thinking-token-count',
  'token-counting',
  'token-efficient-tools',
  'web-fetch',
  'web-search',
]);

const BETA_DATE = /-\d{4}-?\d{2}-?\d{2}$/;

const COUNT = inputCount({
  requestMax: 1_024,
  itemMax: 16,
  itemAbout: 4,
  // A larger image is made smaller until it has 4,784 (https://platform.claude.com/docs/en/build-with-claude/vision).
  imageMax: 5_000,
  imageAbout: 1_600,
  fileAbout: 3_000,
});

/** A tool of Anthropic's own making brings its description with it: a name stands for up to some thousand tokens of a toolset. */
const TOKENS_PER_BUILT_IN_TOOL_MAX = 10_000;

export const anthropic: Provider = {
  id: 'anthropic',

  credentialOf({ ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: baseUrl }) {
    return key ? { key, baseUrl: baseUrl ?? null, settings: {}, of: 'deployment' } : null;
  },

  speaks: () => ['messages'],

  serves: (operation) => operation === 'messages/count_tokens',

  async send(call: ProviderCall): Promise<Response> {
    const { env, credential, operation, body, contentType, streamed, clientHeaders, signal } = call;
    const path = PATHS[operation];
    if (path === undefined) throw new Error(`Anthropic is not called for ${operation}`);
    const betas = betasIn(clientHeaders.get('anthropic-beta')).filter((beta) => BETAS_PASSED.has(betaName(beta)));
    const headers: Record<string, string> = {
      'x-api-key': credential.key,
      'anthropic-version': clientHeaders.get('anthropic-version') || DEFAULT_VERSION,
      ...(betas.length > 0 && { 'anthropic-beta': betas.join(',') }),
      'content-type': contentType,
      accept: streamed ? 'text/event-stream' : 'application/json',
    };
    const url = upstreamUrl(env, credential.baseUrl ?? DEFAULT_BASE_URL, path);
    return withoutCredential(await sendUpstream(env, url, { method: 'POST', headers, body, signal }), credential);
  },

  inputTokensMax: (asked, bodyBytes) =>
    COUNT.inputTokensMax(asked, bodyBytes) + builtInToolsOf(asked) * TOKENS_PER_BUILT_IN_TOOL_MAX,

  inputTokensMin: COUNT.inputTokensMin,
  inputTokensEstimate: COUNT.inputTokensEstimate,

  countOutput: (): OutputCount => new TextCount(),
};

/** The betas that a header names. */
export function betasIn(header: string | null): string[] {
  const named = (header ?? '').split(',').map((beta) => beta.trim());
  return named.filter((beta) => beta !== '');
}

/** Without its date. */
export function betaName(beta: string): string {
  return beta.replace(BETA_DATE, '');
}

function builtInToolsOf({ json }: Asked): number {
  return Array.isArray(json.tools) ? json.tools.filter((tool) => isBuiltIn(fieldsOf(tool))).length : 0;
}

function isBuiltIn({ type }: Json): boolean {
  return type != null && type !== 'custom' && type !== 'function';
}
