/** Changing a member's role and projects, with what they lose by it said before. */
import { Banner } from '@cloudflare/kumo/components/banner';
import { useState } from 'react';
import type { ListedMember } from '../../../../client/index.ts';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, useSubmit } from '../../parts/form.tsx';
import { forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { inherits } from './budget-words.ts';
import { hasProjects, ProjectChoice } from './project-choice.tsx';
import { RolePicker } from './role-picker.tsx';
import { GIVEN_ROLES, type Role } from './roles.ts';

type Changed = Pick<ListedMember, 'id' | 'name' | 'role' | 'projects' | 'version'>;

export default function RoleDialog({ member: now, close }: { member: Changed; close: () => void }) {
  const here = useHere();
  const { organizationId: orgId } = here;
  // Of when the dialog was opened: what somebody else changes meanwhile makes this one stale, which the server says.
  const [member] = useState(now);
  const [role, setRole] = useState<Role>(member.role);
  const [projects, setProjects] = useState(member.projects);
  const isProgram = member.role === 'api';
  const said = roleConsequences(member, role);
  const submit = useSubmit(
    () =>
      purser.call('PATCH /orgs/{orgId}/members/{memberId}', {
        path: { orgId, memberId: member.id },
        body: {
          ...(role !== member.role && { role }),
          projects: hasProjects(role) ? projects : member.projects,
          version: member.version,
        },
      }),
    {
      done: async ({ name, pending }) => {
        toast.done(pending ? 'Saved. It is in force within minutes.' : `${name} is changed.`);
        close();
        await forget('GET /orgs/{orgId}/members', 'GET /orgs/{orgId}/members/{memberId}');
      },
    },
  );
  return (
    <Modal title={isProgram ? `Projects of ${member.name}` : `Role of ${member.name}`} size="xl" close={close}>
      <Form submit={submit}>
        {!isProgram && (
          <RolePicker
            roles={here.may('organization.own') ? GIVEN_ROLES : GIVEN_ROLES.slice(1)}
            role={role}
            onRole={setRole}
          />
        )}
        {hasProjects(role) && <ProjectChoice chosen={projects} onChosen={setProjects} />}
        <div aria-live="polite" className="empty:hidden">
          {said && <Banner variant="alert" description={said} />}
        </div>
        <DialogEnd close={close}>
          <SubmitButton>Save</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}

const ownsKeys = (role: Role) => role !== 'basic' && role !== 'finance';

function roleConsequences({ name, role: was }: Changed, role: Role): string | null {
  if (role === was) return null;
  const said = [
    ...(ownsKeys(was) && !ownsKeys(role) ? [`The API keys of ${name} are refused as long as the role has none.`] : []),
    ...(inherits(role) && !inherits(was) ? ['The developer default applies where the budget says nothing.'] : []),
    ...(!inherits(role) && inherits(was) ? ['The developer default applies no longer.'] : []),
  ];
  return said.join(' ') || null;
}
