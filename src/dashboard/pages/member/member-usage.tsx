/** What a member used in the range: figures, what they use most, over time and ranked, and which providers and apps. */
import { Tabs } from '@cloudflare/kumo/components/tabs';
import { useQuery } from '@tanstack/react-query';
import type { MemberUsage as Usage } from '../../../../client/index.ts';
import { AccessNotice, UpgradeCard } from '../../parts/access.tsx';
import { shareOf } from '../../parts/amounts.ts';
import { GROUPS_SHOWN, groupedBy } from '../../parts/breakdown.ts';
import { Ranking } from '../../parts/charts/ranking.tsx';
import { CsvLink } from '../../parts/csv-link.tsx';
import { Money } from '../../parts/money.tsx';
import { Figure, Section } from '../../parts/page.tsx';
import { granularityOf, rangeQuery } from '../../parts/range.ts';
import { Answered, Nothing } from '../../parts/state.tsx';
import { BreakdownTabs, UsageBones, UsageBreakdown } from '../../parts/usage-breakdown.tsx';
import { UsageFigures } from '../../parts/usage-figures.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { AnalyticsSample } from '../analytics/sample.tsx';
import { DIMENSIONS, type Dimension, type MemberSearch } from './route.ts';

const NAMES: Record<Dimension, string> = { model: 'Model', provider: 'Provider', app: 'App' };

interface MemberUsageProps {
  memberId: string;
  search: MemberSearch;
  go: (next: Partial<MemberSearch>) => void;
}

export function MemberUsage(props: MemberUsageProps) {
  const here = useHere();
  if (!here.may('analytics.members')) return <AccessNotice roles="owners and admins" what="what members used" />;
  if (here.has('analytics.members')) return <Shown {...props} />;
  return <UpgradeCard what="Usage of each member" sample={<AnalyticsSample />} />;
}

function Shown({ memberId, search, go }: MemberUsageProps) {
  const { organizationId } = useHere();
  const by = search.by ?? 'model';
  const range = rangeQuery(search);
  const query = {
    organizationId,
    ...range,
    groupBy: groupedBy(by, search),
    granularity: granularityOf(range),
  };
  const usage = useQuery(
    asking('GET /analytics/members/{userId}', {
      path: { userId: memberId },
      query: { ...query, limit: GROUPS_SHOWN },
    }),
  );
  // Beside the chart already.
  const ranked = by === 'model' && !search.models && !search.measure;
  const answer = typeof usage.data === 'object' ? usage.data : undefined;
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="flex flex-wrap items-center gap-3">
          <Tabs
            tabs={DIMENSIONS.map((dimension) => ({ value: dimension, label: NAMES[dimension] }))}
            value={by}
            onValueChange={(value) => go({ by: value === 'model' ? undefined : (value as Dimension) })}
          />
          <BreakdownTabs search={search} onSearch={go} byModel={by === 'model'} />
        </div>
        <CsvLink path={`/analytics/members/${memberId}`} query={query} />
      </div>
      <Answered query={{ ...usage, data: answer }} skeleton={<UsageBones />}>
        {({ summary, mostUsed, costByModel, topProviders, topApps, activity, timezone }) => (
          <>
            <UsageFigures totals={summary} errors />
            <dl className="grid gap-4 sm:grid-cols-3">
              <Figure label="Top model">{mostUsed.model ?? '–'}</Figure>
              <Figure label="Top provider">{mostUsed.provider ?? '–'}</Figure>
              <Figure label="Top app">{mostUsed.app ?? '–'}</Figure>
            </dl>
            <UsageBreakdown
              by={`by ${NAMES[by].toLowerCase()}`}
              measure={search.measure ?? 'cost'}
              points={activity}
              totals={summary}
              timezone={timezone}
            />
            <div className={`grid gap-6 ${ranked ? 'lg:grid-cols-2' : 'lg:grid-cols-3'}`}>
              {!ranked && <Costs title="Cost by model" rows={costByModel} total={summary.cost} />}
              <Costs title="Top providers" rows={topProviders} total={summary.cost} />
              <Costs title="Top apps" rows={topApps} total={summary.cost} />
            </div>
          </>
        )}
      </Answered>
    </>
  );
}

function Costs({ title, rows, total }: { title: string; rows: Usage['topApps']; total: string }) {
  const largest = rows.find(({ key }) => key !== null)?.cost ?? '0';
  return (
    <Section title={title}>
      {rows.length === 0 ? (
        <Nothing title="Nothing was used in these days" />
      ) : (
        <Ranking
          title={title}
          rows={rows.map(({ key, label, cost }) => ({
            key: key ?? 'others',
            label,
            share: largest === '0' ? 0 : shareOf(cost, largest),
            value: <Money amount={cost} />,
          }))}
          total={<Money amount={total} />}
        />
      )}
    </Section>
  );
}
