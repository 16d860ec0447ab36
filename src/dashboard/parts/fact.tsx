/** A name and what it is, on one line of a <dl>. */
import type { ReactNode } from 'react';

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex gap-1.5">
      <dt className="text-kumo-subtle">{name}</dt>
      <dd className="text-kumo-default">{children}</dd>
    </div>
  );
}
