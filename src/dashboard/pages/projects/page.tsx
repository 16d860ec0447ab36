/** Projects. */
import { Page } from '../../parts/page.tsx';

export function ProjectsPage() {
  return <Page title="Projects">This page is not there yet.</Page>;
}
