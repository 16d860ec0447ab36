/** A deployment with a seller, and charges to be paid in it. */
import { env } from 'cloudflare:workers';
import { buyerOf } from '../../src/billing/buyer.ts';
import { type Payment, topUpDraft } from '../../src/billing/drafts.ts';
import { sellerOf } from '../../src/billing/seller.ts';
import type { Draft, Transaction } from '../../src/billing/transaction.ts';
import { completeTransaction, openTransaction } from '../../src/billing/transactions.ts';
import { minorUnits } from '../../src/money/minor-units.ts';
import { orgWallet } from '../../src/objects.ts';

export const SELLER = {
  SELLER_NAME: 'Purser Example GmbH',
  SELLER_ADDRESS: 'Musterstraße 12|10115 Berlin',
  SELLER_COUNTRY: 'Germany',
  SELLER_TAX_ID: 'DE123456789',
  SELLER_EMAIL: 'billing@purser.example',
} as const;

/** The worker tests' environment with a seller. */
export function selling(settings: Partial<Env> = {}): Env {
  return { ...env, ...SELLER, ...settings };
}

export async function paymentOf(
  environment: Env,
  organizationId: string,
  reference: string | null = null,
): Promise<Payment> {
  const buyer = await buyerOf(environment, organizationId);
  return { organizationId, seller: sellerOf(environment), buyer, currency: 'USD', paidThrough: 'manual', reference };
}

/** A top-up of so many cents. */
export async function topUp(
  environment: Env,
  organizationId: string,
  cents: number,
  reference: string | null = null,
): Promise<Draft> {
  return topUpDraft(await paymentOf(environment, organizationId, reference), minorUnits(cents));
}

/** A completed one. */
export async function paid(
  environment: Env,
  organizationId: string,
  cents: number,
  nowMs: number = Date.now(),
): Promise<Transaction> {
  const draft = await topUp(environment, organizationId, cents);
  const { id } = await openTransaction(environment, draft, nowMs);
  return completeTransaction(environment, id, nowMs);
}

/** In nanodollars, as the wallet has it. */
export async function balanceOf(organizationId: string): Promise<number> {
  return (await orgWallet(env, organizationId, (object) => object.status())).balance;
}
