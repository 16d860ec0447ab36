/** How a member's budget was set, the newest first: what changed, and by whom. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { BudgetDecision } from '../../../../client/index.ts';
import { exactMoney } from '../../parts/amounts.ts';
import { Moment } from '../../parts/dates.tsx';
import { Section } from '../../parts/page.tsx';
import type { ListSearch } from '../../parts/search.ts';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';

const SHOWN = 10;

/** Fields of a budget as people call them, in the order in which they are told. */
const FIELDS: Record<string, string> = {
  periodUsageLimit: 'limit per period',
  periodUsageDurationValue: 'length of the period',
  periodUsageDurationUnit: 'unit of the period',
  periodAlignment: 'window',
  usageLimit: 'limit in total',
  usageLimitBasis: 'counted',
  newCycle: 'cycle',
  maxApiKeys: 'API keys',
  requestsPerMinute: 'requests a minute',
  tokensPerMinute: 'tokens a minute',
  concurrency: 'requests at once',
  extras: 'granted on top',
};

const VALUES: Record<string, string> = { lifetime: 'all ever spent', cycle: 'one time', unlimited: 'no limit' };

export function BudgetHistory({ memberId }: { memberId: string }) {
  const { organizationId: orgId } = useHere();
  const [search, setSearch] = useState<ListSearch>({});
  const history = useQuery(
    asking('GET /orgs/{orgId}/members/{memberId}/budget/history', {
      path: { orgId, memberId },
      query: { limit: SHOWN, cursor: search.cursor },
    }),
  );
  return (
    <Section title="Budget history" card={false}>
      <Table
        label="Budget history"
        columns={COLUMNS}
        rows={history.data?.history}
        idOf={({ n }) => String(n)}
        error={history.error}
        again={history.refetch}
        search={search}
        onSearch={setSearch}
        nextCursor={history.data?.nextCursor ?? null}
        empty={<Nothing title="The budget was never changed">As far back as the plan keeps the audit log.</Nothing>}
      />
    </Section>
  );
}

const COLUMNS: Column<BudgetDecision>[] = [
  { header: 'When', cell: ({ at }) => <Moment at={at} as="date" /> },
  { header: 'What changed', cell: (decision) => <Changes decision={decision} /> },
  {
    header: 'By',
    cell: ({ by }) => by?.name ?? (by?.kind === 'master_key' ? 'a master key' : (by?.kind ?? '–')),
    from: 'sm',
  },
];

function Changes({ decision: { before, after } }: { decision: BudgetDecision }) {
  const changed = Object.keys(FIELDS).filter((field) => field in { ...before, ...after });
  if (changed.length === 0) return 'Set anew, to the same';
  return (
    <ul>
      {changed.map((field) => (
        <li key={field}>
          <span className="text-kumo-subtle">{FIELDS[field]}:</span>{' '}
          {field === 'newCycle' ? (
            'starts at zero'
          ) : (
            <>
              {shown(field, before?.[field])} → {shown(field, after?.[field])}
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function shown(field: string, value: unknown): string {
  if (value === null || value === undefined) return 'not set';
  if (field === 'extras' && Array.isArray(value)) {
    return (value as { amount: string }[]).map(({ amount }) => exactMoney(amount)).join(', ') || 'nothing';
  }
  const text = String(value);
  if (/usageLimit$/i.test(field) && /^\d/.test(text)) return exactMoney(text);
  return VALUES[text] ?? text;
}
