/** A routing as the ledger sees it: a version that a request was decided by, and what to answer where that is not the one of now. */
import { describe, expect, it } from 'vitest';
import { bundleOf, type RoutingPolicy, type SealedProviderKey } from '../../src/budgets/routing.ts';
import { keyPolicy, LedgerWorld, limits } from '../support/ledger-world.ts';

const KEY: SealedProviderKey = {
  id: 'pvk_a',
  provider: 'openai',
  slug: null,
  baseUrl: null,
  settings: {},
  models: null,
  sealed: 'psk1.x.y',
  version: 1,
};

const ROUTING = {
  order: [],
  region: null,
  allow: null,
  deny: ['openai'],
  fallbackModels: [],
  maxCostPerRequest: null,
  maxInputPrice: null,
  maxOutputPrice: null,
};

/** Keys of the organization, and a routing of project b alone. */
const BOTH: RoutingPolicy = {
  providerKeys: [KEY],
  version: 'keys',
  projects: { prj_b: { version: 'keys and b', routing: ROUTING } },
};

const ONLY_B: RoutingPolicy = { ...BOTH, providerKeys: [], version: null };

function world(routing?: RoutingPolicy): LedgerWorld {
  const keys = [keyPolicy(), keyPolicy({ keyId: 'key_b', hash: 'hash-b', projectId: 'prj_b' })];
  return new LedgerWorld({ keys, limits: limits(100), ...(routing && { routing }) });
}

/** What an authorize by this version answers: the routing that it should have gone by, or 'granted'. */
function told(of: LedgerWorld, keyHash: string, routingVersion?: string) {
  const admission = of.authorize(1, { keyHash, routingVersion });
  if (admission.granted) return 'granted';
  return 'routing' in admission ? admission.routing?.version : admission.refusal.kind;
}

describe('a request', () => {
  it.each<[RoutingPolicy | undefined, string, string | undefined, string | undefined]>([
    [undefined, 'hash-a', undefined, 'granted'],
    [undefined, 'hash-a', 'of before', undefined],
    [BOTH, 'hash-a', 'keys', 'granted'],
    [BOTH, 'hash-a', undefined, 'keys'],
    [BOTH, 'hash-a', 'keys and b', 'keys'],
    [BOTH, 'hash-b', 'keys and b', 'granted'],
    [BOTH, 'hash-b', 'keys', 'keys and b'],
    [ONLY_B, 'hash-a', undefined, 'granted'],
    [ONLY_B, 'hash-b', undefined, 'keys and b'],
  ])('under %j with %s by version %s is answered: %s', (routing, keyHash, version, answer) => {
    expect(told(world(routing), keyHash, version)).toBe(answer);
  });

  it('by another routing leaves nothing behind: no hold, no refusal that is counted', () => {
    const one = world(BOTH);
    const request = one.request(10);
    expect(one.ledger.authorize(request)).toEqual({
      granted: false,
      refusal: { kind: 'too_late' },
      routing: { version: 'keys', organizationId: 'org_a', routing: null, providerKeys: [KEY] },
    });
    expect([one.member().held, one.ledger.unshipped()]).toEqual([0, []]);
    expect(one.ledger.authorize({ ...request, routingVersion: 'keys' }, 'asked').granted).toBe(true);
  });

  it('is asked for its routing before limits and rules, which depend on the provider, and after its key', () => {
    const spent = world(BOTH);
    spent.settle(spent.hold(100, { routingVersion: 'keys' }), 100);
    expect(told(spent, 'hash-a')).toBe('keys');
    expect(told(spent, 'hash-a', 'keys')).toBe('exhausted');
    expect(told(spent, 'hash-of-nobody')).toBe('invalid_key');
  });

  it('that was granted is answered as it was when it is repeated, whatever has changed since', () => {
    const one = world();
    const request = one.request(10);
    expect(one.ledger.authorize(request, 'asked').granted).toBe(true);
    one.change({ routing: BOTH });
    expect(one.ledger.authorize(request, 'asked').granted).toBe(true);
    expect(told(one, 'hash-a')).toBe('keys');
    one.change({ routing: { ...BOTH, version: 'changed' } });
    expect(told(one, 'hash-a', 'keys')).toBe('changed');
    expect(one.member().held).toBe(10);
  });

  it('that runs goes on when the routing changes', () => {
    const one = world(BOTH);
    const id = one.hold(10, { routingVersion: 'keys' });
    one.change({ routing: { ...BOTH, version: 'changed' } });
    expect(one.extend(id, 20, 0).extended).toBe(true);
    expect(one.settle(id, 15).booked).toBe(true);
  });
});

it('a project is no property that every object has', () => {
  for (const name of ['__proto__', 'constructor']) {
    expect(bundleOf({ organizationId: 'org_a', routing: ONLY_B }, name)).toBeNull();
  }
});
