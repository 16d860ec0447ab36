/** What rules admit, one by one, and what addresses are in a range. */
import { describe, expect, it } from 'vitest';
import { inIpRange, isIpRange } from '../../src/budgets/ip-ranges.ts';
import { brokenRule, type Rules, type Use } from '../../src/budgets/rules.ts';
import { parseUsd } from '../../src/money/nanos.ts';
import { enforcedRules, RulesBody, rulesText, storedRules } from '../../src/teams/rules-body.ts';

const USE = {
  model: {
    mapping: 'openai/gpt-5.5',
    canonicalModel: 'gpt-5.5',
    provider: 'openai',
    inputPrice: parseUsd('5'),
    outputPrice: parseUsd('30'),
  },
  endpoint: 'chat/completions',
  ip: '10.1.2.3',
} satisfies Use;

function rules(given: unknown): Rules {
  const enforced = enforcedRules(rulesText(RulesBody.parse(given)));
  if (!enforced) throw new Error('these rules allow everything');
  return enforced;
}

describe('a rule', () => {
  it.each<[unknown, string | null]>([
    [{ models: { allow: ['openai/gpt-5.5'] } }, null],
    [{ models: { allow: ['gpt-5.5'] } }, null],
    [{ models: { allow: ['openai/*'] } }, null],
    [{ models: { allow: ['gpt-*'] } }, null],
    [{ models: { allow: ['gpt-5'] } }, 'models.allow'],
    [{ models: { allow: ['openai'] } }, 'models.allow'],
    [{ models: { allow: ['GPT-5.5'] } }, 'models.allow'],
    [{ models: { deny: ['openai/gpt-5.5'] } }, 'models.deny'],
    [{ models: { deny: ['gpt-5.5'] } }, 'models.deny'],
    [{ models: { deny: ['openai/*'] } }, 'models.deny'],
    [{ models: { deny: ['*'] } }, 'models.deny'],
    [{ models: { deny: ['azure/gpt-5.5'] } }, null],
    // What is denied is denied, whatever is allowed.
    [{ models: { allow: ['openai/gpt-5.5'], deny: ['gpt-5.5'] } }, 'models.deny'],
    [{ providers: { allow: ['openai'] } }, null],
    [{ providers: { allow: ['anthropic'] } }, 'providers.allow'],
    [{ providers: { allow: ['openai'], deny: ['openai'] } }, 'providers.deny'],
    [{ endpoints: { allow: ['chat/completions', 'embeddings'] } }, null],
    [{ endpoints: { allow: ['embeddings'] } }, 'endpoints.allow'],
    [{ maxInputPrice: '5', maxOutputPrice: '30' }, null],
    [{ maxInputPrice: '4.99' }, 'maxInputPrice'],
    [{ maxOutputPrice: '29.999999999' }, 'maxOutputPrice'],
    [{ maxInputPrice: '0' }, 'maxInputPrice'],
    [{ ips: { allow: ['10.0.0.0/8'] } }, null],
    [{ ips: { allow: ['10.1.2.4', '192.168.0.0/16'] } }, 'ips.allow'],
    [{ ips: { deny: ['10.1.2.3'] } }, 'ips.deny'],
    [{ ips: { allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] } }, 'ips.deny'],
    // In the order of the API.
    [{ models: { deny: ['*'] }, providers: { deny: ['openai'] }, ips: { deny: ['0.0.0.0/0'] } }, 'models.deny'],
  ])('%j: %s', (given, broken) => {
    expect(brokenRule(rules(given), USE)).toBe(broken);
  });

  it.each<[unknown, Use, string]>([
    [{ ips: { allow: ['0.0.0.0/0', '::/0'] } }, { ip: null }, 'ips.allow'],
    [{ ips: { deny: ['1.2.3.4'] } }, { ip: null }, 'ips.deny'],
    [{ ips: { deny: ['1.2.3.4'] } }, { ip: 'unknown' }, 'ips.deny'],
    [{ maxInputPrice: '1000' }, { model: { ...USE.model, inputPrice: null } }, 'maxInputPrice'],
    [{ maxOutputPrice: '1000' }, { model: { ...USE.model, outputPrice: null } }, 'maxOutputPrice'],
  ])('that cannot be decided refuses: %j for %j', (given, use, broken) => {
    expect(brokenRule(rules(given), use)).toBe(broken);
  });

  it('is not asked about what is not named', () => {
    const all = rules({ models: { deny: ['*'] }, endpoints: { allow: ['x'] }, ips: { deny: ['::/0', '0.0.0.0/0'] } });
    expect(brokenRule(all, {})).toBeNull();
  });
});

describe('an address', () => {
  it.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    // The range's own free bits do not matter.
    ['10.200.0.1', '10.1.2.3/8', true],
    ['1.2.3.4', '1.2.3.4', true],
    ['1.2.3.5', '1.2.3.4/31', true],
    ['1.2.3.6', '1.2.3.4/31', false],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['::ffff:1.2.3.4', '1.2.3.0/24', true],
    ['::ffff:102:304', '1.2.3.4', true],
    ['1.2.3.4', '::/0', false],
    ['2001:db8::1', '0.0.0.0/0', false],
    ['2001:db8::1', '2001:db8::/32', true],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['2001:db8:ffff::', '2001:db8::/33', false],
    ['::1', '::/0', true],
    ['64:ff9b::1.2.3.4', '64:ff9b::/96', true],
    ['nonsense', '0.0.0.0/0', false],
  ])('%s in %s: %s', (address, range, within) => {
    expect(isIpRange(range)).toBe(true);
    expect(inIpRange(address, range)).toBe(within);
  });

  it.each(
    '256.1.1.1 1.2.3 1.2.3.4.5 01.2.3.4 1.2.3.4/33 1.2.3.4/-1 1.2.3.4/08 1.2.3.4/ / 1.2.3.4/8/8 :: ::/129 :::1 1::2::3 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 g:: fe80::1%eth0 1:2:3:4:5:6:7::8:9 ::1.2.3 12345:: localhost'
      .split(' ')
      .filter((text) => text !== '::')
      .concat('', ' 1.2.3.4', '1.2.3.4 '),
  )('or range is not %j', (text) => {
    expect(isIpRange(text)).toBe(false);
  });
});

describe('rules as they are kept', () => {
  it('are whole, canonical, and none where they allow everything', () => {
    expect(storedRules(rulesText(RulesBody.parse({ maxInputPrice: '2.5', models: { allow: ['gpt-*'] } })))).toEqual({
      models: { allow: ['gpt-*'], deny: [] },
      providers: { allow: null, deny: [] },
      endpoints: { allow: null },
      maxInputPrice: '2.50',
      maxOutputPrice: null,
      ips: { allow: null, deny: [] },
    });
    expect(rulesText(RulesBody.parse({}))).toBeNull();
    expect(rulesText(null)).toBeNull();
    expect(enforcedRules(null)).toBeNull();
  });
});
