/** Provider keys: of providers whose bill the organization pays itself, and of its own; each can be tried. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { PlusIcon } from '@phosphor-icons/react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ProviderKey } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Section } from '../../parts/page.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import type { NewDialog } from './page.tsx';
import { ProviderKeyDialog } from './provider-key-dialog.tsx';

/** What is being asked about one key. */
type Asked = { deed: 'change' | 'delete'; key: ProviderKey } | null;

/** More than an organization has. */
const PAGE_SIZE = 100;

export default function ProviderKeys({ dialog }: { dialog: NewDialog }) {
  const here = useHere();
  const { organizationId: orgId } = here;
  const keys = useQuery(
    asking('GET /orgs/{orgId}/provider-keys', { path: { orgId }, query: { limit: PAGE_SIZE, sort: 'name' } }),
  );
  const [asked, setAsked] = useState<Asked>(null);
  const close = () => setAsked(null);
  const deleting = asked?.deed === 'delete' ? asked.key : null;
  const add = here.may('provider_keys.write') && (
    <Button variant="primary" icon={PlusIcon} onClick={dialog.open}>
      Add provider key
    </Button>
  );
  return (
    <Section title="Provider keys" card={false} actions={keys.data?.providerKeys.length ? add : null}>
      <Table
        label="Provider keys"
        columns={columnsOf(here.may('provider_keys.write') ? setAsked : null)}
        rows={keys.data?.providerKeys}
        idOf={({ id }) => id}
        error={keys.error}
        again={keys.refetch}
        empty={
          <Nothing title="No provider key of your own" action={add}>
            Requests go by the keys of whoever runs this Purser. With one of your own, you pay that provider yourself;
            budgets hold all the same.
          </Nothing>
        }
      />
      {dialog.isOpen && here.may('provider_keys.write') && <ProviderKeyDialog close={dialog.close} />}
      {asked?.deed === 'change' && <ProviderKeyDialog changing={asked.key} close={close} />}
      {deleting && (
        <Confirm
          title={`Delete ${deleting.name}?`}
          consequence={
            deleting.provider === 'custom'
              ? `Requests for ${deleting.slug}/… are refused from then on. That cannot be undone.`
              : 'Requests go by the keys of whoever runs this Purser from then on, and are refused where there is none. That cannot be undone.'
          }
          deed="Delete provider key"
          act={async () => {
            const path = { orgId, providerKeyId: deleting.id };
            const late = await purser.call('DELETE /orgs/{orgId}/provider-keys/{providerKeyId}', { path });
            toast.done(
              `${deleting.name} is deleted.${late?.pending ? ' It reaches every member within minutes.' : ''}`,
            );
            await forget('GET /orgs/{orgId}/provider-keys');
          }}
          close={close}
        />
      )}
    </Section>
  );
}

function columnsOf(ask: ((asked: Asked) => void) | null): Column<ProviderKey>[] {
  return [
    {
      header: 'Name',
      cell: ({ name, maskedKey }) => (
        <>
          <span className="font-medium">{name}</span>
          <span className="block font-mono text-xs text-kumo-subtle">{maskedKey}</span>
        </>
      ),
    },
    {
      header: 'Provider',
      cell: ({ provider, slug, baseUrl }) => (
        <>
          {slug ?? provider}
          {baseUrl && <span className="block text-xs break-all text-kumo-subtle">{baseUrl}</span>}
        </>
      ),
      from: 'sm',
    },
    { header: 'Models', cell: ({ models }) => models?.length ?? 'all', from: 'lg' },
    { header: 'Last test', cell: ({ lastTest }) => <LastTest lastTest={lastTest} /> },
    {
      header: 'Actions',
      cell: (key) =>
        ask && (
          <span className="flex flex-wrap justify-end gap-2">
            <TestButton providerKey={key} />
            <Button size="sm" aria-label={`Change ${key.name}`} onClick={() => ask({ deed: 'change', key })}>
              Change
            </Button>
            <Button
              size="sm"
              variant="ghost"
              aria-label={`Delete ${key.name}`}
              onClick={() => ask({ deed: 'delete', key })}
            >
              Delete
            </Button>
          </span>
        ),
      align: 'right',
    },
  ];
}

function LastTest({ lastTest }: Pick<ProviderKey, 'lastTest'>) {
  if (!lastTest) return <span className="text-kumo-subtle">never</span>;
  return (
    <div className="flex flex-col items-start gap-1">
      <span className="inline-flex flex-wrap items-center gap-2">
        <Badge variant={lastTest.ok ? 'success' : 'error'}>{lastTest.ok ? 'Works' : 'Does not work'}</Badge>
        <span className="text-xs text-kumo-subtle">
          <Moment at={lastTest.at} />
        </span>
      </span>
      {lastTest.problem && <span className="max-w-96 text-xs break-words text-kumo-subtle">{lastTest.problem}</span>}
    </div>
  );
}

function TestButton({ providerKey: { id, name } }: { providerKey: ProviderKey }) {
  const { organizationId: orgId } = useHere();
  const test = useMutation({
    mutationFn: () =>
      purser.call('POST /orgs/{orgId}/provider-keys/{providerKeyId}/test', { path: { orgId, providerKeyId: id } }),
    onSuccess: () => forget('GET /orgs/{orgId}/provider-keys'),
    onError: toast.failed,
  });
  return (
    <Button size="sm" aria-label={`Test ${name}`} loading={test.isPending} onClick={() => test.mutate()}>
      Test
    </Button>
  );
}
