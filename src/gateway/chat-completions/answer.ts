/**
 * Reading OpenAI's chat answers: the text of a delta or message, the end, the usage, an error inside a 200. Garbage
 * reads as nothing rather than throwing: what a provider sends is not trusted.
 */
import { z } from '@hono/zod-openapi';
import type { Usage } from '../../money/cost.ts';
import { NO_USAGE } from '../../money/cost.ts';

/** No model takes or makes so much at once: a provider that says so has miscounted, and its count is not used. */
const REPORTED_TOKENS_MAX = 100_000_000;

const count = z.int().min(0).max(REPORTED_TOKENS_MAX);

const ReportedUsage = z.looseObject({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.looseObject({ cached_tokens: count.nullish() }).nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: count.nullish() }).nullish(),
});

const Spoken = z.looseObject({
  content: z.string().nullish().catch(null),
  refusal: z.string().nullish().catch(null),
  reasoning: z.string().nullish().catch(null),
  reasoning_content: z.string().nullish().catch(null),
  tool_calls: z
    .array(
      z.looseObject({
        function: z
          .looseObject({ name: z.string().nullish().catch(null), arguments: z.string().nullish().catch(null) })
          .nullish()
          .catch(null),
      }),
    )
    .nullish()
    .catch(null),
});

const Answer = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        delta: Spoken.nullish().catch(null),
        message: Spoken.nullish().catch(null),
        finish_reason: z.string().nullish().catch(null),
      }),
    )
    .catch([]),
  error: z
    .looseObject({ message: z.string().catch('The provider reported an error.') })
    .nullish()
    .catch(null),
});

export interface ReadAnswer {
  /** All new text, tool names and arguments included. */
  text: string;
  /** Whether a choice ended. */
  finished: boolean;
  /** How many choices it carries; a stream's final usage carries none. */
  choices: number;
  usage: Usage | null;
  error: string | null;
}

/** Reads one chunk of a stream or a whole answer; null where it is no JSON object. */
export function readAnswer(text: string): { answer: ReadAnswer; json: Record<string, unknown> } | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = Answer.safeParse(json);
  if (!parsed.success) return null;
  const { choices, error } = parsed.data;
  let said = '';
  for (const { delta, message } of choices) {
    const spoken = delta ?? message;
    if (!spoken) continue;
    said +=
      (spoken.content ?? '') + (spoken.refusal ?? '') + (spoken.reasoning ?? '') + (spoken.reasoning_content ?? '');
    for (const call of spoken.tool_calls ?? []) said += (call.function?.name ?? '') + (call.function?.arguments ?? '');
  }
  return {
    answer: {
      text: said,
      finished: choices.some((choice) => choice.finish_reason != null),
      choices: choices.length,
      usage: readUsage(parsed.data.usage),
      error: error?.message ?? null,
    },
    json: parsed.data,
  };
}

/** OpenAI counts cached tokens within the prompt and reasoning within the completion; ours are disjoint. */
function readUsage(reported: unknown): Usage | null {
  const parsed = ReportedUsage.safeParse(reported);
  if (!parsed.success) return null;
  const { prompt_tokens: prompt, completion_tokens: completion } = parsed.data;
  const cached = Math.min(prompt, parsed.data.prompt_tokens_details?.cached_tokens ?? 0);
  const reasoning = Math.min(completion, parsed.data.completion_tokens_details?.reasoning_tokens ?? 0);
  return {
    ...NO_USAGE,
    input: prompt - cached,
    cachedInput: cached,
    output: completion - reasoning,
    reasoning,
  };
}
