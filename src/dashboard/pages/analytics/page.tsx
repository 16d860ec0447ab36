/** Analytics. */
import { Page } from '../../parts/page.tsx';

export function AnalyticsPage() {
  return <Page title="Analytics">This page is not there yet.</Page>;
}
