/** A member's API keys, the last used first. */
import { useQuery } from '@tanstack/react-query';
import { Section } from '../../parts/page.tsx';
import { Nothing } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { keyColumns } from '../keys/key-columns.tsx';

/** The most that the API lists at once; few have as many. */
const SHOWN = 100;

export function MemberKeys({ memberId }: { memberId: string }) {
  const { organizationId: orgId } = useHere();
  const keys = useQuery(
    asking('GET /orgs/{orgId}/keys', { path: { orgId }, query: { memberId, sort: '-lastUsedAt', limit: SHOWN } }),
  );
  const { name, status, spent, limit, lastUsed } = keyColumns(orgId);
  return (
    <Section title="API keys" card={false}>
      <Table
        label="API keys of this member"
        columns={[name, status, spent, limit, { ...lastUsed, from: 'sm' }]}
        rows={keys.data?.keys}
        idOf={({ id }) => id}
        error={keys.error}
        again={keys.refetch}
        empty={<Nothing title="No API key" />}
      />
    </Section>
  );
}
