/** A line at the top while the browser is offline. */
import { useSyncExternalStore } from 'react';

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
