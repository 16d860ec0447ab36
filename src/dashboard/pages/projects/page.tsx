/** Projects: those that one sees, and for owners and admins making one. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { Tabs } from '@cloudflare/kumo/components/tabs';
import { PlusIcon } from '@phosphor-icons/react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Project } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Page } from '../../parts/page.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { type ProjectsSearch, projectsRoute } from './route.ts';

/** As many rows as fit a screen. */
const PAGE_SIZE = 25;

export function ProjectsPage() {
  const here = useHere();
  const search = projectsRoute.useSearch();
  const navigate = useNavigate({ from: projectsRoute.fullPath });
  const { organizationId: orgId } = here;
  const go = (next: Partial<ProjectsSearch>) => navigate({ search: (was) => ({ ...was, ...next }) });
  const projects = useQuery(
    asking('GET /orgs/{orgId}/projects', {
      path: { orgId },
      query: {
        limit: PAGE_SIZE,
        q: search.q,
        sort: search.sort ?? 'name',
        cursor: search.cursor,
        archived: search.archived ? 'true' : 'false',
      },
    }),
  );
  return (
    <Page
      title="Projects"
      description="What API keys and usage belong to."
      actions={
        here.may('projects.write') && (
          <Button variant="primary" icon={PlusIcon} onClick={() => go({ new: true })}>
            New project
          </Button>
        )
      }
    >
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Tabs
          tabs={[
            { value: 'open', label: 'In use' },
            { value: 'archived', label: 'Archived' },
          ]}
          value={search.archived ? 'archived' : 'open'}
          onValueChange={(value) => go({ archived: value === 'archived' || undefined, cursor: undefined })}
        />
        <SearchField label="Search projects" search={search} onSearch={(next) => go(next as ProjectsSearch)} />
      </div>
      <Table
        label={search.archived ? 'Archived projects' : 'Projects in use'}
        columns={columnsIn(orgId)}
        rows={projects.data?.projects}
        idOf={({ id }) => id}
        error={projects.error}
        again={projects.refetch}
        search={search}
        onSearch={(next) => go(next as ProjectsSearch)}
        nextCursor={projects.data?.nextCursor ?? null}
        empty={
          search.q ? (
            <Nothing title="No project is called so" />
          ) : search.archived ? (
            <Nothing title="No project is archived" />
          ) : (
            <Nothing title="No project yet">
              {here.may('projects.write')
                ? 'Make one for each thing whose cost you want to see.'
                : 'Nobody has given you one so far.'}
            </Nothing>
          )
        }
      />
      {search.new && here.may('projects.write') && (
        <NewProject close={() => navigate({ search: (was) => ({ ...was, new: undefined }), replace: true })} />
      )}
    </Page>
  );
}

const columnsIn = (orgId: string): Column<Project>[] => [
  {
    header: 'Name',
    sort: { by: 'name', first: 'up' },
    cell: ({ id, name }) => (
      <Link
        to="/orgs/$orgId/projects/$projectId"
        params={{ orgId, projectId: id }}
        className="font-medium hover:underline"
      >
        {name}
      </Link>
    ),
  },
  {
    header: 'Status',
    cell: ({ archived }) =>
      archived ? <Badge variant="outline">Archived</Badge> : <Badge variant="success">In use</Badge>,
  },
  {
    header: 'Made',
    sort: { by: 'createdAt', first: 'down' },
    cell: ({ createdAt }) => <Moment at={createdAt} as="date" />,
    from: 'sm',
  },
];

function NewProject({ close }: { close: () => void }) {
  const { organizationId: orgId } = useHere();
  const navigate = useNavigate();
  const submit = useSubmit(
    (typed) => purser.call('POST /orgs/{orgId}/projects', { path: { orgId }, body: { name: typed.text('name') } }),
    {
      done: async ({ id }) => {
        await forget('GET /orgs/{orgId}/projects');
        await navigate({ to: '/orgs/$orgId/projects/$projectId', params: { orgId, projectId: id } });
      },
    },
  );
  return (
    <Modal title="New project" size="sm" close={close}>
      <Form submit={submit}>
        <TextField name="name" label="Name" autoComplete="off" required />
        <DialogEnd close={close}>
          <SubmitButton>Make project</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
