/**
 * Rules as the API takes them and as D1 keeps them; what they mean is src/budgets/rules.ts's. Given whole: what is left out
 * allows everything. Names of models and providers need not exist here: a model may come, or be an organization's own.
 */
import { z } from '@hono/zod-openapi';
import { isIpRange } from '../budgets/ip-ranges.ts';
import type { Rules } from '../budgets/rules.ts';
import { LIMITS } from '../limits.ts';
import { parseUsd, USD } from '../money/nanos.ts';
import { answered } from '../reference/fields.ts';
import { canonicalAmount } from './budget-body.ts';
import { amountOf } from './effective-budget.ts';

/** A list of texts, of which each must be `what`. */
function entries(what: string, example: string, isOne: (text: string) => boolean) {
  const error = `Each entry must be ${what}.`;
  const entry = z
    .string({ error })
    .max(LIMITS.ruleEntryLengthMax, { error })
    .refine(isOne, { error })
    .openapi({ example });
  return z.array(entry, { error }).max(LIMITS.ruleEntriesMax, { error: `At most ${LIMITS.ruleEntriesMax} entries.` });
}

/** An empty list would allow nothing, or everything, as one reads it: nobody should have to guess. */
const EMPTY = 'An empty list allows nothing: leave it out (or null) to allow everything.';

const allowed = (list: ReturnType<typeof entries>) => list.min(1, { error: EMPTY }).nullable().default(null);

function lists(what: string, example: string, isOne: (text: string) => boolean) {
  const list = entries(what, example, isOne);
  return z.strictObject({ allow: allowed(list), deny: list.default([]) }).default({ allow: null, deny: [] });
}

const isModel = (text: string) => /^([\w.:@/-]+\*?|\*)$/.test(text);
const isProvider = (text: string) => /^[\w-]+$/.test(text);
const isEndpoint = (text: string) => /^[a-z][\w:/-]*$/i.test(text);

/** A price that may be left out. */
export function pricePerMillion(field: string) {
  const error = `${field} must be USD per million tokens, as a decimal string such as "2.50".`;
  return z
    .string({ error })
    .refine((text) => parseUsd(text) !== null, { error })
    .transform(canonicalAmount)
    .openapi({ example: '2.50', pattern: USD.source })
    .nullable()
    .default(null);
}

const endpoints = entries('an endpoint such as "chat/completions"', 'chat/completions', isEndpoint);

export const RulesBody = z
  .strictObject({
    models: lists('a model such as "openai/gpt-5.5", "gpt-5.5" or "openai/*"', 'openai/*', isModel),
    providers: lists('a provider such as "openai"', 'openai', isProvider),
    endpoints: z.strictObject({ allow: allowed(endpoints) }).default({ allow: null }),
    maxInputPrice: pricePerMillion('maxInputPrice'),
    maxOutputPrice: pricePerMillion('maxOutputPrice'),
    ips: lists('an IP address or a range such as "10.0.0.0/8"', '10.0.0.0/8', isIpRange),
  })
  .refine((rules) => JSON.stringify(rules).length <= LIMITS.rulesLengthMax, {
    error: `Rules have at most ${LIMITS.rulesLengthMax} characters in all: name many models by "openai/*".`,
  })
  .openapi('RulesBody', {
    example: { models: { allow: ['openai/*'], deny: ['openai/gpt-5.5'] }, maxOutputPrice: '10' },
  });

/** The same as they are answered: whole. */
export const ShownRules = z.object(answered(RulesBody.shape)).openapi('Rules', {
  example: {
    models: { allow: ['openai/*'], deny: ['openai/gpt-5.5'] },
    providers: { allow: null, deny: [] },
    endpoints: { allow: null },
    maxInputPrice: null,
    maxOutputPrice: '10',
    ips: { allow: null, deny: [] },
  },
});

export type StoredRules = z.infer<typeof ShownRules>;

const NO_RULES: StoredRules = {
  models: { allow: null, deny: [] },
  providers: { allow: null, deny: [] },
  endpoints: { allow: null },
  maxInputPrice: null,
  maxOutputPrice: null,
  ips: { allow: null, deny: [] },
};

/** Rules from D1, whole; where there are none, those that allow everything. */
export function storedRules(text: string | null): StoredRules {
  return { ...NO_RULES, ...(JSON.parse(text ?? '{}') as Partial<StoredRules>) };
}

/** Rules for D1; null for those that allow everything, which are in no policy then. */
export function rulesText(rules: StoredRules | null): string | null {
  const text = JSON.stringify({ ...NO_RULES, ...rules });
  return text === JSON.stringify(NO_RULES) ? null : text;
}

/** What is enforced; null where there are no rules. */
export function enforcedRules(text: string | null): Rules | null {
  if (text === null) return null;
  const stored = storedRules(text);
  return { ...stored, maxInputPrice: amountOf(stored.maxInputPrice), maxOutputPrice: amountOf(stored.maxOutputPrice) };
}
