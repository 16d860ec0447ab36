/** A deployment that takes payments through Stripe, a team in it, and the network between them, which tests deliver by hand. */
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import { handleDueEvents } from '../../src/billing/stripe/kept-events.ts';
import { DAY_MS } from '../../src/limits.ts';
import type { Browser } from '../support/browser.ts';
import { type FakeEvent, FakeStripe } from '../support/fake-stripe.ts';
import { ORIGIN } from '../support/gateway.ts';
import { seedTeam } from '../support/team.ts';
import { callIn } from '../teams/management.ts';
import { selling } from './paying.ts';

export class StripeWorld {
  readonly fake: FakeStripe;
  readonly env: Env;

  constructor(settings: Partial<Env> = {}) {
    this.fake = new FakeStripe(Date.now());
    this.env = selling({ ...this.fake.bindings, ...settings });
    vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => this.fake.answer(new Request(input, init)));
  }

  /** A team whose owner is signed in. */
  async team(): Promise<{ organizationId: string; owner: Browser; plan(): Promise<string | null> }> {
    const { seeded, people } = await seedTeam({ owner: 'owner' }, {}, this.env);
    const { organizationId } = seeded;
    const plan = () =>
      env.DB.prepare('SELECT plan FROM organizations WHERE id = ?').bind(organizationId).first<string>('plan');
    return { organizationId, owner: people.owner.browser, plan };
  }

  async deliver(event: FakeEvent, signature?: string): Promise<Response> {
    const body = JSON.stringify(event);
    this.fake.setNow(Date.now());
    const headers = {
      'stripe-signature': signature ?? (await this.fake.sign(body)),
      'content-type': 'application/json',
    };
    return callIn(this.env, new Request(`${ORIGIN}/webhooks/stripe`, { method: 'POST', headers, body }));
  }

  /** Everything that Stripe has told since event number `from`, in its order. */
  async deliverAll(from = 0): Promise<void> {
    for (const event of this.fake.events.slice(from)) await this.deliver(event);
  }

  /** What could not be handled is tried again, as the cron does in the hours after. */
  async retryAll(): Promise<void> {
    const later = Date.now() + 2 * DAY_MS;
    for (let tries = 0; tries < 3; tries++) await handleDueEvents(this.env, later + tries * DAY_MS);
  }
}

export interface TransactionRow {
  id: string;
  kind: string;
  status: string;
  total: number;
  number: string | null;
  reference: string | null;
  failure: string | null;
}

export async function transactionsOf(organizationId: string): Promise<TransactionRow[]> {
  const { results } = await env.DB.prepare(
    `SELECT id, kind, status, total, number, reference, failure FROM transactions
     WHERE organization_id = ? ORDER BY created_at, id`,
  )
    .bind(organizationId)
    .all<TransactionRow>();
  return results;
}
