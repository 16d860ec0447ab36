/** Inviting somebody: address, role, projects and a first budget; with the seats that are left, and what one more costs before it is bought. */
import { Banner } from '@cloudflare/kumo/components/banner';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { NO_BUDGET } from '../../../teams/budget-shape.ts';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Money } from '../../parts/money.tsx';
import { asking, forget, isRefusal, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { bodyOf, draftOf } from './budget-draft.ts';
import { BudgetFields } from './budget-fields.tsx';
import { inherits } from './budget-words.ts';
import { hasProjects, ProjectChoice } from './project-choice.tsx';
import { RolePicker } from './role-picker.tsx';
import { GIVEN_ROLES, type Role } from './roles.ts';
import { SeatsLeft } from './seats.tsx';

export default function InviteDialog({ close }: { close: () => void }) {
  const here = useHere();
  const { organizationId: orgId } = here;
  const seats = useQuery(asking('GET /orgs/{orgId}/seats', { path: { orgId } }));
  const fallback = useQuery(asking('GET /orgs/{orgId}/default-developer-budget', { path: { orgId } }));
  const [role, setRole] = useState<Role>('developer');
  const [projects, setProjects] = useState<string[]>([]);
  const [draft, setDraft] = useState(() => draftOf(NO_BUDGET));
  /** What one more seat costs, once the server asked whether that is accepted. */
  const [quote, setQuote] = useState<string | null>(null);
  const cost = quote ?? (seats.data?.left === 0 ? seats.data.proratedCost : null);
  const submit = useSubmit(
    (typed) =>
      purser.call('POST /orgs/{orgId}/invitations', {
        path: { orgId },
        body: {
          email: typed.text('email'),
          role: GIVEN_ROLES.find((each) => each === role) ?? 'developer',
          projects: hasProjects(role) ? projects : [],
          budget: bodyOf(draft),
          ...(cost !== null && here.may('seats.buy') && { acceptSeatCost: cost }),
        },
      }),
    {
      done: async (invited) => {
        if ('email' in invited) toast.done(`${invited.email} is invited, by a mail that is good for 30 days.`);
        close();
        await forget('GET /orgs/{orgId}/invitations', 'GET /orgs/{orgId}/seats');
      },
    },
  );
  const { error } = submit;
  const fresh = isRefusal(error, 402) ? error.metadata.seatCost : null;
  if (typeof fresh === 'string' && fresh !== quote) setQuote(fresh);
  return (
    <Modal
      title="Invite somebody"
      description="They get a mail with a link that is good for 30 days."
      size="xl"
      close={close}
    >
      <Form submit={submit}>
        <TextField name="email" label="Email" type="email" autoComplete="off" required />
        <RolePicker
          roles={here.may('organization.own') ? GIVEN_ROLES : GIVEN_ROLES.slice(1)}
          role={role}
          onRole={setRole}
        />
        {hasProjects(role) && <ProjectChoice chosen={projects} onChosen={setProjects} />}
        <details>
          <summary className="cursor-pointer rounded font-medium text-kumo-default focus-visible:outline-2 focus-visible:outline-kumo-focus">
            Budget from the first request on
          </summary>
          <div className="mt-3 flex flex-col gap-4">
            <BudgetFields draft={draft} onDraft={setDraft} fallback={inherits(role) ? (fallback.data ?? null) : null} />
          </div>
        </details>
        {seats.data && <SeatsLeft seats={seats.data} />}
        {cost !== null &&
          (here.may('seats.buy') ? (
            <Banner
              description={
                <>
                  Inviting buys a seat for <Money amount={cost} />, for the rest of this month.
                </>
              }
            />
          ) : (
            <Banner variant="alert" description="Only owners and finance admins can buy the seat that this takes." />
          ))}
        <DialogEnd close={close}>
          <SubmitButton>
            {cost !== null && here.may('seats.buy') ? (
              <>
                Invite and buy a seat for <Money amount={cost} />
              </>
            ) : (
              'Invite'
            )}
          </SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
