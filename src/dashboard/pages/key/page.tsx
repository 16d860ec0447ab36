/** API key. */
import { Page } from '../../parts/page.tsx';

export function KeyPage() {
  return <Page title="API key">This page is not there yet.</Page>;
}
