/** What the operator does with organizations' provider keys: seals them anew once the secret was changed. Never reads one. */
import { createRoute, z } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { noteAudited } from '../audit/change.ts';
import { resealProviderKeys } from '../provider-keys/resealing.ts';
import { FAN_OUT } from '../reference/fields.ts';
import { DEPLOYMENT, operatorOfAll } from './guard.ts';

const Resealed = z.object({ resealed: z.int(), unreadable: z.array(z.string()), left: z.int(), ...FAN_OUT });

export const operatorProviderKeyRouter = apiRouter().openapi(
  createRoute({
    method: 'post',
    path: '/operator/provider-keys/reseal',
    hide: true,
    middleware: operatorOfAll,
    responses: { 200: answers('How far it is', Resealed) },
  }),
  async (c) => {
    const nowMs = Date.now();
    const trail = c.get('trail');
    const done = await resealProviderKeys(c.env, nowMs);
    const { resealed, unreadable, left } = done;
    trail.changesNothing = resealed === 0;
    if (resealed > 0) {
      await noteAudited(c.env.DB, trail, nowMs, {
        action: 'provider_keys.resealed',
        targetId: DEPLOYMENT,
        before: null,
        after: { resealed, unreadable: unreadable.length, left },
      });
    }
    return c.json(done, 200);
  },
);
