/** Billing: what was paid, with its documents; credit; plan and seats; who the invoices are made out to. */
import { Tabs } from '@cloudflare/kumo/components/tabs';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { Needs } from '../../parts/access.tsx';
import { Page } from '../../parts/page.tsx';
import { Bone } from '../../parts/state.tsx';
import { type BillingSearch, billingRoute } from './route.ts';
import { Transactions } from './transactions.tsx';

const Statements = lazy(() => import('./statements.tsx'));
const Credit = lazy(() => import('./credit.tsx'));
const PlanAndSeats = lazy(() => import('./plan-and-seats.tsx'));
const BillingDetails = lazy(() => import('./billing-details.tsx'));
const TransactionDialog = lazy(() => import('./transaction-dialog.tsx'));

const TABS = [
  { value: 'transactions', label: 'Transactions' },
  { value: 'statements', label: 'Statements' },
  { value: 'credit', label: 'Credit' },
  { value: 'plan', label: 'Plan and seats' },
  { value: 'details', label: 'Billing details' },
];

export function BillingPage() {
  const search = billingRoute.useSearch();
  const navigate = useNavigate({ from: billingRoute.fullPath });
  const go = (next: Partial<BillingSearch>) => navigate({ search: (was) => ({ ...was, ...next }) });
  const open = (view: string) =>
    navigate({ search: view === 'transactions' ? {} : { view: view as BillingSearch['view'] } });
  return (
    <Page title="Billing" description="What this organization pays for, and the documents of it.">
      <Needs ability="transactions.read" roles="owners, admins and finance admins" what="billing">
        <Tabs tabs={TABS} variant="underline" value={search.view ?? 'transactions'} onValueChange={open} />
        <Suspense fallback={<Bone className="h-64 w-full" />}>
          {search.view === undefined && <Transactions search={search} go={go} />}
          {search.view === 'statements' && <Statements search={search} go={go} />}
          {search.view === 'credit' && <Credit />}
          {search.view === 'plan' && <PlanAndSeats />}
          {search.view === 'details' && <BillingDetails />}
        </Suspense>
        {search.transaction && (
          <Suspense>
            <TransactionDialog
              transactionId={search.transaction}
              close={() => navigate({ search: (was) => ({ ...was, transaction: undefined }), replace: true })}
            />
          </Suspense>
        )}
      </Needs>
    </Page>
  );
}
