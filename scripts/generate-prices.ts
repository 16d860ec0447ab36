/**
 * Writes src/models/prices.generated.ts from the price data inside the installed @pydantic/genai-prices.
 *
 *   node_modules/.bin/node scripts/generate-prices.ts           writes the file, lists what it left out and why
 *   node_modules/.bin/node scripts/generate-prices.ts --check   writes nothing, exits 1 if the file differs
 *
 * It runs by hand when the package is upgraded; the gateway never fetches a price. Whatever it does not understand stops
 * it: a price that is wrong by a silent guess is worse than none.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ConditionalPrice,
  findProvider,
  type ModelInfo,
  type ModelPrice,
  type TieredPrices,
} from '@pydantic/genai-prices';
import type { Price, Rates, RateTier, Unit } from '../src/money/price.ts';

const PROVIDERS = ['anthropic', 'openai'];

/** The package's price keys (USD per million tokens) and the units each one prices. A later line overrules. */
const TOKEN_KEYS: readonly (readonly [key: string, units: readonly Unit[]])[] = [
  ['input_mtok', ['input']],
  ['cache_read_mtok', ['cachedInput']],
  // The package applies this one to every write that has no rate for its own lifetime.
  ['cache_write_mtok', ['cacheWrite5m', 'cacheWrite1h']],
  ['cache_write_5m_mtok', ['cacheWrite5m']],
  ['cache_write_1h_mtok', ['cacheWrite1h']],
  ['output_mtok', ['output']],
  ['output_reasoning_mtok', ['reasoning']],
];

/**
 * Charges for tools that the provider runs, which a request incurs only if it asks for them. They are left out of models
 * that are kept, on the understanding that the gateway forwards no such tool until it can price it.
 */
const PROVIDER_TOOL_KEYS: readonly string[] = ['web_searches_kcount', 'storage_searches_kcount'];

/** Prices that stand here in place of the package's, each with its why. */
const OVERRIDES: Readonly<Record<string, readonly ConditionalPrice[]>> = {
  // Purser is specified with the price that was announced at launch: introductory until 2026-08-31T23:59:59Z, then 3/15.
  // The package has one flat price, 2/10, and notes that the rise was cancelled. If so, this overstates a cost by half and
  // overspends no budget; deleting this entry follows the package. Cache rates keep its ratios: 0.1, 1.25 and 2 x input.
  'anthropic/claude-sonnet-5': [
    {
      prices: {
        input_mtok: 2,
        cache_read_mtok: 0.2,
        cache_write_5m_mtok: 2.5,
        cache_write_1h_mtok: 4,
        output_mtok: 10,
      },
    },
    {
      constraint: { type: 'start_date', start_date: '2026-09-01' },
      prices: {
        input_mtok: 3,
        cache_read_mtok: 0.3,
        cache_write_5m_mtok: 3.75,
        cache_write_1h_mtok: 6,
        output_mtok: 15,
      },
    },
  ],
};

type ModelPrices = Record<string, Price[]>;

interface Generated {
  /** By provider, then by model, both in ascending order. */
  table: Record<string, ModelPrices>;
  /** One line for each model that was left out, with the reason. */
  skipped: string[];
}

/** The table as it should stand in the generated file. Throws on anything it cannot convert exactly. */
export function generatePrices(): Generated {
  const generated: Generated = { table: {}, skipped: [] };
  const unusedOverrides = new Set(Object.keys(OVERRIDES));
  for (const providerId of PROVIDERS) {
    const provider = findProvider({ providerId });
    if (provider?.id !== providerId) throw new Error(`the package knows no provider ${providerId}`);
    const models: ModelPrices = {};
    for (const model of provider.models.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
      const name = `${providerId}/${model.id}`;
      if (Object.hasOwn(models, model.id)) throw new Error(`${name} stands twice in the package`);
      unusedOverrides.delete(name);
      const conditional = conditionalPrices(name, model);
      const reason = reasonToSkip(conditional);
      if (reason === null) models[model.id] = datedPrices(name, conditional);
      else generated.skipped.push(`${name}: ${reason}`);
    }
    generated.table[providerId] = models;
  }
  if (unusedOverrides.size > 0) throw new Error(`overrides of unknown models: ${[...unusedOverrides].join(', ')}`);
  return generated;
}

function conditionalPrices(name: string, { prices }: ModelInfo): readonly ConditionalPrice[] {
  return OVERRIDES[name] ?? (Array.isArray(prices) ? prices : [{ prices }]);
}

function reasonToSkip(conditional: readonly ConditionalPrice[]): string | null {
  if (conditional.some(({ constraint }) => constraint?.type === 'time_of_date')) return 'its price depends on the hour';
  const keys = new Set(conditional.flatMap(({ prices }) => Object.keys(prices)));
  if (keys.size === 0) return 'it has no price';
  const known = [...TOKEN_KEYS.map(([key]) => key), ...PROVIDER_TOOL_KEYS];
  const unknown = [...keys].filter((key) => !known.includes(key)).sort();
  return unknown.length > 0 ? `no unit for ${unknown.join(', ')}` : null;
}

/** Checks the order that the package relies on (it takes the last that has begun) and dates each price. */
function datedPrices(name: string, conditional: readonly ConditionalPrice[]): Price[] {
  const prices = conditional.map(({ constraint, prices: rates }) => {
    const date = constraint?.type === 'start_date' ? constraint.start_date : null;
    const version = `${name}@${date ?? '0'}`;
    // The package reads a bare date as midnight UTC too.
    const effectiveFrom = date === null ? null : Date.parse(`${date}T00:00:00Z`);
    if (Number.isNaN(effectiveFrom)) throw new Error(`${version} has no valid date`);
    return { version, effectiveFrom, tiers: rateTiers(version, rates) };
  });
  const begins = prices.map(({ effectiveFrom }) => effectiveFrom ?? Number.NEGATIVE_INFINITY);
  const ascending = begins.every((begin, i) => i === 0 || begin > (begins[i - 1] ?? begin));
  if (!ascending) throw new Error(`the prices of ${name} do not ascend by date`);
  return prices;
}

/** One tier for each start that any rate has, every tier with all of the rates that hold there. */
function rateTiers(version: string, prices: ModelPrice): RateTier[] {
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
  );
  if (starts.some((start) => !Number.isSafeInteger(start) || start <= 0)) {
    throw new Error(`${version} has a tier that starts at no whole number of tokens above 0`);
  }
  return [...new Set([0, ...starts])]
    .sort((a, b) => a - b)
    .map((aboveInputTokens) => ({ aboveInputTokens, rates: ratesAbove(version, prices, aboveInputTokens) }));
}

function ratesAbove(version: string, prices: ModelPrice, inputTokens: number): Rates {
  const rates: Rates = {};
  for (const [key, units] of TOKEN_KEYS) {
    const price = prices[key];
    if (price === undefined) continue;
    const rate = picodollarsPerToken(`${version} ${key}`, usdPerMillionAbove(price, inputTokens));
    for (const unit of units) rates[unit] = rate;
  }
  if (rates.input === undefined) throw new Error(`${version} has no input rate`);
  return rates;
}

function usdPerMillionAbove(price: number | TieredPrices, inputTokens: number): number {
  if (typeof price === 'number') return price;
  const reached = price.tiers.filter(({ start }) => start <= inputTokens).sort((a, b) => a.start - b.start);
  return reached.at(-1)?.price ?? price.base;
}

/**
 * 1 USD per million tokens is 1,000,000 picodollars per token. The conversion shifts the decimal text, as multiplying
 * would let 0.1 + 0.2 arithmetic into a price. A price of 0 stops it: it is more likely unknown than free.
 */
export function picodollarsPerToken(what: string, usdPerMillion: number): number {
  const [text, whole, fraction = ''] = /^(\d+)(?:\.(\d{1,6}))?$/.exec(String(usdPerMillion)) ?? [];
  const picodollars = text === undefined ? 0 : Number(`${whole}${fraction.padEnd(6, '0')}`);
  if (picodollars === 0 || !Number.isSafeInteger(picodollars)) {
    throw new Error(`${what} is not a whole number of picodollars above 0: ${usdPerMillion}`);
  }
  return picodollars;
}

function sourceText({ table }: Generated, packageVersion: string): string {
  const lines = [
    `// Generated from @pydantic/genai-prices ${packageVersion} by: npm run generate:prices (scripts/generate-prices.ts).`,
    '// Do not edit: change the generator or upgrade the package, then run it again.',
    '// Picodollars per token, by provider and model. A key that is missing here is a model without a price.',
    '',
    "import type { Price } from '../money/price.ts';",
    '',
    'export const PRICES = {',
  ];
  for (const [provider, models] of Object.entries(table)) {
    lines.push(`  ${JSON.stringify(provider)}: {`);
    for (const [model, prices] of Object.entries(models)) {
      lines.push(
        `    ${JSON.stringify(model)}: [`,
        ...prices.map((price) => `      ${JSON.stringify(price)},`),
        '    ],',
      );
    }
    lines.push('  },');
  }
  return [...lines, '} satisfies Record<string, Record<string, readonly Price[]>>;', ''].join('\n');
}

/** Returns the process's exit code. */
function main(checkOnly: boolean): number {
  // The package does not export its package.json, so it is found beside the entry point's folder.
  const packageJson = join(fileURLToPath(import.meta.resolve('@pydantic/genai-prices')), '../../package.json');
  const { version } = JSON.parse(readFileSync(packageJson, 'utf8')) as { version: string };
  const target = join(import.meta.dirname, '../src/models/prices.generated.ts');
  const generated = generatePrices();
  const wanted = sourceText(generated, version);
  if (checkOnly) {
    if (readFileSync(target, 'utf8') === wanted) return 0;
    console.error(`${target} is stale: run npm run generate:prices`);
    return 1;
  }
  writeFileSync(target, wanted);
  console.log(`Left out of every model that is kept: ${PROVIDER_TOOL_KEYS.join(', ')}`);
  for (const line of generated.skipped) console.log(`Skipped ${line}`);
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.includes('--check'));
