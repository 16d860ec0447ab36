/** What a price comes to, apart from its name and date: as it is compared, and in words. */
import { formatUsd } from '../money/nanos.ts';
import { modalityOf, type Price, perMillion, perThousand, type RateTier, UNITS } from '../money/price.ts';

export type Terms = Pick<Price, 'tiers' | 'images' | 'videos'>;

/** The same text for the same terms. */
export function termsOf({ tiers, images, videos }: Price): string {
  return JSON.stringify({ tiers, ...(images && { images }), ...(videos && { videos }) } satisfies Terms);
}

/** `input $5, output $30 per million tokens`; a line for each tier. */
export function inWords({ tiers }: Terms): string[] {
  return tiers.map(({ aboveInputTokens, rates }) => {
    const from = aboveInputTokens === 0 ? '' : `above ${aboveInputTokens} tokens of input: `;
    const parts = [ratesInWords(rates, true), ratesInWords(rates, false)].filter((part) => part !== '');
    return from + parts.join('; ');
  });
}

function ratesInWords(rates: RateTier['rates'], tokens: boolean): string {
  const amountOf = tokens ? perMillion : perThousand;
  const priced = UNITS.filter((unit) => rates[unit] !== undefined && (modalityOf(unit) !== null) === tokens);
  if (priced.length === 0) return '';
  const told = priced.map((unit) => `${unit} $${formatUsd(amountOf(rates, unit) ?? 0n)}`);
  return `${told.join(', ')} per ${tokens ? 'million tokens' : 'thousand'}`;
}
