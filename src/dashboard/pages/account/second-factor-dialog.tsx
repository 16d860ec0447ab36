/**
 * Turning the second factor on (password, then the app's secret and the backup codes, then a first code), renewing backup codes, and
 * turning it off. Each takes the password.
 */
import { useState } from 'react';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Secret } from '../../parts/secret.tsx';
import { forget, purser } from '../../shell/api.ts';
import { useMe } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { BackupCodes } from './backup-codes.tsx';

export function SecondFactorDialog({ close }: { close: () => void }) {
  // What it was when the dialog opened: turning it on ends with the dialog, not in its midst.
  const [wasOn] = useState(useMe().user.secondFactor);
  return wasOn ? <TurnOff close={close} /> : <TurnOn close={close} />;
}

const password = (
  <TextField name="password" label="Your password" type="password" autoComplete="current-password" required />
);

function TurnOn({ close }: { close: () => void }) {
  const [begun, setBegun] = useState<{ totpUri: string; backupCodes: string[] } | null>(null);
  const begin = useSubmit(
    (typed) => purser.call('POST /auth/second-factor', { body: { password: typed.raw('password') } }),
    { done: setBegun },
  );
  const confirm = useSubmit(
    (typed) => purser.call('POST /auth/second-factor/confirm', { body: { code: typed.text('code') } }),
    {
      done: async () => {
        toast.done('The second factor is on. Signing in asks for a code from now on.');
        close();
        await forget('GET /me');
      },
    },
  );
  if (!begun) {
    return (
      <Modal
        title="Turn on the second factor"
        description="Signing in then also takes a code of an authenticator app."
        close={close}
      >
        <Form submit={begin}>
          {password}
          <DialogEnd close={close}>
            <SubmitButton>Continue</SubmitButton>
          </DialogEnd>
        </Form>
      </Modal>
    );
  }
  const secret = new URL(begun.totpUri).searchParams.get('secret') ?? '';
  return (
    <Modal title="Turn on the second factor" description="It is on once the app’s first code is right." close={close}>
      <Form submit={confirm}>
        <p className="text-kumo-default">
          Add this secret to your authenticator app by hand, or{' '}
          <a href={begun.totpUri} className="text-kumo-link underline">
            open it in the app
          </a>{' '}
          on this device.
        </p>
        <Secret label="Secret for the authenticator app" secret={secret} />
        <BackupCodes codes={begun.backupCodes} />
        <TextField
          name="code"
          label="Code that the app shows"
          inputMode="numeric"
          autoComplete="one-time-code"
          required
        />
        <DialogEnd close={close}>
          <SubmitButton>Turn on</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}

function TurnOff({ close }: { close: () => void }) {
  const submit = useSubmit(
    (typed) => purser.call('POST /auth/second-factor/off', { body: { password: typed.raw('password') } }),
    {
      done: async () => {
        toast.done('The second factor is off.');
        close();
        await forget('GET /me');
      },
    },
  );
  return (
    <Modal
      title="Turn off the second factor?"
      description="Your password alone then signs you in, and your backup codes end."
      close={close}
    >
      <Form submit={submit}>
        {password}
        <DialogEnd close={close}>
          <SubmitButton variant="destructive">Turn off</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}

/** New backup codes in the place of the old ones. */
export function NewCodesDialog({ close }: { close: () => void }) {
  const [codes, setCodes] = useState<string[] | null>(null);
  const submit = useSubmit(
    (typed) => purser.call('POST /auth/second-factor/backup-codes', { body: { password: typed.raw('password') } }),
    { done: ({ backupCodes }) => setCodes(backupCodes) },
  );
  return (
    <Modal title="New backup codes" description="The old ones end." close={close}>
      {codes ? (
        <>
          <BackupCodes codes={codes} />
          <DialogEnd close={close} cancel="I have kept them" />
        </>
      ) : (
        <Form submit={submit}>
          {password}
          <DialogEnd close={close}>
            <SubmitButton>Make new codes</SubmitButton>
          </DialogEnd>
        </Form>
      )}
    </Modal>
  );
}
