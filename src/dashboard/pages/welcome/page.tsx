/** Get started. */
import { Page } from '../../parts/page.tsx';

export function WelcomePage() {
  return <Page title="Get started">This page is not there yet.</Page>;
}
