/** In the place of what only a team has: a personal organization is made a team here, or one joins another's. */

import { Button } from '@cloudflare/kumo/components/button';
import { UsersIcon } from '@phosphor-icons/react';
import { useState } from 'react';
import { DialogEnd, Modal } from '../../parts/dialog.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Section } from '../../parts/page.tsx';
import { purser, queryClient } from '../../shell/api.ts';
import { useHere, useMe } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

export function Personal({ what }: { what: string }) {
  const here = useHere();
  const { user } = useMe();
  const [converting, setConverting] = useState(false);
  return (
    <div className="grid gap-6 lg:grid-cols-2">
      <Section title="Convert to a team">
        <p className="text-kumo-default">
          {what} are for teams. {here.name} is a personal organization: made a team, it keeps its keys, projects and
          usage, and others can be invited. That cannot be undone.
        </p>
        {here.may('organization.own') && (
          <Button className="mt-4" variant="primary" icon={UsersIcon} onClick={() => setConverting(true)}>
            Convert
          </Button>
        )}
      </Section>
      <Section title="Join a team">
        <p className="text-kumo-default">
          Ask an owner or admin of the team to invite <strong className="font-medium">{user.email}</strong>. The mail
          has a link; once you follow it, the team is in the list of organizations at the top left.
        </p>
      </Section>
      {converting && <Convert close={() => setConverting(false)} />}
    </div>
  );
}

function Convert({ close }: { close: () => void }) {
  const { organizationId: orgId, name } = useHere();
  const submit = useSubmit(
    (typed) => purser.call('POST /orgs/{orgId}/convert', { path: { orgId }, body: { name: typed.text('name') } }),
    {
      done: async (organization) => {
        close();
        toast.done(`${organization.name} is a team now.`);
        await queryClient.invalidateQueries();
      },
    },
  );
  return (
    <Modal title="Convert to a team" description="This cannot be undone." size="sm" close={close}>
      <Form submit={submit}>
        <TextField name="name" label="Name of the team" defaultValue={name} autoComplete="off" required />
        <DialogEnd close={close}>
          <SubmitButton>Convert to a team</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}
