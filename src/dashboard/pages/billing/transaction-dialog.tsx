/** One transaction: what its document says, line by line. */
import { Banner } from '@cloudflare/kumo/components/banner';
import { useQuery } from '@tanstack/react-query';
import type { TransactionWhole } from '../../../../client/index.ts';
import { nanosOf } from '../../parts/amounts.ts';
import { formatDay, Moment } from '../../parts/dates.tsx';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Money } from '../../parts/money.tsx';
import { Scrolls } from '../../parts/scrolls.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { Document, Status } from './transactions.tsx';
import { KIND_NAMES } from './words.ts';

export default function TransactionDialog({ transactionId, close }: { transactionId: string; close: () => void }) {
  const { organizationId: orgId } = useHere();
  const transaction = useQuery(
    asking('GET /orgs/{orgId}/transactions/{transactionId}', { path: { orgId, transactionId } }),
  );
  return (
    <Modal title={transaction.data?.description ?? 'Transaction'} size="lg" close={close}>
      <Answered query={transaction} skeleton={<Bone className="h-48 w-full" />}>
        {(shown) => (
          <div className="flex flex-col gap-4">
            {shown.failure && <Banner variant="error" description={shown.failure} />}
            <Facts transaction={shown} />
            <Lines transaction={shown} />
            {shown.reverseCharge && <p className="text-sm text-kumo-subtle">Reverse charge: the buyer owes the tax.</p>}
          </div>
        )}
      </Answered>
      <DialogEnd close={close} cancel="Close">
        {transaction.data && <Document orgId={orgId} transaction={transaction.data} />}
      </DialogEnd>
    </Modal>
  );
}

function Facts({ transaction }: { transaction: TransactionWhole }) {
  const { kind, currency, number, issuedOn, dueOn, paidThrough, reference, buyer, refundOf, refunded, createdAt } =
    transaction;
  const facts = [
    ['Status', <Status key="status" transaction={transaction} />],
    ['Kind', KIND_NAMES[kind]],
    ['Opened', <Moment key="at" at={createdAt} as="date" />],
    ['Number', number],
    ['Dated', issuedOn && formatDay(issuedOn)],
    ['Due', dueOn && formatDay(dueOn)],
    ['Paid through', paidThrough === 'stripe' ? 'Stripe' : 'the operator'],
    ['Reference', reference],
    ['Made out to', buyer.name],
    [kind === 'dispute' ? 'Dispute of' : 'Refund of', refundOf],
    ['Refunded', nanosOf(refunded) === 0n ? null : <Money key="back" amount={refunded} currency={currency} />],
  ] as const;
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm">
      {facts.map(
        ([name, fact]) =>
          fact && (
            <div key={name} className="contents">
              <dt className="text-kumo-subtle">{name}</dt>
              <dd className="break-words text-kumo-default">{fact}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Lines({ transaction: { lines, fees, taxes, amount, currency } }: { transaction: TransactionWhole }) {
  return (
    <Scrolls label="Lines">
      <table className="w-full text-left text-sm text-kumo-default">
        <caption className="sr-only">Lines of the transaction</caption>
        <thead className="border-b border-kumo-hairline text-kumo-subtle">
          <tr>
            <th scope="col" className="px-4 py-2 font-medium">
              What
            </th>
            <th scope="col" className="px-4 py-2 text-right font-medium">
              Quantity
            </th>
            <th scope="col" className="px-4 py-2 text-right font-medium">
              Amount
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ description, period, quantity, unitPrice, amount: of }) => (
            <tr key={`${description} ${period?.from}`} className="border-b border-kumo-hairline">
              <td className="px-4 py-2">
                {description}
                {period && (
                  <span className="block text-xs text-kumo-subtle">
                    {formatDay(period.from)} – {formatDay(period.to)}
                  </span>
                )}
              </td>
              <td className="px-4 py-2 text-right whitespace-nowrap">
                {quantity} × <Money amount={unitPrice} currency={currency} />
              </td>
              <td className="px-4 py-2 text-right">
                <Money amount={of} currency={currency} />
              </td>
            </tr>
          ))}
          {[
            ...fees.map((fee) => ({ name: fee.description, amount: fee.amount })),
            ...taxes.map((tax) => ({ name: `${tax.name}, ${tax.percent} %`, amount: tax.amount })),
          ].map(({ name, amount: of }) => (
            <tr key={name} className="border-b border-kumo-hairline">
              <td colSpan={2} className="px-4 py-2">
                {name}
              </td>
              <td className="px-4 py-2 text-right">
                <Money amount={of} currency={currency} />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr className="font-semibold">
            <th scope="row" colSpan={2} className="px-4 py-2 font-semibold">
              Total
            </th>
            <td className="px-4 py-2 text-right">
              <Money amount={amount} currency={currency} />
            </td>
          </tr>
        </tfoot>
      </table>
    </Scrolls>
  );
}
