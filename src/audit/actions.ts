/**
 * Everything that the audit log tells of, and the kind of thing it happened to. Who adds a changing route adds its
 * action here; filters go by the part before a dot (`member.` finds all of a member's).
 */

const ACTIONS = {
  'member.budget.updated': 'member',
  'default_budget.updated': 'organization',
  'project.created': 'project',
  'project.updated': 'project',
  'project.archived': 'project',
  'project.restored': 'project',
  'api_key.created': 'api_key',
  'api_key.updated': 'api_key',
  'api_key.rolled': 'api_key',
  'api_key.deleted': 'api_key',
  'master_key.created': 'master_key',
  'master_key.deleted': 'master_key',
  'organization.settings.updated': 'organization',
  'organization.metered.updated': 'organization',
  'wallet.entry.posted': 'wallet_entry',
} as const satisfies Record<string, string>;

export type Action = keyof typeof ACTIONS;

export function targetKindOf(action: Action): string {
  return ACTIONS[action];
}
