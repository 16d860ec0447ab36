/** The keys of a project that one sees, and the way to make one in it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ApiKey } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { KeyStatus } from '../keys/key-status.tsx';

/** All that a plan gives most organizations; more are on the page of keys. */
const SHOWN = 100;

export function ProjectKeys({ projectId }: { projectId: string }) {
  const { organizationId: orgId } = useHere();
  const keys = useQuery(asking('GET /orgs/{orgId}/keys', { path: { orgId }, query: { projectId, limit: SHOWN } }));
  const columns: Column<ApiKey>[] = [
    {
      header: 'Name',
      cell: ({ id, name, maskedKey }) => (
        <>
          <Link to="/orgs/$orgId/keys/$keyId" params={{ orgId, keyId: id }} className="font-medium hover:underline">
            {name}
          </Link>
          <p className="font-mono text-xs text-kumo-subtle">{maskedKey}</p>
        </>
      ),
    },
    { header: 'Status', cell: (key) => <KeyStatus apiKey={key} />, from: 'sm' },
    { header: 'Spent', cell: ({ usage }) => <Money amount={usage} />, align: 'right' },
    { header: 'Last used', cell: ({ lastUsedAt }) => <Moment at={lastUsedAt} />, from: 'md' },
  ];
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
        columns={columns}
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
