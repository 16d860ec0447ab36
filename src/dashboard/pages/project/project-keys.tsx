/** The keys of a project that one sees, and the way to make one in it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Nothing } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { keyColumns } from '../keys/key-columns.tsx';

/** All that a plan gives most organizations; more are on the page of keys. */
const SHOWN = 100;

export function ProjectKeys({ projectId }: { projectId: string }) {
  const { organizationId: orgId } = useHere();
  const keys = useQuery(asking('GET /orgs/{orgId}/keys', { path: { orgId }, query: { projectId, limit: SHOWN } }));
  const { name, status, spent, lastUsed } = keyColumns(orgId);
  const toNew = (
    <Link
      to="/orgs/$orgId/keys"
      params={{ orgId }}
      search={{ projectId, new: true }}
      className="text-kumo-link underline"
    >
      Make an API key in this project
    </Link>
  );
  return (
    <>
      <Table
        label="API keys of this project"
        columns={[name, status, spent, lastUsed]}
        rows={keys.data?.keys}
        idOf={({ id }) => id}
        error={keys.error}
        again={keys.refetch}
        empty={<Nothing title="No API key in this project" action={toNew} />}
      />
      {keys.data && keys.data.keys.length > 0 && <p>{toNew}</p>}
    </>
  );
}
