/** The management routes by which an organization pays: credit, automatic top-ups, its plan. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { noteAudited } from '../audit/change.ts';
import type { Trail } from '../audit/trail.ts';
import { LIMITS } from '../limits.ts';
import { formatUsd, type Nanos, parseUsd } from '../money/nanos.ts';
import { idOf, instant, like, ORG_ID, orNull, usd } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { ApiError, badRequest } from '../teams/api-error.ts';
import { guarded } from '../teams/guard.ts';
import { PLANS } from '../teams/roles.ts';
import { centsInNanos, topUpAmountOf } from './amounts.ts';
import { readAutomaticTopUp, setAutomaticTopUp } from './automatic-settings.ts';
import { type Checkout, checkOutSeats, checkOutTopUp } from './checkout.ts';
import { changePlan } from './plans.ts';
import { askingStripe } from './stripe/account.ts';
import { forgetCard } from './stripe/cards.ts';

const route = routesOf('Billing');
const Org = z.object({ orgId: ORG_ID });

/** The page of the web app that Stripe sends people back to. */
const BILLING_PAGE = '/dashboard/billing';

const toPay = guarded({
  ability: 'billing.write',
  roleMessage: 'Only owners and finance admins can pay.',
});
const toReadWallet = guarded({
  ability: 'wallet.read',
  roleMessage: 'Only owners, admins and finance admins can view the wallet.',
});

function amountText(name: string) {
  const error = `${name} must be a decimal string in USD, as in "25" or "12.50".`;
  return z.string({ error }).max(LIMITS.amountLengthMax, { error });
}

function usdIn(name: string) {
  return amountText(name).transform((text, ctx): Nanos => {
    const amount = parseUsd(text);
    if (amount !== null) return amount;
    ctx.addIssue({ code: 'custom', message: `${name} must be a decimal string in USD, as in "25" or "12.50".` });
    return z.NEVER;
  });
}

const TopUpBody = z
  .strictObject({
    amount: amountText('amount').openapi({ description: 'From 5 to 999,999.99 USD, whole cents' }),
    saveCard: z.boolean({ error: 'saveCard must be true or false.' }).default(false).openapi({
      description: 'Whether Stripe keeps the card, for automatic top-ups',
    }),
  })
  .openapi('TopUp', { example: { amount: '50', saveCard: true } });

const TopUpOpened = z.object({
  transactionId: idOf('txn'),
  url: orNull(like('https://checkout.stripe.com/c/pay/cs_1')).openapi({
    description: 'Where to pay; null: the operator says how, and records it',
    example: 'https://checkout.stripe.com/c/pay/cs_1',
  }),
  total: usd('50', 'With taxes'),
});

const AutomaticTopUp = z
  .object({
    below: orNull(usd('10', 'Credit is bought when less than this is available; null: never')),
    amount: orNull(usd('50', 'So much of it, before taxes')),
    monthlyMax: orNull(usd('1000', 'At most so much in a calendar month of UTC, before taxes')),
    boughtThisMonth: usd('150', 'What of it was bought, charges under way included'),
    card: orNull(like('Visa 4242')).openapi({ description: 'Saved with a payment; null: none is' }),
    failedAt: orNull(instant()).openapi({ description: 'Since when it rests, because the card was refused' }),
    failure: orNull(like('Your card was declined.')),
    retryAt: orNull(instant()).openapi({
      description:
        'When it is tried again; null with `failedAt`: not before another card is paid with or this is set again',
    }),
  })
  .openapi('AutomaticTopUp');

const AutomaticBody = z
  .strictObject({
    below: usdIn('below')
      .nullable()
      .openapi({ type: ['string', 'null'], maxLength: LIMITS.amountLengthMax }),
    amount: amountText('amount').nullable(),
    monthlyMax: amountText('monthlyMax')
      .nullish()
      .openapi({
        description: `At least amount; null or not given: ${LIMITS.topUpMonthCentsDefault / 100}, or the amount where that is more`,
      }),
  })
  .openapi('AutomaticTopUpBody', { example: { below: '10', amount: '50', monthlyMax: '500' } });

const PlanBody = z
  .strictObject({ plan: z.enum(PLANS, { error: 'plan must be free or pro.' }) })
  .openapi('PlanChange', { example: { plan: 'pro' } });

const PlanChanged = z.object({
  plan: z.enum(PLANS).openapi({ example: 'free', description: 'As it is now' }),
  url: orNull(like('https://checkout.stripe.com/c/pay/cs_1')).openapi({
    description: 'Where to pay first; null: nothing is to be paid now',
  }),
  endsAt: orNull(instant()).openapi({ description: 'When a plan that was given up ends' }),
});

export const checkoutRouter = apiRouter()
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/wallet/checkout',
      summary: 'Buy credit: opens a transaction and tells where to pay for it',
      middleware: [toPay, ...jsonBody] as const,
      request: { params: Org, body: body(TopUpBody) },
      refuses: [409],
      responses: { 201: answers('The transaction, pending until it is paid', TopUpOpened) },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const { amount, saveCard } = c.req.valid('json');
      const nowMs = Date.now();
      const returnUrl = new URL(BILLING_PAGE, c.req.url).href;
      const asked = { amount: topUpAmountOf(amount, 'USD'), saveCard, returnUrl };
      const checkout = await checkOutTopUp(c.env, orgId, asked, nowMs);
      return c.json(await tellOpened(c.env, c.get('trail'), checkout, nowMs), 201);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/transactions/{transactionId}/checkout',
      summary: 'Pay for seats that the card was refused for, before they are taken back (`payBy`)',
      middleware: toPay,
      request: { params: Org.extend({ transactionId: idOf('txn') }) },
      refuses: [409],
      responses: { 201: answers('The transaction, pending again until it is paid', TopUpOpened) },
    }),
    async (c) => {
      const { orgId, transactionId } = c.req.valid('param');
      const nowMs = Date.now();
      const returnUrl = new URL(BILLING_PAGE, c.req.url).href;
      const checkout = await checkOutSeats(c.env, orgId, transactionId, returnUrl, nowMs);
      return c.json(await tellOpened(c.env, c.get('trail'), checkout, nowMs), 201);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/wallet/automatic-top-up',
      summary: 'When credit is bought by itself, and with which card',
      middleware: toReadWallet,
      request: { params: Org },
      responses: { 200: answers('The settings', AutomaticTopUp) },
    }),
    async (c) => c.json(await readAutomaticTopUp(c.env, c.req.valid('param').orgId, Date.now()), 200),
  )
  .openapi(
    route({
      method: 'put',
      path: '/orgs/{orgId}/wallet/automatic-top-up',
      summary: 'Have credit bought by itself, or no more',
      middleware: [toPay, ...jsonBody] as const,
      request: { params: Org, body: body(AutomaticBody) },
      responses: { 200: answers('The settings', AutomaticTopUp) },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const { below, amount, monthlyMax } = c.req.valid('json');
      if ((below === null) !== (amount === null)) {
        throw new ApiError(400, 'invalid_request_error', 'below and amount are both amounts, or both null.', {
          param: below === null ? 'below' : 'amount',
        });
      }
      const settings = below === null || amount === null ? null : { below, ...capped(amount, monthlyMax ?? null) };
      const nowMs = Date.now();
      await setAutomaticTopUp(c.env, c.get('trail'), settings, nowMs);
      return c.json(await readAutomaticTopUp(c.env, orgId, nowMs), 200);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/orgs/{orgId}/wallet/card',
      summary: 'Forget the saved card, here and at Stripe; nothing is bought by itself then',
      middleware: toPay,
      request: { params: Org },
      refuses: [503],
      responses: { 200: answers('The settings, without a card', AutomaticTopUp) },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const nowMs = Date.now();
      const trail = c.get('trail');
      trail.changesNothing = !(await askingStripe(() => forgetCard(c.env, trail, nowMs)));
      return c.json(await readAutomaticTopUp(c.env, orgId, nowMs), 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/plan',
      summary: 'Change the plan: a larger one once it is paid for, a smaller one as its period ends',
      middleware: [toPay, ...jsonBody] as const,
      request: { params: Org, body: body(PlanBody) },
      responses: { 200: answers('The plan, and what comes next', PlanChanged) },
    }),
    async (c) => {
      const returnUrl = new URL(BILLING_PAGE, c.req.url).href;
      return c.json(await changePlan(c.env, c.get('trail'), c.req.valid('json').plan, returnUrl, Date.now()), 200);
    },
  );

async function tellOpened(env: Env, trail: Trail, { transaction, url, isNew }: Checkout, nowMs: number) {
  const { id, kind, currency } = transaction;
  const total = formatUsd(centsInNanos(transaction.total));
  if (isNew) {
    const after = { kind, total, currency };
    await noteAudited(env.DB, trail, nowMs, { action: 'transaction.opened', targetId: id, before: null, after });
  } else trail.changesNothing = true;
  return { transactionId: id, url, total };
}

function capped(amountAsked: string, monthlyMaxAsked: string | null) {
  const amount = topUpAmountOf(amountAsked, 'USD');
  const monthlyMax = monthlyMaxAsked === null ? null : topUpAmountOf(monthlyMaxAsked, 'USD', 'monthlyMax');
  if (monthlyMax !== null && monthlyMax < amount) {
    throw badRequest('monthlyMax', 'monthlyMax must not be less than amount: nothing could be bought.');
  }
  return { amount, monthlyMax };
}
