/** The states that everything asked of the server has: loading (in the shape of what comes), failed (with another try), empty. */
import { Button } from '@cloudflare/kumo/components/button';
import type { ReactNode } from 'react';
import { tellError } from '../shell/api.ts';

/** A grey bar in the place of text. */
export function Bone({ className = 'h-4 w-full' }: { className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={`block animate-pulse rounded bg-kumo-fill motion-reduce:animate-none ${className}`}
    />
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** What a query answers, once it is there. `skeleton` has the size of what comes, so that nothing jumps. */
export function Answered<T>({
  query,
  skeleton,
  children,
}: {
  query: Asked<T>;
  skeleton: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} again={query.refetch} />;
  return (
    <div role="status" aria-busy="true">
      <span className="sr-only">Loading</span>
      {skeleton}
    </div>
  );
}

export function Failed({ error, again }: { error: unknown; again?: () => unknown }) {
  return (
    <div role="alert" className="flex flex-col items-start gap-3 rounded-lg p-4 ring ring-kumo-hairline">
      <p className="text-kumo-default">{tellError(error)}</p>
      {again && (
        <Button size="sm" onClick={() => again()}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Where there is nothing yet: what will be here, and how to begin. */
export function Nothing({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-10 text-center">
      <p className="font-medium text-kumo-default">{title}</p>
      {children && <p className="max-w-md text-kumo-subtle">{children}</p>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}
