/** Integers that a double rounds pass through the gateway as they came. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExactInteger, parseExactly } from '../../src/gateway/exact-json.ts';
import { isObject, jsonObjectIn } from '../../src/gateway/reported.ts';

describe('parsing exactly', () => {
  it('gives back every integer digit for digit, and all else as JSON.parse does', () => {
    const integer = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    const pair = fc.tuple(integer, fc.jsonValue({ noUnicodeString: false } as object));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 8 }), (pairs) => {
        const text = `[${pairs.map(([whole, any]) => `{"id":${whole},"any":${JSON.stringify(any)}}`).join(',')}]`;
        const parsed = parseExactly(text) as { any: unknown }[];
        expect(JSON.stringify(parsed)).toBe(text.replaceAll(/-0(?=[,}\]])/g, '0'));
        expect(parsed.map(({ any }) => any)).toEqual(pairs.map(([, any]) => JSON.parse(JSON.stringify(any))));
      }),
    );
  });

  it('keeps numbers that a double holds numbers', () => {
    for (const text of ['9007199254740991', '0.30000000000000004', '1000000000000000', '1e21', '-12.5']) {
      expect(parseExactly(text)).toBe(Number(text));
    }
  });

  it('gives what is neither an object nor a number to who reads it', () => {
    const { id } = jsonObjectIn('{"id":12345678901234567890}') ?? {};
    expect([typeof id, isObject(id), isExactInteger(id as object)]).toEqual(['object', false, true]);
  });

  it('throws what JSON.parse throws', () => {
    expect(() => parseExactly('{"id":12345678901234567890')).toThrow(SyntaxError);
  });
});
