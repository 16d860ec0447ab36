/**
 * The life of a transaction. It is opened pending, with all that its document will say; then it is completed or failed.
 *
 * Completing gives the document its number and moves the status in one batch, so that a series has neither gap nor double:
 * who completes what is completed already takes no number. The wallet is told after that, under the transaction's id, and
 * `credited_at` is written once it has answered; whatever dies in between, `creditWallets` does again, and the wallet knows
 * the id. So an entry is posted exactly once for every completed charge, by whichever way.
 *
 * Money that came counts, whatever was said before: what has failed can be completed still, and what is completed cannot
 * fail. So payments' news may come in any order and any number of times.
 */
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { formatMinorUnits, type MinorUnits, minorUnits } from '../money/minor-units.ts';
import { nanos } from '../money/nanos.ts';
import { forEachObject } from '../objects.ts';
import { ApiError, badRequest, notFound } from '../teams/api-error.ts';
import { today } from '../usage/time-zones.ts';
import { timeZoneOf } from './seller.ts';
import type { Draft, Transaction } from './transaction.ts';
import {
  readByReference,
  readRefunded,
  readTransaction,
  type TransactionRow,
  transactionOf,
} from './transaction-rows.ts';
import { postEntry } from './wallet.ts';

/**
 * Stores the draft as a pending transaction. The same payment (`paidThrough` and `reference`) again is the transaction that is
 * there, whatever became of it. Throws a 409 where that is another's or of another amount, and a 400 where a refund is more
 * than what other refunds, open ones too, have left of its charge. `id`: of who can make the same one again, before it has a reference.
 */
export async function openTransaction(
  env: Env,
  draft: Draft,
  nowMs: number,
  id: string = newId('txn'),
): Promise<Transaction> {
  const { reference } = draft;
  // One statement, so that two refunds at once cannot both take the same rest.
  const row = await insertPending(
    env,
    draft,
    id,
    nowMs,
    `?8 IS NULL OR EXISTS (
       SELECT 1 FROM transactions AS charge
       WHERE charge.id = ?8 AND charge.organization_id = ?2 AND charge.status = 'completed'
         AND charge.total + CAST(?5 AS INTEGER) + coalesce((
           SELECT sum(other.total) FROM transactions AS other WHERE other.refund_of = ?8 AND other.status <> 'failed'
         ), 0) >= 0
     )`,
  ).first<TransactionRow>();
  if (row) return transactionOf(row);
  if (reference === null) {
    const same = await readTransaction(env.DB, id);
    if (same) return same;
  }
  const known = reference === null ? null : await readByReference(env.DB, draft.paidThrough, reference);
  if (known) return sameAs(known, draft);
  throw await refundRefused(env, draft);
}

/**
 * Takes an invoice back that was sent and not paid: it has failed then, with its number, and a credit note takes all of it
 * back. All of it is one batch: what is being paid at the same time is either paid or voided. `note`: that credit note, as a draft.
 * Answers with the one that there is; null where the invoice was paid, or never sent.
 */
export async function voidInvoice(
  env: Env,
  invoice: Transaction,
  note: Draft,
  nowMs: number,
): Promise<Transaction | null> {
  const isVoided = `SELECT 1 FROM transactions WHERE id = ?8 AND status = 'failed' AND number IS NOT NULL`;
  const id = newId('txn');
  await env.DB.batch([
    env.DB.prepare(
      `UPDATE transactions SET status = 'failed', failed_at = CAST(?2 AS INTEGER), failure = 'It was voided by a credit note.'
       WHERE id = ?1 AND status = 'pending' AND number IS NOT NULL`,
    ).bind(invoice.id, nowMs),
    insertPending(
      env,
      note,
      id,
      nowMs,
      `EXISTS (${isVoided}) AND NOT EXISTS (SELECT 1 FROM transactions WHERE refund_of = ?8)`,
    ),
    ...completion(env, { id, total: note.snapshot.totals.total }, nowMs, null),
  ]);
  const found = await env.DB.withSession('first-primary')
    .prepare(`SELECT * FROM transactions WHERE refund_of = ?1 AND status = 'completed' AND snapshot ->> '$.voids' = 1`)
    .bind(invoice.id)
    .first<TransactionRow>();
  return found && transactionOf(found);
}

/** Stores it under `id`, where `condition` holds: with ?2 the organization, ?5 the total and ?8 what it is a refund of. */
function insertPending(env: Env, draft: Draft, id: string, nowMs: number, condition: string): D1PreparedStatement {
  const { snapshot } = draft;
  return env.DB.prepare(
    `INSERT INTO transactions (
       id, organization_id, kind, status, currency, total, credit, snapshot, refund_of, paid_through, reference, created_at
     )
     SELECT ?1, ?2, ?3, 'pending', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
     WHERE ${condition}
     ON CONFLICT DO NOTHING
     RETURNING *`,
  ).bind(
    id,
    draft.organizationId,
    draft.kind,
    snapshot.currency,
    snapshot.totals.total,
    draft.credit,
    JSON.stringify(snapshot),
    draft.refundOf,
    draft.paidThrough,
    draft.reference,
    nowMs,
  );
}

/**
 * Completes it, once, and tells the wallet. With the `reference` of its payment, where that was not known before. Throws a 404
 * where there is no such transaction, and what D1 throws: then it may be completed or not, and can be completed again.
 */
export async function completeTransaction(
  env: Env,
  id: string,
  nowMs: number,
  reference: string | null = null,
): Promise<Transaction> {
  const found = await existing(env, id);
  const completed = found.status === 'completed' ? found : await complete(env, found, nowMs, reference);
  // What the wallet did not take now it takes from the cron: the charge itself is completed, and told so.
  return isUncredited(completed) ? ((await credited(env, completed, nowMs)) ?? completed) : completed;
}

/** Gives a pending charge its document before it is paid; completing it later changes nothing of that. */
export async function issueInvoice(env: Env, id: string, nowMs: number): Promise<Transaction> {
  const found = await existing(env, id);
  const { take, number, prefix, kind, year, issued } = numbering(env, found, nowMs, `status = 'pending'`);
  const [, moved] = await env.DB.batch<TransactionRow>([
    take,
    env.DB.prepare(`UPDATE transactions SET ${number} WHERE id = ?1 AND status = 'pending' RETURNING *`).bind(
      id,
      nowMs,
      prefix,
      kind,
      year,
      issued,
    ),
  ]);
  const [row] = moved?.results ?? [];
  return row ? transactionOf(row) : existing(env, id);
}

/** Remembers the payment that a pending charge waits for, so that it is asked about and not made again. */
export async function noteReference(env: Env, id: string, reference: string): Promise<void> {
  await env.DB.prepare(
    `UPDATE transactions SET reference = ?2 WHERE id = ?1 AND status = 'pending' AND reference IS NULL`,
  )
    .bind(id, reference)
    .run();
}

/**
 * What failed is waited for again, because somebody may pay it now, by another payment than the one that failed. `failedAtMs`
 * stays: by it the next page is another one.
 */
export async function reopenTransaction(env: Env, { id, failedAtMs }: Transaction): Promise<void> {
  await env.DB.prepare(
    `UPDATE transactions SET status = 'pending', failure = NULL, reference = NULL
     WHERE id = ?1 AND status = 'failed' AND failed_at = CAST(?2 AS INTEGER) AND number IS NULL`,
  )
    .bind(id, failedAtMs)
    .run();
}

/** Only what is pending fails, and nothing that has its document: to take that back would leave a gap. Anything else stays. */
export async function failTransaction(env: Env, id: string, why: string, nowMs: number): Promise<Transaction> {
  const row = await env.DB.prepare(
    `UPDATE transactions SET status = 'failed', failed_at = CAST(?2 AS INTEGER), failure = ?3
     WHERE id = ?1 AND status = 'pending' AND number IS NULL
     RETURNING *`,
  )
    .bind(id, nowMs, why)
    .first<TransactionRow>();
  return row ? transactionOf(row) : existing(env, id);
}

/** Tells wallets of what was completed and not told to them: by cron, so many each minute, the longest waiting first. */
export async function creditWallets(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT * FROM transactions
     WHERE completed_at IS NOT NULL AND credited_at IS NULL AND credit <> 0
     ORDER BY completed_at
     LIMIT ${LIMITS.walletCreditsPerRun}`,
  ).all<TransactionRow>();
  await forEachObject(results.map(transactionOf), (transaction) => credited(env, transaction, nowMs));
}

async function complete(env: Env, found: Transaction, nowMs: number, reference: string | null): Promise<Transaction> {
  const [, moved] = await env.DB.batch<TransactionRow>(completion(env, found, nowMs, reference));
  const [row] = moved?.results ?? [];
  return row ? transactionOf(row) : existing(env, found.id);
}

/** What gives it its number, and what moves it. An invoice that was voided stays so: its credit note has taken it back. */
function completion(env: Env, one: Pick<Transaction, 'id' | 'total'>, nowMs: number, reference: string | null) {
  const { take, number, prefix, kind, year, issued } = numbering(env, one, nowMs, `status <> 'completed'`);
  const move = env.DB.prepare(
    `UPDATE transactions
     SET status = 'completed', completed_at = CAST(?2 AS INTEGER), failed_at = NULL, failure = NULL,
         reference = coalesce(reference, ?7), ${number}
     WHERE id = ?1 AND status <> 'completed' AND (status = 'pending' OR number IS NULL)
     RETURNING *`,
  ).bind(one.id, nowMs, prefix, kind, year, issued, reference);
  return [take, move];
}

/**
 * The statement that takes the next number of the series, if the transaction is to have one and is as `condition` says, and
 * what sets it: with ?2 now, ?3 to ?6 the rest of this. Nothing may stand between them, and they must agree on who gets one.
 */
function numbering(env: Env, { id, total }: Pick<Transaction, 'id' | 'total'>, nowMs: number, condition: string) {
  const issued = today(timeZoneOf(env), nowMs);
  const kind = total < 0 ? 'credit-note' : 'invoice';
  const take = env.DB.prepare(
    `INSERT INTO document_series (kind, year, last)
     SELECT ?2, ?3, 1 FROM transactions WHERE id = ?1 AND total <> 0 AND number IS NULL AND ${condition}
     ON CONFLICT (kind, year) DO UPDATE SET last = last + 1`,
  ).bind(id, kind, issued.year);
  // What costs nothing has no document.
  const number = `
    numbered_at = CASE WHEN total <> 0 THEN coalesce(numbered_at, CAST(?2 AS INTEGER)) END,
    number = CASE WHEN total <> 0 THEN coalesce(
      number, ?3 || printf('%06d', (SELECT last FROM document_series WHERE kind = ?4 AND year = CAST(?5 AS INTEGER)))
    ) END,
    issued = CASE WHEN total <> 0 THEN coalesce(issued, ?6) END`;
  const prefix = `${kind === 'invoice' ? '' : 'CN-'}${issued.year}-`;
  return { take, number, prefix, kind, year: issued.year, issued: issued.toString() };
}

function isUncredited({ status, credit, creditedAtMs }: Transaction): boolean {
  return status === 'completed' && credit !== 0 && creditedAtMs === null;
}

/** Posts its credit to the wallet, which takes it once, and notes that. Null where that failed, which is logged. */
async function credited(env: Env, transaction: Transaction, nowMs: number): Promise<Transaction | null> {
  const { id, organizationId, credit, completedAtMs } = transaction;
  try {
    await postEntry(env, organizationId, {
      id,
      kind: credit > 0 ? 'top_up' : 'refund',
      amount: nanos(Math.abs(credit)),
      atMs: completedAtMs ?? nowMs,
    });
    await env.DB.prepare(
      'UPDATE transactions SET credited_at = CAST(?2 AS INTEGER) WHERE id = ?1 AND credited_at IS NULL',
    )
      .bind(id, nowMs)
      .run();
    return await existing(env, id);
  } catch (error) {
    console.error(
      JSON.stringify({ event: 'wallet_not_credited', organizationId, transaction: id, error: String(error) }),
    );
    return null;
  }
}

async function existing(env: Env, id: string): Promise<Transaction> {
  const found = await readTransaction(env.DB, id);
  if (!found) throw notFound('transaction');
  return found;
}

/** Throws where a payment is known as something else. */
function sameAs(known: Transaction, { organizationId, kind, snapshot, refundOf }: Draft): Transaction {
  const same =
    known.organizationId === organizationId &&
    known.kind === kind &&
    known.refundOf === refundOf &&
    known.currency === snapshot.currency &&
    known.total === snapshot.totals.total;
  if (same) return known;
  const message = `There is another transaction with the reference ${known.reference}.`;
  throw new ApiError(409, 'reference_conflict', message, { param: 'reference' });
}

/** Why a refund was not opened. */
async function refundRefused(env: Env, { organizationId, refundOf }: Draft): Promise<ApiError> {
  const charge = refundOf === null ? null : await readTransaction(env.DB, refundOf);
  if (charge?.organizationId !== organizationId) return notFound('transaction');
  return tooMuch(charge, minorUnits(charge.total + (await readRefunded(env.DB, charge.id)).total));
}

/** The 400 of a refund that its charge does not cover. */
export function tooMuch({ status, currency }: Transaction, rest: MinorUnits): ApiError {
  if (status !== 'completed') return badRequest('refund', `A charge that is ${status} cannot be refunded.`);
  return badRequest('amount', `Of this charge ${formatMinorUnits(rest, currency)} are left to refund.`);
}
