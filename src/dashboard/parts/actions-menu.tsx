/** The menu at the end of a row: what can be done to what it is of. */
import { Button } from '@cloudflare/kumo/components/button';
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown';
import { DotsThreeIcon } from '@phosphor-icons/react';
import type { ReactNode } from 'react';

export function ActionsMenu({ of, children }: { of: string; children: ReactNode }) {
  return (
    <div className="flex justify-end">
      <DropdownMenu>
        <DropdownMenu.Trigger
          render={
            <Button
              variant="ghost"
              size="sm"
              shape="square"
              icon={<DotsThreeIcon weight="bold" className="size-5" />}
              aria-label={`Actions for ${of}`}
            />
          }
        />
        <DropdownMenu.Content align="end">{children}</DropdownMenu.Content>
      </DropdownMenu>
    </div>
  );
}
