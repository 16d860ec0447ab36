import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonObjectIn } from '../src/gateway/reported.ts';
import { isTooDeep } from '../src/json-depth.ts';
import { LIMITS } from '../src/limits.ts';

/** By the parsed value. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('how deep a text is nested', () => {
  it('is as deep as its value, whatever its strings hold', () => {
    const text = fc.string({ unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', 'a', '\n', 'ü', '😀') });
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 6 }, text, fc.integer(), tie('list'), tie('object')),
      list: fc.array(tie('value'), { maxLength: 3 }),
      object: fc.dictionary(text, tie('value'), { maxKeys: 3 }),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2), (of, indent) => {
        const json = JSON.stringify(of, null, indent);
        const depth = depthOf(of);
        expect(isTooDeep(json, depth)).toBe(false);
        if (depth > 0) expect(isTooDeep(json, depth - 1)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is bounded also in what a provider says, or in arguments that stand as text in a body', () => {
    const levels = (count: number) => `${'{"a":'.repeat(count)}1${'}'.repeat(count)}`;
    expect(jsonObjectIn(levels(LIMITS.jsonDepthMax))).not.toBeNull();
    expect(jsonObjectIn(levels(LIMITS.jsonDepthMax + 1))).toBeNull();
  });

  it('is found in a text that never ends', () => {
    for (const [text, tooDeep] of [
      ['['.repeat(101), true],
      [`"${'['.repeat(101)}`, false],
      [`"\\"${'['.repeat(101)}`, false],
      [`"\\\\"${'['.repeat(101)}`, true],
    ] as const) {
      expect(isTooDeep(text, 100)).toBe(tooDeep);
    }
  });
});
