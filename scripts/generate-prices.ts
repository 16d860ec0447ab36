/**
 * Writes src/models/prices.generated.ts: a price for each row of the catalogue (src/models/rows/), from the price data inside
 * the installed @pydantic/genai-prices.
 *
 *   node_modules/.bin/node scripts/generate-prices.ts           writes the file
 *   node_modules/.bin/node scripts/generate-prices.ts --check   writes nothing, exits 1 if the file differs
 *
 * It runs by hand when the package is upgraded; the gateway never fetches a price. Whatever it does not understand stops
 * it: a price that is wrong by a silent guess is worse than none.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ConditionalPrice, findProvider, type ModelPrice, type TieredPrices } from '@pydantic/genai-prices';
import { mappingId, type ProviderId, type Row } from '../src/models/row.ts';
import { ROWS } from '../src/models/rows.ts';
import type { Price, Rates, RateTier, Unit } from '../src/money/price.ts';

/** What the package calls a provider, where it has another name for it. It prices Vertex as Google, and has few of Azure's, which are OpenAI's. */
const PACKAGE_NAMES: Partial<Record<ProviderId, string>> = { vertex: 'google', bedrock: 'aws', azure: 'openai' };

/** For how many units the package's prices in USD are. */
const MILLION = 1_000_000;
const THOUSAND = 1_000;
const HOUR = 3_600;

/** The package's price keys and the units each one prices. A later line overrules. */
const KEYS: readonly (readonly [key: string, per: number, units: readonly Unit[]])[] = [
  ['input_mtok', MILLION, ['input']],
  ['cache_read_mtok', MILLION, ['cachedInput']],
  // The package applies this one to every write that has no rate for its own lifetime.
  ['cache_write_mtok', MILLION, ['cacheWrite5m', 'cacheWrite1h']],
  ['cache_write_5m_mtok', MILLION, ['cacheWrite5m']],
  ['cache_write_1h_mtok', MILLION, ['cacheWrite1h']],
  ['input_image_mtok', MILLION, ['imageInput']],
  ['cache_image_read_mtok', MILLION, ['cachedImageInput']],
  ['input_audio_mtok', MILLION, ['audioInput']],
  ['cache_audio_read_mtok', MILLION, ['cachedAudioInput']],
  ['output_mtok', MILLION, ['output']],
  ['output_reasoning_mtok', MILLION, ['reasoning']],
  ['output_image_mtok', MILLION, ['imageOutput']],
  ['output_audio_mtok', MILLION, ['audioOutput']],
  // Of sound that comes in either way; no model here makes any by the hour.
  ['audio_hours', HOUR, ['audioSecond']],
  ['input_audio_hours', HOUR, ['audioSecond']],
  ['input_document_kpages', THOUSAND, ['page']],
  ['input_annotated_document_kpages', THOUSAND, ['annotatedPage']],
  ['web_searches_kcount', THOUSAND, ['webSearch']],
  ['storage_searches_kcount', THOUSAND, ['fileSearch']],
  // Ours: the package has none of it.
  ['input_mchars', MILLION, ['character']],
  ['output_video_seconds', 1, ['videoSecond']],
  ['search_units_kcount', THOUSAND, ['searchUnit']],
];

/**
 * Purser is specified with the price of claude-sonnet-5 that was announced at launch: introductory until
 * 2026-08-31T23:59:59Z, then 3/15. The package has one flat price, 2/10, and notes that the rise was cancelled. If so, this
 * overstates a cost by half and overspends no budget; deleting these entries follows the package. Cache rates keep its ratios
 * (0.1, 1.25 and 2 x input). Bedrock takes a tenth more within a region of the world, as for every model.
 */
function sonnet5(percent: 100 | 110): ConditionalPrice[] {
  const usd = (cents: number) => (cents * percent) / 10_000;
  const rates = (input: number) => ({
    input_mtok: usd(input),
    cache_read_mtok: usd(input / 10),
    cache_write_5m_mtok: usd(input * 1.25),
    cache_write_1h_mtok: usd(input * 2),
    output_mtok: usd(input * 5),
  });
  const from = { type: 'start_date', start_date: '2026-09-01' } as const;
  return [{ prices: rates(200) }, { constraint: from, prices: rates(300) }];
}

/**
 * USD for a thousand prompts that Gemini 2.5 grounds by a search, which the package does not have (ai.google.dev/gemini-api/docs/pricing;
 * what is free each day is not counted: a bill is never understated). Gemini 3 bills each query, of which it makes as many as it
 * likes: it has none here, so that its searches are refused.
 */
const GROUNDED_PROMPTS: readonly (readonly [priced: RegExp, usd: number])[] = [[/^gemini-2\.5-/, 35]];

/** OpenAI bills a search of these by tokens that no answer tells (a block of 8,000), so that it has no price here. */
const UNTOLD_SEARCHES: ReadonlySet<string> = new Set(['gpt-4o-mini', 'gpt-4.1-mini']);

/** Prices by pinned name that stand here in place of the package's, each with its why. */
const OVERRIDES: Readonly<Record<string, readonly ConditionalPrice[]>> = {
  // With what Anthropic takes for a web search beside the tokens.
  'anthropic/claude-sonnet-5': sonnet5(100).map((price) => ({
    ...price,
    prices: { ...price.prices, web_searches_kcount: 10 },
  })),
  'vertex/claude-sonnet-5': sonnet5(100),
  'bedrock/global.anthropic.claude-sonnet-5-v1:0': sonnet5(100),
  'bedrock/us.anthropic.claude-sonnet-5-v1:0': sonnet5(110),
  // platform.openai.com/docs/pricing: moderation is free; speech of the older models goes by the character.
  'openai/omni-moderation-latest': [{ prices: { input_mtok: 0 } }],
  'openai/tts-1': [{ prices: { input_mchars: 15 } }],
  'openai/tts-1-hd': [{ prices: { input_mchars: 30 } }],
  // The same page: video by the second, of the larger model by its size, the dearest of which is for any other.
  'openai/sora-2': [{ prices: { output_video_seconds: 0.1 } }],
  'openai/sora-2-pro': [{ prices: { output_video_seconds: 0.7 } }],
  // openrouter.ai/cohere/rerank-v3.5 and /rerank-4-pro: by the search.
  'openrouter/cohere/rerank-v3.5': [{ prices: { search_units_kcount: 1 } }],
  'openrouter/cohere/rerank-4-pro': [{ prices: { search_units_kcount: 2.5 } }],
};

/** USD for a second of video of a size, where that decides. */
const VIDEO_SIZES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'openai/sora-2-pro': { '720x1280': 0.3, '1280x720': 0.3, '1024x1792': 0.5, '1792x1024': 0.5 },
};

/** The prices of every row of the catalogue, by pinned name. Throws on anything that it cannot convert exactly. */
export function generatePrices(): Record<string, Price[]> {
  const unusedOverrides = new Set(Object.keys(OVERRIDES));
  const table = ROWS.map((row) => {
    const name = mappingId(row);
    unusedOverrides.delete(name);
    const prices = datedPrices(name, OVERRIDES[name] ?? packagePrices(row), name in OVERRIDES);
    return [name, prices] as const;
  });
  if (unusedOverrides.size > 0) throw new Error(`overrides of unknown models: ${[...unusedOverrides].join(', ')}`);
  return Object.fromEntries(table);
}

function packagePrices({ provider: ours, priced }: Row): readonly ConditionalPrice[] {
  const providerId = PACKAGE_NAMES[ours] ?? ours;
  const provider = findProvider({ providerId });
  if (provider?.id !== providerId) throw new Error(`the package knows no provider ${providerId}`);
  const [model, another] = provider.models.filter(({ id }) => id === priced);
  if (!model || another) throw new Error(`the package has no price of its own for ${ours}/${priced}`);
  const { prices } = model;
  const conditional = Array.isArray(prices) ? prices : [{ prices }];
  if (conditional.some(({ constraint }) => constraint?.type === 'time_of_date')) {
    throw new Error(`the price of ${ours}/${priced} depends on the hour`);
  }
  return conditional.map((price) => withSearches(priced, priced.includes('claude-') ? withHourlyCache(price) : price));
}

/** With our word on what a search costs, where we have one. */
function withSearches(priced: string, conditional: ConditionalPrice): ConditionalPrice {
  const { web_searches_kcount: _, ...others } = conditional.prices;
  if (UNTOLD_SEARCHES.has(priced)) return { ...conditional, prices: others };
  const [, usd] = GROUNDED_PROMPTS.find(([family]) => family.test(priced)) ?? [];
  return usd === undefined ? conditional : { ...conditional, prices: { ...others, web_searches_kcount: usd } };
}

/** The package has no rate for an hour in Claude's cache elsewhere than at Anthropic: it is 2 x input everywhere (platform.claude.com/docs, pricing). */
function withHourlyCache(conditional: ConditionalPrice): ConditionalPrice {
  const { input_mtok, cache_write_1h_mtok } = conditional.prices;
  if (cache_write_1h_mtok !== undefined || typeof input_mtok !== 'number') return conditional;
  return { ...conditional, prices: { ...conditional.prices, cache_write_1h_mtok: input_mtok * 2 } };
}

/** Checks the order that the package relies on (it takes the last that has begun) and dates each price. */
function datedPrices(name: string, conditional: readonly ConditionalPrice[], mayBeFree: boolean): Price[] {
  const prices = conditional.map(({ constraint, prices: rates }) => {
    const date = constraint?.type === 'start_date' ? constraint.start_date : null;
    const version = `${name}@${date ?? '0'}`;
    const unknown = Object.keys(rates).filter((key) => !KEYS.some(([known]) => known === key));
    if (unknown.length > 0) throw new Error(`${version} has no unit for ${unknown.join(', ')}`);
    // The package reads a bare date as midnight UTC too.
    const effectiveFrom = date === null ? null : Date.parse(`${date}T00:00:00Z`);
    if (Number.isNaN(effectiveFrom)) throw new Error(`${version} has no valid date`);
    const sizes = Object.entries(VIDEO_SIZES[name] ?? {}).map(([size, usd]) => [size, picodollars(size, usd, 1)]);
    const videos = sizes.length > 0 && { videos: Object.fromEntries(sizes) };
    return { version, effectiveFrom, tiers: rateTiers(version, rates, mayBeFree), ...videos };
  });
  const begins = prices.map(({ effectiveFrom }) => effectiveFrom ?? Number.NEGATIVE_INFINITY);
  const ascending = begins.every((begin, i) => i === 0 || begin > (begins[i - 1] ?? begin));
  if (!ascending) throw new Error(`the prices of ${name} do not ascend by date`);
  return prices;
}

/** One tier for each start that any rate has, every tier with all of the rates that hold there. */
function rateTiers(version: string, prices: ModelPrice, mayBeFree: boolean): RateTier[] {
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
  );
  if (starts.some((start) => !Number.isSafeInteger(start) || start <= 0)) {
    throw new Error(`${version} has a tier that starts at no whole number of tokens above 0`);
  }
  return [...new Set([0, ...starts])]
    .sort((a, b) => a - b)
    .map((aboveInputTokens) => ({ aboveInputTokens, rates: ratesAbove(version, prices, aboveInputTokens, mayBeFree) }));
}

function ratesAbove(version: string, prices: ModelPrice, inputTokens: number, mayBeFree: boolean): Rates {
  const rates: Rates = {};
  for (const [key, per, units] of KEYS) {
    const price = prices[key];
    if (price === undefined) continue;
    const usd = usdAbove(price, inputTokens);
    const rate = usd === 0 && mayBeFree ? 0 : picodollars(`${version} ${key}`, usd, per);
    for (const unit of units) rates[unit] = rate;
  }
  if (Object.keys(rates).length === 0) throw new Error(`${version} has no price`);
  return rates;
}

function usdAbove(price: number | TieredPrices, inputTokens: number): number {
  if (typeof price === 'number') return price;
  const reached = price.tiers.filter(({ start }) => start <= inputTokens).sort((a, b) => a.start - b.start);
  return reached.at(-1)?.price ?? price.base;
}

/**
 * The price of one unit where `per` of them cost `usd`. The conversion shifts the decimal text, as multiplying would let
 * 0.1 + 0.2 arithmetic into a price, and rounds up where an hour is no whole number of seconds' picodollars. A price of 0
 * stops it: it is more likely unknown than free.
 */
export function picodollars(what: string, usd: number, per: number): number {
  const [text, whole, fraction = ''] = /^(\d+)(?:\.(\d{1,12}))?$/.exec(String(usd)) ?? [];
  const all = text === undefined ? 0n : BigInt(`${whole}${fraction.padEnd(12, '0')}`);
  const each = Number((all + BigInt(per) - 1n) / BigInt(per));
  const isExact = per === HOUR || all % BigInt(per) === 0n;
  if (all === 0n || !isExact || !Number.isSafeInteger(each)) {
    throw new Error(`${what} is not a whole number of picodollars above 0: ${usd} for ${per}`);
  }
  return each;
}

function sourceText(table: Record<string, Price[]>, packageVersion: string): string {
  const lines = [
    `// Generated from @pydantic/genai-prices ${packageVersion} by: npm run generate:prices (scripts/generate-prices.ts).`,
    '// Do not edit: change the generator or upgrade the package, then run it again.',
    '// Picodollars per unit, by pinned name: one entry for each row of the catalogue.',
    '',
    "import type { Price } from '../money/price.ts';",
    '',
    'export const PRICES = {',
  ];
  for (const [model, prices] of Object.entries(table)) {
    lines.push(`  ${JSON.stringify(model)}: [`, ...prices.map((price) => `    ${JSON.stringify(price)},`), '  ],');
  }
  return [...lines, '} satisfies Record<string, readonly Price[]>;', ''].join('\n');
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
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.includes('--check'));
