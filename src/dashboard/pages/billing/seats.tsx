/** Seats: how many there are, taken and left; more are bought for a price that is told by the server and confirmed here. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { shortMoney } from '../../parts/amounts.ts';
import { formatDay } from '../../parts/dates.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { Figure, Section } from '../../parts/page.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking, forget, isRefusal, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

interface Quote {
  seats: number;
  cost: string;
}

export function SeatsSection() {
  const here = useHere();
  const path = { orgId: here.organizationId };
  const seats = useQuery(asking('GET /orgs/{orgId}/seats', { path }));
  const [quote, setQuote] = useState<Quote | null>(null);
  // Asked for without accepting a price, the server refuses by telling it: nothing is bought yet.
  const ask = useSubmit(
    async (typed): Promise<Quote> => {
      const wanted = Number(typed.text('seats') || Number.NaN);
      try {
        await purser.call('POST /orgs/{orgId}/seats', { path, body: { seats: wanted } });
      } catch (error) {
        const cost = isRefusal(error, 402) ? error.metadata.seatCost : null;
        if (typeof cost === 'string') return { seats: wanted, cost };
        throw error;
      }
      throw new Error('seats were bought without a price');
    },
    { done: setQuote },
  );
  return (
    <Section title="Seats">
      <Answered query={seats} skeleton={<Bone className="h-24 w-full" />}>
        {({ included, bought, used, pending, left, pricePerSeat, billingCycleEndsAt }) => (
          <div className="flex flex-col gap-5">
            <dl className="grid grid-cols-2 gap-4 lg:grid-cols-4">
              <Figure label="With the plan">{included === null ? 'No limit' : formatCount(included)}</Figure>
              <Figure label="Bought">{formatCount(bought)}</Figure>
              <Figure label="Taken" note={pending > 0 ? `and ${formatCount(pending)} held by invitations` : undefined}>
                {formatCount(used)}
              </Figure>
              <Figure label="Left">{left === null ? 'No limit' : formatCount(left)}</Figure>
            </dl>
            {pricePerSeat !== null && here.may('seats.buy') && (
              <Form submit={ask} className="flex max-w-md flex-col gap-4">
                <TextField
                  name="seats"
                  label="Buy more seats"
                  inputMode="numeric"
                  defaultValue="1"
                  description={`${shortMoney(pricePerSeat)} a month each, by the day until ${formatDay(billingCycleEndsAt.slice(0, 10))}. You see the price before it is bought.`}
                />
                <div>
                  <SubmitButton>Tell me the price</SubmitButton>
                </div>
              </Form>
            )}
            {pricePerSeat === null && (
              <p className="text-sm text-kumo-subtle">
                {included === null || here.plan === 'enterprise'
                  ? 'Seats of this plan are by contract: whoever runs this Purser sets them.'
                  : 'This plan has no more seats. More are sold on the Pro plan.'}
              </p>
            )}
            {quote && pricePerSeat !== null && (
              <Confirm
                title={`Buy ${quote.seats === 1 ? 'one seat' : `${quote.seats} seats`} for ${shortMoney(quote.cost)}?`}
                consequence={`That is until ${formatDay(billingCycleEndsAt.slice(0, 10))}; from then on ${shortMoney(pricePerSeat)} a month each.`}
                deed={`Buy for ${shortMoney(quote.cost)}`}
                destructive={false}
                act={async () => {
                  await purser.call('POST /orgs/{orgId}/seats', {
                    path,
                    body: { seats: quote.seats, acceptSeatCost: quote.cost },
                  });
                  toast.done(quote.seats === 1 ? 'One seat is bought.' : `${quote.seats} seats are bought.`);
                  await forget('GET /orgs/{orgId}/seats', 'GET /orgs/{orgId}/transactions');
                }}
                close={() => setQuote(null)}
              />
            )}
          </div>
        )}
      </Answered>
    </Section>
  );
}
