/** An amount on a page: as short as it can be said without a lie, exact in its title. What is computed of amounts is in amounts.ts. */
import { cn } from '@cloudflare/kumo/utils';
import { exactMoney, shortMoney } from './amounts.ts';

/** `none` is said where there is none; `currency` where it may be another than USD, which only documents have. */
export function Money({
  amount,
  currency,
  none = '–',
  className,
}: {
  amount: string | null | undefined;
  currency?: string;
  none?: string;
  className?: string;
}) {
  if (amount === null || amount === undefined) return <span className={cn('text-kumo-subtle', className)}>{none}</span>;
  return (
    <data value={amount} title={exactMoney(amount, currency)} className={cn('tabular-nums', className)}>
      {shortMoney(amount, currency)}
    </data>
  );
}
