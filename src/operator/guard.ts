/**
 * The guard of the operator's routes: who has the secret that the operator bound. A deployment without that secret has none of
 * these routes.
 */
import { createMiddleware } from 'hono/factory';
import type { ApiEnv } from '../api.ts';
import { type Trail, trailOf, withTrail } from '../audit/trail.ts';
import { ApiError, notFound } from '../teams/api-error.ts';
import { equalInConstantTime } from '../teams/keys.ts';

/** A shorter secret could be guessed, so it opens nothing. */
const SECRET_LENGTH_MIN = 32;

/** In the place of an organization, in the audit log of what concerns none. */
export const DEPLOYMENT = 'deployment';

type OperatorEnv = ApiEnv & { Variables: { trail: Trail } };

/** Before anything of the request is read: 404 where there is no secret, 401 for any other, then 404 for the organization. */
export const operatorOnly = createMiddleware<OperatorEnv>(async (c, next) => {
  if (!isOperator(c.env, c.req.raw)) return c.notFound();
  const organizationId = c.req.param('orgId') ?? '';
  const organization = await c.env.DB.withSession('first-primary')
    .prepare('SELECT 1 FROM organizations WHERE id = ?1')
    .bind(organizationId)
    .first();
  if (!organization) throw notFound('organization');
  return withTrail(c, trailOf(c.req.raw, organizationId, { kind: 'operator' }), next);
});

/** The same of what belongs to no organization: the log of it is the deployment's own. */
export const operatorOfAll = createMiddleware<OperatorEnv>(async (c, next) => {
  if (!isOperator(c.env, c.req.raw)) return c.notFound();
  return withTrail(c, trailOf(c.req.raw, DEPLOYMENT, { kind: 'operator' }), next);
});

/** False where this deployment has no operator's secret. Throws the 401 of any other one. */
function isOperator(env: Env, request: Request): boolean {
  return bearerOpens(env.OPERATOR_SECRET, request, 'This takes the secret of the operator.');
}

/** Whether a request presents this secret; false where there is none, or too short a one. Throws a 401 for any other. */
export function bearerOpens(secret: string | undefined, request: Request, message: string): boolean {
  if (secret === undefined || secret.length < SECRET_LENGTH_MIN) return false;
  const presented = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
  if (equalInConstantTime(presented, secret)) return true;
  throw new ApiError(401, 'unauthorized', message);
}
