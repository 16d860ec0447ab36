/** What may be wider or higher than its place: it scrolls by itself, has a name, and is reached by keyboard. */
import { cn } from '@cloudflare/kumo/utils';
import type { ReactNode } from 'react';

export function Scrolls({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: without it nobody could scroll by keyboard
      tabIndex={0}
      className={cn(
        'overflow-auto rounded-lg ring ring-kumo-hairline focus-visible:outline-2 focus-visible:outline-kumo-focus',
        className,
      )}
    >
      {children}
    </section>
  );
}
