/** What was paid and given back: filtered, each with its invoice or credit note, all of it as CSV, a month's documents as one ZIP. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Transaction } from '../../../../client/index.ts';
import { CsvLink } from '../../parts/csv-link.tsx';
import { Moment } from '../../parts/dates.tsx';
import { FileLink } from '../../parts/file-link.tsx';
import { FilterDay, FilterSelect } from '../../parts/filters.tsx';
import { Money } from '../../parts/money.tsx';
import { lastMonths, MonthSelect } from '../../parts/months.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, told } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import type { BillingSearch } from './route.ts';
import { KIND_NAMES, STATUS_NAMES } from './words.ts';

/** As many rows as fit a screen. */
const PAGE_SIZE = 25;

interface TransactionsProps {
  search: BillingSearch;
  go: (next: Partial<BillingSearch>) => void;
}

export function Transactions({ search, go }: TransactionsProps) {
  const { organizationId: orgId } = useHere();
  const { q, sort, kind, status, from, to, cursor } = search;
  const filter = { q, sort: sort ?? ('-createdAt' as const), kind, status, from, to };
  const transactions = useQuery(
    asking('GET /orgs/{orgId}/transactions', { path: { orgId }, query: { ...filter, cursor, limit: PAGE_SIZE } }),
  );
  const page = told(transactions.data);
  const isFiltered = q || kind || status || from || to;
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-end gap-3">
        <SearchField label="Number, reference or name" search={search} onSearch={(next) => go(next as BillingSearch)} />
        <FilterSelect
          label="Kind"
          names={KIND_NAMES}
          value={kind}
          onChange={(value) => go({ kind: value, cursor: undefined })}
        />
        <FilterSelect
          label="Status"
          names={STATUS_NAMES}
          value={status}
          onChange={(value) => go({ status: value, cursor: undefined })}
        />
        <FilterDay label="From" value={from} onChange={(value) => go({ from: value, cursor: undefined })} />
        <FilterDay label="To" value={to} onChange={(value) => go({ to: value, cursor: undefined })} />
      </div>
      <Table
        label="Transactions"
        columns={columnsOf(orgId, search)}
        rows={page?.transactions}
        idOf={({ id }) => id}
        error={transactions.error}
        again={transactions.refetch}
        search={search}
        onSearch={(next) => go(next as BillingSearch)}
        nextCursor={page?.nextCursor ?? null}
        empty={
          isFiltered ? (
            <Nothing title="No transaction is like that" />
          ) : (
            <Nothing title="Nothing was paid yet">
              Top-ups, subscriptions and seats will be here, with their invoices.
            </Nothing>
          )
        }
      />
      <div className="flex flex-wrap items-center justify-between gap-3">
        <CsvLink path={`/orgs/${orgId}/transactions`} query={filter} />
        <MonthOfDocuments />
      </div>
    </div>
  );
}

function columnsOf(orgId: string, search: BillingSearch): Column<Transaction>[] {
  return [
    {
      header: 'Date',
      sort: { by: 'createdAt', first: 'down' },
      cell: ({ createdAt }) => (
        <span className="whitespace-nowrap">
          <Moment at={createdAt} as="date" />
        </span>
      ),
      from: 'md',
    },
    {
      header: 'What',
      cell: ({ id, description, number, status, createdAt }) => (
        <div className="min-w-0">
          <Link
            to="/orgs/$orgId/billing"
            params={{ orgId }}
            search={{ ...search, transaction: id }}
            className="font-medium hover:underline"
          >
            {description}
          </Link>
          <p className="flex flex-wrap gap-x-2 text-xs whitespace-nowrap text-kumo-subtle">
            {number && <span>{number}</span>}
            {status !== 'completed' && <span className="sm:hidden">{STATUS_NAMES[status]}</span>}
            <span className="md:hidden">
              <Moment at={createdAt} as="date" />
            </span>
          </p>
        </div>
      ),
    },
    { header: 'Kind', sort: { by: 'kind', first: 'up' }, cell: ({ kind }) => KIND_NAMES[kind], from: 'lg' },
    { header: 'Status', sort: { by: 'status', first: 'up' }, cell: (one) => <Status transaction={one} />, from: 'sm' },
    {
      header: 'Amount',
      sort: { by: 'amount', first: 'down' },
      cell: ({ amount, currency }) => <Money amount={amount} currency={currency} />,
      align: 'right',
    },
    { header: 'Document', cell: (one) => <Document orgId={orgId} transaction={one} />, align: 'right' },
  ];
}

const VARIANTS = { completed: 'success', pending: 'outline', failed: 'error' } as const;

export function Status({ transaction: { status, failure } }: { transaction: Transaction }) {
  return (
    <span title={failure ?? undefined}>
      <Badge variant={VARIANTS[status]}>{STATUS_NAMES[status]}</Badge>
    </span>
  );
}

export function Document({
  orgId,
  transaction: { id, fileName, number },
}: {
  orgId: string;
  transaction: Transaction;
}) {
  if (fileName === null) return <span className="text-kumo-subtle">none</span>;
  const name = fileName.startsWith('credit-note') ? 'Credit note' : 'Invoice';
  return (
    <span className="-mr-2">
      <FileLink href={`/orgs/${orgId}/transactions/${id}/invoice`} label={`${name} ${number}`}>
        <span className="max-sm:sr-only">{name}</span>
      </FileLink>
    </span>
  );
}

function MonthOfDocuments() {
  const { organizationId: orgId, timeZone } = useHere();
  const months = lastMonths(timeZone);
  const [month, setMonth] = useState(months[0] ?? '');
  return (
    <div className="flex flex-wrap items-center gap-2">
      <MonthSelect label="Month of documents" months={months} value={month} onChange={setMonth} />
      <FileLink href={`/orgs/${orgId}/invoices.zip?month=${month}`}>Documents of the month, ZIP</FileLink>
    </div>
  );
}
