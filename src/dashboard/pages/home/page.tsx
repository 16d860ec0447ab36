/** Home of a member: what is left of each limit, what they used and for what, their keys; and asking for more. */
import { Button } from '@cloudflare/kumo/components/button';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { DateRange } from '../../parts/date-range.tsx';
import { LimitMeter } from '../../parts/limit-meter.tsx';
import { memberLimits } from '../../parts/limits.ts';
import { Money } from '../../parts/money.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { rangeQuery } from '../../parts/range.ts';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking } from '../../shell/api.ts';
import { useHere, useMe } from '../../shell/session.ts';
import { NoKeys } from '../welcome/no-keys.tsx';
import { OwnKeys } from './own-keys.tsx';
import { OwnRequests } from './own-requests.tsx';
import { OwnUsage } from './own-usage.tsx';
import { homeRoute } from './route.ts';

const AskForMore = lazy(() => import('./ask-for-more.tsx'));
const OwnStatement = lazy(() => import('./own-statement.tsx'));

export function HomePage() {
  const here = useHere();
  const { user } = useMe();
  const search = homeRoute.useSearch();
  const navigate = useNavigate({ from: homeRoute.fullPath });
  const path = { orgId: here.organizationId };
  const me = useQuery(asking('GET /orgs/{orgId}/members/me', { path }));
  const limits = me.data?.status ? memberLimits(me.data.effectiveBudget, me.data.status) : [];
  const ask = (open: boolean) => navigate({ search: (was) => ({ ...was, ask: open || undefined }), replace: !open });
  return (
    <Page
      title={`Hello, ${user.name.split(' ')[0]}`}
      description={here.name}
      actions={<DateRange search={search} onSearch={(next) => navigate({ search: (was) => ({ ...was, ...next }) })} />}
    >
      <Section
        title="What you have left"
        actions={
          limits.length > 0 &&
          here.may('budgets.ask') && (
            <Button size="sm" onClick={() => ask(true)}>
              Ask for more
            </Button>
          )
        }
      >
        <Answered query={me} skeleton={<Bone className="h-16 w-full" />}>
          {({ effectiveBudget, status }) =>
            status === null ? (
              <p className="text-kumo-subtle">
                Your budget does not answer at the moment. Requests are refused until it does.
              </p>
            ) : limits.length === 0 ? (
              <p className="text-kumo-default">
                Nothing limits what you spend. So far it was <Money amount={status.lifetimeUsage} />.
              </p>
            ) : (
              <div className="flex flex-col gap-6">
                {memberLimits(effectiveBudget, status).map((limit) => (
                  <LimitMeter key={limit.label} {...limit} />
                ))}
                <OwnRequests />
              </div>
            )
          }
        </Answered>
      </Section>
      <OwnUsage range={rangeQuery(search)} />
      {here.may('keys.own') ? (
        <OwnKeys />
      ) : (
        <Section title="Your API keys">
          <NoKeys />
        </Section>
      )}
      {here.memberId && (
        <Suspense fallback={<Bone className="h-32 w-full" />}>
          <OwnStatement memberId={here.memberId} />
        </Suspense>
      )}
      {search.ask && limits.length > 0 && (
        <Suspense>
          <AskForMore limits={me.data?.effectiveBudget} close={() => ask(false)} />
        </Suspense>
      )}
    </Page>
  );
}
