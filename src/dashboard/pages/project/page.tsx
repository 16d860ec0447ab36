/** One project: what it cost by model, its keys, who may use it, and where its requests are routed. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { Tabs } from '@cloudflare/kumo/components/tabs';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { Needs } from '../../parts/access.tsx';
import { DateRange } from '../../parts/date-range.tsx';
import { Page } from '../../parts/page.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { ProjectKeys } from './project-keys.tsx';
import { ProjectPeople } from './project-people.tsx';
import { ProjectRouting } from './project-routing.tsx';
import { ProjectUsage } from './project-usage.tsx';
import { type ProjectSearch, projectRoute } from './route.ts';

const ArchiveDialog = lazy(() => import('./archive-dialog.tsx'));

export function ProjectPage() {
  const here = useHere();
  const { projectId } = projectRoute.useParams();
  const search = projectRoute.useSearch();
  const navigate = useNavigate({ from: projectRoute.fullPath });
  const [archiving, setArchiving] = useState(false);
  const go = (next: Partial<ProjectSearch>) => navigate({ search: (was) => ({ ...was, ...next }) });
  const path = { orgId: here.organizationId, projectId };
  const project = useQuery(asking('GET /orgs/{orgId}/projects/{projectId}', { path }));
  const view = search.view ?? 'usage';
  const tabs = [
    { value: 'usage', label: 'Usage' },
    ...(here.may('keys.own') ? [{ value: 'keys', label: 'API keys' }] : []),
    ...(here.may('members.read') ? [{ value: 'people', label: 'People' }] : []),
    { value: 'routing', label: 'Routing' },
  ];
  if (project.error) throw project.error;
  return (
    <Page
      title={project.data?.name ?? 'Project'}
      description={project.data?.archived && <Badge variant="outline">Archived</Badge>}
      actions={
        <>
          {here.may('projects.write') && project.data && (
            <Button onClick={() => setArchiving(true)}>{project.data.archived ? 'Restore' : 'Archive'}</Button>
          )}
          {view === 'usage' && here.may('analytics.projects') && <DateRange search={search} onSearch={go} />}
        </>
      }
    >
      <Tabs
        tabs={tabs}
        variant="underline"
        value={view}
        onValueChange={(value) => go({ view: value === 'usage' ? undefined : (value as ProjectSearch['view']) })}
      />
      <Answered query={project} skeleton={<Bone className="h-64 w-full" />}>
        {(shown) => (
          <>
            {view === 'usage' && (
              <Needs
                ability="analytics.projects"
                roles="owners, admins, developers and basic members"
                what="what projects used"
              >
                <ProjectUsage projectId={projectId} search={search} go={go} />
              </Needs>
            )}
            {view === 'keys' && <ProjectKeys projectId={projectId} />}
            {view === 'people' && <ProjectPeople projectId={projectId} />}
            {view === 'routing' && <ProjectRouting projectId={projectId} />}
            {archiving && (
              <Suspense>
                <ArchiveDialog project={shown} close={() => setArchiving(false)} />
              </Suspense>
            )}
          </>
        )}
      </Answered>
    </Page>
  );
}
