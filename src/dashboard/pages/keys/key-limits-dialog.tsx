/** A key's name and limits, changed together. */
import type { ApiKey } from '../../../../client/index.ts';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { LimitFields, limitsTyped } from './limit-fields.tsx';

export function KeyLimitsDialog({ apiKey, close }: { apiKey: ApiKey; close: () => void }) {
  const { organizationId: orgId } = useHere();
  const submit = useSubmit(
    (typed) =>
      purser.call('PATCH /orgs/{orgId}/keys/{keyId}', {
        path: { orgId, keyId: apiKey.id },
        body: { name: typed.text('name'), limits: limitsTyped(typed, apiKey) },
      }),
    {
      done: async ({ name }) => {
        toast.done(`${name} is changed.`);
        close();
        await forget('GET /orgs/{orgId}/keys', 'GET /orgs/{orgId}/keys/{keyId}');
      },
    },
  );
  return (
    <Modal
      title={`Name and limits of ${apiKey.name}`}
      description="A lower limit also ends a running stream that is past it."
      close={close}
    >
      <Form submit={submit}>
        <TextField name="name" label="Name" defaultValue={apiKey.name} autoComplete="off" required />
        <LimitFields apiKey={apiKey} />
        <DialogEnd close={close}>
          <SubmitButton>Save</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
