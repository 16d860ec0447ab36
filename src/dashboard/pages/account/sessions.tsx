/** The browsers in which one is signed in: each can be signed out, and all others at once. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Session } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Section } from '../../parts/page.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { toast } from '../../shell/toasts.tsx';

const BROWSERS = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/HeadlessChrome\/|Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const;

const SYSTEMS = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
] as const;

/** What a person calls it. What says nothing of the kind is shown as it is. */
function browserOf(userAgent: string | null): string {
  if (!userAgent) return 'Unknown browser';
  const found = (among: readonly (readonly [RegExp, string])[]) =>
    among.find(([pattern]) => pattern.test(userAgent))?.[1];
  const browser = found(BROWSERS);
  const system = found(SYSTEMS);
  if (!browser) return userAgent.split(/[ /]/)[0] ?? userAgent;
  return system ? `${browser} on ${system}` : browser;
}

export function Sessions() {
  const sessions = useQuery(asking('GET /auth/sessions'));
  const [asked, setAsked] = useState(false);
  const others = sessions.data?.sessions.filter(({ current }) => !current) ?? [];
  return (
    <Section
      title="Where you are signed in"
      actions={
        others.length > 0 && (
          <Button size="sm" onClick={() => setAsked(true)}>
            Sign out all others
          </Button>
        )
      }
    >
      <Table
        label="Sessions"
        columns={COLUMNS}
        rows={sessions.data?.sessions}
        idOf={({ id }) => id}
        error={sessions.error}
        again={sessions.refetch}
        empty={<Nothing title="No session" />}
      />
      {asked && (
        <Confirm
          title="Sign out all other browsers?"
          consequence="They are signed out at once, and what was typed there and not saved is lost. This one stays."
          deed="Sign out others"
          act={async () => {
            await purser.call('DELETE /auth/sessions');
            toast.done('All other browsers are signed out.');
            await forget('GET /auth/sessions');
          }}
          close={() => setAsked(false)}
        />
      )}
    </Section>
  );
}

const COLUMNS: Column<Session>[] = [
  {
    header: 'Browser',
    cell: ({ userAgent, current }) => (
      <span className="flex flex-wrap items-center gap-2" title={userAgent ?? undefined}>
        {browserOf(userAgent)}
        {current && <Badge variant="success">This one</Badge>}
      </span>
    ),
  },
  { header: 'Address', cell: ({ ipAddress }) => ipAddress ?? '–', from: 'sm' },
  { header: 'Signed in', cell: ({ createdAt }) => <Moment at={createdAt} />, from: 'md' },
  { header: 'Last seen', cell: ({ lastSeenAt }) => <Moment at={lastSeenAt} /> },
  { header: 'Actions', cell: (session) => <SignOut session={session} />, align: 'right' },
];

function SignOut({ session }: { session: Session }) {
  const end = useMutation({
    mutationFn: () => purser.call('DELETE /auth/sessions/{sessionId}', { path: { sessionId: session.id } }),
    onSuccess: async () => {
      toast.done(`${browserOf(session.userAgent)} is signed out.`);
      await forget('GET /auth/sessions');
    },
    onError: toast.failed,
  });
  if (session.current) return null;
  return (
    <Button
      size="sm"
      loading={end.isPending}
      aria-label={`Sign out ${browserOf(session.userAgent)}`}
      onClick={() => end.mutate()}
    >
      Sign out
    </Button>
  );
}
