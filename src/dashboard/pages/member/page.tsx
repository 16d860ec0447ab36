/** One member: spend against each limit, what it was spent on, their keys, and how their budget was set. */
import { Button } from '@cloudflare/kumo/components/button';
import { GaugeIcon, ShieldCheckIcon, UserGearIcon } from '@phosphor-icons/react';
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
import { asking, forget, isRefusal, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { ROLE_CARDS } from '../team/roles.ts';
import { BudgetHistory } from './budget-history.tsx';
import { MemberAccess } from './member-access.tsx';
import { MemberKeys } from './member-keys.tsx';
import { MemberUsage } from './member-usage.tsx';
import { type MemberSearch, memberRoute } from './route.ts';

const BudgetDialog = lazy(() => import('../team/budget-dialog.tsx'));
const RoleDialog = lazy(() => import('../team/role-dialog.tsx'));
const RulesDialog = lazy(() => import('../../parts/rules-dialog.tsx'));

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
  const reaches = about !== undefined && (about.role !== 'owner' || here.may('organization.own'));
  const manages = reaches && here.kind === 'team' && here.may('budgets.write');
  const changes = reaches && here.may('members.write');
  const closing = (which: 'budget' | 'role' | 'rules') => () =>
    navigate({ search: (was) => ({ ...was, [which]: undefined }), replace: true });
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
        <Section
          title="Projects and rules"
          actions={
            changes && (
              <span className="flex flex-wrap gap-2">
                <Button size="sm" icon={UserGearIcon} onClick={() => go({ role: true })}>
                  {about.role === 'api' ? 'Projects' : 'Role and projects'}
                </Button>
                <Button size="sm" icon={ShieldCheckIcon} onClick={() => go({ rules: true })}>
                  Edit rules
                </Button>
              </span>
            )
          }
        >
          <Answered query={member} skeleton={<Bone className="h-10 w-full" />}>
            {(shown) => <MemberAccess member={shown} />}
          </Answered>
        </Section>
        <MemberUsage memberId={memberId} search={search} go={go} />
        {here.may('keys.manage') && <MemberKeys memberId={memberId} />}
        <BudgetHistory memberId={memberId} />
        <Suspense>
          {manages && search.budget && <BudgetDialog memberId={memberId} close={closing('budget')} />}
          {changes && search.role && <RoleDialog member={about} close={closing('role')} />}
          {changes && search.rules && (
            <RulesDialog
              name={about.name}
              rules={about.rules}
              reach={`They bind all API keys of ${about.name}, and the playground.`}
              save={(rules) =>
                purser.call('PATCH /orgs/{orgId}/members/{memberId}', {
                  path,
                  body: { rules, version: about.version },
                })
              }
              saved={() => forget('GET /orgs/{orgId}/members', 'GET /orgs/{orgId}/members/{memberId}')}
              close={closing('rules')}
            />
          )}
        </Suspense>
      </Needs>
    </Page>
  );
}
