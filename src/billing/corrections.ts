/**
 * Credit that the operator gives or takes: a transaction like any other, that comes to nothing and has no document, so that every
 * cent of a wallet has a transaction behind it. The same id again is the same correction.
 */
import type { Entry } from '../budgets/wallet.ts';
import { ID_LENGTH } from '../ids.ts';
import { nanos } from '../money/nanos.ts';
import { ApiError } from '../teams/api-error.ts';
import { sha256Hex } from '../teams/keys.ts';
import { buyerOf } from './buyer.ts';
import { correctionDraft } from './drafts.ts';
import { NO_SELLER } from './seller.ts';
import { completeTransaction, openTransaction } from './transactions.ts';
import { checkRoom } from './wallet.ts';

/** Throws a 409 where the id stands for another amount, and a 400 for more than a wallet holds. */
export async function correctCredit(
  env: Env,
  organizationId: string,
  { id, kind, amount }: Pick<Entry, 'id' | 'kind' | 'amount'>,
  nowMs: number,
): Promise<void> {
  const credit = nanos(kind === 'top_up' ? amount : -amount);
  const transactionId = `txn_${(await sha256Hex(`correction ${organizationId} ${id}`)).slice(0, ID_LENGTH)}`;
  await checkRoom(env, organizationId, credit, transactionId);
  const payment = {
    organizationId,
    seller: NO_SELLER,
    buyer: await buyerOf(env, organizationId),
    currency: 'USD',
    paidThrough: 'manual',
    reference: null,
  } as const;
  const opened = await openTransaction(env, correctionDraft(payment, credit, id), nowMs, transactionId);
  if (opened.credit !== credit)
    throw new ApiError(409, 'entry_conflict', `There is another entry ${id}.`, { param: 'id' });
  await completeTransaction(env, transactionId, nowMs);
}
