/** Changing one's password. Every other browser is signed out by it. */
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { forget, purser } from '../../shell/api.ts';
import { toast } from '../../shell/toasts.tsx';

export function PasswordDialog({ close }: { close: () => void }) {
  const submit = useSubmit(
    (typed) =>
      purser.call('PUT /auth/password', {
        body: { password: typed.raw('password'), newPassword: typed.raw('newPassword') },
      }),
    {
      done: async () => {
        toast.done('Your password is changed.');
        close();
        await forget('GET /auth/sessions');
      },
    },
  );
  return (
    <Modal title="Change password" description="All your other browsers are signed out by it." close={close}>
      <Form submit={submit}>
        <TextField name="password" label="Present password" type="password" autoComplete="current-password" required />
        <TextField name="newPassword" label="New password" type="password" autoComplete="new-password" required />
        <DialogEnd close={close}>
          <SubmitButton>Change password</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
