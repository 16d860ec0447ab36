import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attemptIdFloor,
  attemptMadeAt,
  base32,
  ID_LENGTH,
  type IdKind,
  newAttemptId,
  newId,
  newRequestId,
  randomText,
} from '../src/ids.ts';

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/** Ten characters of five bits each: until the year 37648. */
const instant = fc.integer({ min: 0, max: 2 ** 50 - 1 });

describe('an attempt id', () => {
  it('gives back the instant it was made', () => {
    fc.assert(
      fc.property(instant, (ms) => {
        expect(attemptMadeAt(newAttemptId(ms))).toBe(ms);
      }),
    );
  });

  it('sorts by time as text, with the floor of an instant between what was made before and since', () => {
    fc.assert(
      fc.property(instant, instant, (one, other) => {
        fc.pre(one !== other);
        const [earlier, later] = [Math.min(one, other), Math.max(one, other)];
        const [first, second, floor] = [newAttemptId(earlier), newAttemptId(later), attemptIdFloor(later)];
        expect(first < floor && floor < second).toBe(true);
      }),
    );
  });

  it('is made anew each time', () => {
    expect(new Set(Array.from({ length: 1000 }, () => newAttemptId(0))).size).toBe(1000);
  });

  it('is the only text that is read as one', () => {
    const id = newAttemptId(Date.UTC(2026, 0, 5));
    const position = fc.integer({ min: 4, max: id.length - 1 });
    const wrong = fc.oneof(
      fc.string(),
      fc.string({ minLength: 1 }).map((more) => id + more),
      fc.string({ minLength: 1 }).map((more) => more + id),
      fc.nat(id.length - 1).map((length) => id.slice(0, length)),
      fc
        .tuple(position, fc.constantFrom('i', 'l', 'o', 'u', 'A', '-', ' ', '\n', 'é'))
        .map(([at, character]) => id.slice(0, at) + character + id.slice(at + 1)),
      fc.constantFrom('', attemptIdFloor(0), id.toUpperCase(), id.replace('att_', 'req_'), `${id}\n`),
    );
    fc.assert(
      fc.property(wrong, (text) => {
        expect(attemptMadeAt(text)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});

describe('base32', () => {
  it('writes bytes as the number they are, in digits of five bits', () => {
    const bytes = fc.integer({ min: 0, max: 8 }).chain((groups) => {
      return fc.uint8Array({ minLength: groups * 5, maxLength: groups * 5 });
    });
    fc.assert(
      fc.property(bytes, (given) => {
        const number = given.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
        const digits = given.length === 0 ? '' : number.toString(32).padStart((given.length / 5) * 8, '0');
        expect(base32(given)).toBe(digits.replace(/./g, (digit) => CROCKFORD.charAt(Number.parseInt(digit, 32))));
      }),
    );
  });

  it.each([1, 4, 6, 16])('refuses %i bytes, which would leave bits over', (length) => {
    expect(() => base32(new Uint8Array(length))).toThrow(RangeError);
  });
});

describe('an id', () => {
  const kinds: IdKind[] = ['org', 'usr', 'mem', 'prj', 'key', 'mky', 'inv'];

  it.each(kinds)('of kind %s names its kind and carries 80 random bits', (kind) => {
    expect(newId(kind)).toMatch(new RegExp(`^${kind}_[${CROCKFORD}]{16}$`));
    expect(ID_LENGTH * 5).toBe(80);
  });

  it('of a request is longer, and none comes twice', () => {
    const ids = Array.from({ length: 1000 }, newRequestId);
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(new RegExp(`^req_[${CROCKFORD}]{24}$`));
  });

  it('has random text of any length, with every character in use', () => {
    for (const length of [0, 1, 7, 8, 9, 33]) expect(randomText(length)).toHaveLength(length);
    expect([...new Set(randomText(4000))].toSorted().join('')).toBe(CROCKFORD);
  });
});
