/** The document of a transaction that has one: its snapshot with the number and the day that it was given. */
import type { BillingDocument } from './documents/document.ts';
import type { Look } from './seller.ts';
import type { Transaction } from './transaction.ts';

/** Null: it is not completed (nor an invoice that was sent before), or nothing was charged. */
export function documentOf({ snapshot, number, issued }: Transaction, look: Look): BillingDocument | null {
  if (number === null || issued === null) return null;
  const given = { number, issued, ...look };
  if (snapshot.kind === 'credit-note') return { ...snapshot, ...given, refundedOn: snapshot.refundedOn ?? issued };
  // An invoice that was sent before it was paid stays as it was sent.
  return { ...snapshot, ...given, paidOn: snapshot.totals.due > 0 ? null : (snapshot.paidOn ?? issued) };
}

/** Null as above. */
export function fileNameOf({ snapshot, number }: Transaction): string | null {
  return number && `${snapshot.kind}-${number}.pdf`;
}
