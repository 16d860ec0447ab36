/**
 * The management routes of requests. Owners, admins and finance admins see those of the organization; developers their own,
 * in the projects that they see. Neither prompts nor answers are stored anywhere.
 */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { LIMITS } from '../limits.ts';
import type { Mapping } from '../models/catalogue.ts';
import { parseUsd } from '../money/nanos.ts';
import type { Price } from '../money/price.ts';
import type { LiveCatalogue } from '../prices/live-catalogue.ts';
import { idOf, instant, like, ORG_ID, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { badRequest, notFound } from '../teams/api-error.ts';
import { type Caller, guarded, memberIdOf } from '../teams/guard.ts';
import { PAGE } from '../teams/page.ts';
import { findProject, grantedProjects } from '../teams/projects.ts';
import { roleMay } from '../teams/roles.ts';
import { usageDatabase } from './databases.ts';
import { instantOf } from './instant-bound.ts';
import { Attempted, OUTCOMES, requestsCsv, showAttempted, showWhole, WholeRequest } from './request-shown.ts';
import { findRefused, namesIn, type Place, readRequests, type Seen } from './requests.ts';

const route = routesOf('Analytics');

const toRequests = guarded({
  ability: 'requests.own',
  roleMessage: 'Only owners, admins, finance admins and developers can view requests.',
});

const text = (name: string, example: string) =>
  z
    .string()
    .max(LIMITS.modelLengthMax, { error: `${name} must have at most ${LIMITS.modelLengthMax} characters.` })
    .optional()
    .openapi({ example });

const Org = z.object({ orgId: ORG_ID });

const REQUEST_ID = like('req_0123456789abcdefghjkmnpq');

const CURSOR = { error: 'cursor must be what nextCursor said.' };

const MIN_COST = 'minCost must be decimal USD, with at most 9 decimals.';

const Query = z.strictObject({
  from: text('from', '2026-11-01').openapi({ description: "A day in the organization's zone, or an instant" }),
  to: text('to', '2026-11-30').openapi({ description: 'The last day, or the instant before which' }),
  requestId: text('requestId', 'req_0123456789abcdefghjkmnpq'),
  projectId: idOf('prj').optional(),
  apiKeyId: idOf('key').optional(),
  memberId: idOf('mem').optional(),
  model: text('model', 'gpt-5.5').openapi({ description: 'The canonical model' }),
  mapping: text('mapping', 'openai/gpt-5.5'),
  provider: text('provider', 'openai'),
  app: text('app', 'claude-cli'),
  endpoint: text('endpoint', 'chat/completions'),
  outcome: z.enum(OUTCOMES, { error: `outcome must be one of ${OUTCOMES.join(', ')}.` }).optional(),
  minCost: z.string().optional().openapi({ example: '0.50', description: 'Only what cost at least that, decimal USD' }),
  limit: PAGE.limit,
  cursor: z
    .string()
    .regex(/^\d{1,15}--?\d{1,15}$/, CURSOR)
    .optional(),
  format: z.enum(['json', 'csv'], { error: 'format must be json or csv.' }).default('json'),
});

const KEPT_SINCE = { keptSince: instant().openapi({ description: 'Of what was settled before, only sums are kept' }) };

/** Under the header of a file: the `cursor` of the next one. */
const NEXT = 'x-next-cursor';

export function requestRouter(builtIn: readonly Mapping[], catalogue: LiveCatalogue) {
  return apiRouter()
    .openapi(
      route({
        method: 'get',
        path: '/orgs/{orgId}/requests',
        summary: 'Requests, one for each attempt, newest first; a filtered page may be short and yet not the last',
        middleware: toRequests,
        request: { params: Org, query: Query },
        refuses: [404],
        responses: {
          200: {
            description: `A page; as csv up to ${LIMITS.requestsCsvRowsMax} rows, and the next file's cursor in the header ${NEXT}`,
            content: {
              'application/json': { schema: pageOf('requests', Attempted).extend(KEPT_SINCE) },
              'text/csv': { schema: z.string() },
            },
          },
        },
      }),
      async (c) => {
        const { orgId } = c.req.valid('param');
        const { format, limit, cursor, from, to, apiKeyId, minCost, ...rest } = c.req.valid('query');
        const caller = c.get('caller');
        const seen = await seenBy(c.env, caller);
        await checkNamed(c.env, caller, seen, { ...rest, apiKeyId });
        const filter = {
          ...rest,
          keyId: apiKeyId,
          fromMs: instantOf('from', from, caller.timeZone),
          toMs: instantOf('to', to, caller.timeZone),
          minCost: minCost === undefined ? undefined : costOf(minCost),
        };
        const db = await usageDatabase(c.env, orgId);
        const page = { after: placeOf(cursor), limit: format === 'csv' ? LIMITS.requestsCsvRowsMax : limit };
        const { rows, next } = await readRequests(db, orgId, seen, filter, page);
        const names = await namesIn(c.env.DB, orgId, rows);
        const requests = rows.map((row) => showAttempted(row, names));
        const nextCursor = next && `${next.settledAtMs}-${next.seq}`;
        if (format === 'json') return c.json({ requests, nextCursor, keptSince: keptSince(Date.now()) }, 200);
        const headers = {
          'content-type': 'text/csv; charset=utf-8',
          'content-disposition': `attachment; filename="requests-${orgId}.csv"`,
          ...(nextCursor !== null && { [NEXT]: nextCursor }),
        };
        return new Response(requestsCsv(requests), { headers });
      },
    )
    .openapi(
      route({
        method: 'get',
        path: '/orgs/{orgId}/requests/{requestId}',
        summary: 'One request: its cost by part, each attempt, and what refused it',
        middleware: toRequests,
        request: { params: Org.extend({ requestId: REQUEST_ID }) },
        responses: { 200: answers('All attempts that were made under this id', WholeRequest) },
      }),
      async (c) => {
        const { orgId, requestId } = c.req.valid('param');
        const seen = await seenBy(c.env, c.get('caller'));
        const db = await usageDatabase(c.env, orgId);
        const page = { after: null, limit: LIMITS.requestAttemptsMax };
        const { rows, next } = await readRequests(db, orgId, seen, { requestId }, page);
        const [last = await findRefused(db, orgId, seen, requestId), ...others] = rows;
        if (!last) throw notFound('request');
        const attempts = [last, ...others] as const;
        const names = await namesIn(c.env.DB, orgId, attempts);
        const prices = await catalogue.now(c.env, c.executionCtx);
        const priceOf = (mapping: string, version: string): Price | null => {
          // What an override has replaced is known by the build.
          const known = [...(prices.find(mapping)?.mappings ?? []), ...builtIn].filter(({ id }) => id === mapping);
          return known.flatMap((one) => one.prices).find((price) => price.version === version) ?? null;
        };
        const whole = showWhole(requestId, attempts, names, priceOf);
        return c.json({ ...whole, moreAttempts: next !== null, keptSince: keptSince(Date.now()) }, 200);
      },
    );
}

/** Null: those of everybody. */
async function seenBy(env: Env, caller: Caller): Promise<Seen | null> {
  if (roleMay(caller.role, 'requests.read')) return null;
  const memberId = memberIdOf(caller);
  if (memberId === null) throw new Error(`a ${caller.role} that is no member sees no requests`);
  return { memberId, projectIds: await grantedProjects(env, caller) };
}

/** What belongs to another organization does not exist, nor, for who sees only their own, what is another's. */
async function checkNamed(
  env: Env,
  caller: Caller,
  seen: Seen | null,
  { projectId, apiKeyId, memberId }: Partial<Record<'projectId' | 'apiKeyId' | 'memberId', string | undefined>>,
): Promise<void> {
  if (projectId !== undefined) await findProject(env, caller, projectId);
  const own = seen?.memberId ?? null;
  const exists = async (sql: string, id: string) =>
    (await env.DB.prepare(`${sql} AND organization_id = ?2`).bind(id, caller.organizationId, own).first()) !== null;
  if (
    memberId !== undefined &&
    !(await exists('SELECT 1 FROM members WHERE id = ?1 AND id = coalesce(?3, id)', memberId))
  ) {
    throw notFound('member');
  }
  const ofKey = 'SELECT 1 FROM api_keys WHERE id = ?1 AND member_id = coalesce(?3, member_id)';
  if (apiKeyId !== undefined && !(await exists(ofKey, apiKeyId))) throw notFound('API key');
}

function placeOf(cursor: string | undefined): Place | null {
  if (cursor === undefined) return null;
  const at = cursor.indexOf('-');
  // Events that were moved between databases have numbers below 0.
  return { settledAtMs: Number(cursor.slice(0, at)), seq: Number(cursor.slice(at + 1)) };
}

function costOf(text: string): number {
  const cost = parseUsd(text);
  if (cost === null) throw badRequest('minCost', MIN_COST);
  return cost;
}

function keptSince(nowMs: number): string {
  return new Date(nowMs - LIMITS.eventRetentionMs).toISOString();
}
