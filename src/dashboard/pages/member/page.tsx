/** Member. */
import { Page } from '../../parts/page.tsx';

export function MemberPage() {
  return <Page title="Member">This page is not there yet.</Page>;
}
