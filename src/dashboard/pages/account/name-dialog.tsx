/** Changing one's name: as every organization sees it whose member one is. */
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { purser, queryClient } from '../../shell/api.ts';
import { useMe } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

export function NameDialog({ close }: { close: () => void }) {
  const { user } = useMe();
  const submit = useSubmit((typed) => purser.call('PATCH /me', { body: { name: typed.text('name') } }), {
    done: async ({ name }) => {
      toast.done(`You are ${name} now.`);
      close();
      // Lists and reports of any page may tell it.
      await queryClient.invalidateQueries();
    },
  });
  return (
    <Modal
      title="Change name"
      description="All your organizations see it, also beside what was before. Their audit logs tell that it was changed."
      close={close}
    >
      <Form submit={submit}>
        <TextField name="name" label="Name" autoComplete="name" defaultValue={user.name} required />
        <DialogEnd close={close}>
          <SubmitButton>Change name</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
