/** Who may use a project: whom it is granted to, and who uses all of them by their role. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { ROLE_CARDS, type Role } from '../team/roles.ts';

/** The most that the API lists at once; of a larger team the rest is on its own page. */
const SHOWN = 100;

interface Person {
  id: string;
  name: string;
  email: string | null;
  role: Role;
  projects: string[];
}

export function ProjectPeople({ projectId }: { projectId: string }) {
  const here = useHere();
  const { organizationId: orgId } = here;
  const members = useQuery(
    asking('GET /orgs/{orgId}/members', { path: { orgId }, query: { limit: SHOWN, sort: 'name' } }),
  );
  const usesAll = (role: Role) =>
    role === 'owner' || role === 'admin' || (!here.has('projects.scoped') && role !== 'basic');
  const people = members.data?.members.filter(({ role, projects }) => usesAll(role) || projects.includes(projectId));
  const columns: Column<Person>[] = [
    {
      header: 'Name',
      cell: ({ id, name, email }) => (
        <>
          <Link
            to="/orgs/$orgId/team/$memberId"
            params={{ orgId, memberId: id }}
            className="font-medium hover:underline"
          >
            {name}
          </Link>
          <p className="text-xs text-kumo-subtle">{email ?? 'a program'}</p>
        </>
      ),
    },
    { header: 'Role', cell: ({ role }) => ROLE_CARDS[role].name },
    { header: 'Why', cell: ({ role }) => (usesAll(role) ? 'by role' : 'granted'), from: 'sm' },
  ];
  return (
    <>
      <Table
        label="People of this project"
        columns={columns}
        rows={people}
        idOf={({ id }) => id}
        error={members.error}
        again={members.refetch}
        empty={<Nothing title="Nobody uses this project" />}
      />
      {members.data?.nextCursor && <p className="text-kumo-subtle">Of the first {SHOWN} members by name.</p>}
    </>
  );
}
