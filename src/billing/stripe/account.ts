/**
 * The operator's account at Stripe, through Stripe's own library. It is loaded with the first use: a deployment that takes
 * payments by hand never pays for it. Secrets: STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET; STRIPE_API_BASE is for tests.
 */
import type Stripe from 'stripe';
import { LIMITS } from '../../limits.ts';
import { ApiError } from '../../teams/api-error.ts';

/** One client for an isolate: it keeps nothing of a request. Made anew where the bindings differ, as between tests. */
let made: { secret: string; base: string; stripe: Promise<Stripe> } | null = null;

export function hasStripe(env: Env): boolean {
  return Boolean(env.STRIPE_SECRET_KEY);
}

/** Throws a 503 where there is no key: what was begun with one cannot be asked about. */
export function stripeOf(env: Env): Promise<Stripe> {
  const { STRIPE_SECRET_KEY: secret, STRIPE_API_BASE: base = 'https://api.stripe.com' } = env;
  if (!secret) {
    throw new ApiError(503, 'unavailable', 'This Purser has no key of Stripe any more: ask whoever runs it.');
  }
  if (made?.secret !== secret || made.base !== base) made = { secret, base, stripe: load(secret, new URL(base)) };
  return made.stripe;
}

async function load(secret: string, base: URL): Promise<Stripe> {
  const { default: Library } = await import('stripe');
  const protocol = base.protocol === 'http:' ? 'http' : 'https';
  return new Library(secret, {
    host: base.hostname,
    port: base.port || (protocol === 'http' ? 80 : 443),
    protocol,
    // The isolate's own fetch at the time of the call.
    httpClient: Library.createFetchHttpClient(((input, init) => fetch(input, init)) as typeof fetch),
    maxNetworkRetries: LIMITS.stripeRetriesMax,
    timeout: LIMITS.stripeTimeoutMs,
    telemetry: false,
    appInfo: { name: 'Purser' },
  });
}

/** The id of what Stripe tells whole, or by its id. */
export function idOf(object: string | { id: string }): string {
  return typeof object === 'string' ? object : object.id;
}

/**
 * Asks Stripe while somebody waits. What it cannot do now is a 503, after which the same may be asked again; of what went wrong it
 * names no secret, and the log has it.
 */
export async function askingStripe<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const { type, message } = error as { type?: unknown; message?: string };
    if (typeof type !== 'string' || !type.startsWith('Stripe')) throw error;
    console.error(JSON.stringify({ event: 'stripe_failed', type, error: message }));
    const told = 'Stripe could not be asked, or refused. Try again in a minute.';
    throw new ApiError(503, 'unavailable', told, { retryAfterSeconds: 60 });
  }
}

/**
 * The event that a webhook brings, if Stripe signed it lately; null where it did not. `body` is what came, byte by byte.
 */
export async function signedEvent(env: Env, body: string, signature: string): Promise<Stripe.Event | null> {
  const secret = env.STRIPE_WEBHOOK_SECRET;
  if (!secret) return null;
  const [stripe, { default: Library }] = await Promise.all([stripeOf(env), import('stripe')]);
  try {
    return await stripe.webhooks.constructEventAsync(
      body,
      signature,
      secret,
      LIMITS.stripeSignatureAgeSeconds,
      Library.createSubtleCryptoProvider(),
    );
  } catch (error) {
    if (error instanceof Library.errors.StripeSignatureVerificationError || error instanceof SyntaxError) return null;
    throw error;
  }
}
