/**
 * As much of Stripe's API as Purser uses, in its wire format: forms in, JSON out, idempotency keys, errors as Stripe words them. A
 * test acts as the payer (`pay`, `expire`, `renew`) and as the network: it takes the `events` that Stripe would send, signs
 * them and delivers them in whatever order. Calls can be made to fail before or after they had their effect.
 */
import Stripe from 'stripe';

type Fields = Record<string, unknown>;
/** Any object of Stripe's; tests look at what they need. */
export type Thing = Fields & { id: string; object: string };

export interface FakeEvent {
  id: string;
  object: 'event';
  type: string;
  created: number;
  data: { object: Thing };
}

const FORM = 'application/x-www-form-urlencoded';

export class FakeStripe {
  readonly secret = 'sk_test_purser';
  readonly webhookSecret = 'whsec_purser';
  /** What Stripe has told so far, oldest first. */
  readonly events: FakeEvent[] = [];
  /** "POST /v1/refunds", in order. */
  readonly calls: string[] = [];
  /** How many of the next calls fail: before anything happened, or with their answer lost. */
  failing = 0;
  losing = 0;
  /** Cards that the bank refuses. */
  readonly refused = new Set<string>();
  /** Cards that customers have no more. */
  readonly detached = new Set<string>();
  /** Bank accounts, of which money takes days to come (`arrive`). */
  readonly slow = new Set<string>();

  readonly #things = new Map<string, Thing>();
  readonly #answered = new Map<string, { body: string; answer: Response }>();
  /** Of all fakes: what Stripe calls one thing it calls no other. */
  static #made = 0;
  /** Seconds; each thing is made one later than the one before. */
  #now: number;

  constructor(nowMs: number) {
    this.#now = Math.floor(nowMs / 1_000);
  }

  /** The bindings under which Purser takes this for Stripe. */
  get bindings(): { STRIPE_SECRET_KEY: string; STRIPE_WEBHOOK_SECRET: string } {
    return { STRIPE_SECRET_KEY: this.secret, STRIPE_WEBHOOK_SECRET: this.webhookSecret };
  }

  get(id: string): Thing {
    const thing = this.#things.get(id);
    if (!thing) throw new Error(`the fake has no ${id}`);
    return thing;
  }

  all(object: string): Thing[] {
    return [...this.#things.values()].filter((thing) => thing.object === object);
  }

  /** The header Stripe-Signature of a body. */
  async sign(body: string, atSeconds = this.#now, secret = this.webhookSecret): Promise<string> {
    const library = new Stripe(this.secret, { httpClient: Stripe.createFetchHttpClient() });
    return library.webhooks.generateTestHeaderStringAsync({
      payload: body,
      secret,
      timestamp: atSeconds,
      cryptoProvider: Stripe.createSubtleCryptoProvider(),
    });
  }

  /** Moves Stripe's clock, in which signatures are made. */
  setNow(nowMs: number): void {
    this.#now = Math.floor(nowMs / 1_000);
  }

  /** Somebody pays on a page, once. */
  pay(sessionId: string, card = 'pm_visa'): void {
    const session = this.get(sessionId);
    if (session.status !== 'open') throw new Error(`${sessionId} is ${session.status}`);
    if (session.mode === 'subscription') {
      this.#subscribe(session, card);
      return;
    }
    const intent = this.#make('pi', 'payment_intent', {
      ...(session.payment_intent_data as Fields),
      amount: session.amount_total,
      currency: session.currency,
      customer: session.customer,
      payment_method: card,
    });
    Object.assign(session, { payment_intent: intent.id });
    this.#confirm(intent);
    if (intent.status === 'requires_payment_method') return;
    Object.assign(session, { status: 'complete', payment_status: intent.status === 'succeeded' ? 'paid' : 'unpaid' });
    this.#tell('checkout.session.completed', session);
  }

  /** The money of a slow payment is there, or the bank has refused it. */
  arrive(paymentId: string): void {
    this.slow.clear();
    const intent = this.get(paymentId);
    this.#confirm(intent);
    const page = this.all('checkout.session').find(({ payment_intent }) => payment_intent === paymentId);
    const how = intent.status === 'succeeded' ? 'succeeded' : 'failed';
    if (page) this.#tell(`checkout.session.async_payment_${how}`, page);
  }

  /** A day has passed: repeats are known no more. */
  forgetKeys(): void {
    this.#answered.clear();
  }

  expire(sessionId: string): void {
    const session = this.get(sessionId);
    Object.assign(session, { status: 'expired' });
    this.#tell('checkout.session.expired', session);
  }

  /** Somebody refunds in Stripe's own dashboard. */
  refund(paymentId: string, amount: number): Thing {
    return this.#refund({ payment_intent: paymentId, amount });
  }

  /** A payer disputes a payment at the bank, which takes the money back. */
  dispute(paymentId: string, amount: number): Thing {
    const { currency } = this.get(paymentId);
    const dispute = this.#make('dp', 'dispute', {
      payment_intent: paymentId,
      amount,
      currency,
      status: 'needs_response',
      balance_transactions: [],
    });
    this.#tell('charge.dispute.created', dispute);
    dispute.balance_transactions = [{ amount: -amount, fee: 1_500 }];
    this.#tell('charge.dispute.funds_withdrawn', dispute);
    return dispute;
  }

  /** The bank has decided: won, the money comes back. */
  decide(disputeId: string, status: 'won' | 'lost'): void {
    const dispute = this.get(disputeId);
    dispute.status = status;
    this.#tell('charge.dispute.closed', dispute);
    if (status === 'lost') return;
    const moved = dispute.balance_transactions as { amount: number }[];
    dispute.balance_transactions = [...moved, { amount: dispute.amount, fee: 0 }];
    this.#tell('charge.dispute.funds_reinstated', dispute);
  }

  /** The next month begins: a bill is drawn up and paid, or its card is refused. */
  renew(subscriptionId: string): Thing {
    const subscription = this.get(subscriptionId);
    if (subscription.cancel_at_period_end) return this.cancel(subscriptionId);
    for (const item of itemsOf(subscription)) {
      item.current_period_start = item.current_period_end;
      item.current_period_end = monthAfter(item.current_period_end as number);
    }
    return this.#bill(subscription, 'subscription_cycle');
  }

  /** Stripe tries a bill's card again, which works now. */
  settle(invoiceId: string): void {
    const invoice = this.get(invoiceId);
    const parent = invoice.parent as { subscription_details: { subscription: string } };
    const subscription = this.get(parent.subscription_details.subscription);
    const intent = this.#make('pi', 'payment_intent', {
      customer: subscription.customer,
      amount: invoice.total,
      currency: 'usd',
      payment_method: 'pm_visa',
    });
    this.#confirm(intent);
    Object.assign(invoice, {
      status: 'paid',
      payments: { data: [{ status: 'paid', payment: { payment_intent: intent.id } }] },
    });
    Object.assign(subscription, { status: 'active' });
    this.#tell('invoice.paid', invoice);
    this.#tell('customer.subscription.updated', subscription);
  }

  cancel(subscriptionId: string): Thing {
    const subscription = this.get(subscriptionId);
    Object.assign(subscription, { status: 'canceled' });
    this.#tell('customer.subscription.deleted', subscription);
    return subscription;
  }

  /** The API. */
  async answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const body = request.method === 'POST' ? new TextDecoder().decode(await request.arrayBuffer()) : '';
    this.calls.push(`${request.method} ${pathname}`);
    if (this.failing > 0) {
      this.failing -= 1;
      const answer = refusal(500, 'api_error', 'Something went wrong on our side.');
      // The library believes it, and a test need not wait for a second try.
      answer.headers.set('stripe-should-retry', 'false');
      return answer;
    }
    if (request.headers.get('authorization') !== `Bearer ${this.secret}`)
      return refusal(401, 'invalid_request_error', 'Invalid API Key.');
    if (body !== '' && request.headers.get('content-type') !== FORM)
      return refusal(400, 'invalid_request_error', 'no form');
    const answer = this.#once(request.headers.get('idempotency-key'), pathname, body, () =>
      this.#route(request.method, pathname.split('/').slice(2), parseForm(body), searchParams),
    );
    if (this.losing > 0) {
      this.losing -= 1;
      throw new TypeError('connection lost');
    }
    return answer;
  }

  #once(key: string | null, path: string, body: string, act: () => Response): Response {
    if (key === null) return act();
    const known = this.#answered.get(key);
    const asked = `${path} ${body}`;
    if (!known) {
      const answer = act();
      if (answer.status < 500) this.#answered.set(key, { body: asked, answer: answer.clone() });
      return answer;
    }
    if (known.body !== asked) {
      return refusal(
        400,
        'idempotency_error',
        'Keys for idempotent requests can only be used with the same parameters.',
      );
    }
    return known.answer.clone();
  }

  #route(method: string, [what = '', id, more]: string[], fields: Fields, asked: URLSearchParams): Response {
    if (what === 'checkout') return this.#sessions(method, more, fields);
    if (method === 'GET' && id) {
      const thing = this.#things.get(id);
      return thing
        ? Response.json(this.#shown(thing))
        : refusal(404, 'invalid_request_error', `No such ${what}: '${id}'`);
    }
    if (method === 'GET' && what === 'refunds')
      return Response.json({
        object: 'list',
        has_more: false,
        data: this.all('refund').filter(({ payment_intent }) => payment_intent === asked.get('payment_intent')),
      });
    if (method === 'DELETE' && what === 'subscriptions' && id) return Response.json(this.cancel(id));
    if (method !== 'POST') return refusal(404, 'invalid_request_error', `Unrecognized request: ${method} ${what}`);
    switch (what) {
      case 'customers':
        return Response.json(this.#make('cus', 'customer', fields));
      case 'products':
        if (this.#things.has(String(fields.id))) {
          return refusal(400, 'invalid_request_error', 'Product already exists.', { code: 'resource_already_exists' });
        }
        return Response.json(this.#make('prod', 'product', fields));
      case 'tax_rates':
        return Response.json(this.#make('txr', 'tax_rate', fields));
      case 'refunds': {
        const rest = restOf(this.get(String(fields.payment_intent)));
        if (rest === 0 || Number(fields.amount) > rest) {
          return refusal(
            400,
            'invalid_request_error',
            `Refund amount is greater than unrefunded amount on charge (${rest})`,
          );
        }
        return Response.json(this.#refund({ ...fields, amount: fields.amount ?? rest }));
      }
      case 'payment_intents': {
        const intent = this.#make('pi', 'payment_intent', { ...fields, amount: Number(fields.amount) });
        this.#confirm(intent);
        if (intent.status !== 'requires_payment_method') return Response.json(intent);
        const { message } = intent.last_payment_error as { message: string };
        return refusal(402, 'card_error', message, { code: 'card_declined', payment_intent: intent });
      }
      case 'payment_methods': {
        if (more !== 'detach' || this.detached.has(String(id)))
          return refusal(400, 'invalid_request_error', 'The payment method is not attached to a customer.');
        this.detached.add(String(id));
        return Response.json({ id, object: 'payment_method', customer: null });
      }
      case 'subscriptions':
        return id ? this.#updateSubscription(this.get(id), fields) : refusal(404, 'invalid_request_error', 'not here');
      default:
        return refusal(404, 'invalid_request_error', `Unrecognized request URL (POST: /v1/${what}).`);
    }
  }

  #sessions(method: string, id: string | undefined, fields: Fields): Response {
    if (method === 'GET' && id) return Response.json(this.get(id));
    const lines = fields.line_items as { quantity: string; price_data: { unit_amount: string; currency: string } }[];
    const total = lines.reduce(
      (sum, { quantity, price_data }) => sum + Number(quantity) * Number(price_data.unit_amount),
      0,
    );
    const session = this.#make('cs', 'checkout.session', {
      payment_intent: null,
      subscription: null,
      ...fields,
      status: 'open',
      payment_status: 'unpaid',
      amount_total: total,
      currency: lines[0]?.price_data.currency,
    });
    session.url = `https://checkout.stripe.test/c/pay/${session.id}`;
    return Response.json(session);
  }

  #confirm(intent: Thing): void {
    if (this.refused.has(String(intent.payment_method))) {
      const last_payment_error = { code: 'card_declined', message: 'Your card was declined.' };
      Object.assign(intent, { status: 'requires_payment_method', amount_received: 0, last_payment_error });
      this.#tell('payment_intent.payment_failed', intent);
      return;
    }
    if (this.slow.has(String(intent.payment_method))) {
      Object.assign(intent, { status: 'processing', amount_received: 0, last_payment_error: null });
      return;
    }
    Object.assign(intent, {
      status: 'succeeded',
      amount_received: intent.amount,
      amount_refunded: 0,
      last_payment_error: null,
    });
    this.#tell('payment_intent.succeeded', intent);
  }

  #refund(fields: Fields): Thing {
    const intent = this.get(String(fields.payment_intent));
    intent.amount_refunded = Number(intent.amount_refunded) + Number(fields.amount);
    const refund = this.#make('re', 'refund', {
      ...fields,
      amount: Number(fields.amount),
      currency: intent.currency,
      status: 'succeeded',
      failure_reason: null,
    });
    this.#tell('refund.created', refund);
    this.#tell('refund.updated', refund);
    return refund;
  }

  #subscribe(session: Thing, card: string): void {
    const lines = session.line_items as { quantity: string; price_data: Fields }[];
    const items = lines.map(({ quantity, price_data }) => this.#item(price_data, Number(quantity)));
    const subscription = this.#make('sub', 'subscription', {
      ...(session.subscription_data as Fields),
      customer: session.customer,
      card,
      default_payment_method: card,
      status: 'active',
      start_date: this.#now,
      cancel_at_period_end: false,
      items: { object: 'list', data: items },
    });
    Object.assign(session, { status: 'complete', payment_status: 'paid', subscription: subscription.id });
    this.#tell('customer.subscription.created', subscription);
    this.#bill(subscription, 'subscription_create');
    this.#tell('checkout.session.completed', session);
  }

  #item(price_data: Fields, quantity: number): Thing {
    const { product, currency } = price_data;
    return this.#make('si', 'subscription_item', {
      price: { id: `price_${FakeStripe.#made}`, product, currency, unit_amount: Number(price_data.unit_amount) },
      quantity,
      current_period_start: this.#now,
      current_period_end: monthAfter(this.#now),
    });
  }

  #updateSubscription(subscription: Thing, fields: Fields): Response {
    const { items, cancel_at_period_end } = fields as { items?: Fields[]; cancel_at_period_end?: string };
    subscription.metadata = { ...(subscription.metadata as Fields), ...(fields.metadata as Fields) };
    if (cancel_at_period_end !== undefined) subscription.cancel_at_period_end = cancel_at_period_end === 'true';
    for (const { id, quantity, price_data } of items ?? []) {
      const item = itemsOf(subscription).find((one) => one.id === id);
      if (item) item.quantity = Number(quantity);
      else itemsOf(subscription).push(this.#item(price_data as Fields, Number(quantity)));
    }
    this.#tell('customer.subscription.updated', subscription);
    return Response.json(subscription);
  }

  #bill(subscription: Thing, reason: string): Thing {
    const lines = itemsOf(subscription).map((item) => {
      const { unit_amount, product } = item.price as { unit_amount: number; product: string };
      const quantity = Number(item.quantity);
      const period = { start: item.current_period_start, end: item.current_period_end };
      const description = String(this.get(product).name);
      return { id: `il_${item.id}`, description, quantity, amount: unit_amount * quantity, period };
    });
    const subtotal = lines.reduce((sum, { amount }) => sum + amount, 0);
    // A rate of the subscription is that of each item which has none of its own.
    const [rate] = (subscription.default_tax_rates ?? []) as string[];
    const tax = rate ? Math.round((subtotal * Number(this.get(rate).percentage)) / 100) : 0;
    const invoice = this.#make('in', 'invoice', {
      billing_reason: reason,
      status: 'open',
      currency: 'usd',
      subtotal,
      total: subtotal + tax,
      total_taxes: rate ? [{ amount: tax, tax_rate_details: { tax_rate: rate } }] : [],
      lines: { object: 'list', data: lines },
      payments: { object: 'list', data: [] },
      parent: { subscription_details: { subscription: subscription.id, metadata: subscription.metadata } },
    });
    invoice.hosted_invoice_url = `https://invoice.stripe.test/i/${invoice.id}`;
    subscription.latest_invoice = invoice;
    if (this.refused.has(String(subscription.card))) {
      Object.assign(subscription, { status: 'past_due' });
      this.#tell('invoice.payment_failed', invoice);
      this.#tell('customer.subscription.updated', subscription);
    } else this.settle(invoice.id);
    return invoice;
  }

  #make(prefix: string, object: string, fields: Fields): Thing {
    FakeStripe.#made += 1;
    this.#now += 1;
    const thing: Thing = { id: `${prefix}_${FakeStripe.#made}`, metadata: {}, created: this.#now, ...fields, object };
    this.#things.set(thing.id, thing);
    return thing;
  }

  /** Payment methods come whole, as who retrieves a payment asks. */
  #shown(thing: Thing): Thing {
    if (thing.object !== 'payment_intent' || typeof thing.payment_method !== 'string') return thing;
    const brand = thing.payment_method.replace('pm_', '');
    const payment_method = {
      id: thing.payment_method,
      object: 'payment_method',
      type: 'card',
      card: { brand, last4: '4242' },
    };
    return { ...thing, payment_method };
  }

  #tell(type: string, object: Thing): void {
    FakeStripe.#made += 1;
    this.events.push({
      id: `evt_${FakeStripe.#made}`,
      object: 'event',
      type,
      created: this.#now,
      data: { object: structuredClone(object) },
    });
  }
}

function itemsOf(subscription: Thing): Thing[] {
  return (subscription.items as { data: Thing[] }).data;
}

function restOf({ amount, amount_refunded }: Thing): number {
  return Number(amount) - Number(amount_refunded);
}

function monthAfter(seconds: number): number {
  const from = new Date(seconds * 1_000);
  return Math.floor(from.setUTCMonth(from.getUTCMonth() + 1) / 1_000);
}

function refusal(status: number, type: string, message: string, more: Fields = {}): Response {
  return Response.json({ error: { type, message, ...more } }, { status, headers: { 'request-id': 'req_fake' } });
}

/** A form as Stripe reads one: `items[0][price_data][currency]=usd`. */
function parseForm(body: string): Fields {
  const root: Fields = {};
  for (const [name, value] of new URLSearchParams(body)) {
    const path = name.split(/[[\]]+/).filter((part) => part !== '');
    let at = root;
    for (const [i, part] of path.entries()) {
      if (i === path.length - 1) at[part] = value;
      else {
        at[part] ??= /^\d+$/.test(path[i + 1] ?? '') ? [] : {};
        at = at[part] as Fields;
      }
    }
  }
  return root;
}
