/** A request as the API shows it: as an attempt in a list and a file, and whole, with all its attempts. */
import { z } from '@hono/zod-openapi';
import { csvLine } from '../csv.ts';
import { describe } from '../gateway/refusals.ts';
import { formatUsd } from '../money/nanos.ts';
import type { Price } from '../money/price.ts';
import { count, idOf, instant, like, orNull, usd } from '../reference/fields.ts';
import { type CostTold, costTold } from './request-cost.ts';
import type { Names, RequestRow } from './requests.ts';

export const OUTCOMES = [
  'completed',
  'cut',
  'client_gone',
  'upstream_error',
  'client_error',
  'expired',
  'correction',
  'refused',
] as const satisfies readonly RequestRow['outcome'][];

const named = (id: ReturnType<typeof idOf>, example: string) => z.object({ id, name: like(example).nullable() });

const Refused = z
  .object({
    requestId: like('req_0123456789abcdefghjkmnpq'),
    at: instant(),
    code: like('member_budget_exhausted'),
    message: like('Member has reached their total spend budget.'),
    metadata: z.record(z.string(), z.unknown()).openapi({
      description: 'As its caller was told: which limit, its amounts as they stood, when it resets',
      example: { scope: 'member_total', limit: '10', spent: '10', held: '0', remaining: '0', resetsAt: null },
    }),
  })
  .openapi('RefusedRequest');

export const Attempted = z
  .object({
    requestId: like('req_0123456789abcdefghjkmnpq', 'As in the header x-request-id; retries and fallbacks share it'),
    attemptId: like('att_0123456789abcdefghjkmnpq').nullable().openapi({ description: 'Null: nothing was sent' }),
    at: instant().openapi({ description: 'When it was settled: the instant it counts at' }),
    startedAt: instant(),
    outcome: z.enum(OUTCOMES).openapi({
      description:
        'cut: ended at a limit. expired: charged at its worst case, as nobody could know it. correction: the difference, once somebody could. refused: nothing was sent',
    }),
    requestCount: count(1, 'How many it stands for: refusals of one kind are counted, a correction repeats one'),
    refusal: orNull(z.string()),
    refused: z.array(Refused).openapi({ description: 'The last of the refused requests that it counts', example: [] }),
    endpoint: like('chat/completions'),
    model: like('gpt-5.5'),
    mapping: like('openai/gpt-5.5'),
    provider: like('openai'),
    app: like('claude-cli'),
    project: named(idOf('prj'), 'Support bot'),
    apiKey: named(idOf('key'), 'My laptop'),
    member: named(idOf('mem'), 'Ada Lovelace'),
    inputTokens: count(410, 'Cached ones included'),
    cachedTokens: count(0),
    outputTokens: count(82, 'Reasoning included'),
    reasoningTokens: count(0),
    cost: usd('0.00451'),
    inputCost: usd('0.00205'),
    outputCost: usd('0.00246'),
    overrun: usd('0', 'What the provider charged beyond the hold'),
    unresolved: usd('0', 'What it may have cost beyond that, where nobody can know any more'),
    estimated: z.boolean().openapi({ description: "The cost is not by the provider's own count" }),
    priceVersion: like('openai/gpt-5.5@0'),
    providerKeyId: orNull(idOf('pvk')).openapi({ description: "The organization's own provider key, if by one" }),
    streamed: z.boolean(),
    latencyMs: count(1_840).nullable(),
    firstTokenMs: count(420).nullable(),
  })
  .openapi('AttemptedRequest');

export type Attempted = z.infer<typeof Attempted>;

const Part = z.object({
  unit: z.enum(['input', 'cachedInput', 'output', 'reasoning', 'request', 'rounding']),
  count: count(410),
  pricePerMillion: usd('5').nullable(),
  cost: usd('0.00205'),
});

export const WholeRequest = z
  .object({
    requestId: like('req_0123456789abcdefghjkmnpq'),
    outcome: Attempted.shape.outcome,
    startedAt: instant(),
    at: instant(),
    requestCount: count(1, 'More than 1 where refusals were counted together, or retries were sent'),
    cost: usd('0.00451', 'Of all its attempts'),
    inputCost: usd('0.00205'),
    outputCost: usd('0.00246'),
    attempts: z
      .array(
        Attempted.extend({
          costParts: z
            .array(Part)
            .nullable()
            .openapi({ description: 'They sum to the cost; null where they are not known' }),
          costPartsUnknown: orNull(z.string()).openapi({ description: 'Why not' }),
        }),
      )
      .openapi({ description: 'Each attempt at a provider, in the order of their ends' }),
    moreAttempts: z.boolean().openapi({ description: 'There are older ones under this id: list them by `requestId`' }),
    keptSince: instant().openapi({ description: 'Of what was settled before, only sums are kept' }),
  })
  .openapi('Request');

const iso = (ms: number) => new Date(ms).toISOString();

/** Of what is told of refused requests only those with the id `only`, where one is given. */
export function showAttempted(row: RequestRow, names: Names, only?: string): Attempted {
  const amount = (nanodollars: number) => formatUsd(BigInt(nanodollars));
  const named = (id: string) => ({ id, name: names.of(id) });
  return {
    requestId: row.requestId,
    attemptId: row.attemptId || null,
    at: iso(row.settledAtMs),
    startedAt: iso(row.openedAtMs),
    outcome: row.outcome,
    requestCount: row.requests,
    refusal: row.refusal,
    refused: row.refused.filter(({ requestId }) => only === undefined || requestId === only).map(showRefused),
    endpoint: row.endpoint,
    model: row.model,
    mapping: row.mapping,
    provider: row.provider,
    app: row.app,
    project: named(row.projectId),
    apiKey: named(row.keyId),
    member: named(row.memberId),
    inputTokens: row.inputTokens,
    cachedTokens: row.cachedTokens,
    outputTokens: row.outputTokens,
    reasoningTokens: row.reasoningTokens,
    cost: amount(row.cost),
    inputCost: amount(row.inputCost),
    outputCost: amount(row.outputCost),
    overrun: amount(row.overrun),
    unresolved: amount(row.unresolved),
    estimated: row.estimated === 1,
    priceVersion: row.priceVersion,
    providerKeyId: row.providerKeyId,
    streamed: row.streamed === 1,
    latencyMs: row.latencyMs,
    firstTokenMs: row.firstTokenMs,
  };
}

/** In the words that its caller got, with the amounts: whoever sees requests sees budgets too. */
function showRefused({ requestId, atMs, refusal }: RequestRow['refused'][number]): z.infer<typeof Refused> {
  const shown = 'view' in refusal ? { ...refusal, view: withAmounts(refusal.view) } : refusal;
  const { code, message, metadata } = describe(shown, requestId);
  const { requestId: _, ...rest } = metadata;
  return { requestId, at: iso(atMs), code, message, metadata: rest };
}

function withAmounts<View extends { amountsHidden?: true }>({ amountsHidden: _, ...view }: View) {
  return view;
}

/** `rows`: its attempts, newest first; `priceOf`: the price of a mapping by the name that an event has of it. */
export function showWhole(
  requestId: string,
  rows: readonly [RequestRow, ...RequestRow[]],
  names: Names,
  priceOf: (mapping: string, version: string) => Price | null,
): Omit<z.infer<typeof WholeRequest>, 'moreAttempts' | 'keptSince'> {
  const sum = (of: (row: RequestRow) => number) => rows.reduce((all, row) => all + BigInt(of(row)), 0n);
  const [last] = rows;
  return {
    requestId,
    outcome: last.outcome,
    startedAt: iso(Math.min(...rows.map(({ openedAtMs }) => openedAtMs))),
    at: iso(last.settledAtMs),
    requestCount: Number(sum(({ requests }) => requests)),
    cost: formatUsd(sum(({ cost }) => cost)),
    inputCost: formatUsd(sum(({ inputCost }) => inputCost)),
    outputCost: formatUsd(sum(({ outputCost }) => outputCost)),
    attempts: rows.toReversed().map((row) => {
      const told: CostTold = costTold(row, priceOf(row.mapping, row.priceVersion));
      const shown = showAttempted(row, names, requestId);
      return { ...shown, costParts: told.parts, costPartsUnknown: told.unknown };
    }),
  };
}

/** The columns of a file of requests. */
const CSV: Record<string, (shown: Attempted) => Parameters<typeof csvLine>[0][number]> = {
  requestId: ({ requestId }) => requestId,
  attemptId: ({ attemptId }) => attemptId,
  at: ({ at }) => at,
  startedAt: ({ startedAt }) => startedAt,
  outcome: ({ outcome }) => outcome,
  requestCount: ({ requestCount }) => requestCount,
  refusal: ({ refusal }) => refusal,
  endpoint: ({ endpoint }) => endpoint,
  model: ({ model }) => model,
  mapping: ({ mapping }) => mapping,
  provider: ({ provider }) => provider,
  app: ({ app }) => app,
  projectId: ({ project }) => project.id,
  projectName: ({ project }) => project.name,
  apiKeyId: ({ apiKey }) => apiKey.id,
  apiKeyName: ({ apiKey }) => apiKey.name,
  memberId: ({ member }) => member.id,
  memberName: ({ member }) => member.name,
  inputTokens: ({ inputTokens }) => inputTokens,
  cachedTokens: ({ cachedTokens }) => cachedTokens,
  outputTokens: ({ outputTokens }) => outputTokens,
  reasoningTokens: ({ reasoningTokens }) => reasoningTokens,
  cost: ({ cost }) => ({ amount: cost }),
  inputCost: ({ inputCost }) => ({ amount: inputCost }),
  outputCost: ({ outputCost }) => ({ amount: outputCost }),
  overrun: ({ overrun }) => ({ amount: overrun }),
  unresolved: ({ unresolved }) => ({ amount: unresolved }),
  estimated: ({ estimated }) => estimated,
  priceVersion: ({ priceVersion }) => priceVersion,
  providerKeyId: ({ providerKeyId }) => providerKeyId,
  streamed: ({ streamed }) => streamed,
  latencyMs: ({ latencyMs }) => latencyMs,
  firstTokenMs: ({ firstTokenMs }) => firstTokenMs,
};

export function requestsCsv(shown: readonly Attempted[]): string {
  const lines = shown.map((one) => Object.values(CSV).map((cell) => cell(one)));
  return [Object.keys(CSV), ...lines].map((cells) => `${csvLine(cells)}\r\n`).join('');
}
