/** Lists of an organization's transactions, by whatever they are searched for. */
import { cutPage, orderBy, type Page } from '../teams/page.ts';
import type { Transaction, TransactionKind, TransactionStatus } from './transaction.ts';
import { type TransactionRow, transactionOf } from './transaction-rows.ts';

export const TRANSACTION_SORTS = { createdAt: 'created_at', amount: 'total', kind: 'kind', status: 'status' };

export interface Wanted {
  kind?: TransactionKind | undefined;
  status?: TransactionStatus | undefined;
  fromMs: number | null;
  toMs: number | null;
}

/** A page of them; `q` is a part of a number, reference, id, or of the buyer's name. */
export async function listTransactions(
  db: D1Database,
  organizationId: string,
  { kind, status, fromMs, toMs }: Wanted,
  { q, sort, cursor, limit }: Page,
): Promise<{ rows: Transaction[]; nextCursor: string | null }> {
  const { after, by } = orderBy(TRANSACTION_SORTS, sort, 'transactions', '?7');
  const { results } = await db
    .withSession('first-primary')
    .prepare(
      `SELECT * FROM transactions
       WHERE organization_id = ?1
         AND (?2 IS NULL OR kind = ?2)
         AND (?3 IS NULL OR status = ?3)
         AND (?4 IS NULL OR created_at >= CAST(?4 AS INTEGER))
         AND (?5 IS NULL OR created_at < CAST(?5 AS INTEGER))
         AND (?6 IS NULL OR instr(
           lower(concat_ws(' ', number, reference, id, snapshot ->> '$.buyer.name')), lower(?6)
         ) > 0)
         AND ${after}
       ORDER BY ${by}
       LIMIT CAST(?8 AS INTEGER)`,
    )
    .bind(organizationId, kind ?? null, status ?? null, fromMs, toMs, q ?? null, cursor ?? null, limit + 1)
    .all<TransactionRow>();
  const { rows, nextCursor } = cutPage(results, limit);
  return { rows: rows.map(transactionOf), nextCursor };
}

/** Those whose documents are dated in this month ("2026-10"), in the order of their numbers: at most so many and one more. */
export async function documentsOfMonth(
  db: D1Database,
  organizationId: string,
  month: string,
  max: number,
): Promise<Transaction[]> {
  const { results } = await db
    .withSession('first-primary')
    .prepare(
      `SELECT * FROM transactions
       WHERE organization_id = ?1 AND number IS NOT NULL AND issued BETWEEN ?2 || '-01' AND ?2 || '-31'
       ORDER BY total < 0, number
       LIMIT CAST(?3 AS INTEGER)`,
    )
    .bind(organizationId, month, max + 1)
    .all<TransactionRow>();
  return results.map(transactionOf);
}
