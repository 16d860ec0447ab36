/** Making a key. Its secret is in the answer and nowhere else, so it is handed to whoever shows it. */
import { useQuery } from '@tanstack/react-query';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SelectField, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Answered, Bone, Nothing } from '../../parts/state.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { LimitFields, limitsTyped } from './limit-fields.tsx';

interface NewKeyProps {
  projectId: string | undefined;
  close: () => void;
  made: (key: { id: string; name: string; secret: string }) => void;
}

export function NewKeyDialog({ projectId, close, made }: NewKeyProps) {
  const { organizationId: orgId } = useHere();
  const projects = useQuery(
    asking('GET /orgs/{orgId}/projects', { path: { orgId }, query: { limit: 100, archived: 'false' } }),
  );
  const submit = useSubmit(
    (typed) =>
      purser.call('POST /orgs/{orgId}/keys', {
        path: { orgId },
        body: { name: typed.text('name'), projectId: typed.text('projectId'), limits: limitsTyped(typed) },
      }),
    {
      done: async (key) => {
        close();
        made(key);
        await forget('GET /orgs/{orgId}/keys');
      },
    },
  );
  return (
    <Modal
      title="New API key"
      description="Its usage counts towards your budget, whatever its own limits."
      close={close}
    >
      <Answered query={projects} skeleton={<Bone className="h-48 w-full" />}>
        {({ projects: shown }) =>
          shown.length === 0 ? (
            <Nothing title="There is no project yet">A key belongs to one. Owners and admins make them.</Nothing>
          ) : (
            <Form submit={submit}>
              <TextField name="name" label="Name" placeholder="What uses it" autoComplete="off" required />
              <SelectField
                name="projectId"
                label="Project"
                options={shown.map(({ id, name }) => ({ value: id, label: name }))}
                {...(projectId && { defaultValue: projectId })}
              />
              <LimitFields />
              <DialogEnd close={close}>
                <SubmitButton>Make key</SubmitButton>
              </DialogEnd>
            </Form>
          )
        }
      </Answered>
    </Modal>
  );
}
