/** Billing: where it lives, and what its address may say: which part, the list of transactions, and which one is open over it. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { Transaction } from '../../../../client/index.ts';
import { dayIn, type ListSearch, listSearch, oneOf, type Raw, textIn } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';
import { KIND_NAMES, STATUS_NAMES } from './words.ts';

const SORTS = ['createdAt', '-createdAt', 'amount', '-amount', 'kind', '-kind', 'status', '-status'] as const;

const VIEWS = ['statements', 'credit', 'plan', 'details'] as const;

const MONTH = /^\d{4}-\d{2}$/;

function monthIn(value: unknown): string | undefined {
  return typeof value === 'string' && MONTH.test(value) ? value : undefined;
}

export interface BillingSearch extends ListSearch<(typeof SORTS)[number]> {
  /** Transactions, unless it says another. */
  view?: (typeof VIEWS)[number];
  kind?: Transaction['kind'];
  status?: Transaction['status'];
  from?: string;
  to?: string;
  /** The one whose lines are shown. */
  transaction?: string;
  /** Of statements: the last whole one, unless it says another. */
  month?: string;
  /** Of whom and what statements are. */
  projectId?: string;
  memberId?: string;
}

const keysOf = <T extends string>(names: Record<T, string>) => Object.keys(names) as T[];

export const billingRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'billing',
  validateSearch: (raw: Raw): BillingSearch => ({
    ...listSearch(raw, SORTS),
    view: oneOf(raw.view, VIEWS),
    kind: oneOf(raw.kind, keysOf(KIND_NAMES)),
    status: oneOf(raw.status, keysOf(STATUS_NAMES)),
    from: dayIn(raw.from),
    to: dayIn(raw.to),
    transaction: textIn(raw.transaction),
    month: monthIn(raw.month),
    projectId: textIn(raw.projectId),
    memberId: textIn(raw.memberId),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'BillingPage'),
});
