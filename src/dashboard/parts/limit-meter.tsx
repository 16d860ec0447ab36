/** A limit and how far it is used up: a bar, the amounts, when it resets and when it runs out at the present pace. */

import { nanosOf, shareOf, shortMoney } from './amounts.ts';
import { Moment } from './dates.tsx';
import { Fact } from './fact.tsx';
import { Money } from './money.tsx';

export interface LimitShown {
  label: string;
  limit: string;
  spent: string;
  /** Set aside for requests in flight. */
  held?: string | null;
  remaining: string | null;
  resetsAt?: string | null;
  /** A rolling window: that is when the oldest of what was spent counts no more. */
  slides?: boolean;
  runsOutAt?: string | null;
  note?: string;
}

/** From here on the bar warns. */
const NEARLY = 0.8;

interface LimitBarProps {
  label: string;
  /** Of the limit, from 0 to 1. */
  share: number;
  /** Read to screen readers. */
  text: string;
  /** For a row of a table. */
  thin?: boolean;
}

export function LimitBar({ label, share, text, thin = false }: LimitBarProps) {
  const colour = share >= 1 ? 'bg-kumo-danger' : share >= NEARLY ? 'bg-kumo-warning' : 'bg-kumo-brand';
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <meter> cannot be drawn alike in all browsers
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={text}
      className={`${thin ? 'mt-1 h-1' : 'h-2'} overflow-hidden rounded-full bg-kumo-fill`}
    >
      <div className={`h-full rounded-full ${colour}`} style={{ width: `${share * 100}%` }} />
    </div>
  );
}

export function LimitMeter({ label, limit, spent, held, remaining, resetsAt, slides, runsOutAt, note }: LimitShown) {
  const share = shareOf(spent, limit);
  const state = share >= 1 ? 'used up' : share >= NEARLY ? 'nearly used up' : null;
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h3 className="text-sm font-medium text-kumo-default">
          {label}
          {state && <span className="ml-2 font-normal text-kumo-subtle">{state}</span>}
        </h3>
        <p className="text-sm text-kumo-subtle">
          <Money amount={spent} className="text-kumo-default" /> of <Money amount={limit} />
        </p>
      </div>
      <LimitBar label={label} share={share} text={`${shortMoney(spent)} of ${shortMoney(limit)} spent`} />
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-sm">
        {remaining !== null && (
          <Fact name="Left">
            <Money amount={remaining} className="font-medium" />
          </Fact>
        )}
        {held && nanosOf(held) > 0n ? (
          <Fact name="In flight">
            <Money amount={held} />
          </Fact>
        ) : null}
        {resetsAt && (
          <Fact name={slides ? 'The oldest comes back' : 'Resets'}>
            <Moment at={resetsAt} />
          </Fact>
        )}
        {runsOutAt && (
          <Fact name="Runs out">
            <Moment at={runsOutAt} />
          </Fact>
        )}
        {note && <Fact name="Note">{note}</Fact>}
      </dl>
    </div>
  );
}
