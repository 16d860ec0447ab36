/** Invitations that wait: resent, their budget changed, revoked. Only for who may invite. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown';
import { EnvelopeIcon, GaugeIcon, TrashIcon } from '@phosphor-icons/react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Invitation } from '../../../../client/index.ts';
import { ActionsMenu } from '../../parts/actions-menu.tsx';
import { Moment } from '../../parts/dates.tsx';
import { Confirm } from '../../parts/dialog.tsx';
import { Section } from '../../parts/page.tsx';
import { Nothing } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { inherits, limitsOf, limitsWords } from './budget-words.ts';
import { InvitationBudget } from './invitation-budget.tsx';
import { ROLE_CARDS } from './roles.ts';

type Asked = { deed: 'revoke' | 'budget'; invitation: Invitation } | null;

export function Invitations({ q }: { q: string | undefined }) {
  const { organizationId: orgId } = useHere();
  const [asked, setAsked] = useState<Asked>(null);
  const invitations = useQuery(
    asking('GET /orgs/{orgId}/invitations', { path: { orgId }, query: { limit: 100, q, sort: '-createdAt' } }),
  );
  const fallback = useQuery(asking('GET /orgs/{orgId}/default-developer-budget', { path: { orgId } }));
  const close = () => setAsked(null);
  if (invitations.data?.invitations.length === 0) return null;
  const columns: Column<Invitation>[] = [
    {
      header: 'Email',
      cell: ({ email }) => (
        <p className="truncate font-medium max-sm:max-w-32" title={email}>
          {email}
        </p>
      ),
    },
    { header: 'Role', cell: ({ role }) => ROLE_CARDS[role].name },
    {
      header: 'Budget',
      cell: ({ budget, role }) => limitsWords(limitsOf(budget, inherits(role) ? (fallback.data ?? null) : null)),
      from: 'md',
    },
    {
      header: 'Status',
      cell: ({ status, expiresAt }) =>
        status === 'expired' ? (
          <Badge variant="warning">Expired</Badge>
        ) : (
          <span className="text-kumo-subtle">
            expires <Moment at={expiresAt} />
          </span>
        ),
      from: 'sm',
    },
    {
      header: 'Actions',
      cell: (invitation) => <Actions invitation={invitation} ask={setAsked} />,
      align: 'right',
    },
  ];
  return (
    <Section title="Pending invitations" card={false}>
      <Table
        label="Pending invitations"
        columns={columns}
        rows={invitations.data?.invitations}
        idOf={({ id }) => id}
        error={invitations.error}
        again={invitations.refetch}
        empty={<Nothing title="Nobody is invited" />}
      />
      {asked?.deed === 'revoke' && (
        <Confirm
          title={`Revoke the invitation of ${asked.invitation.email}?`}
          consequence="Its link is dead at once and its seat is free. You can invite them again."
          deed="Revoke invitation"
          act={async () => {
            await purser.call('DELETE /orgs/{orgId}/invitations/{invitationId}', {
              path: { orgId, invitationId: asked.invitation.id },
            });
            toast.done(`The invitation of ${asked.invitation.email} is revoked.`);
            await forget('GET /orgs/{orgId}/invitations', 'GET /orgs/{orgId}/seats');
          }}
          close={close}
        />
      )}
      {asked?.deed === 'budget' && (
        <InvitationBudget invitation={asked.invitation} fallback={fallback.data ?? null} close={close} />
      )}
    </Section>
  );
}

function Actions({ invitation, ask }: { invitation: Invitation; ask: (asked: Asked) => void }) {
  const { organizationId: orgId } = useHere();
  const resend = useMutation({
    mutationFn: () =>
      purser.call('POST /orgs/{orgId}/invitations/{invitationId}/resend', {
        path: { orgId, invitationId: invitation.id },
      }),
    onSuccess: async () => {
      toast.done(`A new link is mailed to ${invitation.email}; the one before is dead.`);
      await forget('GET /orgs/{orgId}/invitations', 'GET /orgs/{orgId}/seats');
    },
    onError: toast.failed,
  });
  return (
    <ActionsMenu of={invitation.email}>
      <DropdownMenu.Item icon={EnvelopeIcon} onClick={() => resend.mutate()}>
        Mail a new link
      </DropdownMenu.Item>
      <DropdownMenu.Item icon={GaugeIcon} onClick={() => ask({ deed: 'budget', invitation })}>
        Manage budget
      </DropdownMenu.Item>
      <DropdownMenu.Separator />
      <DropdownMenu.Item icon={TrashIcon} variant="danger" onClick={() => ask({ deed: 'revoke', invitation })}>
        Revoke
      </DropdownMenu.Item>
    </ActionsMenu>
  );
}
