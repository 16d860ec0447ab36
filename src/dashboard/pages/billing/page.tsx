/** Billing. */
import { Page } from '../../parts/page.tsx';

export function BillingPage() {
  return <Page title="Billing">This page is not there yet.</Page>;
}
