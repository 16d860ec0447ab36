/** Thresholds of warnings as the API takes them: whole percents of a limit, an empty list for no warning. */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';

const PERCENT = 'budgetWarnings must be whole percents from 1 to 100.';

export const Thresholds = z
  .array(z.int({ error: PERCENT }).min(1, { error: PERCENT }).max(100, { error: PERCENT }), { error: PERCENT })
  .max(LIMITS.budgetWarningsMax, { error: `budgetWarnings must be at most ${LIMITS.budgetWarningsMax} percents.` })
  .transform((percents) => [...new Set(percents)].toSorted((a, b) => a - b))
  .openapi({ example: [50, 80, 100] });
