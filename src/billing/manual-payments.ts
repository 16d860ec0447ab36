/** Payments that people arrange: a transfer, a bill paid at another company's. The operator records what came and what went. */
import type { Payments } from './payments.ts';
import { openRefund } from './refunds.ts';
import { completeTransaction } from './transactions.ts';

export function manualPayments(env: Env, nowMs: number): Payments {
  return {
    through: 'manual',
    checkout: async () => null,
    charge: async () => undefined,
    refund: async (charge, amount, id) => {
      const opened = await openRefund(env, charge, { amount, paidThrough: 'manual', reference: id }, nowMs);
      return completeTransaction(env, opened.id, nowMs);
    },
  };
}
