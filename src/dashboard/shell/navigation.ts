/**
 * What each role and plan sees in the sidebar and the command palette: the one table of it. `needs` is an ability of the server's own
 * table (GET /me tells them), `feature` marks an entry that only a larger plan has before anyone clicks.
 */
import {
  BooksIcon,
  ChartBarIcon,
  ChatCircleIcon,
  CreditCardIcon,
  FolderIcon,
  GaugeIcon,
  GearIcon,
  HouseIcon,
  type Icon,
  KeyIcon,
  ListMagnifyingGlassIcon,
  UsersIcon,
} from '@phosphor-icons/react';
import type { Ability, Feature, Here } from './session.ts';

export interface Entry {
  label: string;
  icon: Icon;
  /** Under the organization's address; '' is its home. */
  path: string;
  /** What its role must be able to do; without one, every member sees it. */
  needs?: Ability;
  /** What its plan must have. It is shown all the same, and marked. */
  feature?: Feature;
  group: 'you' | 'team' | 'organization';
}

const ENTRIES: Entry[] = [
  { label: 'Home', icon: HouseIcon, path: '', group: 'you' },
  { label: 'Playground', icon: ChatCircleIcon, path: 'playground', group: 'you' },
  { label: 'API keys', icon: KeyIcon, path: 'keys', needs: 'keys.own', group: 'you' },
  { label: 'Projects', icon: FolderIcon, path: 'projects', needs: 'analytics.projects', group: 'you' },
  { label: 'Team', icon: UsersIcon, path: 'team', needs: 'members.read', group: 'team' },
  { label: 'Budgets', icon: GaugeIcon, path: 'budgets', needs: 'budgets.read', group: 'team' },
  {
    label: 'Analytics',
    icon: ChartBarIcon,
    path: 'analytics',
    needs: 'analytics.organization',
    feature: 'analytics.organization',
    group: 'team',
  },
  { label: 'Requests', icon: ListMagnifyingGlassIcon, path: 'requests', needs: 'requests.read', group: 'team' },
  { label: 'Billing', icon: CreditCardIcon, path: 'billing', needs: 'wallet.read', group: 'organization' },
  { label: 'Audit log', icon: BooksIcon, path: 'audit-log', needs: 'audit.read', group: 'organization' },
  { label: 'Settings', icon: GearIcon, path: 'settings', needs: 'provider_keys.read', group: 'organization' },
];

export const GROUPS: { group: Entry['group']; label: string | null }[] = [
  { group: 'you', label: null },
  { group: 'team', label: 'Team' },
  { group: 'organization', label: 'Organization' },
];

/** None of a deleted organization: its owners can have it back, and that is all. */
export function entriesFor(here: Here): Entry[] {
  if (here.deletedAt !== null) return [];
  return ENTRIES.filter(({ needs }) => needs === undefined || here.may(needs));
}

/** Whether the organization's plan lacks what the entry shows. */
export function isMarked(here: Here, { feature }: Entry): boolean {
  return feature !== undefined && !here.has(feature);
}

export function addressOf(organizationId: string, path: string): string {
  return `/orgs/${organizationId}${path && `/${path}`}`;
}
