/** What the usage columns look like, for a plan that has none: invented people, always the same. */
import { Money } from '../../parts/money.tsx';
import { formatCompact, formatCount, formatShare } from '../../parts/numbers.ts';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';

interface Sample {
  name: string;
  cost: string;
  tokens: number;
  requests: number;
  errorRate: number;
}

const ROWS: Sample[] = [
  { name: 'Ada Sample', cost: '412.80', tokens: 184_200_000, requests: 9_412, errorRate: 0.008 },
  { name: 'Brook Sample', cost: '96.15', tokens: 41_900_000, requests: 2_208, errorRate: 0.012 },
  { name: 'Cleo Sample', cost: '7.42', tokens: 3_100_000, requests: 391, errorRate: 0 },
];

const COLUMNS: Column<Sample>[] = [
  { header: 'Name', cell: ({ name }) => name },
  { header: 'Cost', cell: ({ cost }) => <Money amount={cost} />, align: 'right' },
  { header: 'Tokens', cell: ({ tokens }) => formatCompact(tokens), align: 'right', from: 'sm' },
  { header: 'Requests', cell: ({ requests }) => formatCount(requests), align: 'right', from: 'sm' },
  { header: 'Error rate', cell: ({ errorRate }) => formatShare(errorRate), align: 'right', from: 'md' },
];

export function UsageSample() {
  return (
    <div className="pt-10">
      <Table
        label="Sample members"
        columns={COLUMNS}
        rows={ROWS}
        idOf={({ name }) => name}
        empty={<Nothing title="None" />}
      />
    </div>
  );
}
