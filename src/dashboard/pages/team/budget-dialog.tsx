/** Managing a member's budget: its limits, what follows from changing them, and what they would have refused so far. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Budget, Member } from '../../../../client/index.ts';
import { Consequences } from '../../parts/consequences.tsx';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, useSubmit } from '../../parts/form.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { bodyOf, draftOf } from './budget-draft.ts';
import { BudgetFields } from './budget-fields.tsx';
import { BudgetPreview } from './budget-preview.tsx';
import { consequences, inherits, limitsOf, limitsWords } from './budget-words.ts';

/** Of anybody who is a member: what is known of them is read anew, so that the version is the newest. */
export default function BudgetDialog({ memberId, close }: { memberId: string; close: () => void }) {
  const { organizationId: orgId } = useHere();
  const member = useQuery({
    ...asking('GET /orgs/{orgId}/members/{memberId}', { path: { orgId, memberId } }),
    refetchOnMount: 'always',
  });
  const fallback = useQuery(asking('GET /orgs/{orgId}/default-developer-budget', { path: { orgId } }));
  const both =
    member.isFetchedAfterMount && member.data && fallback.data
      ? { member: member.data, fallback: fallback.data }
      : undefined;
  return (
    <Modal
      title={member.data ? `Budget of ${member.data.name}` : 'Budget'}
      description={member.data && `Now: ${limitsWords(member.data.effectiveBudget)}`}
      size="xl"
      close={close}
    >
      <Answered
        query={{
          data: both,
          error: member.error ?? fallback.error,
          refetch: () => [member.refetch(), fallback.refetch()],
        }}
        skeleton={<Bone className="h-96 w-full" />}
      >
        {(known) => <BudgetForm {...known} close={close} />}
      </Answered>
    </Modal>
  );
}

function BudgetForm({ member, fallback, close }: { member: Member; fallback: Budget; close: () => void }) {
  const { organizationId: orgId } = useHere();
  // Of when the dialog was opened: what somebody else sets meanwhile makes this one stale, which the server says.
  const [{ budget, effectiveBudget, status }] = useState(member);
  const [draft, setDraft] = useState(() => draftOf(budget));
  const inherited = inherits(member.role) ? fallback : null;
  const body = bodyOf(draft);
  const after = limitsOf(body, inherited);
  const said = isChanged(draft, budget)
    ? consequences({ name: member.name, before: effectiveBudget, status, after, newCycle: draft.newCycle })
    : [];
  const submit = useSubmit(
    () =>
      purser.call('PUT /orgs/{orgId}/members/{memberId}/budget', {
        path: { orgId, memberId: member.id },
        body: { ...body, version: budget.version },
      }),
    {
      done: async ({ pending }) => {
        toast.done(pending ? 'Saved. It is in force within minutes.' : `The budget of ${member.name} is in force.`);
        close();
        await forget(
          'GET /orgs/{orgId}/members',
          'GET /orgs/{orgId}/members/me',
          'GET /orgs/{orgId}/members/{memberId}',
          'GET /orgs/{orgId}/members/{memberId}/budget/history',
          'GET /analytics/members/{userId}',
        );
      },
    },
  );
  return (
    <Form submit={submit}>
      <BudgetFields
        draft={draft}
        onDraft={setDraft}
        fallback={inherited}
        inCycle={effectiveBudget.usageLimitBasis === 'cycle'}
      />
      <Consequences said={said} />
      <BudgetPreview memberId={member.id} body={body} />
      <DialogEnd close={close}>
        <SubmitButton>Save budget</SubmitButton>
      </DialogEnd>
    </Form>
  );
}

function isChanged(draft: ReturnType<typeof draftOf>, budget: Budget): boolean {
  return JSON.stringify(draft) !== JSON.stringify(draftOf(budget));
}
