/** Seats that are left, and what one more costs: said where somebody is invited. */
import type { Seats } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { formatCount } from '../../parts/numbers.ts';

export function SeatsLeft({ seats }: { seats: Seats }) {
  const { left, used, pending, included, bought, proratedCost, pricePerSeat, billingCycleEndsAt } = seats;
  if (left === null) {
    return (
      <p className="text-sm text-kumo-subtle">
        {formatCount(used)} seats are used and {formatCount(pending)} held by invitations. Your plan sets no number of
        them.
      </p>
    );
  }
  const all = (included ?? 0) + bought;
  return (
    <p className="text-sm text-kumo-subtle">
      <strong className="font-medium text-kumo-default">
        {left === 0 ? 'No seat is left' : left === 1 ? '1 seat is left' : `${formatCount(left)} seats are left`}
      </strong>{' '}
      of {formatCount(all)}: {formatCount(used)} used, {formatCount(pending)} held by invitations.{' '}
      {left > 0 ? null : proratedCost === null ? (
        'The plan has no more: remove somebody, or change the plan.'
      ) : (
        <>
          One more costs <Money amount={proratedCost} /> until <Moment at={billingCycleEndsAt} as="date" />, then{' '}
          <Money amount={pricePerSeat} /> a month.
        </>
      )}
    </p>
  );
}
