/** One's own keys, the last used first: how full each is, and the way to all of them. */
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

const SHOWN = 5;

const COLUMNS: Column<ApiKey>[] = [
  { header: 'Name', cell: ({ name }) => name },
  { header: 'Status', cell: (key) => <KeyStatus apiKey={key} /> },
  { header: 'Spent', cell: ({ usage }) => <Money amount={usage} />, align: 'right' },
  { header: 'Last used', cell: ({ lastUsedAt }) => <Moment at={lastUsedAt} />, from: 'sm' },
];

export function OwnKeys() {
  const { organizationId: orgId } = useHere();
  const keys = useQuery(
    asking('GET /orgs/{orgId}/keys', { path: { orgId }, query: { memberId: 'me', sort: '-lastUsedAt', limit: SHOWN } }),
  );
  return (
    <Section
      title="Your API keys"
      card={false}
      actions={
        <Link to="/orgs/$orgId/keys" params={{ orgId }} className="text-kumo-link underline">
          All of them
        </Link>
      }
    >
      <Table
        label="Your API keys"
        columns={COLUMNS}
        rows={keys.data?.keys}
        idOf={({ id }) => id}
        error={keys.error}
        again={keys.refetch}
        empty={
          <Nothing
            title="No API key yet"
            action={
              <Link to="/orgs/$orgId/welcome" params={{ orgId }} className="text-kumo-link underline">
                Get started
              </Link>
            }
          >
            A key is what your tools present to Purser. Make the first one, and watch its first request arrive.
          </Nothing>
        }
      />
    </Section>
  );
}
