/** The page of whoever is not signed in: the name, a card, nothing else. */
import type { ReactNode } from 'react';
import { useTitle } from './page.tsx';

export function Outside({
  title,
  description,
  children,
  below,
}: {
  title: string;
  description?: ReactNode;
  children: ReactNode;
  below?: ReactNode;
}) {
  useTitle(title);
  return (
    <main className="grid min-h-dvh place-items-center bg-kumo-canvas p-4">
      <div className="w-full max-w-sm">
        <p className="mb-6 flex items-center justify-center gap-2 text-lg font-semibold text-kumo-default">
          <img src="/dashboard/icon.svg" alt="" className="size-7" />
          Purser
        </p>
        <div className="rounded-xl bg-kumo-base p-6 ring ring-kumo-hairline">
          <h1 className="text-xl font-semibold text-kumo-default">{title}</h1>
          {description && <p className="mt-1 text-kumo-subtle">{description}</p>}
          <div className="mt-5">{children}</div>
        </div>
        {below && <div className="mt-4 text-center text-kumo-subtle">{below}</div>}
      </div>
    </main>
  );
}

/** The token of a mailed link: behind the #, which no server is sent. */
export function mailedToken(): string | null {
  return /^#token=([\w.-]+)$/.exec(location.hash)?.[1] ?? null;
}
