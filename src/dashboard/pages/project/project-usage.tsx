/** What a project cost by model, over time and ranked. Who does not see all of it sees their own. */
import { useQuery } from '@tanstack/react-query';
import { GROUPS_SHOWN, groupedBy } from '../../parts/breakdown.ts';
import { CsvLink } from '../../parts/csv-link.tsx';
import { granularityOf, rangeQuery } from '../../parts/range.ts';
import { Answered } from '../../parts/state.tsx';
import { BreakdownTabs, UsageBones, UsageBreakdown } from '../../parts/usage-breakdown.tsx';
import { UsageFigures } from '../../parts/usage-figures.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import type { ProjectSearch } from './route.ts';

interface ProjectUsageProps {
  projectId: string;
  search: ProjectSearch;
  go: (next: Partial<ProjectSearch>) => void;
}

export function ProjectUsage({ projectId, search, go }: ProjectUsageProps) {
  const { organizationId } = useHere();
  const range = rangeQuery(search);
  const query = {
    organizationId,
    projectId,
    ...range,
    groupBy: groupedBy('model', search),
    granularity: granularityOf(range),
  };
  const activity = useQuery(asking('GET /analytics/activity', { query: { ...query, limit: GROUPS_SHOWN } }));
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <BreakdownTabs search={search} onSearch={go} byModel />
        <CsvLink path="/analytics/activity" query={query} />
      </div>
      <Answered query={activity} skeleton={<UsageBones />}>
        {(answer) =>
          typeof answer === 'string' ? null : (
            <>
              <UsageFigures totals={answer.totals} errors />
              <UsageBreakdown
                by="by model"
                measure={search.measure ?? 'cost'}
                points={answer.activity}
                totals={answer.totals}
                timezone={answer.timezone}
              />
            </>
          )
        }
      </Answered>
    </>
  );
}
