/** The limits of a key as fields of a form, under the names that the API refuses them by. */
import { useState } from 'react';
import type { ApiKey, KeyLimitsBody } from '../../../../client/index.ts';
import { MoneyField, SelectField, TextField, type Typed } from '../../parts/form.tsx';
import { ALIGNMENT_OPTIONS, alignmentIn, UNIT_OPTIONS, unitIn } from '../../parts/period-fields.ts';

export function LimitFields({ apiKey }: { apiKey?: ApiKey }) {
  const [period, setPeriod] = useState(apiKey?.periodUsageLimit ?? '');
  return (
    <>
      <MoneyField name="limits.usageLimit" label="Limit in total, in USD" defaultValue={apiKey?.usageLimit ?? ''} />
      <MoneyField
        name="limits.periodUsageLimit"
        label="Limit per period, in USD"
        value={period}
        onChange={(event) => setPeriod(event.target.value)}
      />
      {period !== '' && (
        <div className="grid gap-4 sm:grid-cols-3">
          <TextField
            name="limits.periodUsageDurationValue"
            label="Every"
            inputMode="numeric"
            defaultValue={String(apiKey?.periodUsageDurationValue ?? 1)}
          />
          <SelectField
            name="limits.periodUsageDurationUnit"
            label="Unit"
            options={UNIT_OPTIONS}
            defaultValue={apiKey?.periodUsageDurationUnit ?? 'month'}
          />
          <SelectField
            name="limits.periodAlignment"
            label="Counted"
            options={ALIGNMENT_OPTIONS}
            defaultValue={apiKey?.periodAlignment ?? 'rolling'}
          />
        </div>
      )}
    </>
  );
}

/** The fields as the API takes them. What is no number goes as it was typed, for the server to say so at its field. */
export function limitsTyped(typed: Typed, kept?: ApiKey): KeyLimitsBody {
  const periodUsageLimit = typed.optional('limits.periodUsageLimit');
  return {
    usageLimit: typed.optional('limits.usageLimit'),
    periodUsageLimit,
    ...(periodUsageLimit !== null && {
      periodUsageDurationValue: Number(typed.text('limits.periodUsageDurationValue')),
      periodUsageDurationUnit: unitIn(typed.text('limits.periodUsageDurationUnit')),
      periodAlignment: alignmentIn(typed.text('limits.periodAlignment')),
    }),
    // Limits are given whole: what this form does not show stays as it is.
    requestsPerMinute: kept?.requestsPerMinute ?? null,
    tokensPerMinute: kept?.tokensPerMinute ?? null,
    concurrency: kept?.concurrency ?? null,
  };
}
