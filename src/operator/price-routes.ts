/**
 * What a model costs, where the operator knows better than the built-in table: set or cleared from an instant on. All isolates
 * go by it within a minute or so (prices/live-catalogue.ts).
 */
import { createRoute, z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import type { Catalogue, Mapping } from '../models/catalogue.ts';
import { parseUsd } from '../money/nanos.ts';
import { modalityOf, type Rates, UNITS, type Unit } from '../money/price.ts';
import type { LiveCatalogue } from '../prices/live-catalogue.ts';
import { clearOverride, setOverride } from '../prices/overrides.ts';
import { inWords } from '../prices/terms.ts';
import { badRequest, notFound } from '../teams/api-error.ts';
import { operatorOfAll } from './guard.ts';

const PICODOLLARS_PER_NANO_OF_A_MILLION = 1_000;

const RATE =
  'rates must be decimal USD: for a million tokens, with at most 6 decimals, or for a thousand of anything else.';

const Tier = z.strictObject({
  aboveInputTokens: z.int({ error: 'aboveInputTokens must be a whole number.' }).min(0).default(0),
  rates: z.partialRecord(z.enum(UNITS as [Unit, ...Unit[]]), z.string({ error: RATE }), {
    error: `rates must name units: ${UNITS.join(', ')}.`,
  }),
});

const PriceBody = z.strictObject({
  model: z.string({ error: 'model must be the pinned name of one: openai/gpt-5.5.' }),
  from: z.iso.datetime({ error: 'from must be an instant, ISO 8601 in UTC, or null.' }).nullable().default(null),
  /** Null clears what was set from that instant on. */
  tiers: z.array(Tier).min(1).max(10).nullable(),
});

const PricesNow = z.object({
  model: z.string(),
  prices: z.array(z.object({ version: z.string(), terms: z.array(z.string()) })),
});

export function priceRouter(catalogue: LiveCatalogue) {
  return apiRouter().openapi(
    createRoute({
      method: 'put',
      path: '/operator/prices',
      hide: true,
      middleware: [operatorOfAll, ...jsonBody] as const,
      request: { body: body(PriceBody) },
      responses: { 200: answers('What the model costs, by date', PricesNow) },
    }),
    async (c) => {
      const { model, from, tiers } = c.req.valid('json');
      const mapping = pinned(await catalogue.refresh(c.env), model);
      const effectiveFrom = from === null ? null : Date.parse(from);
      const [trail, nowMs] = [c.get('trail'), Date.now()];
      if (tiers === null) {
        if (!(await clearOverride(c.env.DB, trail, mapping.id, effectiveFrom, nowMs))) throw notFound('price');
      } else {
        const terms = { effectiveFrom, tiers: tiers.map((tier) => ({ ...tier, rates: ratesOf(tier.rates) })) };
        const starts = terms.tiers.map(({ aboveInputTokens }) => aboveInputTokens);
        if (starts.some((start, i) => start <= (starts[i - 1] ?? -1)) || starts[0] !== 0) {
          throw badRequest('tiers', 'tiers must ascend by aboveInputTokens, and the first begin at 0.');
        }
        await setOverride(c.env.DB, trail, mapping.id, terms, nowMs);
      }
      const { id, prices } = pinned(await catalogue.refresh(c.env), model);
      const told = prices.map((price) => ({ version: price.version, terms: inWords(price) }));
      return c.json({ model: id, prices: told }, 200);
    },
  );
}

function pinned(catalogue: Catalogue, model: string): Mapping {
  const found = catalogue.find(model)?.mappings.find(({ id }) => id === model);
  if (!found)
    throw badRequest('model', `There is no model ${model} here: name one at its provider, as in openai/gpt-5.5.`);
  return found;
}

/** From USD for a million tokens, or for a thousand of anything else. */
function ratesOf(told: Partial<Record<Unit, string>>): Rates {
  const rates: Rates = {};
  for (const unit of UNITS) {
    const text = told[unit];
    if (text === undefined) continue;
    const amount = parseUsd(text);
    const rate = amount === null ? null : modalityOf(unit) ? amount / PICODOLLARS_PER_NANO_OF_A_MILLION : amount;
    if (rate === null || !Number.isSafeInteger(rate)) throw badRequest(`tiers.rates.${unit}`, `${unit}: ${RATE}`);
    rates[unit] = rate;
  }
  if (Object.keys(rates).length === 0) throw badRequest('tiers.rates', 'rates must name at least one unit.');
  return rates;
}
