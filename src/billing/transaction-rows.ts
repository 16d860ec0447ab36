/** Transactions in D1: what a row is in code, and how one is read. Reads go to the primary: money is never shown as it was. */
import { type MinorUnits, minorUnits } from '../money/minor-units.ts';
import { nanos } from '../money/nanos.ts';
import type { ChargeSnapshot, PaidThrough, Transaction, TransactionKind, TransactionStatus } from './transaction.ts';

export interface TransactionRow {
  id: string;
  organization_id: string;
  kind: TransactionKind;
  status: TransactionStatus;
  currency: string;
  total: number;
  credit: number;
  snapshot: string;
  refund_of: string | null;
  number: string | null;
  issued: string | null;
  paid_through: PaidThrough;
  reference: string | null;
  created_at: number;
  completed_at: number | null;
  failed_at: number | null;
  failure: string | null;
  credited_at: number | null;
}

export function transactionOf(row: TransactionRow): Transaction {
  return {
    id: row.id,
    organizationId: row.organization_id,
    kind: row.kind,
    status: row.status,
    currency: row.currency,
    total: minorUnits(row.total),
    credit: nanos(row.credit),
    snapshot: JSON.parse(row.snapshot) as ChargeSnapshot,
    refundOf: row.refund_of,
    number: row.number,
    issued: row.issued,
    paidThrough: row.paid_through,
    reference: row.reference,
    createdAtMs: row.created_at,
    completedAtMs: row.completed_at,
    failedAtMs: row.failed_at,
    failure: row.failure,
    creditedAtMs: row.credited_at,
  };
}

export async function readTransaction(db: D1Database, id: string): Promise<Transaction | null> {
  const row = await db
    .withSession('first-primary')
    .prepare('SELECT * FROM transactions WHERE id = ?1')
    .bind(id)
    .first<TransactionRow>();
  return row && transactionOf(row);
}

/** The one that a payment is known by. */
export async function readByReference(
  db: D1Database,
  paidThrough: PaidThrough,
  reference: string,
): Promise<Transaction | null> {
  const row = await db
    .withSession('first-primary')
    .prepare('SELECT * FROM transactions WHERE paid_through = ?1 AND reference = ?2')
    .bind(paidThrough, reference)
    .first<TransactionRow>();
  return row && transactionOf(row);
}

/** What refunds have taken of a charge, those that have not failed: all below 0. */
export async function readRefunded(db: D1Database, id: string): Promise<{ total: MinorUnits; credit: number }> {
  const row = await db
    .withSession('first-primary')
    .prepare(
      `SELECT coalesce(sum(total), 0) AS total, coalesce(sum(credit), 0) AS credit
       FROM transactions WHERE refund_of = ?1 AND status <> 'failed'`,
    )
    .bind(id)
    .first<{ total: number; credit: number }>();
  return { total: minorUnits(row?.total ?? 0), credit: row?.credit ?? 0 };
}
