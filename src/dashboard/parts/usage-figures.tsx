/** The summary cards of usage: spend, requests, tokens, and where it is asked for the rate of errors. */
import { Money } from './money.tsx';
import { formatCompact, formatCount, formatShare } from './numbers.ts';
import { Figure } from './page.tsx';

export interface Totals {
  cost: string;
  requestCount: number;
  totalTokens: number;
  errorRate: number | null;
}

export function UsageFigures({ totals, errors = false }: { totals: Totals; errors?: boolean }) {
  return (
    <dl className={`grid grid-cols-2 gap-4 ${errors ? 'lg:grid-cols-4' : 'lg:grid-cols-3'}`}>
      <Figure label="Spend">
        <Money amount={totals.cost} />
      </Figure>
      <Figure label="Requests">{formatCount(totals.requestCount)}</Figure>
      <Figure label="Tokens">
        <span title={formatCount(totals.totalTokens)}>{formatCompact(totals.totalTokens)}</span>
      </Figure>
      {errors && <Figure label="Error rate">{formatShare(totals.errorRate)}</Figure>}
    </dl>
  );
}
