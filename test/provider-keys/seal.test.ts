import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProviderKeySeal, providerKeySeal } from '../../src/provider-keys/seal.ts';

const SECRET = 'a secret of the deployment, 32 characters or more';
const OTHER = 'another secret of the deployment, as long as it is';
const OF = { organizationId: 'org_0000000000000001', id: 'pvk_0000000000000001' };
const PLAIN = 'sk-live-0123456789abcdef';

const sealOf = (secret = SECRET, previous: string | null = null) => ProviderKeySeal.of(secret, previous);

describe('a sealed provider key', () => {
  it('is opened as it was, whatever it is', async () => {
    const seal = await sealOf();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), async (plain) => {
        expect(await seal.open(await seal.seal(plain, OF), OF)).toBe(plain);
      }),
      { numRuns: 50 },
    );
  });

  it('shows neither the key nor that two are the same', async () => {
    const seal = await sealOf();
    const [one, two] = [await seal.seal(PLAIN, OF), await seal.seal(PLAIN, OF)];
    expect(one).toMatch(/^psk1\.[0-9a-z]{8}\.[\w-]+$/);
    expect(one).not.toBe(two);
    expect(one).not.toContain(btoa(PLAIN).slice(0, 8));
    expect(one).not.toContain('sk-live');
  });

  it('opens for no other organization, no other row, and not once a character was changed', async () => {
    const seal = await sealOf();
    const sealed = await seal.seal(PLAIN, OF);
    expect(await seal.open(sealed, { ...OF, organizationId: 'org_0000000000000002' })).toBeNull();
    expect(await seal.open(sealed, { ...OF, id: 'pvk_0000000000000002' })).toBeNull();
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
      // The last character of base64 may carry bits that belong to no byte.
      if (at < sealed.length - 1) expect([at, await seal.open(changed, OF)]).toEqual([at, null]);
    }
  });

  it.each(['', 'psk1', 'psk1.00000000.', 'psk1.00000000.AAAA', 'psk2.00000000.AAAA', PLAIN])(
    'is not %j, which opens as nothing',
    async (text) => {
      expect(await (await sealOf()).open(text, OF)).toBeNull();
    },
  );

  it('is opened under the secret before, and known to be of that, while the secret is rotated', async () => {
    const sealed = await (await sealOf(OTHER)).seal(PLAIN, OF);
    const rotated = await sealOf(SECRET, OTHER);
    expect([await rotated.open(sealed, OF), sealed.startsWith(rotated.prefix)]).toEqual([PLAIN, false]);
    const anew = await rotated.seal(PLAIN, OF);
    expect([await rotated.open(anew, OF), anew.startsWith(rotated.prefix)]).toEqual([PLAIN, true]);
    // Once all are sealed anew the secret before may go.
    const after = await sealOf(SECRET);
    expect([await after.open(anew, OF), await after.open(sealed, OF)]).toEqual([PLAIN, null]);
  });
});

describe("a deployment's seal", () => {
  const env = (secrets: Record<string, string>) => secrets as unknown as Env;

  it.each([
    {},
    { PROVIDER_KEY_SECRET: '' },
    { PROVIDER_KEY_SECRET: 'too short' },
    { PROVIDER_KEY_SECRET: SECRET, PROVIDER_KEY_SECRET_PREVIOUS: 'too short' },
  ])('is none with %j', async (secrets) => {
    expect(await providerKeySeal(env(secrets))).toBeNull();
  });

  it('is that of its secrets, also once they have changed', async () => {
    const sealed = await (await sealOf(OTHER)).seal(PLAIN, OF);
    const opened = async (secrets: Record<string, string>) => (await providerKeySeal(env(secrets)))?.open(sealed, OF);
    expect(await opened({ PROVIDER_KEY_SECRET: SECRET })).toBeNull();
    expect(await opened({ PROVIDER_KEY_SECRET: SECRET, PROVIDER_KEY_SECRET_PREVIOUS: OTHER })).toBe(PLAIN);
    expect(await opened({ PROVIDER_KEY_SECRET: OTHER, PROVIDER_KEY_SECRET_PREVIOUS: '' })).toBe(PLAIN);
    expect(await opened({ PROVIDER_KEY_SECRET: SECRET, PROVIDER_KEY_SECRET_PREVIOUS: '' })).toBeNull();
  });
});
