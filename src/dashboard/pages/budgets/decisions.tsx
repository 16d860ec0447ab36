/** Deciding a request for more: granted as it was asked with one click, otherwise by a dialog; or declined. The member is mailed either way. */
import { Button } from '@cloudflare/kumo/components/button';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { BudgetRequest } from '../../../../client/index.ts';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, MoneyField, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Money } from '../../parts/money.tsx';
import { forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

/** What was asked of whom may decide it, as buttons. */
export function Decisions({ request }: { request: BudgetRequest }) {
  const { organizationId: orgId } = useHere();
  const [open, setOpen] = useState<'grant' | 'decline' | null>(null);
  const { id, amount, memberName } = request;
  const grant = useMutation({
    mutationFn: () =>
      purser.call('POST /orgs/{orgId}/budget-requests/{requestId}/grant', {
        path: { orgId, requestId: id },
        body: {},
      }),
    onSuccess: granted,
    onError: toast.failed,
  });
  const close = () => setOpen(null);
  return (
    <div className="flex flex-wrap items-center justify-end gap-2">
      {amount !== null && (
        <Button size="sm" variant="primary" loading={grant.isPending} onClick={() => grant.mutate()}>
          <span>
            Grant <Money amount={amount} />
            <span className="sr-only"> to {memberName}</span>
          </span>
        </Button>
      )}
      <Button size="sm" onClick={() => setOpen('grant')}>
        <span>
          {amount === null ? 'Grant' : 'Grant otherwise'}
          <span className="sr-only"> to {memberName}</span>
        </span>
      </Button>
      <Button size="sm" variant="ghost" onClick={() => setOpen('decline')}>
        <span>
          Decline
          <span className="sr-only"> {memberName}</span>
        </span>
      </Button>
      {open === 'grant' && <GrantDialog request={request} close={close} />}
      {open === 'decline' && <DeclineDialog request={request} close={close} />}
    </div>
  );
}

async function granted({ memberName, pending }: BudgetRequest & { pending?: true }): Promise<void> {
  toast.done(pending ? 'Granted. It is in force within minutes.' : `Granted to ${memberName}, and in force.`);
  await decided();
}

const decided = () =>
  forget(
    'GET /orgs/{orgId}/budget-requests',
    'GET /orgs/{orgId}/members',
    'GET /orgs/{orgId}/members/me',
    'GET /orgs/{orgId}/members/{memberId}',
    'GET /analytics/members/{userId}',
  );

interface DialogProps {
  request: BudgetRequest;
  close: () => void;
}

function GrantDialog({ request: { id, amount, memberName, limit }, close }: DialogProps) {
  const { organizationId: orgId } = useHere();
  const submit = useSubmit(
    (typed) => {
      const until = typed.text('until');
      return purser.call('POST /orgs/{orgId}/budget-requests/{requestId}/grant', {
        path: { orgId, requestId: id },
        body: {
          amount: typed.optional('amount'),
          // The field knows no zone: it is the browser's.
          until: until === '' ? null : new Date(until).toISOString(),
          note: typed.optional('note'),
        },
      });
    },
    {
      done: async (answer) => {
        close();
        await granted(answer);
      },
    },
  );
  return (
    <Modal
      title={`Grant more to ${memberName}`}
      description="It is added to their limit until it lapses, and ends when their budget is set anew."
      close={close}
    >
      <Form submit={submit}>
        <MoneyField
          name="amount"
          label="Extra amount, in USD"
          placeholder="0.00"
          defaultValue={amount ?? ''}
          required
        />
        <TextField
          name="until"
          type="datetime-local"
          label="Until"
          description={
            limit === 'periodUsageLimit' ? 'Left empty: until the period ends.' : 'Left empty: for the next 30 days.'
          }
        />
        <TextField name="note" label="A word to them" />
        <DialogEnd close={close}>
          <SubmitButton>Grant</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}

function DeclineDialog({ request: { id, memberName }, close }: DialogProps) {
  const { organizationId: orgId } = useHere();
  const submit = useSubmit(
    (typed) =>
      purser.call('POST /orgs/{orgId}/budget-requests/{requestId}/decline', {
        path: { orgId, requestId: id },
        body: { note: typed.optional('note') },
      }),
    {
      done: async () => {
        toast.done(`Declined. ${memberName} is mailed.`);
        close();
        await decided();
      },
    },
  );
  return (
    <Modal
      title={`Decline ${memberName}`}
      description="This cannot be undone; they can ask again."
      size="sm"
      close={close}
    >
      <Form submit={submit}>
        <TextField name="note" label="A word to them" />
        <DialogEnd close={close}>
          <SubmitButton variant="destructive">Decline</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
