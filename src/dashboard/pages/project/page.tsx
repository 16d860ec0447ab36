/** Project. */
import { Page } from '../../parts/page.tsx';

export function ProjectPage() {
  return <Page title="Project">This page is not there yet.</Page>;
}
