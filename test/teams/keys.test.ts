import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { checkKey, equalInConstantTime, type KeyKind, makeKey } from '../../src/teams/keys.ts';

const SECRET = 'a deployment secret';

const OWNERS = { api: () => newId('mem'), master: () => newId('org') };

const make = (kind: KeyKind, ownerId = OWNERS[kind]()) => makeKey(kind, ownerId, SECRET);

const KINDS: KeyKind[] = ['api', 'master'];

describe.each(KINDS)('a key of kind %s', (kind) => {
  it('checks as what it was made to be, under the SHA-256 of its whole text', async () => {
    const ownerId = OWNERS[kind]();
    const made = await make(kind, ownerId);
    const hash = createHash('sha256').update(made.secret).digest('hex');
    expect(made).toMatchObject({ kind, ownerId, hash });
    expect(await checkKey(made.secret, SECRET)).toEqual({ kind, ownerId, hash });
  });

  it('names its owner and is never made twice', async () => {
    const ownerId = OWNERS[kind]();
    const [one, other] = [await make(kind, ownerId), await make(kind, ownerId)];
    expect(one.secret).toMatch(/^ps[rm]_[0-9a-z]{64}$/);
    expect(one.secret.slice(4, 20)).toBe(ownerId.slice(4));
    expect(one.secret).not.toBe(other.secret);
  });

  it('shows four of its characters at most', async () => {
    const { masked, secret } = await make(kind);
    expect(masked).toBe(`${secret.slice(0, 4)}…${secret.slice(-4)}`);
  });

  it('is refused with any one character changed', async () => {
    const { secret } = await make(kind);
    const character = fc.oneof(
      fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyz_-'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    );
    for (let at = 0; at < secret.length; at++) {
      for (const other of fc.sample(
        character.filter((given) => given !== secret.charAt(at)),
        8,
      )) {
        const changed = secret.slice(0, at) + other + secret.slice(at + 1);
        expect(await checkKey(changed, SECRET), changed).toBeNull();
      }
    }
  });

  it('is refused cut, extended, in another case, or as any other text', async () => {
    const { secret } = await make(kind);
    const letters = [...secret].flatMap((letter, at) => (letter === letter.toUpperCase() ? [] : [at]));
    const wrong = fc.oneof(
      fc.string(),
      fc.nat(secret.length - 1).map((length) => secret.slice(0, length)),
      fc.integer({ min: 1, max: secret.length }).map((from) => secret.slice(from)),
      fc.string({ minLength: 1 }).map((more) => secret + more),
      fc.string({ minLength: 1 }).map((more) => more + secret),
      fc
        .constantFrom(...letters)
        .map((at) => secret.slice(0, at) + secret.charAt(at).toUpperCase() + secret.slice(at + 1)),
      fc.constantFrom(secret.toUpperCase(), `${secret}\n`, ` ${secret}`, secret + secret, ''),
    );
    await fc.assert(
      fc.asyncProperty(wrong, async (text) => {
        expect(await checkKey(text, SECRET)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it('is refused with the owner, the secret part or the tag of another key', async () => {
    const [one, other] = [(await make(kind)).secret, (await make(kind)).secret];
    const parts = (key: string) => [key.slice(0, 20), key.slice(20, 52), key.slice(52)] as const;
    const [[owner, middle, tag], [owner2, middle2, tag2]] = [parts(one), parts(other)];
    for (const mixed of [owner2 + middle + tag, owner + middle2 + tag, owner + middle + tag2]) {
      expect(await checkKey(mixed, SECRET)).toBeNull();
    }
  });

  it('is refused under the secret of another deployment, also after one of ours', async () => {
    const { secret } = await make(kind);
    expect(await checkKey(secret, SECRET)).not.toBeNull();
    expect(await checkKey(secret, `${SECRET}.`)).toBeNull();
    expect(await checkKey(secret, SECRET)).not.toBeNull();
  });

  it('cannot be turned into the other kind', async () => {
    const { secret } = await make(kind);
    const other = kind === 'api' ? 'psm_' : 'psr_';
    expect(await checkKey(other + secret.slice(4), SECRET)).toBeNull();
  });

  it('cannot name an owner of the other kind, or none', async () => {
    const foreign = OWNERS[kind === 'api' ? 'master' : 'api']();
    for (const ownerId of [foreign, OWNERS[kind]().slice(0, -1), `${OWNERS[kind]()}0`, '']) {
      await expect(make(kind, ownerId)).rejects.toThrow('cannot name');
    }
  });
});

it('without a deployment secret no key is made or checked', async () => {
  const { secret } = await make('api');
  await expect(makeKey('api', newId('mem'), '')).rejects.toThrow('KEY_SECRET');
  await expect(checkKey(secret, '')).rejects.toThrow('KEY_SECRET');
});

it('the comparison in constant time is equality', () => {
  const text = fc.string({ maxLength: 6 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(equalInConstantTime(a, b)).toBe(a === b);
    }),
  );
  fc.assert(
    fc.property(text, (a) => {
      expect(equalInConstantTime(a, `${a}`)).toBe(true);
    }),
  );
});
