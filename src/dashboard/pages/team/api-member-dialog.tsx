/** Adding an API-only member: a program with a budget of its own, which takes no seat and cannot sign in. */
import { useState } from 'react';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { ProjectChoice } from './project-choice.tsx';

export default function ApiMemberDialog({ close }: { close: () => void }) {
  const { organizationId: orgId } = useHere();
  const [projects, setProjects] = useState<string[]>([]);
  const submit = useSubmit(
    (typed) =>
      purser.call('POST /orgs/{orgId}/members', {
        path: { orgId },
        body: { name: typed.text('name'), apiOnly: true, projects },
      }),
    {
      done: async ({ name }) => {
        toast.done(`${name} is added. Make its API keys on the page API keys.`);
        close();
        await forget('GET /orgs/{orgId}/members');
      },
    },
  );
  return (
    <Modal
      title="Add a program"
      description="A member for API use only: a budget and keys of its own, no sign-in, no seat."
      close={close}
    >
      <Form submit={submit}>
        <TextField name="name" label="Name" placeholder="Nightly tests" autoComplete="off" required />
        <ProjectChoice chosen={projects} onChosen={setProjects} />
        <DialogEnd close={close}>
          <SubmitButton>Add program</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
