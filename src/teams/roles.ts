/**
 * Who may do what: one table of abilities by role, one of features by plan. The guard (guard.ts) decides by them,
 * and `GET /me` shows them; handlers never ask for a role themselves.
 */

export const ROLES = ['owner', 'admin', 'finance', 'developer', 'basic', 'api'] as const;

export type Role = (typeof ROLES)[number];

export const PLANS = ['free', 'pro', 'enterprise'] as const;

export type Plan = (typeof PLANS)[number];

const ABILITIES = {
  'organization.read': ['owner', 'admin', 'finance', 'developer', 'basic'],
  'organization.own': ['owner'],
  'organization.write': ['owner', 'admin', 'finance'],
  'settings.write': ['owner', 'admin'],
  'billing.write': ['owner', 'finance'],
  'seats.read': ['owner', 'admin', 'finance'],
  'seats.buy': ['owner', 'finance'],
  'members.read': ['owner', 'admin', 'finance'],
  'members.write': ['owner', 'admin'],
  'budgets.read': ['owner', 'admin', 'finance'],
  'budgets.write': ['owner', 'admin', 'finance'],
  /** Of one's own, one's requests for more. */
  'budgets.ask': ['owner', 'admin', 'finance', 'developer', 'basic'],
  'projects.read': ['owner', 'admin', 'finance', 'developer', 'basic'],
  'projects.write': ['owner', 'admin'],
  /** API keys of one's own; `keys.manage` is those of everybody. */
  'keys.own': ['owner', 'admin', 'developer'],
  'keys.manage': ['owner', 'admin'],
  /** Asking models in the dashboard, as oneself. */
  playground: ['owner', 'admin', 'finance', 'developer', 'basic'],
  'master_keys.read': ['owner', 'admin'],
  'master_keys.write': ['owner'],
  'provider_keys.read': ['owner', 'admin'],
  'provider_keys.write': ['owner', 'admin'],
  'wallet.read': ['owner', 'admin', 'finance'],
  'transactions.read': ['owner', 'admin', 'finance'],
  'statements.read': ['owner', 'admin', 'finance'],
  'health.read': ['owner', 'admin', 'finance'],
  /** One's own; `requests.read` is those of everybody. */
  'requests.own': ['owner', 'admin', 'finance', 'developer'],
  'requests.read': ['owner', 'admin', 'finance'],
  'analytics.organization': ['owner', 'admin'],
  'analytics.members': ['owner', 'admin'],
  /** Of a project: who does not see the organization's sees only what is their own in it. */
  'analytics.projects': ['owner', 'admin', 'developer', 'basic'],
  'audit.read': ['owner', 'admin'],
  'rollups.run': ['owner', 'admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Ability = keyof typeof ABILITIES;

export const ABILITY_NAMES = Object.keys(ABILITIES) as Ability[];

const PLAN_FEATURES = {
  'analytics.organization': ['enterprise'],
  'analytics.members': ['enterprise'],
  'projects.scoped': ['enterprise'],
  'audit.export': ['enterprise'],
} as const satisfies Record<string, readonly Plan[]>;

export type PlanFeature = keyof typeof PLAN_FEATURES;

export const FEATURE_NAMES = Object.keys(PLAN_FEATURES) as PlanFeature[];

/** Active API keys that a plan allows an organization. */
export const PLAN_KEYS_MAX: Record<Plan, number> = { free: 5, pro: 20, enterprise: 500 };

/** What seats a plan has: how many come with it (null: as many as a contract says), and what one more costs a month (null: there are no more). */
export const PLAN_SEATS: Record<Plan, { included: number | null; priceUsd: string | null }> = {
  free: { included: 3, priceUsd: null },
  pro: { included: 3, priceUsd: '10' },
  enterprise: { included: null, priceUsd: null },
};

/** What a plan itself costs a month; null: by contract, or not sold. */
export const PLAN_PRICE_USD: Record<Plan, string | null> = { free: null, pro: '20', enterprise: null };

/** Days that a plan keeps audit entries. Two years let an auditor see the whole of the last one at any time. */
export const PLAN_AUDIT_DAYS: Record<Plan, number> = { free: 30, pro: 30, enterprise: 730 };

export const PLAN_NAMES: Record<Plan, string> = { free: 'Free', pro: 'Pro', enterprise: 'Enterprise' };

export function roleMay(role: Role, ability: Ability): boolean {
  const roles: readonly Role[] = ABILITIES[ability];
  return roles.includes(role);
}

/** The roles that may, in the table's order. */
export function rolesThatMay(ability: Ability): readonly Role[] {
  return ABILITIES[ability];
}

/** All that a role may, in the table's order. */
export function abilitiesOf(role: Role): Ability[] {
  return ABILITY_NAMES.filter((ability) => roleMay(role, ability));
}

/** All that a plan has, in the table's order. */
export function featuresOf(plan: Plan): PlanFeature[] {
  return FEATURE_NAMES.filter((feature) => planHas(plan, feature));
}

export function planHas(plan: Plan, feature: PlanFeature): boolean {
  const plans: readonly Plan[] = PLAN_FEATURES[feature];
  return plans.includes(plan);
}

/** Whether a member of this role uses only the projects granted to it. Owners and admins use all. */
export function isProjectScoped(role: Role, plan: Plan): boolean {
  return (role === 'developer' || role === 'api') && planHas(plan, 'projects.scoped');
}

/** Whether a role sees only the projects granted to it: who uses only those, and basic members, who manage nothing. */
export function seesGrantedOnly(role: Role, plan: Plan): boolean {
  return role === 'basic' || isProjectScoped(role, plan);
}

/** The roles to which the developer default applies: owners, admins and finance never inherit. */
export const INHERITING_ROLES: readonly Role[] = ['developer', 'basic', 'api'];

/** Whether keys may be made for a member of this role. Other people have those of the playground only. */
export function mayOwnKeys(role: Role): boolean {
  return role === 'owner' || role === 'admin' || role === 'developer' || role === 'api';
}
