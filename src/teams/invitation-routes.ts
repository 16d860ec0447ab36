/** The management routes of invitations: inviting by address or by CSV, resending, revoking, and accepting by link. */
import { z } from '@hono/zod-openapi';
import { createMiddleware } from 'hono/factory';
import { type ApiEnv, answers, apiRouter, body, jsonBody } from '../api.ts';
import { type Trail, trailOf, withTrail } from '../audit/trail.ts';
import { newId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { deliversMail, send } from '../mail/mail.ts';
import { idOf, instant, like, ORG_ID, PENDING, pageOf } from '../reference/fields.ts';
import { routesOf, tells } from '../reference/route.ts';
import { EMAIL } from '../sign-in/fields.ts';
import { originOf } from '../sign-in/library.ts';
import { type Session, signedIn } from '../sign-in/session.ts';
import { mailMissing } from '../sign-in/sign-up.ts';
import { orGiveBackMails, takeMail } from '../sign-in/throttle.ts';
import { acceptInvitation, invitationOfLink, membershipOf } from './accepting-invitations.ts';
import { badRequest } from './api-error.ts';
import { BudgetBody, NO_BUDGET } from './budget-body.ts';
import { csvAsJson } from './csv-body.ts';
import { type Caller, guarded } from './guard.ts';
import { LineError } from './invitation-csv.ts';
import { importCsv } from './invitation-import.ts';
import { invitationMail } from './invitation-mail.ts';
import {
  findInvitation,
  INVITATION_SORTS,
  Invitation,
  invite,
  listInvitations,
  renewInvitation,
  revokeInvitation,
  type Sent,
  setInvitationBudget,
  showInvitation,
} from './invitations.ts';
import { checkHasProject, checkMayGive, checkProjects } from './member-changes.ts';
import { FIRST_BUDGET, PROJECT_IDS, ROLE } from './member-routes.ts';
import { findMember, Member, showMember } from './members.ts';
import { readOrganization } from './organization.ts';
import { PAGE, sortOf } from './page.ts';
import { ROLES } from './roles.ts';
import { ACCEPTED_COST } from './seats.ts';

const route = routesOf('Invitations');

const Org = z.object({ orgId: ORG_ID });
const OrgInvitation = Org.extend({ invitationId: idOf('inv') });
const Link = z.object({
  token: z.string().max(LIMITS.linkTokenLengthMax).openapi({ example: '0123456789abcdefghjkmnpqrstvwxyz' }),
});

const ListQuery = z.strictObject({ ...PAGE, sort: sortOf(INVITATION_SORTS, '-createdAt') });

const InvitationBody = z
  .strictObject({
    email: EMAIL.optional(),
    csv: z.string({ error: 'csv must be text.' }).max(LIMITS.apiBodyBytesMax).optional().openapi({
      description:
        'Instead of an address: columns email, role, projects (ids or names, parted by ;), fields of a budget.',
      example: 'email,role,usageLimit\nada@example.com,developer,50',
    }),
    skipBad: z.boolean({ error: 'skipBad must be true or false.' }).default(false).openapi({
      description: 'Invite those of a CSV whose line is good; else nobody is invited where any is bad.',
    }),
    role: ROLE.exclude(['api'], {
      error: 'role must be one of owner, admin, finance, developer, basic.',
    }).default('developer'),
    projects: PROJECT_IDS.default([]),
    budget: FIRST_BUDGET.default(NO_BUDGET),
    acceptSeatCost: ACCEPTED_COST.optional(),
  })
  .openapi('InvitationBody', {
    example: { email: 'ada@example.com', role: 'developer', projects: ['prj_0123456789abcdef'] } as never,
  });

const Imported = z
  .object({ invitations: z.array(Invitation), errors: z.array(LineError) })
  .openapi('ImportedInvitations');

const Opened = z.object({
  organization: z.object({ id: idOf('org'), name: like('Engines') }),
  email: like('ada@example.com'),
  role: z.enum(ROLES).openapi({ example: 'developer' }),
  expiresAt: instant('2026-12-21T09:30:00.000Z'),
  hasAccount: z.boolean(),
});

const Joined = Member.extend({ organizationId: idOf('org'), pending: PENDING });

const CSV_TOO = { 'text/csv': { schema: z.string() } };

/** As JSON to whoever handles it: see csvAsJson. */
const jsonOrCsv: ReturnType<typeof body<typeof InvitationBody>> = {
  required: true,
  content: { ...body(InvitationBody).content, ...CSV_TOO },
};

const NO_INVITATIONS = 'Invitations are for team accounts. Convert this account or join a team.';

const toSee = guarded({
  ability: 'members.write',
  roleMessage: 'Only owners and admins can view invitations.',
  teamMessage: NO_INVITATIONS,
});
const toInvite = guarded({
  ability: 'members.write',
  roleMessage: 'Only owners and admins can invite members.',
  teamMessage: NO_INVITATIONS,
});

/** The trail of whoever is about to become a member, as the member that they will be. Throws where the link is dead. */
const asInvited = tells(
  createMiddleware<ApiEnv & { Variables: { session: Session; trail: Trail } }>(async (c, next) => {
    const { id: sessionId, userId } = c.get('session');
    const { organization_id } = await invitationOfLink(c.env, c.req.param('token') ?? '', Date.now());
    const memberId = (await membershipOf(c.env, organization_id, userId))?.id ?? newId('mem');
    await withTrail(c, trailOf(c.req.raw, organization_id, { kind: 'user', userId, memberId, sessionId }), next);
  }),
  { refuses: [400, 404], refusesChanges: [503] },
);

export const invitationRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/invitations',
      summary: 'List invitations that were neither accepted nor revoked',
      middleware: toSee,
      request: { params: Org, query: ListQuery },
      responses: {
        200: answers('A page of invitations, newest first unless sorted', pageOf('invitations', Invitation)),
      },
    }),
    async (c) => {
      const { rows, nextCursor } = await listInvitations(c.env, c.req.valid('param').orgId, c.req.valid('query'));
      const nowMs = Date.now();
      return c.json({ invitations: rows.map((row) => showInvitation(row, nowMs)), nextCursor }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/invitations',
      summary: 'Invite an address, or many by CSV: as a field, or as the body with all other fields in the query',
      middleware: [toInvite, jsonBody[0], csvAsJson, jsonBody[1]] as const,
      request: { params: Org, body: jsonOrCsv },
      responses: {
        201: answers(
          'The invitation; of a CSV `invitations` and, where bad lines were skipped, `errors`',
          z.union([Invitation, Imported]),
        ),
      },
      refuses: [402, 409, 429],
    }),
    async (c) => {
      const caller = c.get('caller');
      const trail = c.get('trail');
      const { email, csv, skipBad, acceptSeatCost, ...asked } = c.req.valid('json');
      if (csv !== undefined && email !== undefined) throw badRequest('csv', 'Send either email or csv.');
      if (!deliversMail(c.env)) throw mailMissing();
      const nowMs = Date.now();
      const mail = (sent: readonly Sent[]) => c.executionCtx.waitUntil(mailAll(c.env, c.req.raw, caller, sent));
      if (csv !== undefined) {
        const { sent, errors } = await importCsv(
          c.env,
          trail,
          caller,
          { csv, skipBad, acceptSeatCost, ...asked },
          nowMs,
        );
        mail(sent);
        return c.json({ invitations: sent.map(({ row }) => showInvitation(row, nowMs)), errors }, 201);
      }
      if (email === undefined) throw badRequest('email', 'email is required.');
      checkMayGive(caller, asked.role);
      await checkProjects(c.env, caller.organizationId, asked.projects);
      checkHasProject(asked.role, caller.plan, asked.projects);
      await takeMail(c.env, 'invitation', email);
      const [one] = await orGiveBackMails(c.env, 'invitation', [email], () =>
        invite(c.env, trail, caller, [{ email, ...asked }], { acceptSeatCost, imported: false }, nowMs),
      );
      if (!one) throw new Error('nobody was invited');
      mail([one]);
      return c.json(showInvitation(one.row, nowMs), 201);
    },
  )
  .openapi(
    route({
      method: 'put',
      path: '/orgs/{orgId}/invitations/{invitationId}/budget',
      summary: 'Replace the budget that the invited will have from the first key on',
      middleware: [toInvite, ...jsonBody] as const,
      request: { params: OrgInvitation, body: body(BudgetBody) },
      responses: { 200: answers('The invitation', Invitation) },
      refuses: [409],
    }),
    async (c) => {
      const { orgId, invitationId } = c.req.valid('param');
      const { newCycle: _, version, ...budget } = c.req.valid('json');
      const nowMs = Date.now();
      const row = await findInvitation(c.env, orgId, invitationId);
      checkMayGive(c.get('caller'), row.role);
      await setInvitationBudget(c.env, c.get('trail'), row, { budget, version }, nowMs);
      return c.json(showInvitation(await findInvitation(c.env, orgId, invitationId), nowMs), 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/invitations/{invitationId}/resend',
      summary: 'Mail a new link, good for 30 days; the one before is dead',
      middleware: toInvite,
      request: { params: OrgInvitation },
      responses: { 200: answers('The invitation', Invitation) },
      refuses: [402, 429],
    }),
    async (c) => {
      const caller = c.get('caller');
      const { orgId, invitationId } = c.req.valid('param');
      if (!deliversMail(c.env)) throw mailMissing();
      const nowMs = Date.now();
      const before = await findInvitation(c.env, orgId, invitationId);
      checkMayGive(caller, before.role);
      await takeMail(c.env, 'invitation', before.email);
      const sent = await orGiveBackMails(c.env, 'invitation', [before.email], () =>
        renewInvitation(c.env, c.get('trail'), caller, invitationId, nowMs),
      );
      c.executionCtx.waitUntil(mailAll(c.env, c.req.raw, caller, [sent]));
      return c.json(showInvitation(sent.row, nowMs), 200);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/orgs/{orgId}/invitations/{invitationId}',
      summary: 'Revoke an invitation: its link is dead, its seat free',
      middleware: toInvite,
      request: { params: OrgInvitation },
      responses: { 200: answers('Revoked', z.object({ id: idOf('inv') })) },
    }),
    async (c) => {
      const { orgId, invitationId } = c.req.valid('param');
      const row = await findInvitation(c.env, orgId, invitationId);
      checkMayGive(c.get('caller'), row.role);
      await revokeInvitation(c.env, c.get('trail'), row, Date.now());
      return c.json({ id: invitationId }, 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/invitations/{token}',
      summary: 'What a link invites to, for whoever has it',
      request: { params: Link },
      responses: {
        200: answers('The organization, the address and the role; whether that address has an account', Opened),
      },
      lets: ['anonymous'],
      refuses: [400, 404],
    }),
    async (c) => {
      const row = await invitationOfLink(c.env, c.req.valid('param').token, Date.now());
      c.header('cache-control', 'no-store');
      const organization = { id: row.organization_id, name: row.organization_name };
      const expiresAt = new Date(row.expires_at).toISOString();
      return c.json(
        { organization, email: row.email, role: row.role, expiresAt, hasAccount: row.has_account === 1 },
        200,
      );
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/invitations/{token}/accept',
      summary: 'Become a member, signed in with the address that was invited',
      middleware: [signedIn, asInvited] as const,
      request: { params: Link },
      responses: { 201: answers('The member', Joined), 202: answers('The member; keys work within minutes', Joined) },
      refuses: [409],
    }),
    async (c) => {
      const trail = c.get('trail');
      const { memberId, pending } = await acceptInvitation(c.env, trail, c.req.valid('param').token, Date.now());
      const member = { organizationId: trail.organizationId, ...(await shown(c.env, trail, memberId)) };
      return pending ? c.json({ ...member, pending: true as const }, 202) : c.json(member, 201);
    },
  );

async function shown(env: Env, { organizationId }: Trail, memberId: string): Promise<z.infer<typeof Member>> {
  return showMember(env, await findMember(env, organizationId, memberId));
}

/** Behind the answer. What fails is logged by `send`; the invitation stands, and can be resent. */
async function mailAll(env: Env, request: Request, { organizationId }: Caller, sent: readonly Sent[]): Promise<void> {
  const { name } = await readOrganization(env, organizationId);
  const origin = originOf(request);
  await Promise.all(sent.map(({ row, token }) => send(env, invitationMail(origin, row.email, name, token))));
}
