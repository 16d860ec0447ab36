/** The developer default: what developers, basic members and programs inherit where their own budget says nothing. */
import { Banner } from '@cloudflare/kumo/components/banner';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Budget, ListedMember } from '../../../../client/index.ts';
import { Form, SubmitButton, useSubmit } from '../../parts/form.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { Section } from '../../parts/page.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { type BudgetDraft, bodyOf, draftOf } from '../team/budget-draft.ts';
import { BudgetFields } from '../team/budget-fields.tsx';
import { inherits, limitsOf, limitsWords } from '../team/budget-words.ts';

export function DeveloperDefault() {
  const here = useHere();
  const fallback = useQuery(
    asking('GET /orgs/{orgId}/default-developer-budget', { path: { orgId: here.organizationId } }),
  );
  return (
    <Section title="Developer default">
      <Answered query={fallback} skeleton={<Bone className="h-64 w-full" />}>
        {(budget) => (
          <div className="flex flex-col gap-5">
            <p className="text-kumo-default">
              Now: <strong className="font-medium">{limitsWords(limitsOf(budget, null))}</strong> for developers, basic
              members and programs whose own budget says nothing. Owners, admins and finance admins never inherit it.
            </p>
            {/* Anew with each version, so that the fields say what is in force. */}
            {here.may('budgets.write') && <DefaultForm key={budget.version} budget={budget} />}
          </div>
        )}
      </Answered>
    </Section>
  );
}

/** The most that the API lists at once. */
const COUNTED = 100;

function DefaultForm({ budget }: { budget: Budget }) {
  const { organizationId: orgId } = useHere();
  const [draft, setDraft] = useState(() => draftOf(budget));
  const members = useQuery(asking('GET /orgs/{orgId}/members', { path: { orgId }, query: { limit: COUNTED } }));
  const submit = useSubmit(
    () =>
      purser.call('PUT /orgs/{orgId}/default-developer-budget', {
        path: { orgId },
        body: { ...bodyOf(draft), version: budget.version },
      }),
    {
      done: async ({ applied, pending }) => {
        toast.done(
          pending > 0
            ? `Saved. In force for ${formatCount(applied)}, within minutes for ${formatCount(pending)} more.`
            : `Saved, and in force for ${formatCount(applied)} members.`,
        );
        await forget(
          'GET /orgs/{orgId}/default-developer-budget',
          'GET /orgs/{orgId}/members',
          'GET /orgs/{orgId}/members/me',
          'GET /orgs/{orgId}/members/{memberId}',
        );
      },
    },
  );
  const said = members.data && consequences(draft, budget, members.data.members, members.data.nextCursor !== null);
  return (
    <Form submit={submit} className="flex max-w-2xl flex-col gap-4">
      <BudgetFields draft={draft} onDraft={setDraft} fallback={null} inCycle={budget.usageLimitBasis === 'cycle'} />
      <div aria-live="polite" className="empty:hidden">
        {said && <Banner variant="alert" title="Once you save" description={said} />}
      </div>
      <div>
        <SubmitButton>Save default</SubmitButton>
      </div>
    </Form>
  );
}

/** Whom a changed default reaches, before it is saved. */
function consequences(draft: BudgetDraft, budget: Budget, members: ListedMember[], more: boolean): string | null {
  if (JSON.stringify(draft) === JSON.stringify(draftOf(budget))) return null;
  const reached = members.filter(
    ({ role, budget: own }) => inherits(role) && (own.usageLimit === null || own.periodUsageLimit === null),
  );
  const names = reached.slice(0, 3).map(({ name }) => name);
  const rest = reached.length - names.length;
  const who =
    reached.length === 0
      ? 'It limits nobody’s spend at the moment'
      : `It applies at once to ${names.join(', ')}${rest > 0 ? ` and ${formatCount(rest)} more` : ''}`;
  const cycle =
    draft.total === 'cycle' && (draft.newCycle || budget.usageLimitBasis !== 'cycle')
      ? ' A new cycle starts at zero for those who inherit the one-time budget.'
      : '';
  return `${who}${more ? `, of the first ${COUNTED} members` : ''}. What is lower than what they spent refuses their requests.${cycle}`;
}
