/** The fields of a budget, under the names that the API refuses them by. What is edited is the page's own (budget-draft.ts). */
import { useState } from 'react';
import type { Budget } from '../../../../client/index.ts';
import { shortMoney } from '../../parts/amounts.ts';
import { MoneyField, SelectField, TextField } from '../../parts/form.tsx';
import { periodWords } from '../../parts/limits.ts';
import { ALIGNMENT_OPTIONS, alignmentIn, UNIT_OPTIONS, unitIn } from '../../parts/period-fields.ts';
import {
  type BudgetDraft,
  isTotal,
  type KeysChoice,
  type PeriodChoice,
  RATES,
  type TotalChoice,
} from './budget-draft.ts';

const RATE_NAMES = {
  requestsPerMinute: 'Requests a minute',
  tokensPerMinute: 'Tokens a minute',
  concurrency: 'Requests at once',
};

interface BudgetFieldsProps {
  draft: BudgetDraft;
  onDraft: (next: BudgetDraft) => void;
  /** The developer default where it is inherited; null for roles that inherit nothing, and for the default itself. */
  fallback: Budget | null;
  /** Whether the total is one-time now, so that its cycle can be started anew. */
  inCycle?: boolean;
}

export function BudgetFields({ draft, onDraft, fallback, inCycle = false }: BudgetFieldsProps) {
  // As it was when it was opened: a part must not fold up under who empties a field.
  const [hasRates] = useState(() => RATES.some((name) => draft[name] !== ''));
  const set = (part: Partial<BudgetDraft>) => onDraft({ ...draft, ...part });
  /** What there is to choose besides amounts. Where nothing is inherited, "unlimited" says the same unless the role changes. */
  const none = (inherited: string, chosen: string) =>
    fallback === null
      ? [
          { value: 'inherit', label: 'No limit' },
          ...(chosen === 'unlimited' ? [{ value: 'unlimited', label: 'No limit, in any role' }] : []),
        ]
      : [
          { value: 'inherit', label: `Developer default (${inherited})` },
          { value: 'unlimited', label: 'No limit' },
        ];
  return (
    <>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <SelectField
          name="period"
          label="Per period"
          value={draft.period}
          onChange={(value) => set({ period: value as PeriodChoice })}
          options={[...none(periodOf(fallback), draft.period), { value: 'amount', label: 'A limit each period' }]}
        />
        {draft.period === 'amount' && (
          <MoneyField
            name="periodUsageLimit"
            label="Limit per period, in USD"
            placeholder="0.00"
            value={draft.periodUsageLimit}
            onChange={(event) => set({ periodUsageLimit: event.target.value })}
          />
        )}
      </div>
      {draft.period === 'amount' && (
        <div className="grid items-start gap-4 sm:grid-cols-3">
          <TextField
            name="periodUsageDurationValue"
            label="Every"
            inputMode="numeric"
            value={draft.periodUsageDurationValue}
            onChange={(event) => set({ periodUsageDurationValue: event.target.value })}
          />
          <SelectField
            name="periodUsageDurationUnit"
            label="Unit"
            options={UNIT_OPTIONS}
            value={draft.periodUsageDurationUnit}
            onChange={(unit) => set({ periodUsageDurationUnit: unitIn(unit) })}
          />
          <SelectField
            name="periodAlignment"
            label="Counted"
            options={ALIGNMENT_OPTIONS}
            value={draft.periodAlignment}
            onChange={(kind) => set({ periodAlignment: alignmentIn(kind) })}
          />
        </div>
      )}
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <SelectField
          name="total"
          label="In total"
          value={draft.total}
          onChange={(value) => set({ total: value as TotalChoice, newCycle: false })}
          options={[
            ...none(totalOf(fallback), draft.total),
            { value: 'lifetime', label: 'A limit of all ever spent' },
            { value: 'cycle', label: 'A one-time budget' },
          ]}
        />
        {isTotal(draft) && (
          <MoneyField
            name="usageLimit"
            label={draft.total === 'cycle' ? 'One-time budget, in USD' : 'Limit in total, in USD'}
            placeholder="0.00"
            value={draft.usageLimit}
            onChange={(event) => set({ usageLimit: event.target.value })}
          />
        )}
      </div>
      {draft.total === 'cycle' && inCycle && (
        <label className="flex items-center gap-2 text-kumo-default">
          <input
            type="checkbox"
            className="size-4 accent-kumo-brand"
            checked={draft.newCycle}
            onChange={(event) => set({ newCycle: event.target.checked })}
          />
          Start it anew, at zero
        </label>
      )}
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <SelectField
          name="keys"
          label="API keys"
          value={draft.keys}
          onChange={(value) => set({ keys: value as KeysChoice })}
          options={[
            ...none(fallback?.maxApiKeys == null ? 'no limit' : String(fallback.maxApiKeys), draft.keys),
            { value: 'count', label: 'At most so many' },
          ]}
        />
        {draft.keys === 'count' && (
          <TextField
            name="maxApiKeys"
            label="Active API keys at most"
            inputMode="numeric"
            value={draft.maxApiKeys}
            onChange={(event) => set({ maxApiKeys: event.target.value })}
          />
        )}
      </div>
      <details open={hasRates}>
        <summary className="cursor-pointer rounded font-medium text-kumo-default focus-visible:outline-2 focus-visible:outline-kumo-focus">
          How fast, not how much
        </summary>
        <div className="mt-3 grid items-start gap-4 sm:grid-cols-3">
          {RATES.map((name) => (
            <TextField
              key={name}
              name={name}
              label={RATE_NAMES[name]}
              inputMode="numeric"
              placeholder={fallback ? `Default (${fallback[name] ?? 'no limit'})` : 'No limit'}
              value={draft[name]}
              onChange={(event) => set({ [name]: event.target.value })}
            />
          ))}
        </div>
      </details>
    </>
  );
}

function periodOf(budget: Budget | null): string {
  const limit = budget?.periodUsageLimit;
  return budget && limit != null && limit !== 'unlimited' ? `${shortMoney(limit)} ${periodWords(budget)}` : 'no limit';
}

function totalOf(budget: Budget | null): string {
  const limit = budget?.usageLimit;
  if (limit == null || limit === 'unlimited') return 'no limit';
  return `${shortMoney(limit)} ${budget?.usageLimitBasis === 'cycle' ? 'one time' : 'in total'}`;
}
