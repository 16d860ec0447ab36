/** Payments that people arrange: a transfer, a bill paid at another company's. The operator records what came and what went. */
import type { Payments } from './payments.ts';
import { completeTransaction, openTransaction, refundDraft } from './transactions.ts';

export function manualPayments(env: Env, nowMs: number): Payments {
  return {
    through: 'manual',
    checkout: async () => null,
    charge: async () => undefined,
    refund: async (charge, amount, id) => {
      const draft = refundDraft(charge, amount, { paidThrough: 'manual', reference: id });
      const opened = await openTransaction(env, draft, nowMs);
      return completeTransaction(env, opened.id, nowMs);
    },
  };
}
