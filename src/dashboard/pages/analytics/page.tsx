/** Organization analytics: what everybody spent, over time and ranked, by model, project, key, member, provider or app. */
import { Tabs } from '@cloudflare/kumo/components/tabs';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Needs, UpgradeCard } from '../../parts/access.tsx';
import { GROUPS_SHOWN, groupedBy } from '../../parts/breakdown.ts';
import { CsvLink } from '../../parts/csv-link.tsx';
import { DateRange } from '../../parts/date-range.tsx';
import { Moment } from '../../parts/dates.tsx';
import { Page } from '../../parts/page.tsx';
import { granularityOf, rangeQuery } from '../../parts/range.ts';
import { Answered } from '../../parts/state.tsx';
import { BreakdownTabs, UsageBones, UsageBreakdown } from '../../parts/usage-breakdown.tsx';
import { UsageFigures } from '../../parts/usage-figures.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { type AnalyticsSearch, analyticsRoute, DIMENSIONS, type Dimension } from './route.ts';
import { AnalyticsSample } from './sample.tsx';

const NAMES: Record<Dimension, string> = {
  model: 'Model',
  project: 'Project',
  apiKey: 'API key',
  member: 'Member',
  provider: 'Provider',
  app: 'App',
};

export function AnalyticsPage() {
  const here = useHere();
  const search = analyticsRoute.useSearch();
  const navigate = useNavigate({ from: analyticsRoute.fullPath });
  const go = (next: Partial<AnalyticsSearch>) => navigate({ search: (was) => ({ ...was, ...next }) });
  const has = here.has('analytics.organization');
  return (
    <Page
      title="Analytics"
      description="What the organization spent, and on what."
      actions={has && <DateRange search={search} onSearch={go} />}
    >
      <Needs ability="analytics.organization" roles="owners and admins" what="the organization’s analytics">
        {has ? (
          <Organization search={search} go={go} />
        ) : (
          <UpgradeCard what="Organization analytics" sample={<AnalyticsSample />} />
        )}
      </Needs>
    </Page>
  );
}

function Organization({ search, go }: { search: AnalyticsSearch; go: (next: Partial<AnalyticsSearch>) => void }) {
  const { organizationId } = useHere();
  const by = search.by ?? 'model';
  const range = rangeQuery(search);
  const query = {
    organizationId,
    ...range,
    groupBy: groupedBy(by, search),
    granularity: granularityOf(range),
  };
  const activity = useQuery(asking('GET /analytics/activity', { query: { ...query, limit: GROUPS_SHOWN } }));
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="max-w-full overflow-x-auto p-0.5">
          <Tabs
            tabs={DIMENSIONS.map((dimension) => ({ value: dimension, label: NAMES[dimension] }))}
            value={by}
            onValueChange={(value) => go({ by: value === 'model' ? undefined : (value as Dimension) })}
          />
        </div>
        <CsvLink path="/analytics/activity" query={query} />
      </div>
      <BreakdownTabs search={search} onSearch={go} byModel={by === 'model'} />
      <Answered query={activity} skeleton={<UsageBones />}>
        {(answer) =>
          typeof answer === 'string' ? null : (
            <>
              <UsageFigures totals={answer.totals} errors />
              <UsageBreakdown
                by={`by ${NAMES[by] === 'API key' ? 'API key' : NAMES[by].toLowerCase()}`}
                measure={search.measure ?? 'cost'}
                points={answer.activity}
                totals={answer.totals}
                timezone={answer.timezone}
              />
              <p className="text-sm text-kumo-subtle">
                Days of {answer.timezone}. Usage up to <Moment at={answer.rolledUpTo} as="date" /> is in it.
              </p>
            </>
          )
        }
      </Answered>
    </>
  );
}
