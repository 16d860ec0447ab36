/**
 * What else a model is called, by its canonical name. A name stands here only where its provider says that both are the same model
 * now: a dated snapshot that the plain name means, `-latest` where it leads to what is served here, or another spelling. It is asked for
 * and ruled on as the model itself; priced, routed, counted and shown is the canonical one, and what goes to a provider is the
 * mapping's own name.
 *
 * No pattern takes what is not listed (`-20260101`): another snapshot may have another price and another behaviour (gpt-4o-2024-05-13
 * costs twice what gpt-4o does), and who asks for one wants that one. See docs/decisions/0023-other-names.md.
 *
 * Sources: platform.claude.com/docs/en/about-claude/models, developers.openai.com/api/docs/models and /changelog, docs.mistral.ai/models;
 * the dates agree with @pydantic/genai-prices.
 */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  // Claude Code asks for the dated one in the background, Google Cloud's clients write the date behind an @.
  'claude-haiku-4-5': ['claude-haiku-4-5-20251001', 'claude-haiku-4-5@20251001', 'claude-haiku-4.5'],
  'claude-sonnet-4-6': ['claude-sonnet-4.6'],
  'claude-opus-4-8': ['claude-opus-4.8'],
  'claude-opus-5-5': ['claude-opus-5.5'],
  'claude-fable-5-1': ['claude-fable-5.1'],

  'gpt-5.5': ['gpt-5.5-2026-04-23'],
  'gpt-5.4': ['gpt-5.4-2026-03-05'],
  'gpt-5.4-mini': ['gpt-5.4-mini-2026-03-17'],
  'gpt-5.4-nano': ['gpt-5.4-nano-2026-03-17'],
  'gpt-5.2': ['gpt-5.2-2025-12-11'],
  'gpt-5.1': ['gpt-5.1-2025-11-13'],
  'gpt-5': ['gpt-5-2025-08-07'],
  'gpt-5-mini': ['gpt-5-mini-2025-08-07'],
  'gpt-5-nano': ['gpt-5-nano-2025-08-07'],
  o3: ['o3-2025-04-16'],
  'o4-mini': ['o4-mini-2025-04-16'],
  'gpt-4.1': ['gpt-4.1-2025-04-14'],
  'gpt-4.1-mini': ['gpt-4.1-mini-2025-04-14'],
  'gpt-4.1-nano': ['gpt-4.1-nano-2025-04-14'],
  'gpt-4o': ['gpt-4o-2024-08-06'],
  'gpt-4o-mini': ['gpt-4o-mini-2024-07-18'],
  'omni-moderation-latest': ['omni-moderation-2024-09-26'],
  'gpt-image-2': ['gpt-image-2-2026-04-21'],
  'gpt-image-1.5': ['gpt-image-1.5-2025-12-16'],
  'gpt-4o-mini-tts': ['gpt-4o-mini-tts-2025-12-15'],
  'gpt-4o-mini-transcribe': ['gpt-4o-mini-transcribe-2025-12-15'],

  'mistral-large-2512': ['mistral-large-latest'],
  'mistral-medium-3-5': ['mistral-medium-latest', 'mistral-medium-3.5'],
  'mistral-small-2603': ['mistral-small-latest'],
  'codestral-2508': ['codestral-latest'],
  'ministral-8b-2512': ['ministral-8b-latest'],
  'voxtral-mini-2602': ['voxtral-mini-latest'],
};

/** The models that have other names; for who checks that each of them exists. */
export const ALIASED_MODELS: readonly string[] = Object.keys(ALIASES);

export function aliasesOf(canonicalModel: string): readonly string[] {
  return Object.hasOwn(ALIASES, canonicalModel) ? (ALIASES[canonicalModel] ?? []) : [];
}
