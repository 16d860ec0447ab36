/** The field `demo`, which steers the demo provider in every protocol, also into misbehaving. Refused for any other provider. */
import { z } from '@hono/zod-openapi';

const TOKENS_MAX = 1_000_000;
const PAUSE_MS_MAX = 600_000;

export const DemoField = z.strictObject({
  outputTokens: z.int().min(0).max(TOKENS_MAX).optional(),
  cachedTokens: z.int().min(0).optional(),
  reasoningTokens: z.int().min(0).max(TOKENS_MAX).optional(),
  delayMs: z.int().min(0).max(PAUSE_MS_MAX).optional(),
  tokensPerSecond: z.number().positive().max(100_000).optional(),
  failAfterTokens: z.int().min(0).optional(),
  failStatus: z.int().min(400).max(599).optional(),
  silentMs: z.int().min(0).max(PAUSE_MS_MAX).optional(),
  overrunTokens: z.int().min(0).max(TOKENS_MAX).optional(),
});

export type Demo = z.infer<typeof DemoField>;
