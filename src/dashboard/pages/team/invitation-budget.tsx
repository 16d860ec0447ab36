/** The budget that somebody invited will have from their first request on. */
import { useState } from 'react';
import type { Budget, Invitation } from '../../../../client/index.ts';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, useSubmit } from '../../parts/form.tsx';
import { forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { bodyOf, draftOf } from './budget-draft.ts';
import { BudgetFields } from './budget-fields.tsx';
import { inherits } from './budget-words.ts';

interface InvitationBudgetProps {
  invitation: Invitation;
  fallback: Budget | null;
  close: () => void;
}

export function InvitationBudget({ invitation, fallback, close }: InvitationBudgetProps) {
  const { organizationId: orgId } = useHere();
  const [draft, setDraft] = useState(() => draftOf(invitation.budget));
  const submit = useSubmit(
    () =>
      purser.call('PUT /orgs/{orgId}/invitations/{invitationId}/budget', {
        path: { orgId, invitationId: invitation.id },
        body: { ...bodyOf(draft), version: invitation.budget.version },
      }),
    {
      done: async ({ email }) => {
        toast.done(`${email} will have this budget.`);
        close();
        await forget('GET /orgs/{orgId}/invitations');
      },
    },
  );
  return (
    <Modal
      title={`Budget of ${invitation.email}`}
      description="In force from their first request on."
      size="xl"
      close={close}
    >
      <Form submit={submit}>
        <BudgetFields draft={draft} onDraft={setDraft} fallback={inherits(invitation.role) ? fallback : null} />
        <DialogEnd close={close}>
          <SubmitButton>Save budget</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
