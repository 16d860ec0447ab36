/**
 * A year of the demo team's payments: a subscription each month, seats that were added, credit bought by hand and by itself,
 * of which one was given back, one is pending and one failed. Rows as `transactions.ts` would have left them, with numbers
 * in the order of their completion; but wallets have not been told, so the first cron run credits what there is to credit.
 */
import { buyerFrom } from '../billing/buyer.ts';
import type { Day } from '../billing/documents/document.ts';
import { type Payment, seatsDraft, subscriptionDraft, topUpDraft } from '../billing/drafts.ts';
import { refundDraft } from '../billing/refunds.ts';
import { sellerOf } from '../billing/seller.ts';
import type { Draft, Transaction } from '../billing/transaction.ts';
import { DAY_MS, MINUTE_MS } from '../limits.ts';
import { minorUnits } from '../money/minor-units.ts';
import { utcDayOf } from '../usage/time-zones.ts';
import { DEMO_ORGANIZATIONS } from './demo-people.ts';
import { demoId } from './demo-random.ts';
import { insertRows, type Row } from './demo-rows.ts';

/** What `npm start` binds with the demo. */
export const DEMO_SELLER = {
  SELLER_NAME: 'Purser Demo AB',
  SELLER_ADDRESS: 'Skeppsbron 2|111 30 Stockholm',
  SELLER_COUNTRY: 'SE',
  SELLER_TAX_ID: 'SE556123456701',
  SELLER_EMAIL: 'billing@example.com',
  SELLER_TAX_NAME: 'VAT',
  SELLER_TAX_PERCENT: '25',
  SELLER_REVERSE_CHARGE: '1',
  SELLER_COLOUR: '#0f766e',
} as const;

const MONTHS = 12;
const NO_REFUNDS = { total: minorUnits(0), credit: 0 };

/** Something that was paid for, or was meant to be. */
interface Payday {
  atMs: number;
  fate: 'completed' | 'pending' | 'failed';
  /** `before`: what came of those that were earlier. */
  draft(before: ReadonlyMap<Payday, Transaction>): Draft;
}

export function insertTransactions(db: D1Database, nowMs: number): D1PreparedStatement[] {
  const last = new Map<string, number>();
  const made = new Map<Payday, Transaction>();
  const paid = paydays(nowMs).filter(({ atMs }) => atMs < nowMs);
  for (const payday of paid.sort((a, b) => a.atMs - b.atMs)) {
    made.set(payday, transactionOf(payday, payday.draft(made), made.size, last));
  }
  const series = [...last].map(([name, number]) => {
    const [kind = '', year = ''] = name.split('/');
    return { kind, year: Number(year), last: number };
  });
  return [
    ...insertRows(db, 'transactions', [...made.values()].map(rowOf)),
    ...insertRows(db, 'document_series', series),
  ];
}

function paydays(nowMs: number): Payday[] {
  const [team] = DEMO_ORGANIZATIONS;
  const payment: Payment = {
    organizationId: team.id,
    seller: sellerOf(DEMO_SELLER),
    buyer: buyerFrom(team.name, team.billingDetails),
    currency: 'USD',
    paidThrough: 'manual',
    reference: null,
  };
  const credit = (cents: number, atMs: number, kind: 'top_up' | 'auto_top_up' = 'top_up'): Payday => ({
    atMs,
    fate: 'completed',
    draft: () => topUpDraft(payment, minorUnits(cents), kind),
  });
  const doubled = credit(40_000, nowMs - 40 * DAY_MS);
  const back: Payday = {
    atMs: nowMs - 38 * DAY_MS,
    fate: 'completed',
    draft: (before) => {
      const charge = before.get(doubled);
      if (!charge) throw new Error('a refund of the demo comes before its charge');
      return refundDraft(charge, NO_REFUNDS, { amount: null, paidThrough: 'manual', reference: null });
    },
  };
  return [
    ...firstsOfMonths(nowMs).flatMap((atMs) => ofMonth(payment, atMs, credit)),
    doubled,
    back,
    { ...credit(15_000, nowMs - 6 * DAY_MS, 'auto_top_up'), fate: 'failed' },
    { ...credit(25_000, nowMs - DAY_MS), fate: 'pending' },
  ];
}

function ofMonth(
  payment: Payment,
  atMs: number,
  credit: (cents: number, atMs: number, kind?: 'auto_top_up') => Payday,
) {
  const month = new Date(atMs).getUTCMonth();
  const period = { from: utcDayOf(atMs), to: lastDayOf(atMs) };
  const addedMs = atMs + 14 * DAY_MS;
  const subscription = subscriptionDraft(payment, [
    { description: 'Purser Enterprise', quantity: '1', unitPrice: minorUnits(24_900), period },
    { description: 'Seats', quantity: month < 6 ? '6' : '8', unitPrice: minorUnits(1_000), period },
  ]);
  const seats = { seats: 2, unitPrice: minorUnits(533), period: { from: utcDayOf(addedMs), to: period.to } };
  const days: Payday[] = [{ atMs, fate: 'completed', draft: () => subscription }];
  if (month % 3 === 0) days.push(credit(40_000, atMs + 3 * DAY_MS));
  if (month % 4 === 1) days.push(credit(15_000, atMs + 9 * DAY_MS, 'auto_top_up'));
  if (month === 5) days.push({ atMs: addedMs, fate: 'completed', draft: () => seatsDraft(payment, seats) });
  return days;
}

/** As it is in D1 by now; `last` are the numbers that were given. */
function transactionOf({ atMs, fate }: Payday, drafted: Draft, i: number, last: Map<string, number>): Transaction {
  const { total } = drafted.snapshot.totals;
  const year = new Date(atMs).getUTCFullYear();
  const isCompleted = fate === 'completed';
  const series = `${drafted.snapshot.kind}/${year}`;
  const n = (last.get(series) ?? 0) + 1;
  if (isCompleted) last.set(series, n);
  return {
    ...drafted,
    id: demoId('txn', `${drafted.organizationId}/${i}`),
    reference: isCompleted ? `transfer ${1001 + i}` : null,
    status: fate,
    total,
    currency: drafted.snapshot.currency,
    number: isCompleted ? `${total < 0 ? 'CN-' : ''}${year}-${String(n).padStart(6, '0')}` : null,
    issued: isCompleted ? utcDayOf(atMs) : null,
    createdAtMs: atMs,
    completedAtMs: isCompleted ? atMs + MINUTE_MS : null,
    failedAtMs: fate === 'failed' ? atMs + MINUTE_MS : null,
    failure: fate === 'failed' ? 'The card was declined: insufficient funds.' : null,
    creditedAtMs: null,
  };
}

function rowOf(one: Transaction): Row {
  return {
    id: one.id,
    organization_id: one.organizationId,
    kind: one.kind,
    status: one.status,
    currency: one.currency,
    total: one.total,
    credit: one.credit,
    snapshot: JSON.stringify(one.snapshot),
    refund_of: one.refundOf,
    number: one.number,
    numbered_at: one.completedAtMs,
    issued: one.issued,
    paid_through: one.paidThrough,
    reference: one.reference,
    created_at: one.createdAtMs,
    completed_at: one.completedAtMs,
    failed_at: one.failedAtMs,
    failure: one.failure,
    credited_at: null,
    // They were, in another life: nobody finds a year of mail in the outbox.
    mailed_at: one.completedAtMs,
  };
}

/** Some hours into the first day of each of the last months. */
function firstsOfMonths(nowMs: number): number[] {
  const now = new Date(nowMs);
  return Array.from({ length: MONTHS }, (_, i) =>
    Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - (MONTHS - 1) + i, 1, 7),
  );
}

function lastDayOf(monthMs: number): Day {
  const first = new Date(monthMs);
  return utcDayOf(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0));
}
