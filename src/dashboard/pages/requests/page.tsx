/** Requests. */
import { Page } from '../../parts/page.tsx';

export function RequestsPage() {
  return <Page title="Requests">This page is not there yet.</Page>;
}
