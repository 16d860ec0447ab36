/** How far a member's limits are used up, small enough for a row: a bar and both amounts for each. */
import type { ListedMember } from '../../../../client/index.ts';
import { nanosOf, shareOf, shortMoney } from '../../parts/amounts.ts';
import { Moment } from '../../parts/dates.tsx';
import { LimitBar } from '../../parts/limit-meter.tsx';
import { memberLimits } from '../../parts/limits.ts';
import { Money } from '../../parts/money.tsx';

export function Caps({ member: { effectiveBudget, status, statusAt } }: { member: ListedMember }) {
  const limits = memberLimits(effectiveBudget, status);
  if (limits.length === 0) {
    return (
      <span className="sm:whitespace-nowrap">
        <Money amount={status.lifetimeUsage} /> <span className="text-kumo-subtle">in all</span>
      </span>
    );
  }
  return (
    <div className="flex flex-col gap-1.5 sm:min-w-40">
      {limits.map(({ label, limit, spent, held, resetsAt }) => {
        // What a window or a cycle counts, only the budget itself tells: 0 would be a lie. A total never resets, so it says nothing of that.
        const known = statusAt !== null || (resetsAt === undefined && effectiveBudget.usageLimitBasis === 'lifetime');
        const share = known ? shareOf(spent, limit) : 0;
        return (
          <div key={label} title={label}>
            <div className="flex flex-wrap justify-between gap-x-3 whitespace-nowrap">
              <Money amount={known ? spent : null} />
              <span className="text-kumo-subtle">
                of <Money amount={limit} />
              </span>
            </div>
            <LimitBar
              label={label}
              share={share}
              text={known ? `${shortMoney(spent)} of ${shortMoney(limit)} spent` : 'not reported yet'}
              thin
            />
            {held && nanosOf(held) > 0n ? (
              <p className="text-xs text-kumo-subtle">
                <Money amount={held} /> in flight
              </p>
            ) : null}
          </div>
        );
      })}
      <p className="text-xs text-kumo-subtle sm:whitespace-nowrap">
        {statusAt ? (
          <>
            as of <Moment at={statusAt} />
          </>
        ) : (
          'not reported yet'
        )}
      </p>
    </div>
  );
}
