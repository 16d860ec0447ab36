/**
 * Who makes a change, and from where: what a changing route is given by its guard and hands to `changeAudited`.
 *
 * `withTrail` runs the route. It also sees that no route forgets: one that changes something and answers well without
 * having written exactly one entry is a bug, thrown on its first test. And it anchors the new head behind the answer.
 */
import type { Next } from 'hono';
import { addressOf } from '../client-address.ts';
import { newRequestId } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { anchorHead } from './anchoring.ts';

export type Actor =
  /** Without a session where a mailed link or a provider vouched for the person. */
  | { kind: 'user'; userId: string; memberId: string; sessionId: string | null }
  | { kind: 'master_key'; masterKeyId: string }
  | { kind: 'operator' }
  /** What follows from a payment, or from none: nobody asked for it at that moment. */
  | { kind: 'billing' };

interface Origin {
  ip: string | null;
  userAgent: string | null;
  requestId: string;
}

export interface Trail {
  readonly organizationId: string;
  readonly actor: Actor;
  readonly from: Origin;
  /** How many entries were written for this request. */
  entries: number;
  /** Set where a request that is no GET leaves all as it was: by its kind, or because it only repeats what took place. */
  changesNothing: boolean;
}

const REQUEST_ID = /^[\w.:-]{1,128}$/;

export function trailOf(request: Request, organizationId: string, actor: Actor): Trail {
  const { headers } = request;
  const asked = headers.get('x-request-id');
  const from = {
    ip: addressOf(request),
    userAgent: headers.get('user-agent')?.slice(0, LIMITS.auditUserAgentLengthMax) ?? null,
    requestId: asked && REQUEST_ID.test(asked) ? asked : newRequestId(),
  };
  return { organizationId, actor, from, entries: 0, changesNothing: false };
}

/** Of what no request asked for. */
export function unattendedTrail(organizationId: string): Trail {
  const from = { ip: null, userAgent: null, requestId: newRequestId() };
  return { organizationId, actor: { kind: 'billing' }, from, entries: 0, changesNothing: false };
}

/** Of a route's context whose variables have a trail, what is needed here. */
interface TrailContext {
  env: Env;
  req: { method: string; routePath: string };
  res: Response;
  executionCtx: { waitUntil(behind: Promise<unknown>): void };
  set(key: 'trail', trail: Trail): void;
}

/** Runs the rest of a route with a trail. */
export async function withTrail(c: TrailContext, trail: Trail, next: Next): Promise<void> {
  c.set('trail', trail);
  await next();
  const { organizationId, entries, changesNothing } = trail;
  if (entries > 0) c.executionCtx.waitUntil(anchorHead(c.env, organizationId));
  const changes = !changesNothing && c.req.method !== 'GET' && c.req.method !== 'HEAD';
  if (c.res.status < 400 && entries !== (changes ? 1 : 0)) {
    throw new Error(`${c.req.method} ${c.req.routePath} wrote ${entries} audit entries for ${organizationId}`);
  }
}
