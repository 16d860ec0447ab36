/** Requests, newest first: of everybody for who may see them, else one's own; filtered by all that the API filters by. */
import { Button } from '@cloudflare/kumo/components/button';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { AttemptedRequest } from '../../../../client/index.ts';
import { Needs } from '../../parts/access.tsx';
import { CsvLink } from '../../parts/csv-link.tsx';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { formatCompact, formatCount, formatMs } from '../../parts/numbers.ts';
import { Page } from '../../parts/page.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, told } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { Filters } from './filters.tsx';
import { OutcomeBadge } from './outcomes.tsx';
import { type RequestsSearch, requestsRoute } from './route.ts';

/** As many rows as fit two screens. */
const PAGE_SIZE = 50;

export function RequestsPage() {
  const here = useHere();
  const { organizationId: orgId } = here;
  const search = requestsRoute.useSearch();
  const navigate = useNavigate({ from: requestsRoute.fullPath });
  const go = (next: Partial<RequestsSearch>) => navigate({ search: (was) => ({ ...was, ...next }) });
  const { cursor, ...filter } = search;
  const requests = useQuery({
    ...asking('GET /orgs/{orgId}/requests', { path: { orgId }, query: { ...search, limit: PAGE_SIZE } }),
    enabled: here.may('requests.own'),
  });
  const page = told(requests.data);
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  return (
    <Page
      title="Requests"
      description={`${here.may('requests.read') ? 'What everybody asked for' : 'What your keys asked for'}, and what became of it. Neither prompts nor answers are kept.`}
    >
      <Needs ability="requests.own" roles="owners, admins, finance admins and developers" what="requests">
        <Filters search={search} go={(next) => go({ ...next, cursor: undefined })} />
        <Table
          label="Requests"
          columns={columnsOf(orgId, here.may('requests.read'))}
          rows={page?.requests}
          idOf={({ requestId, attemptId, at, outcome }) => `${requestId} ${attemptId} ${at} ${outcome}`}
          error={requests.error}
          again={requests.refetch}
          search={{ cursor }}
          onSearch={(next) => go({ cursor: next.cursor })}
          nextCursor={page?.nextCursor ?? null}
          empty={
            page?.nextCursor ? (
              <Nothing
                title="Nothing like that so far"
                action={<Button onClick={() => go({ cursor: page.nextCursor ?? undefined })}>Look further back</Button>}
              >
                There are older requests that were not looked at yet.
              </Nothing>
            ) : isFiltered || cursor ? (
              <Nothing
                title="No request is like that"
                action={<Button onClick={() => navigate({ search: {} })}>Clear filters</Button>}
              />
            ) : (
              <Nothing title="No request yet">The first one will be here a moment after it is answered.</Nothing>
            )
          }
        />
        <div className="flex flex-wrap items-center justify-between gap-3 text-sm text-kumo-subtle">
          <CsvLink path={`/orgs/${orgId}/requests`} query={filter} />
          {page && (
            <span>
              Kept one by one since <Moment at={page.keptSince} as="date" />; of older ones only sums are kept.
            </span>
          )}
        </div>
      </Needs>
    </Page>
  );
}

function columnsOf(orgId: string, ofEverybody: boolean): Column<AttemptedRequest>[] {
  const member: Column<AttemptedRequest> = {
    header: 'Member',
    cell: ({ member: { id, name } }) => name ?? id,
    from: 'lg',
  };
  return [
    {
      header: 'When',
      cell: ({ requestId, at }) => (
        <Link
          to="/orgs/$orgId/requests/$requestId"
          params={{ orgId, requestId }}
          className="font-medium whitespace-nowrap hover:underline"
        >
          <Moment at={at} as="date" />
        </Link>
      ),
    },
    {
      header: 'Outcome',
      cell: ({ outcome, requestCount, refused, refusal }) => (
        <div className="flex min-w-0 flex-col items-start gap-1">
          <span className="inline-flex items-center gap-2">
            <OutcomeBadge outcome={outcome} />
            {requestCount > 1 && <span className="text-kumo-subtle">× {formatCount(requestCount)}</span>}
          </span>
          {refusal && <span className="max-w-72 text-xs text-kumo-subtle">{refused.at(-1)?.message ?? refusal}</span>}
        </div>
      ),
    },
    {
      header: 'Model',
      cell: ({ mapping }) => (
        <>
          <span className="whitespace-nowrap">{mapping.slice(mapping.indexOf('/') + 1)}</span>
          <span className="block text-xs text-kumo-subtle">{mapping.slice(0, Math.max(0, mapping.indexOf('/')))}</span>
        </>
      ),
      from: 'sm',
    },
    ...(ofEverybody ? [member] : []),
    {
      header: 'Project and key',
      cell: ({ project, apiKey }) => (
        <>
          {project.name ?? project.id}
          <span className="block text-xs text-kumo-subtle">{apiKey.name ?? apiKey.id}</span>
        </>
      ),
      from: 'lg',
    },
    { header: 'App', cell: ({ app }) => app, from: 'xl' },
    {
      header: 'Tokens in, out',
      cell: ({ inputTokens, outputTokens }) => (
        <span
          className="whitespace-nowrap tabular-nums"
          title={`${formatCount(inputTokens)} in, ${formatCount(outputTokens)} out`}
        >
          {formatCompact(inputTokens)}, {formatCompact(outputTokens)}
        </span>
      ),
      align: 'right',
      from: 'md',
    },
    {
      header: 'Took',
      cell: ({ latencyMs }) => <span className="whitespace-nowrap">{formatMs(latencyMs)}</span>,
      align: 'right',
      from: 'xl',
    },
    { header: 'Cost', cell: ({ cost }) => <Money amount={cost} />, align: 'right' },
  ];
}
