/** A member's API keys, the last used first. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ApiKey } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { Section } from '../../parts/page.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { KeyStatus } from '../keys/key-status.tsx';

/** The most that the API lists at once; few have as many. */
const SHOWN = 100;

export function MemberKeys({ memberId }: { memberId: string }) {
  const { organizationId: orgId } = useHere();
  const keys = useQuery(
    asking('GET /orgs/{orgId}/keys', { path: { orgId }, query: { memberId, sort: '-lastUsedAt', limit: SHOWN } }),
  );
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
    {
      header: 'Limit',
      cell: ({ usageLimit, periodUsageLimit }) => <Money amount={periodUsageLimit ?? usageLimit} none="none" />,
      align: 'right',
      from: 'md',
    },
    { header: 'Last used', cell: ({ lastUsedAt }) => <Moment at={lastUsedAt} />, from: 'sm' },
  ];
  return (
    <Section title="API keys" card={false}>
      <Table
        label="API keys of this member"
        columns={columns}
        rows={keys.data?.keys}
        idOf={({ id }) => id}
        error={keys.error}
        again={keys.refetch}
        empty={<Nothing title="No API key" />}
      />
    </Section>
  );
}
