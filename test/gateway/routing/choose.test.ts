/** Who could serve a model: a table of routings, own keys and health, over a market of four providers. */
import { describe, expect, it } from 'vitest';
import type { Routing } from '../../../src/budgets/routing.ts';
import type { Credential, Provider } from '../../../src/gateway/providers/provider.ts';
import type { Quote } from '../../../src/gateway/quote.ts';
import {
  brokenByQuote,
  choose,
  type KnownRouting,
  type Market,
  type OwnKey,
  offered,
} from '../../../src/gateway/routing/choose.ts';
import { createCatalogue, type Mapping } from '../../../src/models/catalogue.ts';
import { nanos } from '../../../src/money/nanos.ts';

/** USD per million tokens, in and out; null: no price is known. */
function mapping(id: string, prices: [number, number] | null, changes: Partial<Mapping> = {}): Mapping {
  const [provider = '', model = ''] = id.split('/');
  const rates = prices && { input: prices[0] * 1e6, output: prices[1] * 1e6 };
  return {
    id,
    provider,
    upstreamModel: model,
    canonicalModel: model,
    contextTokens: 1_000,
    maxOutputTokens: 100,
    reasons: 'never',
    abilities: { tools: true, images: true, jsonSchema: true, reasoning: false },
    prices: rates ? [{ version: '1', effectiveFrom: null, tiers: [{ aboveInputTokens: 0, rates }] }] : [],
    ...changes,
  };
}

const MAPPINGS = [
  mapping('openai/big', [2, 10]),
  mapping('azure/big', [2, 9]),
  mapping('groq/big', [3, 12], { region: 'us-east-1' }),
  mapping('mistral/small', [1, 2], { region: 'eu-west-3' }),
  mapping('openai/free', null),
  mapping('openai/vectors', [1, 0], { serves: ['embeddings'] }),
  mapping('cerebras/elsewhere', [1, 1]),
  mapping('openai/ending', [1, 1], { retiresOn: '2026-12-11', deprecatedOn: '2026-06-11' }),
  mapping('azure/ending', [9, 9]),
];

const LAST_MS = Date.parse('2026-12-11T00:00:00Z');

const named = (id: string) => ({ id }) as Provider;
const PROVIDERS = new Map(['openai', 'azure', 'groq', 'mistral', 'custom'].map((id) => [id, named(id)]));

const credential = (key: string, settings = {}): Credential => ({ key, baseUrl: null, settings, of: 'organization' });

const NO_ROUTING: Routing = {
  order: [],
  region: null,
  allow: null,
  deny: [],
  fallbackModels: [],
  maxCostPerRequest: null,
  maxInputPrice: null,
  maxOutputPrice: null,
};

function known(routing: Partial<Routing> | null, keys: OwnKey[] = []): KnownRouting {
  return { version: 'v', routing: routing && { ...NO_ROUTING, ...routing }, keys };
}

const own = (id: string, provider: string, changes: Partial<OwnKey> = {}): OwnKey => ({
  id,
  provider,
  credential: credential(id),
  mappings: null,
  ...changes,
});

const LLAMA = mapping('acme/llama', [1, 1], { canonicalModel: 'acme/llama' });
const ACME = own('pvk_acme', 'custom', { mappings: [LLAMA] });

function market(routing: KnownRouting | null = null, failing: string[] = []): Market {
  return {
    catalogue: createCatalogue(MAPPINGS),
    providers: PROVIDERS,
    deploymentCredential: ({ id }) => ({ ...credential(`deployment's ${id}`), of: 'deployment' }),
    known: routing,
    isFailing: (name) => failing.includes(name),
    nowMs: 0,
  };
}

/** Mapping and key of each candidate, or the refusal in a word. */
function chosen(routing: KnownRouting | null, model = 'big', failing: string[] = []): string[] | string {
  const answer = choose(market(routing, failing), model, 'conversation');
  if ('refusal' in answer) {
    const { refusal } = answer;
    return 'rule' in refusal ? `${refusal.kind} ${refusal.rule}` : refusal.kind;
  }
  return answer.candidates.map((candidate) => `${candidate.mapping.id} ${candidate.credential.key}`);
}

const ofDeployment = (...ids: string[]) => ids.map((id) => `${id} deployment's ${id.split('/')[0]}`);

describe('a model that its provider ends', () => {
  const at = (nowMs: number, model: string, changes: Partial<Market> = {}) => {
    const there = { ...market(), nowMs, ...changes };
    const answer = choose(there, model, 'conversation');
    const ids = 'candidates' in answer ? answer.candidates.map(({ mapping: { id } }) => id) : answer.refusal;
    return { ids, isOffered: offered(there).some(({ id }) => id === 'openai/ending') };
  };

  it('is served until that day, and from then on by whoever else has it', () => {
    expect(at(LAST_MS - 1, 'ending')).toEqual({ ids: ['openai/ending', 'azure/ending'], isOffered: true });
    expect(at(LAST_MS, 'ending')).toEqual({ ids: ['azure/ending'], isOffered: false });
  });

  it('is refused by its name where it is pinned, and is nobody’s fallback', () => {
    expect(at(LAST_MS - 1, 'openai/ending').ids).toEqual(['openai/ending']);
    const over = { kind: 'model_not_found', model: 'openai/ending', retiredOn: '2026-12-11' };
    expect(at(LAST_MS, 'openai/ending').ids).toEqual(over);
    const routed = { known: known({ fallbackModels: ['openai/ending'] }) };
    expect(at(LAST_MS - 1, 'groq/big', routed).ids).toEqual(['groq/big', 'openai/ending']);
    expect(at(LAST_MS, 'groq/big', routed).ids).toEqual(['groq/big']);
  });

  it('may go on at another address that speaks the same', () => {
    const deploymentCredential = () => ({ ...credential('k'), baseUrl: 'https://elsewhere.example/v1' });
    expect(at(LAST_MS, 'openai/ending', { deploymentCredential })).toEqual({ ids: ['openai/ending'], isOffered: true });
  });
});

describe('without a routing', () => {
  it('the cheapest comes first, and who fails of late last', () => {
    expect(chosen(null)).toEqual(ofDeployment('azure/big', 'openai/big', 'groq/big'));
    expect(chosen(null, 'big', ['azure'])).toEqual(ofDeployment('openai/big', 'groq/big', 'azure/big'));
  });

  it('a pinned model is served by its provider, and what has no price by whoever has it', () => {
    expect(chosen(null, 'groq/big')).toEqual(ofDeployment('groq/big'));
    expect(chosen(null, 'free')).toEqual(ofDeployment('openai/free'));
  });

  it.each([
    ['nothing', 'model_not_found'],
    ['acme/llama', 'model_not_found'],
    ['elsewhere', 'model_not_found'],
    ['__proto__', 'model_not_found'],
    ['vectors', 'bad_request'],
  ])('%s is refused: %s', (model, refusal) => {
    expect(chosen(null, model)).toBe(refusal);
  });
});

describe("a project's routing", () => {
  it.each<[Partial<Routing>, string[]]>([
    [{ order: ['groq'] }, ['groq/big', 'azure/big', 'openai/big']],
    [{ order: ['groq', 'openai'] }, ['groq/big', 'openai/big', 'azure/big']],
    [{ order: ['nobody'] }, ['azure/big', 'openai/big', 'groq/big']],
    [{ allow: ['openai', 'groq'] }, ['openai/big', 'groq/big']],
    [{ deny: ['azure'] }, ['openai/big', 'groq/big']],
    [{ allow: ['openai', 'azure'], deny: ['azure'] }, ['openai/big']],
    [{ region: 'us' }, ['groq/big']],
    [{ region: 'us-east-1' }, ['groq/big']],
    [{ maxInputPrice: nanos(2e9) }, ['azure/big', 'openai/big']],
    [{ maxOutputPrice: nanos(9e9) }, ['azure/big']],
    [
      { fallbackModels: ['small', 'big', 'openai/free'] },
      ['azure/big', 'openai/big', 'groq/big', 'mistral/small', 'openai/free'],
    ],
    [{ fallbackModels: ['small', 'nothing', 'vectors'], deny: ['mistral'] }, ['azure/big', 'openai/big', 'groq/big']],
  ])('%j leaves %j', (routing, ids) => {
    expect(chosen(known(routing))).toEqual(ofDeployment(...ids));
  });

  it('comes after health: who is wished for and fails is asked last', () => {
    expect(chosen(known({ order: ['groq'] }), 'big', ['groq'])).toEqual(
      ofDeployment('azure/big', 'openai/big', 'groq/big'),
    );
  });

  it.each<[Partial<Routing>, string, string]>([
    [{ deny: ['openai', 'azure', 'groq'] }, 'big', 'deny'],
    [{ allow: ['mistral'] }, 'big', 'allow'],
    [{ allow: ['mistral'], fallbackModels: ['small'] }, 'big', 'allow'],
    [{ deny: ['groq'] }, 'groq/big', 'deny'],
    [{ region: 'eu' }, 'big', 'region'],
    [{ region: 'us-east' }, 'openai/big', 'region'],
    [{ region: 'u' }, 'big', 'region'],
    [{ maxInputPrice: nanos(1e9) }, 'big', 'maxInputPrice'],
    [{ maxOutputPrice: nanos(8e9) }, 'big', 'maxOutputPrice'],
    [{ maxInputPrice: nanos(1e9) }, 'free', 'maxInputPrice'],
  ])('%j refuses %s, and names the rule: %s', (routing, model, rule) => {
    expect(chosen(known(routing), model)).toBe(`routing_denied ${rule}`);
  });

  it('says nothing of what nobody serves', () => {
    expect(chosen(known({ deny: ['openai'] }), 'nothing')).toBe('model_not_found');
  });
});

describe("an organization's own keys", () => {
  it('stand in for the deployment at their provider, oldest first, and nowhere else', () => {
    const keys = [own('pvk_1', 'openai'), own('pvk_2', 'openai')];
    expect(chosen(known(null, keys))).toEqual([
      ...ofDeployment('azure/big'),
      'openai/big pvk_1',
      'openai/big pvk_2',
      ...ofDeployment('groq/big'),
    ]);
  });

  it('are told apart, and by their own health', () => {
    const keys = [own('pvk_1', 'openai'), own('pvk_2', 'openai')];
    const answer = choose(market(known(null, keys)), 'openai/big', 'conversation');
    if ('refusal' in answer) throw new Error(answer.refusal.kind);
    expect(answer.candidates.map(({ providerKeyId }) => providerKeyId)).toEqual(['pvk_1', 'pvk_2']);
    expect(chosen(known(null, keys), 'openai/big', ['pvk_1'])).toEqual(['openai/big pvk_2', 'openai/big pvk_1']);
    expect(chosen(known(null, keys), 'openai/big', ['openai'])).toEqual(['openai/big pvk_1', 'openai/big pvk_2']);
  });

  it('serve what the deployment has no key for, where this build can call it', () => {
    const none = {
      ...market(known(null, [own('pvk_1', 'openai'), own('pvk_2', 'cerebras')])),
      deploymentCredential: () => null,
    };
    expect('candidates' in choose(none, 'big', 'conversation')).toBe(true);
    expect(choose(none, 'small', 'conversation')).toEqual({ refusal: { kind: 'model_not_found', model: 'small' } });
    expect(choose(none, 'elsewhere', 'conversation')).toMatchObject({ refusal: { kind: 'model_not_found' } });
  });

  it('that cannot be read are not stood in for by the deployment: the first is a refusal, another is left out', () => {
    const unread = own('pvk_1', 'azure', { credential: null });
    expect(chosen(known(null, [unread]))).toBe('provider_key_unreadable');
    expect(chosen(known({ order: ['openai'] }, [unread]))).toEqual(ofDeployment('openai/big', 'groq/big'));
    expect(chosen(known(null, [unread]), 'azure/big')).toBe('provider_key_unreadable');
  });

  it('tell where they are, for models that do not', () => {
    const at = own('pvk_1', 'openai', { credential: credential('pvk_1', { region: 'eu-central-1' }) });
    expect(chosen(known({ region: 'eu' }, [at]))).toEqual(['openai/big pvk_1']);
    expect(chosen(known({ region: 'us' }, [at]))).toEqual(ofDeployment('groq/big'));
  });

  it('of a custom provider serve its models by its name, which routings know it by', () => {
    expect(chosen(known(null, [ACME]), 'acme/llama')).toEqual(['acme/llama pvk_acme']);
    expect(chosen(known(null, [ACME]), 'llama')).toBe('model_not_found');
    expect(chosen(known({ deny: ['acme'] }, [ACME]), 'acme/llama')).toBe('routing_denied deny');
    expect(chosen(known({ fallbackModels: ['acme/llama'] }, [ACME]), 'openai/big')).toEqual([
      ...ofDeployment('openai/big'),
      'acme/llama pvk_acme',
    ]);
  });
});

describe('the models that somebody could be asked for', () => {
  const ids = (routing: KnownRouting | null) => offered(market(routing)).map(({ id }) => id);
  const ALL = MAPPINGS.map(({ id }) => id).filter((id) => !id.startsWith('cerebras'));

  it('are those of providers that are configured, and of the organization', () => {
    expect(ids(null)).toEqual(ALL);
    expect(ids(known(null, [ACME]))).toEqual([...ALL, 'acme/llama']);
  });

  it('are as the routing has it', () => {
    expect(ids(known({ allow: ['mistral', 'acme'] }, [ACME]))).toEqual(['mistral/small', 'acme/llama']);
  });
});

describe('a quote', () => {
  const quoted = {
    inputMax: nanos(10),
    outputTokensMax: 3,
    outputRate: 10_000,
    rulePrices: { inputPrice: nanos(5), outputPrice: nanos(7) },
  } as Quote;

  it.each<[Partial<Routing>, Quote | null, ReturnType<typeof brokenByQuote>]>([
    [{}, quoted, null],
    [{}, null, null],
    [{ maxCostPerRequest: nanos(40) }, quoted, null],
    [{ maxCostPerRequest: nanos(39) }, quoted, { rule: 'maxCostPerRequest', most: nanos(40) }],
    [{ maxCostPerRequest: nanos(39) }, null, { rule: 'maxCostPerRequest', most: null }],
    [{ maxInputPrice: nanos(4) }, quoted, { rule: 'maxInputPrice', most: null }],
    [{ maxOutputPrice: nanos(6) }, quoted, { rule: 'maxOutputPrice', most: null }],
    [{ maxOutputPrice: nanos(7), maxInputPrice: nanos(5) }, quoted, null],
  ])('under %j breaks what it should', (routing, one, broken) => {
    expect(brokenByQuote({ ...NO_ROUTING, ...routing }, one)).toEqual(broken);
    expect(brokenByQuote(null, one)).toBeNull();
  });
});
