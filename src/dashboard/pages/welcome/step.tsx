/** One step of the guide: its number, or that it is done. */
import { CheckCircleIcon } from '@phosphor-icons/react';
import type { ReactNode } from 'react';

export function Step({ n, title, done, children }: { n: number; title: string; done: boolean; children: ReactNode }) {
  return (
    <li className="flex min-w-0 gap-4 rounded-lg bg-kumo-base p-4 ring ring-kumo-hairline sm:p-5">
      <span
        aria-hidden="true"
        className="grid size-8 shrink-0 place-items-center rounded-full bg-kumo-recessed font-semibold text-kumo-default"
      >
        {done ? <CheckCircleIcon weight="fill" className="size-6 text-kumo-success" /> : n}
      </span>
      <div className="min-w-0 flex-1">
        <h2 className="mt-1 font-semibold text-kumo-default">
          {title}
          {done && <span className="sr-only"> (done)</span>}
        </h2>
        <div className="mt-3 flex flex-col gap-3">{children}</div>
      </div>
    </li>
  );
}
