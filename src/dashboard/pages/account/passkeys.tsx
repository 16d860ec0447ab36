/** One's passkeys: made by this browser, kept by Purser, removed where a device is lost. */
import { Button } from '@cloudflare/kumo/components/button';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { NewPasskeyBody, Passkey } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Confirm, DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Section } from '../../parts/page.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { toast } from '../../shell/toasts.tsx';

export function Passkeys({ add }: { add: () => void }) {
  const passkeys = useQuery(asking('GET /auth/passkeys'));
  const [asked, setAsked] = useState<Passkey | null>(null);
  const columns: Column<Passkey>[] = [
    { header: 'Name', cell: ({ name }) => name ?? 'Passkey' },
    { header: 'Made', cell: ({ createdAt }) => <Moment at={createdAt} /> },
    {
      header: 'Where it is',
      cell: ({ backedUp }) => (backedUp ? 'On your other devices too' : 'On one device'),
      from: 'sm',
    },
    {
      header: 'Actions',
      cell: (passkey) => (
        <Button size="sm" aria-label={`Remove ${passkey.name ?? 'passkey'}`} onClick={() => setAsked(passkey)}>
          Remove
        </Button>
      ),
      align: 'right',
    },
  ];
  return (
    <Section
      title="Passkeys"
      actions={
        <Button size="sm" onClick={add}>
          Add a passkey
        </Button>
      }
    >
      <Table
        label="Passkeys"
        columns={columns}
        rows={passkeys.data?.passkeys}
        idOf={({ id }) => id}
        error={passkeys.error}
        again={passkeys.refetch}
        empty={
          <Nothing title="No passkey yet">
            A passkey signs you in by your device’s own lock, without a password that could be stolen.
          </Nothing>
        }
      />
      {asked && (
        <Confirm
          title={`Remove ${asked.name ?? 'this passkey'}?`}
          consequence="It signs nobody in any more. Your device still lists it until you delete it there too."
          deed="Remove passkey"
          act={async () => {
            await purser.call('DELETE /auth/passkeys/{passkeyId}', { path: { passkeyId: asked.id } });
            toast.done('The passkey is removed.');
            await forget('GET /auth/passkeys');
          }}
          close={() => setAsked(null)}
        />
      )}
    </Section>
  );
}

/** Has the browser make one. Throws what a person can be told. */
async function makePasskey(): Promise<NewPasskeyBody['response']> {
  if (!('PublicKeyCredential' in window) || !PublicKeyCredential.parseCreationOptionsFromJSON) {
    throw new Error('This browser cannot make passkeys.');
  }
  const options = await purser.call('POST /auth/passkeys/options');
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  );
  const made = await navigator.credentials.create({ publicKey }).catch((error: unknown) => {
    const isKnown = error instanceof DOMException && error.name === 'InvalidStateError';
    throw new Error(isKnown ? 'This device has a passkey already.' : 'No passkey was made.', { cause: error });
  });
  if (!(made instanceof PublicKeyCredential)) throw new Error('No passkey was made.');
  return made.toJSON() as object as NewPasskeyBody['response'];
}

export function NewPasskeyDialog({ close }: { close: () => void }) {
  const [failed, setFailed] = useState<string | null>(null);
  const submit = useSubmit(
    async (typed) => {
      setFailed(null);
      const name = typed.text('name');
      const response = await makePasskey().catch((error: unknown) => {
        if (error instanceof Error && error.constructor === Error) {
          setFailed(error.message);
          return null;
        }
        throw error;
      });
      return response && purser.call('POST /auth/passkeys', { body: { name, response } });
    },
    {
      done: async (kept) => {
        if (!kept) return;
        toast.done('The passkey is kept.');
        close();
        await forget('GET /auth/passkeys');
      },
    },
  );
  return (
    <Modal title="Add a passkey" description="Your browser asks for your device’s own lock." close={close}>
      <Form submit={submit}>
        <TextField name="name" label="Name" placeholder="Which device it is on" autoComplete="off" required />
        <p role="alert" className="text-sm text-kumo-danger empty:hidden">
          {failed}
        </p>
        <DialogEnd close={close}>
          <SubmitButton>Add passkey</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
