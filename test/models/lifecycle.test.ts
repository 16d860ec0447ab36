import { describe, expect, it } from 'vitest';
import { CATALOGUE_MAPPINGS } from '../../src/models/catalogue.ts';
import { lifecycleHeaders, lifecycleOf } from '../../src/models/lifecycle.ts';

const at = (instant: string) => Date.parse(instant);
const ENDING = { deprecatedOn: '2026-06-11', retiresOn: '2026-12-11' };

describe('a model', () => {
  it.each([
    ['of which nothing was announced', {}, '2030-01-01T00:00:00Z', 'active'],
    ['whose end is announced', ENDING, '2026-12-10T23:59:59Z', 'deprecated'],
    ['on the day of its end', ENDING, '2026-12-11T00:00:00Z', 'retired'],
    [
      'whose end is announced since nobody knows when',
      { retiresOn: '2026-12-11' },
      '2026-01-01T00:00:00Z',
      'deprecated',
    ],
    ['that will be advised against', { deprecatedOn: '2026-06-11' }, '2026-06-10T23:59:59Z', 'active'],
    ['that is advised against', { deprecatedOn: '2026-06-11' }, '2026-06-11T00:00:00Z', 'deprecated'],
  ])('%s', (_, announced, instant, lifecycle) => {
    expect(lifecycleOf(announced, at(instant))).toBe(lifecycle);
  });

  it('tells its end in the headers that HTTP has for it', () => {
    expect(lifecycleHeaders(ENDING)).toEqual({
      deprecation: `@${at('2026-06-11T00:00:00Z') / 1_000}`,
      sunset: 'Fri, 11 Dec 2026 00:00:00 GMT',
    });
    expect(lifecycleHeaders({})).toEqual({});
  });

  it('of the catalogue has days in the order in which they come, and ends at its own provider alone', () => {
    for (const { id, deprecatedOn, retiresOn } of CATALOGUE_MAPPINGS) {
      for (const day of [deprecatedOn, retiresOn])
        if (day) expect([id, day]).toEqual([id, expect.stringMatching(/^\d{4}-\d\d-\d\d$/)]);
      if (deprecatedOn && retiresOn) expect([id, deprecatedOn < retiresOn]).toEqual([id, true]);
    }
    const ending = CATALOGUE_MAPPINGS.filter(({ retiresOn }) => retiresOn).map(({ id }) => id);
    expect(ending).toEqual(expect.arrayContaining(['openai/o4-mini', 'openai/gpt-4o', 'google/gemini-2.5-pro']));
    expect(ending.filter((id) => /^(azure|vertex)\//.test(id))).toEqual([]);
  });
});
