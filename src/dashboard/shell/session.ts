/**
 * Who is signed in, and what they may in the organization that is open: what `GET /me` tells, which is the server's table of roles and
 * plans. Pages ask `may` and `has` here and never compare roles.
 */
import { useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { Me } from '../../../client/index.ts';
import { asking, purser } from './api.ts';

export type Membership = Me['memberships'][number];
export type Ability = Membership['abilities'][number];
export type Feature = Membership['features'][number];

const LAST_ORGANIZATION = 'purser.organization';

export const meQuery = { ...asking('GET /me'), staleTime: 60_000, retry: false };

export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

export interface Here extends Membership {
  /** Whether the signed-in member's role lets them do that here. */
  may(ability: Ability): boolean;
  /** Whether the organization's plan has that. */
  has(feature: Feature): boolean;
}

/** The organization that is open, as the signed-in member has it. */
export function useHere(): Here {
  const { orgId } = useParams({ strict: false });
  const membership = useMe().memberships.find(({ organizationId }) => organizationId === orgId);
  if (!membership) throw new Error('useHere outside of an organization of this person');
  return hereOf(membership);
}

function hereOf(membership: Membership): Here {
  return {
    ...membership,
    may: (ability) => membership.abilities.includes(ability),
    has: (feature) => membership.features.includes(feature),
  };
}

/** Which organization to open where the address names none: the one that was open last, else a team, else any. */
export function usualOrganization(me: Me): Membership | null {
  const open = me.memberships.filter(({ deletedAt }) => deletedAt === null);
  const last = remembered();
  return (
    open.find(({ organizationId }) => organizationId === last) ??
    open.find(({ kind }) => kind === 'team') ??
    open[0] ??
    null
  );
}

export function rememberOrganization(organizationId: string): void {
  try {
    localStorage.setItem(LAST_ORGANIZATION, organizationId);
  } catch {
    // Storage is closed to us: the next visit opens another one, no more.
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(LAST_ORGANIZATION);
  } catch {
    return null;
  }
}

/** Ends the session. Whoever calls this has the browser load a page anew, so that the tab remembers nothing of it. */
export async function signOut(): Promise<void> {
  await purser.call('POST /auth/sign-out');
}
