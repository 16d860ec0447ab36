/** Team: people and what they spend, of the first glance: by spend, against each limit; and what is done to one of them. */
import { Button } from '@cloudflare/kumo/components/button';
import { ArrowsClockwiseIcon, RobotIcon, UserPlusIcon } from '@phosphor-icons/react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { Needs, UpgradeCard } from '../../parts/access.tsx';
import { DateRange } from '../../parts/date-range.tsx';
import { Moment } from '../../parts/dates.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Page } from '../../parts/page.tsx';
import { rangeQuery } from '../../parts/range.ts';
import { SearchField } from '../../parts/search-field.tsx';
import { Nothing } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { type Asked, type Row, useColumns } from './columns.tsx';
import { Invitations } from './invitations.tsx';
import { OpenRequests } from './open-requests.tsx';
import { Personal } from './personal.tsx';
import { type TeamSearch, teamRoute } from './route.ts';
import { UsageSample } from './sample.tsx';

const BudgetDialog = lazy(() => import('./budget-dialog.tsx'));
const InviteDialog = lazy(() => import('./invite-dialog.tsx'));
const ApiMemberDialog = lazy(() => import('./api-member-dialog.tsx'));
const RoleDialog = lazy(() => import('./role-dialog.tsx'));

/** As many rows as fit a screen. */
const PAGE_SIZE = 25;

export function TeamPage() {
  const here = useHere();
  const search = teamRoute.useSearch();
  const navigate = useNavigate({ from: teamRoute.fullPath });
  const go = (next: Partial<TeamSearch>) => navigate({ search: (was) => ({ ...was, ...next }) });
  const isTeam = here.kind === 'team';
  const invites = isTeam && here.may('members.write');
  return (
    <Page
      title="Team"
      description="People, their budgets and what they spend."
      actions={
        isTeam && here.may('members.read') ? (
          <>
            {here.has('analytics.members') && <DateRange search={search} onSearch={go} />}
            {invites && (
              <>
                <Button icon={RobotIcon} onClick={() => go({ program: true })}>
                  Add a program
                </Button>
                <Button variant="primary" icon={UserPlusIcon} onClick={() => go({ invite: true })}>
                  Invite
                </Button>
              </>
            )}
          </>
        ) : undefined
      }
    >
      <Needs ability="members.read" roles="owners, admins and finance admins" what="the team">
        {isTeam ? <Members search={search} go={go} /> : <Personal what="Members, invitations and budgets" />}
      </Needs>
    </Page>
  );
}

function Members({ search, go }: { search: TeamSearch; go: (next: Partial<TeamSearch>) => void }) {
  const here = useHere();
  const { organizationId: orgId } = here;
  const [asked, setAsked] = useState<Asked>(null);
  const navigate = useNavigate({ from: teamRoute.fullPath });
  const sort = search.sort ?? '-lifetimeUsage';
  const range = rangeQuery(search);
  const members = useQuery(
    asking('GET /orgs/{orgId}/members', {
      path: { orgId },
      query: { limit: PAGE_SIZE, q: search.q, sort, cursor: search.cursor, ...range },
    }),
  );
  const detailed = here.may('analytics.members') && here.has('analytics.members');
  const rates = useQuery({
    ...asking('GET /analytics/members', { query: { organizationId: orgId, ...range } }),
    enabled: detailed,
  });
  const rateOf = new Map(
    typeof rates.data === 'object' ? rates.data.members.map((row) => [row.memberId, row.errorRate]) : [],
  );
  const columns = useColumns({ ask: setAsked, manage: (id) => go({ budget: id }), rateOf: detailed ? rateOf : null });
  const closing = (which: 'invite' | 'program' | 'budget') => () =>
    navigate({ search: (was) => ({ ...was, [which]: undefined }), replace: true });
  const close = () => setAsked(null);
  const refreshing = members.isFetching || rates.isFetching;
  return (
    <>
      {here.may('budgets.write') && <OpenRequests />}
      <div className="flex flex-col gap-3">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <SearchField label="Search members" search={search} onSearch={(next) => go(next as TeamSearch)} />
          <div className="flex items-center gap-3 text-sm text-kumo-subtle">
            {members.dataUpdatedAt > 0 && (
              <span>
                As of <Moment at={new Date(members.dataUpdatedAt).toISOString()} as="date" />
              </span>
            )}
            <Button
              size="sm"
              icon={ArrowsClockwiseIcon}
              loading={refreshing}
              onClick={() =>
                forget(
                  'GET /orgs/{orgId}/members',
                  'GET /analytics/members',
                  'GET /orgs/{orgId}/invitations',
                  'GET /orgs/{orgId}/budget-requests',
                )
              }
            >
              Refresh
            </Button>
          </div>
        </div>
        <Table
          label="Members"
          columns={columns}
          rows={members.data?.members as Row[] | undefined}
          idOf={({ id }) => id}
          error={members.error}
          again={members.refetch}
          search={{ ...search, sort }}
          onSearch={(next) => go(next as TeamSearch)}
          nextCursor={members.data?.nextCursor ?? null}
          empty={<Nothing title={search.q ? 'Nobody is called so' : 'Nobody is here'} />}
        />
      </div>
      {here.may('members.write') && <Invitations q={search.q} />}
      {!here.has('analytics.members') && <UpgradeCard what="Usage of each member" sample={<UsageSample />} />}
      <Suspense>
        {search.invite && here.may('members.write') && <InviteDialog close={closing('invite')} />}
        {search.program && here.may('members.write') && <ApiMemberDialog close={closing('program')} />}
        {search.budget && here.may('budgets.write') && (
          <BudgetDialog memberId={search.budget} close={closing('budget')} />
        )}
        {asked?.deed === 'role' && <RoleDialog member={asked.member} close={close} />}
      </Suspense>
      {asked?.deed === 'remove' && (
        <Confirm
          title={`Remove ${asked.member.name}?`}
          consequence="Their API keys are refused at once, and for ever. What they spent stays in analytics and on invoices. Their seat is free."
          deed="Remove member"
          act={async () => {
            await purser.call('DELETE /orgs/{orgId}/members/{memberId}', {
              path: { orgId, memberId: asked.member.id },
            });
            toast.done(`${asked.member.name} is removed.`);
            await forget('GET /orgs/{orgId}/members', 'GET /orgs/{orgId}/seats', 'GET /orgs/{orgId}/budget-requests');
          }}
          close={close}
        />
      )}
    </>
  );
}
