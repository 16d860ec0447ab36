import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEMO_MAPPINGS } from '../../src/local/demo-provider.ts';
import { ALIASED_MODELS } from '../../src/models/aliases.ts';
import { CATALOGUE_MAPPINGS, createCatalogue, type Mapping, namesOf, serves } from '../../src/models/catalogue.ts';
import { dearestInputRate, dearestOutputRate } from '../../src/money/price.ts';

describe('the built-in models', () => {
  it.each(CATALOGUE_MAPPINGS.map((mapping) => [mapping.id, mapping] as const))('%s has a price', (_id, mapping) => {
    // Undefined or empty where the generated table lost the model that the row names.
    expect(mapping.prices?.length).toBeGreaterThan(0);
    for (const price of mapping.prices) {
      expect(price.version.startsWith(`${mapping.id}@`)).toBe(true);
      if (!serves(mapping, 'conversation')) continue;
      expect(dearestInputRate(price)).toBeGreaterThan(0);
      expect(dearestOutputRate(price)).toBeGreaterThan(0);
    }
    // Since ever, so that no instant is without one.
    expect(mapping.prices[0]?.effectiveFrom).toBeNull();
  });

  it.each(CATALOGUE_MAPPINGS.map((mapping) => [mapping.id, mapping] as const))('%s is consistent', (_id, mapping) => {
    expect(mapping.id).toBe(`${mapping.provider}/${mapping.upstreamModel}`);
    expect(mapping.canonicalModel).toMatch(/^[a-z0-9.-]+$/);
    expect(mapping.maxOutputTokens).toBeLessThan(mapping.contextTokens);
    if (serves(mapping, 'conversation')) expect(mapping.maxOutputTokens).toBeGreaterThan(0);
    expect(mapping.reasons !== 'never').toBe(mapping.abilities.reasoning);
  });

  it('are found under both of their names', () => {
    const catalogue = createCatalogue(CATALOGUE_MAPPINGS);
    for (const mapping of CATALOGUE_MAPPINGS) {
      expect(catalogue.find(mapping.id)?.mappings).toEqual([mapping]);
      expect(catalogue.find(mapping.canonicalModel)?.mappings).toContain(mapping);
    }
    expect(catalogue.all()).toEqual(CATALOGUE_MAPPINGS);
  });

  it('have other names, each of one model only, which exists', () => {
    // A name of two models throws here; so does one of the demo's.
    const catalogue = createCatalogue([...CATALOGUE_MAPPINGS, ...DEMO_MAPPINGS]);
    const models = new Set(CATALOGUE_MAPPINGS.map(({ canonicalModel }) => canonicalModel));
    expect(ALIASED_MODELS.filter((model) => !models.has(model))).toEqual([]);
    for (const mapping of CATALOGUE_MAPPINGS) {
      for (const name of namesOf(mapping)) {
        expect([name, catalogue.find(name)?.canonicalModel]).toEqual([name, mapping.canonicalModel]);
        // As rules take it.
        expect(name).toMatch(/^[\w.:@/-]+$/);
      }
      for (const alias of mapping.aliases ?? []) expect(models.has(alias)).toBe(false);
    }
    const served = (name: string) => catalogue.find(name)?.mappings.map(({ id }) => id);
    expect(served('claude-haiku-4-5-20251001')).toEqual(served('claude-haiku-4-5'));
    expect(served('vertex/claude-sonnet-5')).toEqual(['vertex/claude-sonnet-5']);
    expect(served('bedrock/claude-haiku-4-5-20251001')).toEqual([
      'bedrock/global.anthropic.claude-haiku-4-5-20251001-v1:0',
      'bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0',
    ]);
    expect(served('groq/gpt-oss-120b')).toEqual(['groq/openai/gpt-oss-120b']);
  });

  it('include the sizes that the holds rely on', () => {
    const catalogue = createCatalogue(CATALOGUE_MAPPINGS);
    expect(catalogue.find('claude-sonnet-5')?.mappings[0]).toMatchObject({
      contextTokens: 1_000_000,
      maxOutputTokens: 128_000,
      reasons: 'unless_off',
    });
    const served = (name: string) => catalogue.find(name)?.mappings.map(({ provider }) => provider);
    expect(served('claude-sonnet-5')).toEqual(['anthropic', 'vertex', 'bedrock', 'bedrock']);
    expect(served('claude-fable-5')).toEqual(['anthropic', 'vertex', 'bedrock', 'bedrock']);
    expect(served('gemini-3.1-flash-lite-image')).toEqual(['google', 'vertex']);
    expect(served('gemma-4-31b')).toEqual(['cerebras', 'openrouter']);
    expect(catalogue.find('gpt-4o')?.mappings[0]).toMatchObject({
      contextTokens: 128_000,
      maxOutputTokens: 16_384,
      reasons: 'never',
    });
  });
});

describe('a catalogue', () => {
  function mapping(provider: Mapping['provider'], canonicalModel: string): Mapping {
    return {
      id: `${provider}/${canonicalModel}`,
      provider,
      upstreamModel: canonicalModel,
      canonicalModel,
      contextTokens: 1000,
      maxOutputTokens: 100,
      reasons: 'never',
      abilities: { tools: false, images: false, jsonSchema: false, reasoning: false },
      prices: [],
    };
  }
  const atOpenai = mapping('openai', 'shared');
  const atDemo = mapping('demo', 'shared');
  const alone = mapping('demo', 'alone');
  const catalogue = createCatalogue([atOpenai, atDemo, alone]);

  it('gives every mapping of a canonical model, in the order of the list', () => {
    expect(catalogue.find('shared')).toEqual({ canonicalModel: 'shared', mappings: [atOpenai, atDemo] });
    expect(catalogue.find('alone')).toEqual({ canonicalModel: 'alone', mappings: [alone] });
  });

  it('gives the one mapping of a pinned model', () => {
    expect(catalogue.find('demo/shared')).toEqual({ canonicalModel: 'shared', mappings: [atDemo] });
  });

  it.each([
    'Shared',
    'DEMO/shared',
    ' shared',
    'shared ',
    'demo/',
    'demo',
    '',
    'other/shared',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'demo/__proto__',
  ])('knows no %j', (name) => {
    expect(catalogue.find(name)).toBeNull();
  });

  it('finds every mapping by each of its names, or refuses the list', () => {
    const word = fc.constantFrom('a', 'b', 'c', 'openai/a', 'demo/b');
    const provider = fc.constantFrom<Mapping['provider'][]>('openai', 'demo');
    const one = fc
      .record({ provider, model: word, canonicalModel: word, aliases: fc.array(word, { maxLength: 2 }) })
      .map(({ model, ...rest }) => ({
        ...mapping(rest.provider, rest.canonicalModel),
        id: `${rest.provider}/${model}`,
        ...rest,
      }));
    let taken = 0;
    const property = fc.property(fc.array(one, { minLength: 1, maxLength: 4 }), (mappings) => {
      const meanings = new Map<string, Set<string>>();
      for (const each of mappings) {
        for (const name of namesOf(each))
          meanings.set(name, (meanings.get(name) ?? new Set()).add(each.canonicalModel));
      }
      const ids = mappings.map(({ id }) => id);
      const clear = new Set(ids).size === ids.length && [...meanings.values()].every(({ size }) => size === 1);
      if (!clear) {
        expect(() => createCatalogue(mappings)).toThrow('two models are called');
        return;
      }
      taken++;
      const known = createCatalogue(mappings);
      for (const name of meanings.keys()) {
        const meant = ids.includes(name)
          ? mappings.filter(({ id }) => id === name)
          : mappings.filter((each) => namesOf(each).includes(name));
        expect(known.find(name)?.mappings).toEqual(meant);
      }
    });
    fc.assert(property, { numRuns: 2_000 });
    // Else the lists were all refused.
    expect(taken).toBeGreaterThan(100);
  });

  it('refuses a name that would stand for two things', () => {
    expect(() => createCatalogue([alone, alone])).toThrow('two models are called demo/alone');
    expect(() => createCatalogue([alone, mapping('openai', 'demo/alone')])).toThrow('two models are called demo/alone');
  });
});
