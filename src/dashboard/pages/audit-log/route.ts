/** Audit log: where it lives, and what its address may say: every filter of the API. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { dayIn, type ListSearch, type Raw, textIn } from '../../parts/search.ts';
import { organizationRoute } from '../../shell/roots.tsx';

export interface AuditLogSearch extends ListSearch {
  /** An id, or a kind of actor. */
  actor?: string;
  /** The beginning of an action. */
  action?: string;
  target?: string;
  from?: string;
  to?: string;
}

export const auditLogRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: 'audit-log',
  validateSearch: (raw: Raw): AuditLogSearch => ({
    q: textIn(raw.q),
    cursor: textIn(raw.cursor),
    actor: textIn(raw.actor),
    action: textIn(raw.action),
    target: textIn(raw.target),
    from: dayIn(raw.from),
    to: dayIn(raw.to),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'AuditLogPage'),
});
