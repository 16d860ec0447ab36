/** Short notices of what was done or failed, from anywhere: `toast.done('Key deleted')`. Screen readers are told; failures stay until they are closed. */
import { CheckCircleIcon, WarningCircleIcon, XIcon } from '@phosphor-icons/react';
import { useSyncExternalStore } from 'react';
import { tellError } from './api.ts';

interface Toast {
  id: number;
  text: string;
  failed: boolean;
}

/** Long enough to read a line twice. */
const DONE_MS = 5_000;

let toasts: readonly Toast[] = [];
let made = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function show(text: string, failed: boolean): number {
  made += 1;
  // The same twice is once.
  change([...toasts.filter((toast) => toast.text !== text), { id: made, text, failed }]);
  return made;
}

const close = (id: number) => change(toasts.filter((toast) => toast.id !== id));

export const toast = {
  done(text: string): void {
    const id = show(text, false);
    setTimeout(() => close(id), DONE_MS);
  },
  failed(error: unknown): void {
    show(typeof error === 'string' ? error : tellError(error), true);
  },
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <section
      aria-label="Notices"
      aria-live="polite"
      className="pointer-events-none fixed right-4 bottom-4 z-50 flex w-80 max-w-[calc(100vw-2rem)] flex-col gap-2"
    >
      {shown.map(({ id, text, failed }) => (
        <div
          key={id}
          role={failed ? 'alert' : undefined}
          className="pointer-events-auto flex items-start gap-2 rounded-lg bg-kumo-base p-3 text-kumo-default shadow-lg ring ring-kumo-line"
        >
          {failed ? (
            <WarningCircleIcon aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-kumo-danger" />
          ) : (
            <CheckCircleIcon aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-kumo-success" />
          )}
          <p className="min-w-0 flex-1 break-words">{text}</p>
          <button
            type="button"
            aria-label="Close"
            onClick={() => close(id)}
            className="cursor-pointer rounded p-0.5 text-kumo-subtle hover:text-kumo-default"
          >
            <XIcon aria-hidden="true" className="size-4" />
          </button>
        </div>
      ))}
    </section>
  );
}
