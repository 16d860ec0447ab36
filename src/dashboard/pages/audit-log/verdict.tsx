/** Whether the chain of entries is whole, as the server has just found it. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { Banner } from '@cloudflare/kumo/components/banner';
import { SealCheckIcon } from '@phosphor-icons/react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { formatDay } from '../../parts/dates.tsx';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { asking, tellError } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';

/** It reads the whole log: not with every look at the page. */
const VERIFIED_FOR_MS = 300_000;

export function Verdict() {
  const { organizationId: orgId } = useHere();
  const [open, setOpen] = useState(false);
  const verdict = useQuery({
    ...asking('GET /orgs/{orgId}/audit-log/verify', { path: { orgId } }),
    staleTime: VERIFIED_FOR_MS,
  });
  const { data, error } = verdict;
  const label = data ? (data.ok ? 'Verified' : 'Not verified') : error ? 'Not checked' : 'Verifying …';
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        className="cursor-pointer rounded-full focus-visible:outline-2 focus-visible:outline-kumo-focus"
      >
        <Badge variant={data ? (data.ok ? 'success' : 'error') : 'outline'}>
          <span className="inline-flex items-center gap-1" aria-live="polite">
            {data?.ok && <SealCheckIcon aria-hidden="true" />}
            {label}
          </span>
        </Badge>
      </button>
      {open && (
        <Modal title="Is the log whole?" close={() => setOpen(false)}>
          <div className="flex flex-col gap-3 text-kumo-default">
            {error && !data ? <Banner variant="error" description={tellError(error)} /> : null}
            {data?.firstBad && (
              <Banner variant="error" title={`Entry ${data.firstBad.n} is wrong`} description={data.firstBad.message} />
            )}
            {data && (
              <p>
                {formatCount(data.checked)} entries were checked, up to number {data.head.n}. Each holds the hash of the
                one before; the newest hash is also kept outside of the database.
              </p>
            )}
            {data && <p className="font-mono text-xs break-all text-kumo-subtle">{data.head.hash}</p>}
            {data?.restorations.map(({ at, message }) => (
              <Banner
                key={at}
                title={`The database was restored on ${formatDay(at.slice(0, 10))}`}
                description={message}
              />
            ))}
          </div>
          <DialogEnd close={() => setOpen(false)} cancel="Close" />
        </Modal>
      )}
    </>
  );
}
