/** The chain itself: whatever is done to an export is found, and where. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, NO_ENTRIES, type SealedEntry } from '../../src/audit/chain.ts';
import { parseHead, verifyLines } from '../../src/audit/verify-lines.ts';
import { chain, entry, headOf, linesOf, ORGANIZATION, reforge } from './chains.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const fields = fc.option(fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }));

/** Anything that an entry may say. */
const told: fc.Arbitrary<Partial<Entry>> = fc.record(
  {
    at: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    actor: fc.record({
      kind: fc.constantFrom('user', 'master_key', 'operator'),
      id: fc.option(text),
      memberId: fc.option(text),
      sessionId: fc.option(text),
    }),
    target: fc.record({ kind: text, id: text }),
    before: fields,
    after: fields,
    from: fc.record({ ip: fc.option(text), userAgent: fc.option(text), requestId: fc.option(text) }),
  },
  { requiredKeys: [] },
);

const chains = fc
  .record({ told: fc.array(told, { minLength: 1, maxLength: 12 }), begun: fc.boolean() })
  .map(({ told, begun }) => chain(told.length, told, begun ? headOf(chain(3)) : NO_ENTRIES));

const kindAt = async (lines: string[], known: Parameters<typeof verifyLines>[1] = {}) => {
  const { flaw } = await verifyLines(lines, known);
  return flaw && [flaw.n, flaw.kind];
};

describe('an export as it was written', () => {
  it('is verified, also from a beginning other than the first entry', async () => {
    await fc.assert(
      fc.asyncProperty(chains, async (entries) => {
        expect(await verifyLines(linesOf(entries), known(entries))).toEqual({
          checked: entries.length,
          head: headOf(entries),
          flaw: null,
        });
      }),
    );
  });

  it('of no entries is verified too', async () => {
    expect(await verifyLines([])).toEqual({ checked: 0, head: NO_ENTRIES, flaw: null });
  });

  it('says in each line what anybody can hash: the line without its hash', () => {
    const [line = ''] = linesOf(chain(1));
    const [, hash] = /,"hash":"([0-9a-f]{64})"}$/.exec(line) ?? [];
    expect(
      createHash('sha256')
        .update(line.replace(/,"hash":"[0-9a-f]{64}"}$/, '}'))
        .digest('hex'),
    ).toBe(hash);
  });

  it('has a format that stays: a log of today must verify with the Purser of tomorrow', () => {
    expect(headOf(chain(2))).toEqual({
      n: 2,
      hash: 'fd3d582d8fc9e6a3740944267288fa6424b7e93635adb00e396b6473f4ef9dc9',
    });
  });
});

describe('an export in which', () => {
  it('one character was changed is refused at that entry', async () => {
    const place = fc.record({
      entries: chains,
      at: fc.nat(),
      where: fc.nat(),
      character: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(place, async ({ entries, at, where, character }) => {
        const lines = linesOf(entries);
        const i = at % lines.length;
        const line = lines[i] ?? '';
        const edited = line.slice(0, where % line.length) + character + line.slice((where % line.length) + 1);
        fc.pre(edited !== line && !edited.includes('\n'));
        const flaw = await kindAt(lines.with(i, edited), known(entries));
        // A changed number of its own reads as an entry that is missing, or not in its place.
        expect(flaw?.[0]).toBe(first(entries).n + i);
      }),
      { numRuns: 500 },
    );
  });

  it('an entry was removed is refused there, wherever it was', async () => {
    const entries = chain(6);
    const known = { head: headOf(entries), beginning: NO_ENTRIES };
    for (let i = 0; i < 5; i++)
      expect(await kindAt(linesOf(entries.toSpliced(i, 1)), known)).toEqual([i + 1, 'missing']);
    expect(await kindAt(linesOf(entries.slice(0, 5)), known)).toEqual([6, 'cut']);
    expect(await kindAt([], known)).toEqual([1, 'cut']);
  });

  it('entries were reordered, repeated or put in is refused at the first that does not belong there', async () => {
    const entries = chain(6);
    const [, , third = entry(3, ''), fourth = third] = entries;
    expect(await kindAt(linesOf(entries.with(2, fourth).with(3, third)))).toEqual([3, 'missing']);
    expect(await kindAt(linesOf(entries.toSpliced(3, 0, third)))).toEqual([4, 'out_of_order']);
    expect(await kindAt(linesOf(entries.toReversed()))).toEqual([7, 'out_of_order']);
    const exchanged = entries.with(2, { ...fourth, n: 3 }).with(3, { ...third, n: 4 });
    expect(await kindAt(linesOf(exchanged))).toEqual([3, 'edited']);
    expect(await kindAt(linesOf(entries.toSpliced(2, 0, entry(3, third.previousHash))))).toEqual([4, 'out_of_order']);
  });

  it('an entry was edited and sealed anew is refused at the next one', async () => {
    const entries = chain(6);
    const forged = entry(3, entries[1]?.hash ?? '', { after: { usageLimit: '1000000' } });
    expect(await kindAt(linesOf(entries.with(2, forged)))).toEqual([4, 'unlinked']);
  });

  it('everything after an edit was sealed anew is refused by who knows a head', async () => {
    const entries = chain(6);
    const edited = entries.with(2, { ...(entries[2] ?? entry(3, '')), after: { usageLimit: '1000000' } });
    const forged = reforge(edited, 2);
    expect(await kindAt(linesOf(forged))).toBeNull();
    expect(await kindAt(linesOf(forged), { head: headOf(entries) })).toEqual([6, 'rewritten']);
    expect(await kindAt(linesOf(forged), { head: headOf(entries.slice(0, 4)) })).toEqual([4, 'rewritten']);
  });

  it('the oldest entries were cut off is refused by who knows the beginning', async () => {
    const entries = chain(6);
    const rest = linesOf(entries.slice(2));
    expect(await kindAt(rest)).toBeNull();
    expect(await kindAt(rest, { beginning: headOf(entries.slice(0, 2)) })).toBeNull();
    expect(await kindAt(rest, { beginning: headOf(entries.slice(0, 1)) })).toEqual([2, 'missing']);
    const other = { n: 2, hash: 'f'.repeat(64) };
    expect(await kindAt(rest, { beginning: other })).toEqual([3, 'unlinked']);
  });

  it('an entry stands that is of another organization is refused', async () => {
    const [one = entry(1, '')] = chain(1);
    const foreign = entry(2, one.hash, { organizationId: `${ORGANIZATION}x` });
    expect(await kindAt(linesOf([one, foreign]))).toEqual([2, 'edited']);
  });

  it.each(['', '{}', 'null', '[]', '{"n":1}', 'no JSON', ' '])('a line is %j is refused', async (line) => {
    expect(await kindAt([...linesOf(chain(2)), line])).toEqual([3, 'edited']);
  });
});

describe('a head to compare with', () => {
  it('is a number and a hash', () => {
    const head = headOf(chain(3));
    expect(parseHead(`${head.n}:${head.hash}`)).toEqual(head);
  });

  it.each(['', '3', '3:', `:${'0'.repeat(64)}`, `-1:${'0'.repeat(64)}`, `3:${'0'.repeat(63)}`, `3:${'G'.repeat(64)}`])(
    'is not %j',
    (given) => {
      expect(parseHead(given)).toBeNull();
    },
  );
});

/** Where the chain begins and ends, as somebody wrote it down. */
function known(entries: readonly SealedEntry[]) {
  return { head: headOf(entries), beginning: { n: first(entries).n - 1, hash: first(entries).previousHash } };
}

function first(entries: readonly SealedEntry[]): SealedEntry {
  return entries[0] ?? entry(1, '');
}
