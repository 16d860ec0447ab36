/** The columns that lists of API keys have, wherever they are. */
import { Link } from '@tanstack/react-router';
import type { ApiKey } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import type { Column } from '../../parts/table.tsx';
import { KeyStatus } from './key-status.tsx';

export function keyColumns(orgId: string) {
  return {
    name: {
      header: 'Name',
      cell: ({ id, name, maskedKey }) => (
        <div className="min-w-0">
          <Link to="/orgs/$orgId/keys/$keyId" params={{ orgId, keyId: id }} className="font-medium hover:underline">
            {name}
          </Link>
          <p className="font-mono text-xs text-kumo-subtle">{maskedKey}</p>
        </div>
      ),
    },
    status: { header: 'Status', cell: (key) => <KeyStatus apiKey={key} />, from: 'sm' },
    spent: { header: 'Spent', cell: ({ usage }) => <Money amount={usage} />, align: 'right' },
    limit: {
      header: 'Limit',
      cell: ({ usageLimit, periodUsageLimit }) => <Money amount={periodUsageLimit ?? usageLimit} none="none" />,
      align: 'right',
      from: 'md',
    },
    lastUsed: { header: 'Last used', cell: ({ lastUsedAt }) => <Moment at={lastUsedAt} />, from: 'md' },
  } satisfies Record<string, Column<ApiKey>>;
}
