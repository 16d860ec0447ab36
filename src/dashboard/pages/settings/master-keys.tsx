/** Master keys: what other programs manage the organization with. Made and deleted by owners; the secret is shown once. */
import { Button } from '@cloudflare/kumo/components/button';
import { PlusIcon } from '@phosphor-icons/react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { MasterKey } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Confirm, DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Section } from '../../parts/page.tsx';
import { Secret } from '../../parts/secret.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import type { NewDialog } from './page.tsx';

/** More than an organization has. */
const PAGE_SIZE = 100;

export default function MasterKeys({ dialog }: { dialog: NewDialog }) {
  const here = useHere();
  const { organizationId: orgId } = here;
  const keys = useQuery(asking('GET /orgs/{orgId}/master-keys', { path: { orgId }, query: { limit: PAGE_SIZE } }));
  const [deleting, setDeleting] = useState<MasterKey | null>(null);
  const [made, setMade] = useState<{ name: string; secret: string } | null>(null);
  const mayWrite = here.may('master_keys.write');
  const make = mayWrite && (
    <Button variant="primary" icon={PlusIcon} onClick={dialog.open}>
      New master key
    </Button>
  );
  return (
    <Section title="Master keys" card={false} actions={keys.data?.masterKeys.length ? make : null}>
      {!mayWrite && <p className="mb-4 text-sm text-kumo-subtle">Only owners can make and delete them.</p>}
      <Table
        label="Master keys"
        columns={columnsOf(mayWrite ? setDeleting : null)}
        rows={keys.data?.masterKeys}
        idOf={({ id }) => id}
        error={keys.error}
        again={keys.refetch}
        empty={
          <Nothing title="No master key" action={make}>
            With one, another program manages this organization as an admin would.
          </Nothing>
        }
      />
      {dialog.isOpen && mayWrite && <NewMasterKey close={dialog.close} made={setMade} />}
      {made && (
        <Modal
          title={`The secret of ${made.name}`}
          description="It is shown this once and stored nowhere: keep it now. Whoever has it acts as an admin here."
          size="lg"
          close={() => setMade(null)}
        >
          <Secret label={`Secret of ${made.name}`} secret={made.secret} />
          <DialogEnd close={() => setMade(null)} cancel="I have kept it" />
        </Modal>
      )}
      {deleting && (
        <Confirm
          title={`Delete ${deleting.name}?`}
          consequence="The program that has it is refused with its next request. That cannot be undone."
          deed="Delete master key"
          act={async () => {
            await purser.call('DELETE /orgs/{orgId}/master-keys/{masterKeyId}', {
              path: { orgId, masterKeyId: deleting.id },
            });
            toast.done(`${deleting.name} is deleted.`);
            await forget('GET /orgs/{orgId}/master-keys');
          }}
          close={() => setDeleting(null)}
        />
      )}
    </Section>
  );
}

function columnsOf(askDelete: ((key: MasterKey) => void) | null): Column<MasterKey>[] {
  const actions: Column<MasterKey> = {
    header: 'Actions',
    cell: (key) => (
      <Button size="sm" variant="ghost" aria-label={`Delete ${key.name}`} onClick={() => askDelete?.(key)}>
        Delete
      </Button>
    ),
    align: 'right',
  };
  return [
    { header: 'Name', cell: ({ name }) => <span className="font-medium">{name}</span> },
    { header: 'Key', cell: ({ maskedKey }) => <span className="font-mono text-xs">{maskedKey}</span> },
    { header: 'Made', cell: ({ createdAt }) => <Moment at={createdAt} />, from: 'sm' },
    ...(askDelete ? [actions] : []),
  ];
}

function NewMasterKey({ close, made }: { close: () => void; made: (key: { name: string; secret: string }) => void }) {
  const { organizationId: orgId } = useHere();
  const submit = useSubmit(
    (typed) => purser.call('POST /orgs/{orgId}/master-keys', { path: { orgId }, body: { name: typed.text('name') } }),
    {
      done: async (key) => {
        close();
        made(key);
        await forget('GET /orgs/{orgId}/master-keys');
      },
    },
  );
  return (
    <Modal title="New master key" description="Whoever has it acts as an admin of this organization." close={close}>
      <Form submit={submit}>
        <TextField name="name" label="Name" placeholder="Which program has it" autoComplete="off" required />
        <DialogEnd close={close}>
          <SubmitButton>Make master key</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
