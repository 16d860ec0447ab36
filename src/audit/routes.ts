/** The management routes of the audit log: reading, exporting and verifying it. Nothing here changes it. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { count, idOf, instant, like, ORG_ID, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { guarded } from '../teams/guard.ts';
import { NUMBER_CURSOR, PAGE } from '../teams/page.ts';
import { instantOf } from '../usage/instant-bound.ts';
import { PAST_THE_LAST, readEntries } from './entries.ts';
import { exportLog } from './export.ts';
import { actorNames } from './names.ts';
import { HASH, Verdict, verifyLog } from './verify.ts';

const NEEDS = {
  ability: 'audit.read',
  roleMessage: 'Only owners and admins can view the audit log.',
} as const;

const toRead = guarded(NEEDS);

/** Reading is in every plan, taking a file away is not. */
const toReadOrExport = guarded(({ format }) => {
  if (format === undefined || format === 'json') return NEEDS;
  return { ...NEEDS, feature: 'audit.export', planMessage: 'Audit log exports require an enterprise plan.' };
});

const route = routesOf('Audit log');

const Org = z.object({ orgId: ORG_ID });

/** Fields that were changed; null: there was nothing, or is nothing any more. */
const Told = z.record(z.string(), z.unknown()).nullable();

const Entry = z
  .object({
    n: count(42, 'Its place in the chain'),
    at: instant(),
    actor: z.object({
      kind: like('user'),
      id: idOf('usr').nullable().openapi({ description: 'Null: the operator' }),
      memberId: idOf('mem').nullable(),
      sessionId: idOf('ses').nullable(),
      name: like('Ada Lovelace').nullable().openapi({ description: 'As they are called now' }),
    }),
    action: like('member.budget.updated'),
    target: z.object({ kind: like('member'), id: idOf('mem') }),
    before: Told.openapi({ example: { usageLimit: '50' } }),
    after: Told.openapi({ example: { usageLimit: '100' } }),
    from: z.object({
      ip: like('192.0.2.1').nullable(),
      userAgent: like('Mozilla/5.0').nullable(),
      requestId: like('req_0123456789abcdef').nullable(),
    }),
    previousHash: HASH,
    hash: HASH,
  })
  .openapi('AuditEntry');

const text = (name: string) =>
  z
    .string()
    .max(LIMITS.nameLengthMax, { error: `${name} must have at most ${LIMITS.nameLengthMax} characters.` })
    .optional();

const LogQuery = z.strictObject({
  actor: text('actor').openapi({ description: 'A user, member or master key; or user, master_key, operator' }),
  action: text('action').openapi({ description: 'The beginning of an action', example: 'member.' }),
  target: text('target').openapi({ description: 'The id of what was changed' }),
  from: text('from').openapi({ description: "A day in the organization's zone, or an instant", example: '2026-11-01' }),
  to: text('to').openapi({ description: 'The last day, or the instant before which', example: '2026-11-30' }),
  q: text('q').openapi({ description: 'A part of an id, an action, a field or a value' }),
  limit: PAGE.limit,
  cursor: NUMBER_CURSOR,
  format: z.enum(['json', 'csv', 'jsonl'], { error: 'format must be json, csv or jsonl.' }).default('json'),
});

export const auditRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/audit-log',
      summary: 'Who changed what, newest first; as csv or jsonl all of it, oldest first, with what verifies it',
      middleware: toReadOrExport,
      request: { params: Org, query: LogQuery },
      responses: {
        200: {
          description: 'A page of entries, or the file',
          content: {
            'application/json': { schema: pageOf('entries', Entry) },
            'text/csv': { schema: z.string() },
            'application/x-ndjson': { schema: z.string() },
          },
        },
      },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const { format, limit, cursor, target, from, to, ...rest } = c.req.valid('query');
      const { timeZone } = c.get('caller');
      const fromMs = instantOf('from', from, timeZone);
      const toMs = instantOf('to', to, timeZone);
      const filter = { ...rest, targetId: target, fromMs, toMs };
      if (format !== 'json') return exportLog(c.env.DB, orgId, format, filter);
      const before = cursor === undefined ? PAST_THE_LAST : Number(cursor);
      const range = { after: 0, before, order: 'newest first', limit: limit + 1 } as const;
      const found = await readEntries(c.env.DB, orgId, range, filter);
      const entries = found.slice(0, limit);
      const names = await actorNames(c.env.DB, entries);
      const shown = entries.map(({ organizationId: _, actor, ...entry }) => ({
        ...entry,
        actor: { ...actor, name: names.get(actor.id ?? '') ?? null },
      }));
      return c.json({ entries: shown, nextCursor: found.length > limit ? String(entries.at(-1)?.n) : null }, 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/audit-log/verify',
      summary: 'Whether any entry was edited, removed or reordered, or the end cut off',
      middleware: toRead,
      request: { params: Org },
      refuses: [400, 503],
      responses: { 200: answers('What was checked, and the first thing that is wrong', Verdict) },
    }),
    async (c) => c.json({ ...(await verifyLog(c.env, c.req.valid('param').orgId)) }, 200),
  );
