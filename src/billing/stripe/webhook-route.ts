/**
 * POST /webhooks/stripe. Answers 200 once an event is kept, whether or not it could have its effect yet; anything else
 * makes Stripe send it again: a 400 for what Stripe did not sign, a 503 where it could not be kept.
 */
import { bodyLimit } from 'hono/body-limit';
import { apiRouter } from '../../api.ts';
import { LIMITS } from '../../limits.ts';
import { ApiError, badRequest } from '../../teams/api-error.ts';
import { hasStripe, signedEvent } from './account.ts';
import { isHeard } from './hearing.ts';
import { handleEvent, keepEvent } from './kept-events.ts';

export const stripeWebhookRouter = apiRouter();

const tooLarge = () => {
  throw new ApiError(413, 'request_too_large', `An event has at most ${LIMITS.webhookBytesMax} bytes.`);
};

stripeWebhookRouter.post(
  '/webhooks/stripe',
  bodyLimit({ maxSize: LIMITS.webhookBytesMax, onError: tooLarge }),
  async (c) => {
    if (!hasStripe(c.env) || !c.env.STRIPE_WEBHOOK_SECRET) {
      const message = 'This Purser takes no events of Stripe: STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are not set.';
      throw new ApiError(404, 'not_found', message);
    }
    const signature = c.req.header('stripe-signature');
    if (!signature) throw badRequest('Stripe-Signature', 'The header Stripe-Signature is missing.');
    const body = await c.req.text();
    const event = await signedEvent(c.env, body, signature);
    if (!event) throw badRequest('Stripe-Signature', 'The signature is not of this body, or is too old.');
    if (!isHeard(event.type)) return c.json({ received: true, handled: false }, 200);

    const nowMs = Date.now();
    try {
      await keepEvent(c.env, event, body, nowMs);
    } catch {
      throw new ApiError(503, 'unavailable', 'The event could not be kept; send it again.', { retryAfterSeconds: 60 });
    }
    await handleEvent(c.env, event.id, nowMs);
    return c.json({ received: true, handled: true }, 200);
  },
);
