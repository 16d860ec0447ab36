/** One member: spend against each limit, what it was spent on, their keys, and how their budget was set. */
import { Button } from '@cloudflare/kumo/components/button';
import { GaugeIcon } from '@phosphor-icons/react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { Needs } from '../../parts/access.tsx';
import { DateRange } from '../../parts/date-range.tsx';
import { Moment } from '../../parts/dates.tsx';
import { LimitMeter } from '../../parts/limit-meter.tsx';
import { memberLimits } from '../../parts/limits.ts';
import { Money } from '../../parts/money.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking, isRefusal } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { ROLE_CARDS } from '../team/roles.ts';
import { BudgetHistory } from './budget-history.tsx';
import { MemberKeys } from './member-keys.tsx';
import { MemberUsage } from './member-usage.tsx';
import { type MemberSearch, memberRoute } from './route.ts';

const BudgetDialog = lazy(() => import('../team/budget-dialog.tsx'));

export function MemberPage() {
  const here = useHere();
  const { memberId } = memberRoute.useParams();
  const search = memberRoute.useSearch();
  const navigate = useNavigate({ from: memberRoute.fullPath });
  const go = (next: Partial<MemberSearch>) => navigate({ search: (was) => ({ ...was, ...next }) });
  const path = { orgId: here.organizationId, memberId };
  const member = useQuery({
    ...asking('GET /orgs/{orgId}/members/{memberId}', { path }),
    enabled: here.may('members.read'),
    // Of another member nothing is kept on the page.
    placeholderData: undefined,
  });
  if (isRefusal(member.error, 404)) throw member.error;
  const about = member.data;
  // Owners are changed by owners: what the server refuses anybody else is not offered.
  const manages =
    here.may('budgets.write') &&
    here.kind === 'team' &&
    about !== undefined &&
    (about.role !== 'owner' || here.may('organization.own'));
  return (
    <Page
      title={about?.name ?? 'Member'}
      description={
        about && (
          <>
            {ROLE_CARDS[about.role].name} · {about.email ?? 'a program'} · since{' '}
            <Moment at={about.createdAt} as="date" />
          </>
        )
      }
      actions={
        here.may('analytics.members') && here.has('analytics.members') && <DateRange search={search} onSearch={go} />
      }
    >
      <Needs ability="members.read" roles="owners, admins and finance admins" what="other members">
        <Section
          title="Budget"
          actions={
            manages && (
              <Button size="sm" icon={GaugeIcon} onClick={() => go({ budget: true })}>
                Manage budget
              </Button>
            )
          }
        >
          <Answered query={member} skeleton={<Bone className="h-16 w-full" />}>
            {({ effectiveBudget, status }) =>
              status === null ? (
                <p className="text-kumo-subtle">
                  Their budget does not answer at the moment. Their requests are refused until it does.
                </p>
              ) : memberLimits(effectiveBudget, status).length === 0 ? (
                <p className="text-kumo-default">
                  Nothing limits what they spend. So far it was <Money amount={status.lifetimeUsage} />.
                </p>
              ) : (
                <div className="flex flex-col gap-6">
                  {memberLimits(effectiveBudget, status).map((limit) => (
                    <LimitMeter key={limit.label} {...limit} />
                  ))}
                </div>
              )
            }
          </Answered>
        </Section>
        <MemberUsage memberId={memberId} search={search} go={go} />
        {here.may('keys.manage') && <MemberKeys memberId={memberId} />}
        <BudgetHistory memberId={memberId} />
        {manages && search.budget && (
          <Suspense>
            <BudgetDialog
              memberId={memberId}
              close={() => navigate({ search: (was) => ({ ...was, budget: undefined }), replace: true })}
            />
          </Suspense>
        )}
      </Needs>
    </Page>
  );
}
