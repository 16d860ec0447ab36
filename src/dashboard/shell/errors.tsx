/** What is shown where a page is not there, or failed: what happened, and a way on. */
import { Button } from '@cloudflare/kumo/components/button';
import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type ReactNode, useEffect, useEffectEvent } from 'react';
import { useTitle } from '../parts/page.tsx';
import { isRefusal, tellError } from './api.ts';

/** Of a route that failed. What the server says is not there or not allowed is no failure, and is said plainly. */
export function Trouble({ error }: { error: unknown }) {
  const router = useRouter();
  const { reset } = useQueryErrorResetBoundary();
  const again = () => {
    reset();
    void router.invalidate();
  };
  // What failed for want of a network is tried again once there is one, as it says.
  const retry = useEffectEvent(again);
  useEffect(() => {
    addEventListener('online', retry);
    return () => removeEventListener('online', retry);
  }, []);
  if (isRefusal(error, 404)) return <NotFound />;
  return (
    <Notice title="This page did not load" text={tellError(error)}>
      <Button variant="primary" onClick={again}>
        Try again
      </Button>
    </Notice>
  );
}

export function NotFound() {
  const router = useRouter();
  return (
    <Notice title="There is nothing here" text="The address may be old, or you may not have access to what it names.">
      <Button variant="primary" onClick={() => router.navigate({ to: '/' })}>
        Go home
      </Button>
    </Notice>
  );
}

function Notice({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  useTitle(title);
  return (
    <main className="grid min-h-[60dvh] place-items-center p-6">
      <div className="flex max-w-md flex-col items-center gap-3 text-center">
        <h1 className="text-xl font-semibold text-kumo-default">{title}</h1>
        <p className="text-kumo-subtle">{text}</p>
        <div className="mt-2">{children}</div>
      </div>
    </main>
  );
}
