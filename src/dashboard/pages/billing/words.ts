/** What transactions are called. */
import type { Transaction } from '../../../../client/index.ts';

export const KIND_NAMES: Record<Transaction['kind'], string> = {
  top_up: 'Top-up',
  auto_top_up: 'Automatic top-up',
  subscription: 'Subscription',
  seats: 'Seats',
  refund: 'Refund',
  dispute: 'Dispute',
  correction: 'Correction',
};

export const STATUS_NAMES: Record<Transaction['status'], string> = {
  completed: 'Completed',
  pending: 'Pending',
  failed: 'Failed',
};
