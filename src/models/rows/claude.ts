/** Anthropic's models, at Anthropic, on Vertex and on Bedrock (worldwide, and within the US for a tenth more). */
import { REASONING, type Row, row, sizes } from '../row.ts';

const CLAUDE_1M = sizes(1_000_000, 128_000);
const SONNET_4_6 = sizes(1_000_000, 64_000);
const HAIKU = sizes(200_000, 64_000);

/**
 * Of Haiku 4.5 a budget is asked, of Sonnet 4.6 either, of all after it a word (platform.claude.com, adaptive thinking). Those up to
 * Opus 4.8 think where they are told to, those after it unless they are told not to, and some refuse that.
 */
const either = { abilities: REASONING, reasons: 'asked' } as const;
const byBudget = { ...either, thinking: 'budget' } as const;
const byWord = { ...either, thinking: 'adaptive' } as const;
const thinks = { ...byWord, reasons: 'unless_off' } as const;

export const CLAUDE: readonly Row[] = [
  row('anthropic', 'claude-fable-5', CLAUDE_1M, thinks),
  row('anthropic', 'claude-fable-5-1', CLAUDE_1M, thinks),
  row('anthropic', 'claude-opus-5-5', CLAUDE_1M, thinks),
  row('anthropic', 'claude-opus-5', CLAUDE_1M, thinks),
  row('anthropic', 'claude-opus-4-8', CLAUDE_1M, byWord),
  row('anthropic', 'claude-sonnet-5', CLAUDE_1M, thinks),
  row('anthropic', 'claude-sonnet-4-6', SONNET_4_6, either),
  row('anthropic', 'claude-haiku-4-5', HAIKU, byBudget),

  row('vertex', 'claude-fable-5', CLAUDE_1M, thinks),
  row('vertex', 'claude-opus-5', CLAUDE_1M, thinks),
  row('vertex', 'claude-sonnet-5', CLAUDE_1M, thinks),

  ...bedrock('claude-fable-5-v1:0', 'claude-fable-5'),
  ...bedrock('claude-opus-5', 'claude-opus-5'),
  ...bedrock('claude-sonnet-5-v1:0', 'claude-sonnet-5'),
  ...bedrock('claude-haiku-4-5-20251001-v1:0', 'claude-haiku-4-5', HAIKU, byBudget),
];

/** The cross-region inference profiles, which run in any region of the world, or of the US, and not where they are called; the package has one price for all that stay within a region of the world. */
function bedrock(
  model: string,
  canonicalModel: string,
  sized = CLAUDE_1M,
  rest: Pick<Row, 'abilities' | 'reasons' | 'thinking'> = thinks,
): Row[] {
  const [global, us] = [`global.anthropic.${model}`, `us.anthropic.${model}`];
  const priced = `regional.anthropic.${model}`;
  return [
    row('bedrock', global, sized, { ...rest, canonicalModel, region: 'global' }),
    row('bedrock', us, sized, { ...rest, canonicalModel, priced, region: 'us' }),
  ];
}
