/** Deleting the organization: what is lost by it, said before, and asked for by typing its name. */
import { Button } from '@cloudflare/kumo/components/button';
import { TrashIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import { LIMITS } from '../../../limits.ts';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Section } from '../../parts/page.tsx';
import { forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

const UNDO_DAYS = LIMITS.organizationUndoMs / 86_400_000;

export function DeleteOrganization() {
  const { name } = useHere();
  const [asking, setAsking] = useState(false);
  return (
    <Section title="Delete this organization">
      <p className="max-w-xl text-kumo-default">
        All API keys and master keys of {name} are refused at once, and nobody but its owners sees it any more. For{' '}
        {UNDO_DAYS} days an owner can have it back as it was; then its keys, members and invitations are erased. What
        was spent, documents and the audit log stay on record.
      </p>
      <Button className="mt-4" variant="secondary-destructive" icon={TrashIcon} onClick={() => setAsking(true)}>
        Delete organization
      </Button>
      {asking && <DeleteDialog close={() => setAsking(false)} />}
    </Section>
  );
}

function DeleteDialog({ close }: { close: () => void }) {
  const { organizationId: orgId, name } = useHere();
  const [typed, setTyped] = useState('');
  const submit = useSubmit(() => purser.call('DELETE /orgs/{orgId}', { path: { orgId } }), {
    done: async ({ pending }) => {
      close();
      toast.done(`${name} is deleted.${pending > 0 ? ' Some of its keys are refused within minutes only.' : ''}`);
      await forget('GET /me', 'GET /orgs');
    },
  });
  return (
    <Modal
      title={`Delete ${name}?`}
      description={`Requests under its keys are refused from now on. Owners can undo that for ${UNDO_DAYS} days.`}
      size="sm"
      close={close}
    >
      <Form submit={submit}>
        <TextField
          name="confirmation"
          label={`Type ${name} to confirm`}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <DialogEnd close={close}>
          <SubmitButton variant="destructive" disabled={typed.trim() !== name}>
            Delete organization
          </SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
