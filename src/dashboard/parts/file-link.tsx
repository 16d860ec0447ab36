/** A file of Purser's, by a link that the browser saves. `label` tells screen readers which of many it is. */
import { DownloadSimpleIcon } from '@phosphor-icons/react';
import type { ReactNode } from 'react';

export function FileLink({ href, label, children }: { href: string; label?: string; children: ReactNode }) {
  return (
    <a
      href={href}
      download
      aria-label={label}
      className="inline-flex items-center gap-1.5 rounded px-2 py-1 whitespace-nowrap text-kumo-link hover:underline focus-visible:outline-2 focus-visible:outline-kumo-focus"
    >
      <DownloadSimpleIcon aria-hidden="true" />
      {children}
    </a>
  );
}
