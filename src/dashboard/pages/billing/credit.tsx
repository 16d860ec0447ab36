/** The wallet: what is left of the prepaid credit, buying more, and having it bought by itself. */
import { Banner } from '@cloudflare/kumo/components/banner';
import { Button } from '@cloudflare/kumo/components/button';
import { Checkbox } from '@cloudflare/kumo/components/checkbox';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AutomaticTopUp, Wallet } from '../../../../client/index.ts';
import { nanosOf, shortMoney } from '../../parts/amounts.ts';
import { Moment } from '../../parts/dates.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Form, MoneyField, SubmitButton, useSubmit } from '../../parts/form.tsx';
import { Money } from '../../parts/money.tsx';
import { Figure, Section } from '../../parts/page.tsx';
import { Answered, Bone, Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

export default function Credit() {
  const here = useHere();
  const path = { orgId: here.organizationId };
  const wallet = useQuery(asking('GET /orgs/{orgId}/wallet', { path }));
  const automatic = useQuery(asking('GET /orgs/{orgId}/wallet/automatic-top-up', { path }));
  const organization = useQuery(asking('GET /orgs/{orgId}', { path }));
  const isFree = organization.data?.metered === false;
  return (
    <div className="flex flex-col gap-6">
      {isFree && (
        <Banner
          title="No credit is needed"
          description="Requests of this organization are not paid from credit: whoever runs this Purser set it so. What is bought stays in the balance."
        />
      )}
      <Answered query={wallet} skeleton={<Bone className="h-24 w-full" />}>
        {(shown) => (isFree && shown.entries.length === 0 ? null : <Figures wallet={shown} />)}
      </Answered>
      <div className="grid gap-6 lg:grid-cols-2">
        {here.may('billing.write') && <BuyCredit path={path} />}
        <Section title="Automatic top-up">
          <Answered query={automatic} skeleton={<Bone className="h-40 w-full" />}>
            {(shown) => (
              <div className="flex flex-col gap-4">
                {shown.failedAt && (
                  <Banner
                    variant="error"
                    description={`${shown.retryAt ? 'It waits a day' : 'It has stopped'}, because the card was refused: ${shown.failure ?? 'no reason was told'} Saving tries again.`}
                  />
                )}
                {shown.card && here.may('billing.write') && <ForgetCard path={path} card={shown.card} />}
                {here.may('billing.write') ? (
                  <AutomaticForm
                    key={`${shown.below} ${shown.amount} ${shown.monthlyMax}`}
                    path={path}
                    settings={shown}
                  />
                ) : (
                  <p className="text-kumo-default">{inWords(shown)}</p>
                )}
              </div>
            )}
          </Answered>
        </Section>
      </div>
      <Section title="What went in and out" card={false}>
        <Table
          label="Newest entries of the wallet"
          columns={ENTRY_COLUMNS}
          rows={wallet.data?.entries}
          idOf={({ id }) => id}
          error={wallet.error}
          again={wallet.refetch}
          empty={<Nothing title="No credit was bought yet" />}
        />
      </Section>
    </div>
  );
}

const ENTRY_COLUMNS: Column<Wallet['entries'][number]>[] = [
  { header: 'When', cell: ({ at }) => <Moment at={at} as="date" /> },
  { header: 'What', cell: ({ kind }) => (kind === 'refund' ? 'Given back' : 'Credit') },
  {
    header: 'Amount',
    cell: ({ kind, amount }) => <Money amount={kind === 'refund' ? `-${amount}` : amount} />,
    align: 'right',
  },
  { header: 'Posted so far', cell: ({ credits }) => <Money amount={credits} />, align: 'right', from: 'sm' },
];

function Figures({ wallet: { balance, lent, available } }: { wallet: Wallet }) {
  return (
    <>
      <dl className="grid gap-4 sm:grid-cols-3">
        <Figure label="Balance" note="Bought, less what members told to have spent.">
          <Money amount={balance} />
        </Figure>
        <Figure label="Lent to members" note="They may spend it without asking; some may be spent.">
          <Money amount={lent} />
        </Figure>
        <Figure label="Available" note="What is left to lend.">
          <Money amount={available} />
        </Figure>
      </dl>
      {nanosOf(balance) < 0n && (
        <Banner
          variant="error"
          description="More was spent than was bought. What is missing is taken from the next top-up."
        />
      )}
    </>
  );
}

function BuyCredit({ path }: { path: { orgId: string } }) {
  const [byHand, setByHand] = useState<string | null>(null);
  const submit = useSubmit(
    (typed) =>
      purser.call('POST /orgs/{orgId}/wallet/checkout', {
        path,
        body: { amount: typed.text('amount'), saveCard: typed.checked('saveCard') },
      }),
    {
      done: async ({ url, total }) => {
        if (url) return location.assign(url);
        setByHand(total);
        await forget('GET /orgs/{orgId}/transactions');
      },
    },
  );
  return (
    <Section title="Buy credit">
      <Form submit={submit}>
        <div aria-live="polite" className="empty:hidden">
          {byHand && (
            <Banner
              title={`A top-up of ${shortMoney(byHand)} with taxes is open`}
              description="Whoever runs this Purser says how to pay it. The credit is here once they have recorded the payment."
            />
          )}
        </div>
        <MoneyField
          name="amount"
          label="Amount, in USD"
          placeholder="50"
          description="From $5. Taxes come on top."
          required
        />
        <Checkbox name="saveCard" label="Keep the card for automatic top-ups" />
        <div>
          <SubmitButton>Buy credit</SubmitButton>
        </div>
      </Form>
    </Section>
  );
}

function ForgetCard({ path, card }: { path: { orgId: string }; card: string }) {
  const [isAsked, setAsked] = useState(false);
  return (
    <div>
      <Button size="sm" onClick={() => setAsked(true)}>
        Forget {card}
      </Button>
      {isAsked && (
        <Confirm
          title={`Forget ${card}?`}
          consequence="It is removed here and at Stripe, and no credit is bought by itself until another card is kept."
          deed="Forget the card"
          act={async () => {
            await purser.call('DELETE /orgs/{orgId}/wallet/card', { path });
            toast.done('The card is forgotten.');
            await forget('GET /orgs/{orgId}/wallet/automatic-top-up');
          }}
          close={() => setAsked(false)}
        />
      )}
    </div>
  );
}

function inWords({ below, amount }: AutomaticTopUp): string {
  if (below === null || amount === null) return 'Off: credit is bought by hand only.';
  return `${shortMoney(amount)} is bought whenever less than ${shortMoney(below)} is available.`;
}

function AutomaticForm({ path, settings }: { path: { orgId: string }; settings: AutomaticTopUp }) {
  const submit = useSubmit(
    (typed) =>
      purser.call('PUT /orgs/{orgId}/wallet/automatic-top-up', {
        path,
        body: {
          below: typed.optional('below'),
          amount: typed.optional('amount'),
          monthlyMax: typed.optional('monthlyMax'),
        },
      }),
    {
      done: async (saved) => {
        toast.done(saved.below === null ? 'Automatic top-up is off.' : 'Automatic top-up is on.');
        await forget('GET /orgs/{orgId}/wallet/automatic-top-up');
      },
    },
  );
  return (
    <Form submit={submit}>
      <p className="text-kumo-default">{inWords(settings)}</p>
      <div className="grid gap-4 sm:grid-cols-2">
        <MoneyField
          name="below"
          label="When less is available than"
          placeholder="Never"
          defaultValue={settings.below ?? ''}
        />
        <MoneyField name="amount" label="Buy this much" placeholder="Nothing" defaultValue={settings.amount ?? ''} />
        <MoneyField
          name="monthlyMax"
          label="At most in a month"
          placeholder="1000"
          defaultValue={settings.monthlyMax ?? ''}
        />
      </div>
      <p className="text-sm text-kumo-subtle">
        {settings.card ? `Paid with ${settings.card}.` : 'No card is kept yet: buy credit once and have it kept.'} In
        USD, before taxes. Both empty is off.
      </p>
      <div>
        <SubmitButton>Save</SubmitButton>
      </div>
    </Form>
  );
}
