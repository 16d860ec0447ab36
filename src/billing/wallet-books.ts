/**
 * Whether a wallet's entries are those of the organization's completed transactions, one by one: every cent of a wallet has a
 * transaction behind it, and every completed credit is in the wallet. Told by the organization's health, and proven by cron. A
 * difference is named and never mended.
 *
 * Sums and counts are compared first. Only where they differ are entries read, in the order in which nothing that is under way
 * looks like a difference: D1's credited ones, then the wallet's, then D1's again for what the wallet has.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';
import { formatUsd, nanos } from '../money/nanos.ts';
import { orgWallet } from '../objects.ts';
import { like, usd } from '../reference/fields.ts';
import { oneByOne } from './one-by-one.ts';

const WalletFinding = z.object({
  id: like('txn_0123456789abcdef', 'The transaction, or an entry of no transaction'),
  inWallet: usd('100').nullable().openapi({ description: 'Null: the wallet has not taken it' }),
  inTransactions: usd('100').nullable().openapi({ description: 'Null: there is no completed transaction' }),
});

export const WalletBooks = z
  .object({
    findings: z.array(WalletFinding).openapi({ description: 'Entries that differ; empty: all agree', example: [] }),
    proven: z.boolean().openapi({ description: 'Compared just now; false: the wallet could not be asked' }),
  })
  .openapi('WalletBooks');

export type WalletBooks = z.infer<typeof WalletBooks>;
type Finding = z.infer<typeof WalletFinding>;

const CREDITED = `completed_at IS NOT NULL AND credit <> 0 AND credited_at IS NOT NULL`;

/** Answers also where the wallet does not: then nothing is proven. */
export async function readWalletBooks(env: Env, organizationId: string, nowMs: number): Promise<WalletBooks> {
  try {
    return { findings: await proveWallet(env, organizationId, nowMs), proven: true };
  } catch (error) {
    console.warn(JSON.stringify({ event: 'wallet_not_proven', organizationId, error: String(error) }));
    return { findings: [], proven: false };
  }
}

/** Proves some wallets, in no order, and logs what differs: the cron's. */
export async function proveWallets(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT DISTINCT organization_id AS organizationId FROM transactions WHERE credit <> 0
     ORDER BY random() LIMIT CAST(?1 AS INTEGER)`,
  )
    .bind(LIMITS.walletsProvenPerRun)
    .all<{ organizationId: string }>();
  await oneByOne('wallet_not_proven', results, async ({ organizationId }) => {
    const findings = await proveWallet(env, organizationId, nowMs);
    if (findings.length === 0) return;
    console.error(JSON.stringify({ level: 'error', event: 'wallet_differs', organizationId, findings }));
  });
}

async function proveWallet(env: Env, organizationId: string, nowMs: number): Promise<Finding[]> {
  const session = env.DB.withSession('first-primary');
  const [sums, late] = await session.batch<Record<string, unknown>>([
    session
      .prepare(
        `SELECT count(*) AS entries, CAST(coalesce(sum(credit), 0) AS TEXT) AS credits
         FROM transactions WHERE organization_id = ?1 AND ${CREDITED}`,
      )
      .bind(organizationId),
    session
      .prepare(
        `SELECT id, credit FROM transactions
         WHERE organization_id = ?1 AND completed_at <= CAST(?2 AS INTEGER) AND credited_at IS NULL AND credit <> 0
         LIMIT CAST(?3 AS INTEGER)`,
      )
      .bind(organizationId, nowMs - LIMITS.walletLateMs, LIMITS.walletFindingsMax),
  ]);
  const waiting = (late?.results ?? []).map(({ id, credit }) => finding(String(id), null, Number(credit)));
  const posted = await orgWallet(env, organizationId, (object) => object.posted());
  const [said] = sums?.results ?? [];
  const agree = said?.entries === posted.entries && said?.credits === posted.credits;
  const findings = agree ? waiting : [...(await differing(env, organizationId)), ...waiting];
  return findings.slice(0, LIMITS.walletFindingsMax);
}

async function differing(env: Env, organizationId: string): Promise<Finding[]> {
  const missing = await creditsOf(env, organizationId, CREDITED);
  const found = new Map<string, number>();
  for (let n = 0; ; ) {
    const after = n;
    const page = await orgWallet(env, organizationId, (object) => object.entriesAfter(after));
    for (const { id, amount } of page) found.set(id, amount);
    const last = page.at(-1);
    if (!last || page.length < LIMITS.walletEntriesPage) break;
    n = last.n;
  }
  const known = await creditsOf(env, organizationId, 'completed_at IS NOT NULL AND credit <> 0');
  return [
    ...[...found].flatMap(([id, amount]) =>
      known.get(id) === amount ? [] : [finding(id, amount, known.get(id) ?? null)],
    ),
    ...[...missing].flatMap(([id, credit]) => (found.has(id) ? [] : [finding(id, null, credit)])),
  ];
}

async function creditsOf(env: Env, organizationId: string, which: string): Promise<Map<string, number>> {
  const { results } = await env.DB.withSession('first-primary')
    .prepare(`SELECT id, credit FROM transactions WHERE organization_id = ?1 AND ${which}`)
    .bind(organizationId)
    .all<{ id: string; credit: number }>();
  return new Map(results.map(({ id, credit }) => [id, credit]));
}

function finding(id: string, inWallet: number | null, inTransactions: number | null): Finding {
  const shown = (amount: number | null) => (amount === null ? null : formatUsd(nanos(amount)));
  return { id, inWallet: shown(inWallet), inTransactions: shown(inTransactions) };
}
