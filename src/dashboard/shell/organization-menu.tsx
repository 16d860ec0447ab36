/** The organization switcher. */
import { Button } from '@cloudflare/kumo/components/button';
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown';
import { BuildingsIcon, CaretUpDownIcon, CheckIcon, UserIcon } from '@phosphor-icons/react';
import { useRouter } from '@tanstack/react-router';
import { useHere, useMe } from './session.ts';

export default function OrganizationMenu() {
  const here = useHere();
  const { memberships } = useMe();
  const router = useRouter();
  return (
    <DropdownMenu>
      <DropdownMenu.Trigger
        render={
          <Button
            variant="ghost"
            className="w-full min-w-0 justify-between"
            aria-label={`Organization: ${here.name}. Switch`}
          >
            <span className="truncate font-medium">{here.name}</span>
            <CaretUpDownIcon className="shrink-0 text-kumo-subtle" />
          </Button>
        }
      />
      <DropdownMenu.Content align="start">
        {memberships.map(({ organizationId, name, kind, deletedAt }) => (
          <DropdownMenu.Item
            key={organizationId}
            icon={organizationId === here.organizationId ? CheckIcon : kind === 'team' ? BuildingsIcon : UserIcon}
            onClick={() => router.navigate({ to: '/orgs/$orgId', params: { orgId: organizationId } })}
          >
            {name}
            {deletedAt && <span className="ml-2 text-kumo-subtle">deleted</span>}
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}
