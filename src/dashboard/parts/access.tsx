/** Where somebody may not: which role it takes, or which plan. The server decides; this says it before it is asked. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { LockIcon } from '@phosphor-icons/react';
import type { ReactNode } from 'react';
import { PLAN_NAMES, PLAN_PRICE_USD } from '../../teams/roles.ts';
import { BASE } from '../shell/base.ts';
import { AppLink } from '../shell/link.tsx';
import { type Ability, useHere } from '../shell/session.ts';
import { shortMoney } from './amounts.ts';

/** Instead of a page that this member's role does not have. `roles` as a person says them: "owners and admins". @public */
export function AccessNotice({ roles, what }: { roles: string; what: string }) {
  const { role } = useHere();
  return (
    <div className="flex flex-col items-center gap-2 rounded-lg px-4 py-12 text-center ring ring-kumo-hairline">
      <LockIcon aria-hidden="true" className="size-6 text-kumo-subtle" />
      <p className="font-medium text-kumo-default">
        Only {roles} can see {what}.
      </p>
      <p className="text-kumo-subtle">Your role here is {role}. An owner or admin can change it.</p>
    </div>
  );
}

/** What follows if the role may, else the notice. */
export function Needs({
  ability,
  roles,
  what,
  children,
}: {
  ability: Ability;
  roles: string;
  what: string;
  children: ReactNode;
}) {
  return useHere().may(ability) ? children : <AccessNotice roles={roles} what={what} />;
}

/**
 * On the page itself where the plan lacks it: what it would show, with `sample`, which is marked as such and read to nobody as if it
 * were theirs.
 */
export function UpgradeCard({ what, sample }: { what: string; sample: ReactNode }) {
  const here = useHere();
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-4 rounded-lg bg-kumo-base p-5 ring ring-kumo-hairline">
        <div className="min-w-0">
          <h2 className="font-semibold text-kumo-default">{what} comes with the Enterprise plan</h2>
          <p className="mt-1 text-kumo-subtle">
            {here.name} is on the {PLAN_NAMES[here.plan]} plan. {priceWords()} Below is sample data, to show what it
            looks like.
          </p>
        </div>
        {here.may('billing.write') ? (
          <AppLink
            href={`${BASE}/orgs/${here.organizationId}/billing?view=plan`}
            className="rounded-lg bg-kumo-contrast px-3 py-2 font-medium text-kumo-inverse"
          >
            See plans
          </AppLink>
        ) : (
          <p className="text-kumo-subtle">An owner can change the plan.</p>
        )}
      </div>
      <section aria-label="Sample data" className="relative" inert>
        <div className="absolute top-3 right-3 z-[1]">
          <Badge variant="outline">Sample data</Badge>
        </div>
        {sample}
      </section>
    </div>
  );
}

function priceWords(): string {
  const price = PLAN_PRICE_USD.enterprise;
  return price === null ? 'Enterprise is by contract.' : `Enterprise is ${shortMoney(price)} a month.`;
}
