/** What each role can do, as its info card says. The server decides by its own table (roles.ts of teams); this is that table in sentences. */
import type { Member } from '../../../../client/index.ts';

export type Role = Member['role'];

/** Those that somebody is given; `api` is of members who are programs. */
export const GIVEN_ROLES = ['owner', 'admin', 'finance', 'developer', 'basic'] as const;

interface RoleCard {
  name: string;
  /** In a line. */
  about: string;
  can: string[];
  cannot: string[];
}

export const ROLE_CARDS: Record<Role, RoleCard> = {
  owner: {
    name: 'Owner',
    about: 'Everything, the organization itself included.',
    can: [
      'All that an admin can, for owners too',
      'Plan, seats, wallet and billing details',
      'Make and revoke master keys',
      'Delete the organization',
    ],
    cannot: [],
  },
  admin: {
    name: 'Admin',
    about: 'Runs the team: people, projects, keys, budgets.',
    can: [
      'Invite and remove members, change roles, projects and rules',
      'Set budgets, the developer default, grant requests for more',
      'All projects and all API keys, routing, provider keys, settings',
      'Analytics of the organization and of members, audit log',
      'Read transactions and invoices',
    ],
    cannot: ['Change owners or their budgets', 'Change the plan, seats or wallet'],
  },
  finance: {
    name: 'Finance',
    about: 'Money: billing and budgets.',
    can: [
      'Plan, seats, wallet and billing details',
      'Transactions, invoices, statements, spend of the team',
      'Set budgets, the developer default, grant requests for more',
      'The playground',
    ],
    cannot: ['Change owners’ budgets', 'API keys, invitations, roles, projects', 'Analytics of the organization'],
  },
  developer: {
    name: 'Developer',
    about: 'Uses models by keys of their own.',
    can: [
      'API keys of their own, in the projects granted to them',
      'Their own usage in those projects',
      'Their own budget, and to ask for more',
      'The playground',
    ],
    cannot: ['See other members, their keys or what they spend'],
  },
  basic: {
    name: 'Basic',
    about: 'Uses the playground.',
    can: ['The playground', 'Their own usage and budget, and to ask for more'],
    cannot: ['API keys', 'See other members or what they spend'],
  },
  api: {
    name: 'API only',
    about: 'A program: no sign-in, no seat.',
    can: ['What its API keys allow, which owners and admins make for it'],
    cannot: ['Sign in'],
  },
};
