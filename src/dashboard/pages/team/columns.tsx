/** The columns of the team's table, and what can be done to a member. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown';
import { GaugeIcon, TrashIcon, UserGearIcon, UserIcon } from '@phosphor-icons/react';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Routes } from '../../../../client/index.ts';
import { ActionsMenu } from '../../parts/actions-menu.tsx';
import { Money } from '../../parts/money.tsx';
import { formatCompact, formatCount, formatShare } from '../../parts/numbers.ts';
import type { Column } from '../../parts/table.tsx';
import { useHere } from '../../shell/session.ts';
import { limitsWords } from './budget-words.ts';
import { Caps } from './caps.tsx';
import { ROLE_CARDS } from './roles.ts';

export type Row = Routes['GET /orgs/{orgId}/members']['answer']['members'][number];

/** What is being asked about one member. */
export type Asked = { deed: 'role' | 'remove'; member: Row } | null;

interface Shown {
  ask: (asked: Asked) => void;
  manage: (memberId: string) => void;
  /** Of each member, where they are shown. */
  rateOf: Map<string, number | null> | null;
}

export function useColumns({ ask, manage, rateOf }: Shown): Column<Row>[] {
  const here = useHere();
  const usage: Column<Row>[] = here.has('analytics.members')
    ? [
        { header: 'Cost', cell: ({ usage }) => <Money amount={usage?.cost} />, align: 'right' },
        {
          header: 'Tokens',
          cell: ({ usage }) => <span title={formatCount(usage?.tokens ?? 0)}>{formatCompact(usage?.tokens ?? 0)}</span>,
          align: 'right',
          from: 'lg',
        },
        { header: 'Requests', cell: ({ usage }) => formatCount(usage?.requests ?? 0), align: 'right', from: 'lg' },
        ...(rateOf
          ? [
              {
                header: 'Error rate',
                cell: ({ id }: Row) => formatShare(rateOf.get(id) ?? null),
                align: 'right' as const,
                from: 'xl' as const,
              },
            ]
          : []),
      ]
    : [];
  return [
    {
      header: 'Member',
      sort: { by: 'name', first: 'up' },
      cell: ({ id, name, email }) => (
        <div className="min-w-0 wrap-anywhere max-sm:max-w-32">
          <Link
            to="/orgs/$orgId/team/$memberId"
            params={{ orgId: here.organizationId, memberId: id }}
            className="font-medium hover:underline"
          >
            {name}
          </Link>
          {id === here.memberId && <span className="text-kumo-subtle"> (you)</span>}
          <p className="truncate text-xs text-kumo-subtle" title={email ?? undefined}>
            {email ?? 'a program'}
          </p>
        </div>
      ),
    },
    {
      header: 'Role',
      sort: { by: 'role', first: 'up' },
      cell: ({ role }) => <Badge variant="outline">{ROLE_CARDS[role].name}</Badge>,
      from: 'sm',
    },
    {
      header: 'Budget',
      cell: ({ effectiveBudget }) => (
        <>
          {limitsWords(effectiveBudget)}
          {effectiveBudget.inherited.some((field) => /usageLimit/i.test(field)) && (
            <p className="text-xs text-kumo-subtle">developer default</p>
          )}
        </>
      ),
      from: 'md',
    },
    {
      header: 'Spend',
      sort: { by: 'lifetimeUsage', first: 'down' },
      cell: (member) => <Caps member={member} />,
    },
    ...usage,
    {
      header: 'Keys',
      cell: ({ status }) => (status.activeApiKeys === null ? '–' : formatCount(status.activeApiKeys)),
      align: 'right',
      from: 'xl',
    },
    {
      header: 'Actions',
      cell: (member) => <Actions member={member} ask={ask} manage={manage} />,
      align: 'right',
    },
  ];
}

function Actions({ member, ask, manage }: { member: Row } & Pick<Shown, 'ask' | 'manage'>) {
  const here = useHere();
  const navigate = useNavigate();
  // Owners are changed by owners: what the server refuses anybody else is not offered.
  const reaches = member.role !== 'owner' || here.may('organization.own');
  return (
    <ActionsMenu of={member.name}>
      <DropdownMenu.Item
        icon={UserIcon}
        onClick={() =>
          navigate({
            to: '/orgs/$orgId/team/$memberId',
            params: { orgId: here.organizationId, memberId: member.id },
          })
        }
      >
        See details
      </DropdownMenu.Item>
      {reaches && here.may('budgets.write') && (
        <DropdownMenu.Item icon={GaugeIcon} onClick={() => manage(member.id)}>
          Manage budget
        </DropdownMenu.Item>
      )}
      {reaches && here.may('members.write') && (
        <>
          <DropdownMenu.Item icon={UserGearIcon} onClick={() => ask({ deed: 'role', member })}>
            {member.role === 'api' ? 'Projects' : 'Role and projects'}
          </DropdownMenu.Item>
          <DropdownMenu.Separator />
          <DropdownMenu.Item icon={TrashIcon} variant="danger" onClick={() => ask({ deed: 'remove', member })}>
            Remove
          </DropdownMenu.Item>
        </>
      )}
    </ActionsMenu>
  );
}
