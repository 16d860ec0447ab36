/** What the dashboard does while the browser is offline: a line at the top says so, and a page that was not loaded yet waits. */
import { useSyncExternalStore } from 'react';

/**
 * The router takes a part that does not load for one of an older deployment, and loads the page anew to get the newer: offline that would
 * leave nothing at all. It knows such errors by their words, so that another word keeps the page, which then says what is wrong.
 */
addEventListener('vite:preloadError', (event) => {
  const { payload } = event as Event & { payload: Error };
  if (!navigator.onLine) payload.message = `Offline: ${payload.message}`;
});

function subscribe(listener: () => void): () => void {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
}

export function OfflineBanner() {
  const online = useSyncExternalStore(subscribe, () => navigator.onLine);
  return (
    <div role="status">
      {!online && (
        <p className="bg-kumo-contrast px-4 py-2 text-center text-sm text-kumo-inverse">
          You are offline. What you see may be old; it is asked for anew once you are back.
        </p>
      )}
    </div>
  );
}
