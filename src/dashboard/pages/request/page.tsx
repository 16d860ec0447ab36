/** Request. */
import { Page } from '../../parts/page.tsx';

export function RequestPage() {
  return <Page title="Request">This page is not there yet.</Page>;
}
