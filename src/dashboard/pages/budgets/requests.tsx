/** Requests for more: those that wait are decided here, the others show what came of them. */
import { Tabs } from '@cloudflare/kumo/components/tabs';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { BudgetRequest } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { Section } from '../../parts/page.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { Decisions } from './decisions.tsx';
import { type BudgetsSearch, budgetsRoute, STATUSES } from './route.ts';

/** As many rows as fit a screen. */
const PAGE_SIZE = 25;

type Status = (typeof STATUSES)[number];

const NAMES: Record<Status, string> = { open: 'Open', granted: 'Granted', declined: 'Declined' };

const EMPTY: Record<Status, string> = {
  open: 'Nobody waits for a decision',
  granted: 'Nothing was granted yet',
  declined: 'Nothing was declined yet',
};

export function Requests() {
  const here = useHere();
  const { organizationId: orgId } = here;
  const search = budgetsRoute.useSearch();
  const navigate = useNavigate({ from: budgetsRoute.fullPath });
  const go = (next: BudgetsSearch) => navigate({ search: (was) => ({ ...was, ...next }) });
  const status = search.status ?? 'open';
  const requests = useQuery({
    ...asking('GET /orgs/{orgId}/budget-requests', {
      path: { orgId },
      query: { status, cursor: search.cursor, limit: PAGE_SIZE },
    }),
    // What is open is not shown under Granted while that is asked.
    placeholderData: undefined,
  });
  return (
    <Section
      title="Requests for more"
      card={false}
      actions={
        <Tabs
          tabs={STATUSES.map((each) => ({ value: each, label: NAMES[each] }))}
          value={status}
          onValueChange={(value) => go({ status: value === 'open' ? undefined : (value as Status), cursor: undefined })}
        />
      }
    >
      <Table
        label={`${NAMES[status]} requests for more`}
        columns={columnsOf(orgId, status, here.may('budgets.write'))}
        rows={requests.data?.budgetRequests}
        idOf={({ id }) => id}
        error={requests.error}
        again={requests.refetch}
        search={search}
        onSearch={({ cursor }) => go({ cursor })}
        nextCursor={requests.data?.nextCursor ?? null}
        empty={
          <Nothing title={EMPTY[status]}>
            {status === 'open' && 'Members ask for more on their Home; you are mailed when they do.'}
          </Nothing>
        }
      />
    </Section>
  );
}

function columnsOf(orgId: string, status: Status, decides: boolean): Column<BudgetRequest>[] {
  return [
    {
      header: 'Member',
      cell: ({ memberId, memberName, note }) => (
        <>
          <Link to="/orgs/$orgId/team/$memberId" params={{ orgId, memberId }} className="font-medium hover:underline">
            {memberName}
          </Link>
          {note && <q className="block text-xs text-kumo-subtle">{note}</q>}
        </>
      ),
    },
    {
      header: 'Asked for',
      cell: ({ amount, limit }) => (
        <>
          <Money amount={amount} none="more" />{' '}
          <span className="text-kumo-subtle">{limit === 'usageLimit' ? 'in total' : 'in this period'}</span>
        </>
      ),
    },
    { header: 'When', cell: ({ createdAt }) => <Moment at={createdAt} />, from: 'sm' },
    ...outcome(status, decides),
  ];
}

function outcome(status: Status, decides: boolean): Column<BudgetRequest>[] {
  if (status === 'open') {
    return decides ? [{ header: 'Decision', cell: (request) => <Decisions request={request} />, align: 'right' }] : [];
  }
  return [
    ...(status === 'granted'
      ? [
          {
            header: 'Granted',
            cell: ({ grant }: BudgetRequest) =>
              grant && (
                <>
                  <Money amount={grant.amount} />{' '}
                  <span className="text-kumo-subtle">
                    until <Moment at={grant.until} as="date" none="further notice" />
                  </span>
                </>
              ),
          },
        ]
      : []),
    {
      header: 'Decided',
      cell: ({ decidedAt, decisionNote }) => (
        <>
          <Moment at={decidedAt} />
          {decisionNote && <q className="block text-xs text-kumo-subtle">{decisionNote}</q>}
        </>
      ),
      from: 'sm',
    },
  ];
}
