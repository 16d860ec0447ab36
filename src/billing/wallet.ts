/** An organization's wallet as the API shows it and takes entries: decimal USD, ISO instants. */
import { z } from '@hono/zod-openapi';
import type { Entry, Posting } from '../budgets/wallet.ts';
import { LIMITS } from '../limits.ts';
import { formatUsd, type Nanos } from '../money/nanos.ts';
import { orgWallet } from '../objects.ts';
import { instant, like, usd } from '../reference/fields.ts';
import { ApiError, badRequest } from '../teams/api-error.ts';

export const Wallet = z
  .object({
    balance: usd('87.66', 'Posted less what members told to have spent; below 0 after overruns or refunds beyond it'),
    lent: usd('12.50', 'The part that members may spend without asking, some of which they may have spent by now'),
    available: usd('75.16', 'What is left to lend'),
    entries: z
      .array(
        z.object({
          id: like('paid-1'),
          kind: z.enum(['top_up', 'refund']),
          amount: usd('100'),
          credits: usd('100'),
          at: instant(),
        }),
      )
      .openapi({ description: 'The newest, newest first' }),
  })
  .openapi('Wallet');

export async function showWallet(env: Env, organizationId: string): Promise<z.infer<typeof Wallet>> {
  const { balance, lent, available, entries } = await orgWallet(env, organizationId, (object) => object.status());
  return {
    balance: formatUsd(balance),
    lent: formatUsd(lent),
    available: formatUsd(available),
    entries: entries.map(({ id, kind, amount, credits, atMs }) => ({
      id,
      kind,
      amount: formatUsd(amount),
      credits: formatUsd(credits),
      at: new Date(atMs).toISOString(),
    })),
  };
}

/**
 * Throws the 400 of credit that the wallet has no room for, asked before anything is charged: with what is on its way to it.
 * `exceptId`: the transaction itself, where it may have been opened before.
 */
export async function checkRoom(env: Env, organizationId: string, credit: Nanos, exceptId = ''): Promise<void> {
  if (credit <= 0 || (await hasRoom(env, organizationId, credit, exceptId))) return;
  const max = formatUsd(BigInt(LIMITS.walletBalanceMax));
  throw badRequest('amount', `A wallet holds at most $${max}: spend some of it first.`);
}

/** Whether the wallet has room for so much more; what is known already takes none. */
export async function hasRoom(env: Env, organizationId: string, credit: Nanos, exceptId = ''): Promise<boolean> {
  const row = await env.DB.withSession('first-primary')
    .prepare(
      `SELECT CAST(coalesce(sum(credit), 0) AS TEXT) AS coming,
              EXISTS (SELECT 1 FROM transactions WHERE id = ?2) AS known
       FROM transactions
       WHERE organization_id = ?1 AND status <> 'failed' AND credited_at IS NULL AND credit > 0 AND id <> ?2`,
    )
    .bind(organizationId, exceptId)
    .first<{ coming: string; known: number }>();
  if (row?.known) return true;
  const { balance } = await orgWallet(env, organizationId, (object) => object.status());
  return BigInt(balance) + BigInt(row?.coming ?? 0) + BigInt(credit) <= BigInt(LIMITS.walletBalanceMax);
}

/** Posts money in or out; true where it was posted now, false where it had been. Throws what the API refuses it with. */
export async function postEntry(env: Env, organizationId: string, entry: Entry): Promise<boolean> {
  const posting: Posting = await orgWallet(env, organizationId, (object) => object.post(entry));
  switch (posting) {
    case 'posted':
      return true;
    case 'known':
      return false;
    case 'conflict':
      throw new ApiError(409, 'entry_conflict', `There is another entry ${entry.id}.`, { param: 'id' });
    case 'too_large':
      throw badRequest('amount', 'A wallet holds at most some 9 million USD.');
  }
}
