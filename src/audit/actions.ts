/**
 * Everything that the audit log tells of, and the kind of thing it happened to. Who adds a changing route adds its
 * action here; filters go by the part before a dot (`member.` finds all of a member's).
 */

const ACTIONS = {
  'user.password.changed': 'user',
  'user.password.reset': 'user',
  'user.second_factor.enabled': 'user',
  'user.second_factor.disabled': 'user',
  'user.backup_codes.renewed': 'user',
  'user.passkey.added': 'user',
  'user.passkey.removed': 'user',
  'user.provider.linked': 'user',
  'user.sessions.ended': 'user',
  'member.budget.updated': 'member',
  'member.warnings.updated': 'member',
  'member.created': 'member',
  'member.joined': 'member',
  'member.updated': 'member',
  'member.removed': 'member',
  'member.left': 'member',
  'owner.handed_over': 'member',
  'invitation.created': 'invitation',
  'invitation.imported': 'organization',
  'invitation.budget.updated': 'invitation',
  'invitation.resent': 'invitation',
  'invitation.revoked': 'invitation',
  'budget_request.created': 'budget_request',
  'budget_request.granted': 'budget_request',
  'budget_request.declined': 'budget_request',
  'default_budget.updated': 'organization',
  'project.created': 'project',
  'project.updated': 'project',
  'project.archived': 'project',
  'project.restored': 'project',
  'project.routing.updated': 'project',
  'api_key.created': 'api_key',
  'api_key.updated': 'api_key',
  'api_key.rolled': 'api_key',
  'api_key.deleted': 'api_key',
  'master_key.created': 'master_key',
  'master_key.deleted': 'master_key',
  'provider_key.created': 'provider_key',
  'provider_key.updated': 'provider_key',
  'provider_key.tested': 'provider_key',
  'provider_key.deleted': 'provider_key',
  'provider_keys.resealed': 'deployment',
  'organization.created': 'organization',
  'organization.converted': 'organization',
  'organization.deleted': 'organization',
  'organization.restored': 'organization',
  'organization.plan.updated': 'organization',
  'organization.seats.updated': 'organization',
  'organization.settings.updated': 'organization',
  'organization.metered.updated': 'organization',
  'database.restored': 'organization',
  'member.rebuilt': 'member',
  'set_up_code.created': 'deployment',
  'price.set': 'price',
  'price.cleared': 'price',
  'wallet.entry.posted': 'wallet_entry',
} as const satisfies Record<string, string>;

export type Action = keyof typeof ACTIONS;

export function targetKindOf(action: Action): string {
  return ACTIONS[action];
}
