/**
 * A budget as query parameters: the fields, rules and messages of the budget's body (teams/budget-body.ts), with text turned
 * into what JSON would have carried.
 */
import { z } from '@hono/zod-openapi';
import { BudgetBody } from '../teams/budget-body.ts';

/** The fields that are numbers in JSON; amounts are text there too. */
const NUMBERS: ReadonlySet<string> = new Set([
  'maxApiKeys',
  'periodUsageDurationValue',
  'requestsPerMinute',
  'tokensPerMinute',
  'concurrency',
  'version',
] satisfies (keyof z.input<typeof BudgetBody>)[]);

/** The budget's fields for the reference: what is in them is told by the body's own schema. */
const FIELDS: Record<string, z.ZodOptional<z.ZodUnknown>> = Object.fromEntries(
  Object.keys(BudgetBody.shape).map((name) => [
    name,
    z.unknown().optional().openapi({ type: 'string', description: `As in the body of a budget` }),
  ]),
);

const WORDS: ReadonlyMap<unknown, unknown> = new Map<string, unknown>([
  ['null', null],
  ['true', true],
  ['false', false],
]);

/** `own` are the parameters of the route itself; every other one is a field of the budget, or refused as unknown. */
export function withBudget<Own extends z.ZodRawShape>(own: Own) {
  return z.looseObject({ ...own, ...FIELDS }).transform((query, context) => {
    const ours = Object.entries(query).filter(([name]) => Object.hasOwn(own, name));
    const fields = Object.entries(query).filter(([name]) => !Object.hasOwn(own, name));
    const budget = BudgetBody.safeParse(Object.fromEntries(fields.map(([name, text]) => [name, fromText(name, text)])));
    if (budget.success) return { ...(Object.fromEntries(ours) as z.output<z.ZodObject<Own>>), budget: budget.data };
    for (const issue of budget.error.issues) context.issues.push({ ...issue, input: undefined } as z.core.$ZodRawIssue);
    return z.NEVER;
  });
}

function fromText(name: string, text: unknown): unknown {
  if (WORDS.has(text)) return WORDS.get(text);
  return NUMBERS.has(name) && typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
