/**
 * One list of rates for every protocol: standard ones and cheaper pass, in whichever case they are written. And what a provider is
 * told that would else choose one by itself.
 */
import { expect, it } from 'vitest';
import { responses } from '../../src/gateway/responses/protocol.ts';
import { withTier } from '../../src/gateway/service-tier.ts';
import { askedChat, askedGemini, askedMessages } from '../support/asked.ts';

const unpriced = (service_tier: unknown) => {
  const read = responses.ask({ model: 'm', input: 'x', service_tier }, null);
  return [
    askedChat({ service_tier }).unpriced,
    'understood' in read ? read.understood.unpriced : 'refused',
    askedMessages({ service_tier }).unpriced,
    typeof service_tier === 'string' ? (askedGemini({ service_tier }).unpriced?.toLowerCase().slice(-4) ?? null) : null,
  ];
};

it.each(['priority', 'Priority', ' PRIORITY', 'fast', 'ultrafast', 'scale', 'performance', 'novel'])(
  '%s is refused in every protocol',
  (tier) => {
    expect(unpriced(tier)).toEqual(['service_tier', 'service_tier', 'service_tier', 'tier']);
  },
);

it.each(['auto', 'default', 'Flex', 'standard_only', 'on_demand', null])('%s passes in every protocol', (tier) => {
  expect(unpriced(tier)).toEqual([null, null, null, null]);
});

it.each([
  ['nothing', {}, 'default'],
  ['null', { service_tier: null }, 'default'],
  ['whatever the account has', { service_tier: 'Auto' }, 'default'],
  ['the standard tier', { service_tier: 'default' }, 'default'],
  ['a cheaper one', { service_tier: 'flex' }, 'flex'],
])('where %s is asked for, OpenAI is told a tier that is priced; others hear what was asked', (_, asked, told) => {
  expect(withTier({ model: 'm', ...asked }, 'openai')).toEqual({ model: 'm', service_tier: told });
  for (const provider of ['azure', 'openrouter', 'acme']) expect(withTier(asked, provider)).toBe(asked);
});
