/** Account. */
import { Page } from '../../parts/page.tsx';

export function AccountPage() {
  return (
    <main>
      <Page title="Account">This page is not there yet.</Page>
    </main>
  );
}
