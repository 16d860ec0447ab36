/**
 * Who may do what, one row for each thing that a route can be asked for: what the walk (walk.worker.test.ts) compares
 * every route of the OpenAPI document with. A route without a row fails there.
 *
 * In an organization the guard's order holds: 401 for who is nobody, 404 for who is of another organization, 403
 * role_required for every role that `may` does not name, 403 plan_required where a `feature` is not in the plan, 403
 * team_required for what is `ofTeams` in a personal one. `otherwise` names what is decided later, and why.
 */
import { formatUsd, nanos, ZERO } from '../../src/money/nanos.ts';
import { monthOf, proratedCost } from '../../src/teams/seats.ts';
import type { Caller, Who } from './callers.ts';
import { type Ids, INVOICED, requestOfPerson, type World } from './world.ts';

/** `ok`, or a status and code. */
export type Outcome = string;

export interface Row {
  /** As the document has it. */
  route: string;
  /** What is asked for, where one route has several answers to who may. */
  asked?: string;
  may: readonly Who[];
  otherwise?: Partial<Record<Who, Outcome>>;
  feature?: true;
  ofTeams?: true;
  /** The entry that a success writes, in the log of each organization that the caller is a member of, or of the path's. */
  tells?: string;
  /** Of a route that is no GET: why a success writes no entry. */
  tellsNothing?: string;
  /** In the place of what the path's parameters mean by themselves. */
  path?: (ids: Ids, caller: Caller) => Partial<Ids> & Record<string, string>;
  query?: (ids: Ids, caller: Caller) => Record<string, string>;
  body?: (ids: Ids, caller: Caller) => unknown;
  /** What must be so before, other than the world as it is made. */
  given?: 'it is personal' | 'it is deleted' | 'it is on Pro' | 'somebody has asked for more';
}

const PEOPLE = ['owner', 'admin', 'finance', 'developer', 'developer not granted', 'basic'] as const;
const EVERYBODY = [...PEOPLE, 'master key'] as const;
const OWNER = ['owner'] as const;
const OWNERS_AND_FINANCE = ['owner', 'finance'] as const;
/** A master key acts as an admin. */
const ADMINS = ['owner', 'admin', 'master key'] as const;
const ADMINS_AND_FINANCE = [...ADMINS, 'finance'] as const;
const REQUEST_READERS = [...ADMINS_AND_FINANCE, 'developer', 'developer not granted'] as const;
const KEY_OWNERS = [...ADMINS, 'developer', 'developer not granted'] as const;

const NOT_OWNERS: Row['otherwise'] = { admin: '403 role_required', 'master key': '403 role_required' };
const UNSEEN: Outcome = '404 not_found';
const OF_ANOTHER: Row['otherwise'] = { developer: UNSEEN, 'developer not granted': UNSEEN };

const own = (_: Ids, { person }: Caller) => ({
  memberId: person?.memberId ?? 'mem_nobody',
  keyId: person?.keyId ?? 'key_nobody',
});
const thisMonth = () => ({ month: new Date().toISOString().slice(0, 7) });
const ofOwner = ({ otherOwnerId }: Ids) => ({ memberId: otherOwnerId });
const budget = () => ({ usageLimit: '12.5' });
const newName = () => ({ name: 'Another name' });
let nextCents = 0;
/** Each call invites somebody else. */
let guests = 0;
const newGuest = () => `guest-${guests++}@invited.example`;

/** Of an organization: under the guard. */
export const ORGANIZATION: readonly Row[] = [
  { route: 'GET /orgs/{orgId}', may: EVERYBODY },
  {
    route: 'PATCH /orgs/{orgId}',
    asked: 'a setting',
    may: ADMINS,
    // The guard lets in who may change anything here.
    otherwise: { finance: '403 role_required' },
    body: newName,
    tells: 'organization.settings.updated',
  },
  {
    route: 'PATCH /orgs/{orgId}',
    asked: 'billing details',
    may: OWNERS_AND_FINANCE,
    otherwise: NOT_OWNERS,
    body: () => ({ billingDetails: { name: 'Engines Ltd' } }),
    tells: 'organization.settings.updated',
  },
  { route: 'DELETE /orgs/{orgId}', may: OWNER, tells: 'organization.deleted' },
  { route: 'POST /orgs/{orgId}/restore', may: OWNER, given: 'it is deleted', tells: 'organization.restored' },
  {
    route: 'POST /orgs/{orgId}/convert',
    may: OWNER,
    given: 'it is personal',
    body: () => ({}),
    tells: 'organization.converted',
  },
  { route: 'GET /orgs/{orgId}/seats', may: ADMINS_AND_FINANCE },
  {
    route: 'POST /orgs/{orgId}/seats',
    may: OWNERS_AND_FINANCE,
    // The Free plan has no more than come with it.
    feature: true,
    ofTeams: true,
    given: 'it is on Pro',
    // Enough for all who are there already: fewer are not sold.
    body: () => {
      const nowMs = Date.now();
      const each = proratedCost({ plan: 'pro', period: monthOf(nowMs) }, nowMs) ?? ZERO;
      return { seats: 20, acceptSeatCost: formatUsd(nanos(20 * each)) };
    },
    tells: 'organization.seats.updated',
  },

  // Who may not see all members gets a list of themselves.
  { route: 'GET /orgs/{orgId}/members', may: EVERYBODY },
  {
    route: 'POST /orgs/{orgId}/members',
    may: ADMINS,
    ofTeams: true,
    body: ({ projectId }) => ({ name: 'Nightly job', apiOnly: true, projects: [projectId] }),
    tells: 'member.created',
  },
  // A master key is nobody's.
  { route: 'GET /orgs/{orgId}/members/me', may: PEOPLE, otherwise: { 'master key': UNSEEN } },
  {
    route: 'PATCH /orgs/{orgId}/members/me',
    may: PEOPLE,
    otherwise: { 'master key': UNSEEN },
    body: () => ({ budgetWarnings: [42] }),
    tells: 'member.warnings.updated',
  },
  { route: 'GET /orgs/{orgId}/members/{memberId}', asked: 'somebody else', may: ADMINS_AND_FINANCE },
  {
    route: 'GET /orgs/{orgId}/members/{memberId}',
    asked: 'oneself',
    may: PEOPLE,
    path: own,
    otherwise: { 'master key': UNSEEN },
  },
  {
    route: 'PATCH /orgs/{orgId}/members/{memberId}',
    asked: 'a developer',
    may: ADMINS,
    ofTeams: true,
    body: ({ projectId }) => ({ role: 'basic', projects: [projectId] }),
    tells: 'member.updated',
  },
  {
    route: 'PATCH /orgs/{orgId}/members/{memberId}',
    asked: 'an owner',
    may: OWNER,
    otherwise: NOT_OWNERS,
    ofTeams: true,
    path: ofOwner,
    body: () => ({ role: 'admin' }),
    tells: 'member.updated',
  },
  {
    route: 'PATCH /orgs/{orgId}/members/{memberId}',
    asked: 'to make an owner',
    may: OWNER,
    otherwise: NOT_OWNERS,
    ofTeams: true,
    body: () => ({ role: 'owner' }),
    tells: 'member.updated',
  },
  { route: 'DELETE /orgs/{orgId}/members/{memberId}', asked: 'a developer', may: ADMINS, tells: 'member.removed' },
  {
    route: 'DELETE /orgs/{orgId}/members/{memberId}',
    asked: 'an owner',
    may: OWNER,
    otherwise: NOT_OWNERS,
    path: ofOwner,
    tells: 'member.removed',
  },
  {
    route: 'DELETE /orgs/{orgId}/members/{memberId}',
    asked: 'oneself: leaving',
    may: PEOPLE,
    otherwise: { 'master key': UNSEEN },
    path: own,
    tells: 'member.left',
  },
  {
    route: 'PUT /orgs/{orgId}/members/{memberId}/budget',
    asked: 'a developer',
    may: ADMINS_AND_FINANCE,
    ofTeams: true,
    body: budget,
    tells: 'member.budget.updated',
  },
  {
    route: 'PUT /orgs/{orgId}/members/{memberId}/budget',
    asked: 'an owner',
    may: OWNER,
    otherwise: { ...NOT_OWNERS, finance: '403 role_required' },
    ofTeams: true,
    path: ofOwner,
    body: budget,
    tells: 'member.budget.updated',
  },
  {
    route: 'GET /orgs/{orgId}/members/{memberId}/budget/history',
    asked: 'of somebody else',
    may: ADMINS_AND_FINANCE,
  },
  {
    route: 'GET /orgs/{orgId}/members/{memberId}/budget/history',
    asked: 'of oneself',
    may: PEOPLE,
    path: own,
    otherwise: { 'master key': UNSEEN },
  },
  {
    route: 'GET /orgs/{orgId}/budget-simulation',
    asked: 'a developer',
    may: ADMINS_AND_FINANCE,
    ofTeams: true,
    query: ({ memberId }) => ({ memberId, usageLimit: '1' }),
  },
  {
    route: 'GET /orgs/{orgId}/budget-simulation',
    asked: 'an owner',
    may: OWNER,
    otherwise: { ...NOT_OWNERS, finance: '403 role_required' },
    ofTeams: true,
    query: ({ otherOwnerId }) => ({ memberId: otherOwnerId, usageLimit: '1' }),
  },
  { route: 'GET /orgs/{orgId}/default-developer-budget', may: ADMINS_AND_FINANCE, ofTeams: true },
  {
    route: 'PUT /orgs/{orgId}/default-developer-budget',
    may: ADMINS_AND_FINANCE,
    ofTeams: true,
    body: budget,
    tells: 'default_budget.updated',
  },

  // Who may not set budgets gets a list of their own.
  { route: 'GET /orgs/{orgId}/budget-requests', may: EVERYBODY, ofTeams: true, given: 'somebody has asked for more' },
  {
    route: 'POST /orgs/{orgId}/budget-requests',
    may: PEOPLE,
    // It sets the budget itself.
    otherwise: { 'master key': '403 role_required' },
    ofTeams: true,
    body: () => ({ limit: 'usageLimit', amount: '5' }),
    tells: 'budget_request.created',
  },
  {
    route: 'POST /orgs/{orgId}/budget-requests/{requestId}/grant',
    may: ADMINS_AND_FINANCE,
    ofTeams: true,
    given: 'somebody has asked for more',
    body: () => ({ amount: '5' }),
    tells: 'budget_request.granted',
  },
  {
    route: 'POST /orgs/{orgId}/budget-requests/{requestId}/decline',
    may: ADMINS_AND_FINANCE,
    ofTeams: true,
    given: 'somebody has asked for more',
    body: () => ({ note: 'Next month' }),
    tells: 'budget_request.declined',
  },

  { route: 'GET /orgs/{orgId}/invitations', may: ADMINS, ofTeams: true },
  {
    route: 'POST /orgs/{orgId}/invitations',
    asked: 'a developer',
    may: ADMINS,
    ofTeams: true,
    body: ({ projectId }) => ({ email: newGuest(), role: 'developer', projects: [projectId] }),
    tells: 'invitation.created',
  },
  {
    route: 'POST /orgs/{orgId}/invitations',
    asked: 'an owner',
    may: OWNER,
    otherwise: NOT_OWNERS,
    ofTeams: true,
    body: () => ({ email: newGuest(), role: 'owner' }),
    tells: 'invitation.created',
  },
  {
    route: 'POST /orgs/{orgId}/invitations',
    asked: 'many, by CSV',
    may: ADMINS,
    ofTeams: true,
    body: ({ projectId }) => ({
      csv: `email,role,projects\n${newGuest()},basic,\n${newGuest()},developer,${projectId}`,
    }),
    tells: 'invitation.imported',
  },
  {
    route: 'PUT /orgs/{orgId}/invitations/{invitationId}/budget',
    may: ADMINS,
    ofTeams: true,
    body: budget,
    tells: 'invitation.budget.updated',
  },
  {
    route: 'POST /orgs/{orgId}/invitations/{invitationId}/resend',
    may: ADMINS,
    ofTeams: true,
    tells: 'invitation.resent',
  },
  {
    route: 'DELETE /orgs/{orgId}/invitations/{invitationId}',
    may: ADMINS,
    ofTeams: true,
    tells: 'invitation.revoked',
  },

  // Developers and basic members get a list of those granted to them.
  { route: 'GET /orgs/{orgId}/projects', may: EVERYBODY },
  {
    route: 'GET /orgs/{orgId}/projects/{projectId}',
    may: ['owner', 'admin', 'finance', 'developer', 'master key'],
    otherwise: { 'developer not granted': UNSEEN, basic: UNSEEN },
  },
  {
    route: 'GET /orgs/{orgId}/projects/{projectId}/routing',
    may: ['owner', 'admin', 'finance', 'developer', 'master key'],
    otherwise: { 'developer not granted': UNSEEN, basic: UNSEEN },
  },
  {
    route: 'PUT /orgs/{orgId}/projects/{projectId}/routing',
    may: ADMINS,
    body: () => ({ order: ['openai'] }),
    tells: 'project.routing.updated',
  },
  { route: 'POST /orgs/{orgId}/projects', may: ADMINS, body: newName, tells: 'project.created' },
  { route: 'PATCH /orgs/{orgId}/projects/{projectId}', may: ADMINS, body: newName, tells: 'project.updated' },
  { route: 'DELETE /orgs/{orgId}/projects/{projectId}', may: ADMINS, tells: 'project.archived' },

  // Developers get a list of their own.
  { route: 'GET /orgs/{orgId}/keys', may: KEY_OWNERS },
  { route: 'GET /orgs/{orgId}/keys/{keyId}', asked: "somebody else's", may: ADMINS, otherwise: OF_ANOTHER },
  {
    route: 'GET /orgs/{orgId}/keys/{keyId}',
    asked: "one's own",
    may: ['owner', 'admin', 'developer', 'developer not granted'],
    otherwise: { 'master key': UNSEEN },
    path: own,
  },
  {
    route: 'POST /orgs/{orgId}/keys',
    asked: 'for oneself',
    may: ['owner', 'admin', 'developer'],
    otherwise: { 'developer not granted': '400 invalid_request_error', 'master key': '400 invalid_request_error' },
    body: ({ projectId }) => ({ projectId, name: 'Laptop' }),
    tells: 'api_key.created',
  },
  {
    route: 'POST /orgs/{orgId}/keys',
    asked: 'for somebody else',
    may: ADMINS,
    otherwise: { developer: '403 role_required', 'developer not granted': '403 role_required' },
    body: ({ projectId, memberId }) => ({ projectId, memberId, name: 'Laptop' }),
    tells: 'api_key.created',
  },
  {
    route: 'PATCH /orgs/{orgId}/keys/{keyId}',
    asked: "somebody else's",
    may: ADMINS,
    otherwise: OF_ANOTHER,
    body: newName,
    tells: 'api_key.updated',
  },
  {
    route: 'PATCH /orgs/{orgId}/keys/{keyId}',
    asked: "one's own",
    may: ['owner', 'admin', 'developer', 'developer not granted'],
    otherwise: { 'master key': UNSEEN },
    path: own,
    body: newName,
    tells: 'api_key.updated',
  },
  {
    route: 'DELETE /orgs/{orgId}/keys/{keyId}',
    asked: "somebody else's",
    may: ADMINS,
    otherwise: OF_ANOTHER,
    tells: 'api_key.deleted',
  },
  {
    route: 'DELETE /orgs/{orgId}/keys/{keyId}',
    asked: "one's own",
    may: ['owner', 'admin', 'developer', 'developer not granted'],
    otherwise: { 'master key': UNSEEN },
    path: own,
    tells: 'api_key.deleted',
  },
  {
    route: 'POST /orgs/{orgId}/keys/{keyId}/roll',
    asked: "somebody else's",
    may: ADMINS,
    otherwise: OF_ANOTHER,
    tells: 'api_key.rolled',
  },
  {
    route: 'POST /orgs/{orgId}/keys/{keyId}/roll',
    asked: "one's own",
    may: ['owner', 'admin', 'developer', 'developer not granted'],
    otherwise: { 'master key': UNSEEN },
    path: own,
    tells: 'api_key.rolled',
  },
  {
    route: 'POST /orgs/{orgId}/playground-key',
    may: ['owner', 'admin', 'finance', 'developer'],
    otherwise: {
      'developer not granted': '400 invalid_request_error',
      basic: '400 invalid_request_error',
      // A master key is nobody's.
      'master key': UNSEEN,
    },
    body: ({ projectId }) => ({ projectId }),
    tells: 'playground_key.created',
  },
  { route: 'GET /orgs/{orgId}/master-keys', may: ADMINS },
  { route: 'POST /orgs/{orgId}/master-keys', may: OWNER, body: newName, tells: 'master_key.created' },
  { route: 'DELETE /orgs/{orgId}/master-keys/{masterKeyId}', may: OWNER, tells: 'master_key.deleted' },
  { route: 'GET /orgs/{orgId}/provider-keys', may: ADMINS },
  { route: 'GET /orgs/{orgId}/provider-keys/{providerKeyId}', may: ADMINS },
  {
    route: 'POST /orgs/{orgId}/provider-keys',
    may: ADMINS,
    body: () => ({ provider: 'openai', name: 'Another', key: 'sk-another-key' }),
    tells: 'provider_key.created',
  },
  {
    route: 'PATCH /orgs/{orgId}/provider-keys/{providerKeyId}',
    may: ADMINS,
    body: newName,
    tells: 'provider_key.updated',
  },
  { route: 'POST /orgs/{orgId}/provider-keys/{providerKeyId}/test', may: ADMINS, tells: 'provider_key.tested' },
  { route: 'DELETE /orgs/{orgId}/provider-keys/{providerKeyId}', may: ADMINS, tells: 'provider_key.deleted' },

  {
    route: 'GET /analytics/activity',
    asked: 'the organization',
    may: ADMINS,
    feature: true,
    query: ({ orgId }) => ({ organizationId: orgId }),
  },
  {
    route: 'GET /analytics/activity',
    asked: 'its members',
    may: ADMINS,
    feature: true,
    query: ({ orgId }) => ({ organizationId: orgId, groupBy: 'member' }),
  },
  {
    route: 'GET /analytics/activity',
    asked: 'a member',
    may: ADMINS,
    feature: true,
    query: ({ orgId, memberId, projectId }) => ({ organizationId: orgId, memberId, projectId }),
  },
  {
    route: 'GET /analytics/activity',
    asked: 'a project by member',
    may: ADMINS,
    feature: true,
    query: ({ orgId, projectId }) => ({ organizationId: orgId, projectId, groupBy: 'member' }),
  },
  {
    route: 'GET /analytics/activity',
    asked: 'a project',
    may: [...ADMINS, 'developer'],
    // Of a project that they do not see they hear nothing.
    otherwise: { 'developer not granted': UNSEEN, basic: UNSEEN },
    query: ({ orgId, projectId }) => ({ organizationId: orgId, projectId }),
  },
  {
    route: 'GET /analytics/activity',
    asked: "somebody else's key",
    may: ADMINS,
    otherwise: OF_ANOTHER,
    query: ({ orgId, keyId }) => ({ organizationId: orgId, apiKeyId: keyId }),
  },
  {
    route: 'GET /analytics/activity',
    asked: "one's own key",
    may: ['owner', 'admin', 'developer', 'developer not granted'],
    otherwise: { 'master key': UNSEEN },
    query: (ids, caller) => ({ organizationId: ids.orgId, apiKeyId: own(ids, caller).keyId, format: 'csv' }),
  },
  {
    route: 'GET /analytics/members',
    may: ADMINS,
    feature: true,
    query: ({ orgId }) => ({ organizationId: orgId }),
  },
  {
    route: 'GET /analytics/members/{userId}',
    may: ADMINS,
    feature: true,
    path: ({ memberId }) => ({ userId: memberId }),
    query: ({ orgId }) => ({ organizationId: orgId }),
  },
  {
    route: 'GET /analytics/me',
    may: PEOPLE,
    otherwise: { 'master key': UNSEEN },
    query: ({ orgId }) => ({ organizationId: orgId }),
  },
  {
    route: 'GET /analytics/keys/{keyId}',
    asked: "somebody else's",
    may: ADMINS,
    otherwise: OF_ANOTHER,
    query: ({ orgId }) => ({ organizationId: orgId }),
  },
  {
    route: 'GET /analytics/keys/{keyId}',
    asked: "one's own",
    may: ['owner', 'admin', 'developer', 'developer not granted'],
    otherwise: { 'master key': UNSEEN },
    path: own,
    query: ({ orgId }) => ({ organizationId: orgId }),
  },
  // Developers get a list of their own.
  { route: 'GET /orgs/{orgId}/requests', asked: 'all', may: REQUEST_READERS },
  {
    route: 'GET /orgs/{orgId}/requests',
    asked: 'as a file',
    may: REQUEST_READERS,
    query: () => ({ format: 'csv' }),
  },
  {
    route: 'GET /orgs/{orgId}/requests',
    asked: "a project's",
    may: [...ADMINS_AND_FINANCE, 'developer'],
    otherwise: { 'developer not granted': UNSEEN },
    query: ({ projectId }) => ({ projectId }),
  },
  {
    route: 'GET /orgs/{orgId}/requests',
    asked: "somebody else's",
    may: ADMINS_AND_FINANCE,
    otherwise: OF_ANOTHER,
    query: ({ memberId }) => ({ memberId }),
  },
  {
    route: 'GET /orgs/{orgId}/requests',
    asked: "somebody else's key's",
    may: ADMINS_AND_FINANCE,
    otherwise: OF_ANOTHER,
    query: ({ keyId }) => ({ apiKeyId: keyId }),
  },
  {
    route: 'GET /orgs/{orgId}/requests/{requestId}',
    asked: "somebody else's",
    may: ADMINS_AND_FINANCE,
    otherwise: OF_ANOTHER,
  },
  {
    route: 'GET /orgs/{orgId}/requests/{requestId}',
    asked: "one's own",
    may: ['owner', 'admin', 'finance', 'developer', 'developer not granted'],
    otherwise: { 'master key': UNSEEN },
    path: (_, { person }) => ({ requestId: requestOfPerson(person ?? { memberId: 'mem_nobody' }) }),
  },
  { route: 'GET /orgs/{orgId}/health', may: ADMINS_AND_FINANCE },
  { route: 'GET /orgs/{orgId}/wallet', may: ADMINS_AND_FINANCE },
  {
    route: 'POST /orgs/{orgId}/wallet/checkout',
    may: OWNERS_AND_FINANCE,
    // No two callers ask for the same amount: that would be one purchase, clicked twice.
    body: () => ({ amount: (500 + nextCents++ / 100).toFixed(2) }),
    tells: 'transaction.opened',
  },
  {
    route: 'POST /orgs/{orgId}/transactions/{transactionId}/checkout',
    may: [],
    // What can be paid so, and by whom, is told by stripe-plans.worker.test.ts.
    otherwise: { owner: '409 nothing_to_pay', finance: '409 nothing_to_pay' },
    tellsNothing: 'nothing is changed',
  },
  { route: 'GET /orgs/{orgId}/wallet/automatic-top-up', may: ADMINS_AND_FINANCE },
  {
    route: 'PUT /orgs/{orgId}/wallet/automatic-top-up',
    may: OWNERS_AND_FINANCE,
    body: () => ({ below: '10', amount: '20' }),
    tells: 'organization.automatic_top_up.updated',
  },
  {
    route: 'DELETE /orgs/{orgId}/wallet/card',
    may: OWNERS_AND_FINANCE,
    // That one is forgotten, and told, is in stripe.worker.test.ts.
    tellsNothing: 'no card is saved',
  },
  {
    route: 'POST /orgs/{orgId}/plan',
    may: [],
    // Without Stripe; with it, who may and what follows is told by stripe-plans.worker.test.ts.
    otherwise: { owner: '403 plan_by_operator', finance: '403 plan_by_operator' },
    body: () => ({ plan: 'pro' }),
    tellsNothing: 'nothing is changed',
  },
  { route: 'GET /orgs/{orgId}/transactions', asked: 'a page', may: ADMINS_AND_FINANCE },
  {
    route: 'GET /orgs/{orgId}/transactions',
    asked: 'a file',
    may: ADMINS_AND_FINANCE,
    query: () => ({ format: 'csv' }),
  },
  { route: 'GET /orgs/{orgId}/transactions/{transactionId}', may: ADMINS_AND_FINANCE },
  { route: 'GET /orgs/{orgId}/transactions/{transactionId}/invoice', may: ADMINS_AND_FINANCE },
  { route: 'GET /orgs/{orgId}/invoices.zip', may: ADMINS_AND_FINANCE, query: () => ({ month: INVOICED }) },
  {
    route: 'GET /orgs/{orgId}/statements/{month}',
    asked: 'of the organization',
    may: ADMINS_AND_FINANCE,
    path: thisMonth,
    query: () => ({ format: 'json' }),
  },
  {
    route: 'GET /orgs/{orgId}/statements/{month}',
    asked: 'of somebody else',
    may: ADMINS_AND_FINANCE,
    path: thisMonth,
    query: ({ memberId }) => ({ format: 'csv', memberId }),
  },
  {
    route: 'GET /orgs/{orgId}/statements/{month}',
    asked: "one's own",
    may: PEOPLE,
    otherwise: { 'master key': UNSEEN },
    path: thisMonth,
    query: (ids, caller) => ({ format: 'json', memberId: own(ids, caller).memberId }),
  },
  { route: 'GET /orgs/{orgId}/audit-log', asked: 'a page', may: ADMINS },
  {
    route: 'GET /orgs/{orgId}/audit-log',
    asked: 'a file',
    may: ADMINS,
    feature: true,
    query: () => ({ format: 'jsonl' }),
  },
  { route: 'GET /orgs/{orgId}/audit-log/verify', may: ADMINS },
  {
    route: 'POST /orgs/{orgId}/rollups',
    may: ADMINS,
    tellsNothing: 'it brings D1 up to date and decides nothing',
  },
];

/** What each caller is to hear. */
export function outcomeFor({ may, otherwise }: Row, who: Who): Outcome {
  if (who === 'stranger' || who === 'API key') return '401 unauthorized';
  if (who === 'invited' || who === 'owner elsewhere' || who === 'master key elsewhere') return '404 not_found';
  return may.includes(who) ? 'ok' : (otherwise?.[who] ?? '403 role_required');
}

/** Whether it is the guard that refuses, so before anything of the request is read. */
export function refusedAtOnce(row: Row, who: Who): boolean {
  return outcomeFor(row, who) !== 'ok' && row.otherwise?.[who] === undefined;
}

/** The request that a row describes, of this caller and about these things. */
export function requestOf(
  row: Row,
  world: Pick<World, 'ids'>,
  caller: Caller,
): { method: string; path: string; body?: unknown } {
  const { ids } = world;
  const [method = '', template = ''] = row.route.split(' ');
  const parameters: Record<string, string> = { ...ids, ...row.path?.(ids, caller) };
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined) throw new Error(`${row.route}: the row says nothing of {${name}}`);
    return value;
  });
  const query = row.query ? `?${new URLSearchParams(row.query(ids, caller))}` : '';
  return { method, path: path + query, ...(row.body && { body: row.body(ids, caller) }) };
}
