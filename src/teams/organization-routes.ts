/** The management routes of organizations themselves. */
import { z } from '@hono/zod-openapi';
import { createMiddleware } from 'hono/factory';
import { type ApiEnv, answers, apiRouter, body, jsonBody } from '../api.ts';
import { type Trail, trailOf, withTrail } from '../audit/trail.ts';
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { FAN_OUT, idOf, instant, ORG_ID, pageOf } from '../reference/fields.ts';
import { routesOf, tells } from '../reference/route.ts';
import { EMAIL, name, TIME_ZONE } from '../sign-in/fields.ts';
import { type Session, sessionOf, signedIn } from '../sign-in/session.ts';
import { ApiError } from './api-error.ts';
import { byMasterKey, type Caller, guarded } from './guard.ts';
import {
  changeSettings,
  type Organization,
  OrganizationWhole,
  readOrganization,
  type Settings,
} from './organization.ts';
import {
  convertToTeam,
  createOrganization,
  deleteOrganization,
  type Membership,
  MembershipShown,
  membershipsOf,
  restoreOrganization,
} from './organizations.ts';
import { roleMay } from './roles.ts';
import { ACCEPTED_COST, buySeats, readSeats, SeatsShown, showSeats } from './seats.ts';
import { Thresholds } from './thresholds-body.ts';

const route = routesOf('Organizations');

const Org = z.object({ orgId: ORG_ID });

const Shown = OrganizationWhole.partial({ billingDetails: true }).openapi('Organization');
const Changed = Shown.extend(FAN_OUT);
const Deleted = z.object({
  id: idOf('org'),
  deletedAt: instant(),
  undoUntil: instant('2026-12-21T09:30:00.000Z'),
  ...FAN_OUT,
});

const flag = (field: string) => z.boolean({ error: `${field} must be true or false.` });
const line = (field: string, max: number) =>
  z
    .string({ error: `billingDetails.${field} must be text.` })
    .trim()
    .max(max, { error: `billingDetails.${field} must have at most ${max} characters.` })
    .default('');

const BillingBody = z.strictObject({
  name: line('name', LIMITS.billingNameLengthMax),
  email: z.union([EMAIL, z.literal('')], { error: 'billingDetails.email must be an e-mail address.' }).default(''),
  address: line('address', LIMITS.billingAddressLengthMax),
  country: line('country', LIMITS.billingCountryLengthMax),
  taxId: line('taxId', LIMITS.billingTaxIdLengthMax),
});

const SettingsBody = z
  .strictObject({
    name: name('name').optional(),
    timeZone: TIME_ZONE.optional(),
    replay: flag('replay').optional(),
    hideAmounts: flag('hideAmounts').optional(),
    budgetWarnings: Thresholds.optional(),
    billingDetails: BillingBody.nullable().optional(),
  })
  .refine((settings) => Object.keys(settings).length > 0, {
    error: 'Name a setting to change: name, timeZone, replay, hideAmounts, budgetWarnings, billingDetails.',
  })
  .openapi('OrganizationSettings', { example: { timeZone: 'Europe/London', hideAmounts: true } as never });

const OrganizationBody = z
  .strictObject({
    name: name('name'),
    kind: z.enum(['personal', 'team'], { error: 'kind must be personal or team.' }).default('team'),
    timeZone: TIME_ZONE.default('UTC'),
  })
  .openapi('NewOrganization', { example: { name: 'Engines', kind: 'team', timeZone: 'Europe/London' } });

const ConvertBody = z
  .strictObject({ name: name('name').optional() })
  .openapi('ConvertOrganization', { example: { name: 'Engines' } });

const SEATS = { error: `seats must be a whole number from 1 to ${LIMITS.membersPerOrganizationMax}.` };

const SeatsBody = z
  .strictObject({
    seats: z.int(SEATS).min(1, SEATS).max(LIMITS.membersPerOrganizationMax, SEATS),
    acceptSeatCost: ACCEPTED_COST.optional(),
  })
  .openapi('MoreSeats', { example: { seats: 2, acceptSeatCost: '12.34' } });

const toOrganization = guarded({
  ability: 'organization.read',
  roleMessage: 'Only people of the organization can view it.',
});
const toSettings = guarded({
  ability: 'organization.write',
  roleMessage: "Only owners and admins can change the organization's settings.",
});
const toOwn = guarded({
  ability: 'organization.own',
  roleMessage: 'Only owners can convert or delete the organization.',
});
const toRestore = guarded({
  ability: 'organization.own',
  evenDeleted: true,
  roleMessage: 'Only owners can have the organization back.',
});
const toBuySeats = guarded({
  ability: 'seats.buy',
  roleMessage: 'Only owners and finance admins can buy seats.',
  teamMessage: 'Seats are for team accounts. Convert this account or join a team.',
});
const toSeats = guarded({
  ability: 'seats.read',
  roleMessage: 'Only owners, admins and finance admins can view seats.',
});

/** The trail of an organization that is about to be: its first entry tells that it was made. */
const newTrail = tells(
  createMiddleware<ApiEnv & { Variables: { session: Session; trail: Trail } }>(async (c, next) => {
    const { id: sessionId, userId } = c.get('session');
    const actor = { kind: 'user', userId, memberId: newId('mem'), sessionId } as const;
    await withTrail(c, trailOf(c.req.raw, newId('org'), actor), next);
  }),
  { refuses: [], refusesChanges: [503] },
);

export const organizationRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs',
      summary: "One's own organizations; with a master key, the one that it opens",
      responses: {
        200: answers(
          'All of them; a deleted one for its owners, while they can have it back',
          pageOf('organizations', MembershipShown),
        ),
      },
      lets: ['masterKey', 'session'],
      refuses: [401],
    }),
    async (c) => {
      c.header('cache-control', 'no-store');
      return c.json({ organizations: await listFor(c.env, c.req.raw), nextCursor: null }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs',
      summary: 'Make an organization of one’s own',
      middleware: [signedIn, newTrail, ...jsonBody] as const,
      request: { body: body(OrganizationBody) },
      responses: { 201: answers('The organization', Shown) },
    }),
    async (c) => {
      const trail = c.get('trail');
      await createOrganization(c.env, trail, c.req.valid('json'), Date.now());
      return c.json(await readOrganization(c.env, trail.organizationId), 201);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}',
      summary: 'The organization and its settings',
      middleware: toOrganization,
      request: { params: Org },
      responses: { 200: answers('The organization', Shown) },
    }),
    async (c) => c.json(shownTo(c.get('caller'), await readOrganization(c.env, c.req.valid('param').orgId)), 200),
  )
  .openapi(
    route({
      method: 'patch',
      path: '/orgs/{orgId}',
      summary: "Change the organization's settings; owners and finance admins: its billing details",
      middleware: [toSettings, ...jsonBody] as const,
      request: { params: Org, body: body(SettingsBody) },
      responses: {
        200: answers('The organization; every member is under the change', Changed),
        202: answers('The organization; `pending` members will be under the change within minutes', Changed),
      },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const caller = c.get('caller');
      const settings = c.req.valid('json');
      checkMayChange(caller, settings);
      const fanOut = await changeSettings(c.env, c.get('trail'), settings, Date.now());
      const changed = { ...shownTo(caller, await readOrganization(c.env, orgId)), ...fanOut };
      return fanOut.pending > 0 ? c.json(changed, 202) : c.json(changed, 200);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/orgs/{orgId}',
      summary: 'Delete the organization: its keys are refused; its owners can undo that until `undoUntil`',
      middleware: toOwn,
      request: { params: Org },
      responses: {
        200: answers('Deleted', Deleted),
        202: answers('Deleted; some keys are refused within minutes only', Deleted),
      },
    }),
    async (c) => {
      const nowMs = Date.now();
      const fanOut = await deleteOrganization(c.env, c.get('trail'), nowMs);
      const undoUntil = new Date(nowMs + LIMITS.organizationUndoMs).toISOString();
      const deleted = {
        id: c.req.valid('param').orgId,
        deletedAt: new Date(nowMs).toISOString(),
        undoUntil,
        ...fanOut,
      };
      return fanOut.pending > 0 ? c.json(deleted, 202) : c.json(deleted, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/restore',
      summary: 'Undo the deletion',
      middleware: toRestore,
      request: { params: Org },
      responses: {
        200: answers('The organization', Changed),
        202: answers('The organization; some keys work within minutes', Changed),
      },
      refuses: [400, 409],
    }),
    async (c) => {
      const fanOut = await restoreOrganization(c.env, c.get('trail'), Date.now());
      const restored = { ...(await readOrganization(c.env, c.req.valid('param').orgId)), ...fanOut };
      return fanOut.pending > 0 ? c.json(restored, 202) : c.json(restored, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/convert',
      summary: 'Make a team of a personal organization',
      middleware: [toOwn, ...jsonBody] as const,
      request: { params: Org, body: body(ConvertBody) },
      responses: { 200: answers('The organization', Shown) },
    }),
    async (c) => {
      await convertToTeam(c.env, c.get('trail'), c.req.valid('json').name, Date.now());
      return c.json(await readOrganization(c.env, c.req.valid('param').orgId), 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/seats',
      summary: 'Seats: how many there are, taken and left, and what one more costs',
      middleware: toSeats,
      request: { params: Org },
      responses: { 200: answers('`left` null: there is no end of them', SeatsShown) },
    }),
    async (c) => {
      const nowMs = Date.now();
      return c.json(showSeats(await readSeats(c.env, c.req.valid('param').orgId, nowMs), nowMs), 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/seats',
      summary: 'Buy more seats for exactly their price, which the 402 without it tells',
      middleware: [toBuySeats, ...jsonBody] as const,
      request: { params: Org, body: body(SeatsBody) },
      responses: { 201: answers('The seats', SeatsShown) },
      refuses: [402],
    }),
    async (c) => {
      const nowMs = Date.now();
      await buySeats(c.env, c.get('trail'), c.req.valid('json'), nowMs);
      return c.json(showSeats(await readSeats(c.env, c.req.valid('param').orgId, nowMs), nowMs), 201);
    },
  );

async function listFor(env: Env, request: Request): Promise<Membership[]> {
  const authorization = request.headers.get('authorization');
  if (authorization !== null) {
    const caller = await byMasterKey(env, authorization);
    if (!caller || caller.deleted) throw new ApiError(401, 'unauthorized', 'This is no master key.');
    const { id, name, kind, plan, timeZone } = await readOrganization(env, caller.organizationId);
    return [{ id, name, kind, plan, timeZone, memberId: null, role: caller.role, deletedAt: null }];
  }
  const session = await sessionOf(env, request);
  if (!session) throw new ApiError(401, 'unauthorized', 'Sign in, or send a master key.');
  return membershipsOf(env, session.userId);
}

/** Billing details are for who deals with money. */
function shownTo({ role }: Caller, { billingDetails, ...organization }: Organization) {
  return roleMay(role, 'wallet.read') ? { ...organization, billingDetails } : organization;
}

/** Throws a 403 where one of the settings is not this role's to change. */
function checkMayChange({ role }: Caller, { billingDetails, ...settings }: Settings): void {
  const refuse = (message: string) => new ApiError(403, 'role_required', message);
  if (billingDetails !== undefined && !roleMay(role, 'billing.write')) {
    throw refuse('Only owners and finance admins can change billing details.');
  }
  if (Object.keys(settings).length > 0 && !roleMay(role, 'settings.write')) {
    throw refuse("Only owners and admins can change the organization's settings.");
  }
}
