/** Audit log. */
import { Page } from '../../parts/page.tsx';

export function AuditLogPage() {
  return <Page title="Audit log">This page is not there yet.</Page>;
}
