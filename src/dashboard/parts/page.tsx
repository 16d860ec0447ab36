/** A page: its title in the tab and at its top, what can be done there, and its content in columns that read well. */
import { type ReactNode, useEffect } from 'react';

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Purser`;
  }, [title]);
}

interface PageProps {
  title: string;
  /** One sentence under the title. */
  description?: ReactNode;
  /** Buttons at the right. */
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, description, actions, children }: PageProps) {
  useTitle(title);
  return (
    <div className="mx-auto flex w-full max-w-[88rem] flex-col gap-6 p-4 sm:p-6 lg:p-8">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold break-words text-kumo-default">{title}</h1>
          {description && <p className="mt-1 text-kumo-subtle">{description}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

/** A part of a page with a heading of its own. `card` puts a surface under it. */
export function Section({
  title,
  actions,
  children,
  card = true,
}: {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
  card?: boolean;
}) {
  return (
    <section className={card ? 'min-w-0 rounded-lg bg-kumo-base p-4 ring ring-kumo-hairline sm:p-5' : 'min-w-0'}>
      <div className="mb-4 flex min-h-8 flex-wrap items-center justify-between gap-2">
        <h2 className="text-base font-semibold text-kumo-default">{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** A figure with its name: the summary cards of analytics. */
export function Figure({ label, children, note }: { label: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="min-w-0 rounded-lg bg-kumo-base p-4 ring ring-kumo-hairline">
      <dt className="text-sm text-kumo-subtle">{label}</dt>
      <dd className="mt-1 truncate text-2xl font-semibold text-kumo-default tabular-nums">{children}</dd>
      {note && <dd className="mt-1 text-sm text-kumo-subtle">{note}</dd>}
    </div>
  );
}
