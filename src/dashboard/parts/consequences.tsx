/** What follows from a change that is being made, said before it is saved, and read out as it changes. Nothing where nothing follows. */
import { Banner } from '@cloudflare/kumo/components/banner';
import type { ReactNode } from 'react';

export function Consequences({ said, children }: { said: readonly string[]; children?: ReactNode }) {
  return (
    <div aria-live="polite" className="empty:hidden">
      {said.length > 0 && (
        <Banner
          variant="alert"
          title="Once you save"
          description={
            <>
              <ul className="list-disc pl-4">
                {said.map((each) => (
                  <li key={each}>{each}</li>
                ))}
              </ul>
              {children}
            </>
          }
        />
      )}
    </div>
  );
}
