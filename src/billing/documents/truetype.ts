/**
 * A TrueType font as pdf-lib wants one: which glyph a letter has, how wide it is, and a font file of only the glyphs that a
 * document uses. It takes the place of @pdf-lib/fontkit, which would double what the Worker weighs and costs to start, to
 * read tables that these fonts do not have. (fontkit also remembers the letter under which it first met a glyph: what had
 * been rendered before would decide a file's bytes.)
 *
 * It reads what scripts/generate-fonts.ts makes: one table of characters (format 4), outlines, no kerning, no ligatures.
 * Microsoft's OpenType specification 1.9.1 has the tables; the offsets below are its.
 */

/** A letter's glyph within the font. */
export interface Glyph {
  id: number;
  codePoints: readonly [number];
  advanceWidth: number;
}

const COMPOSITE = { wordArguments: 0x1, scale: 0x8, more: 0x20, twoScales: 0x40, matrix: 0x80 };

export class TrueType {
  readonly unitsPerEm: number;
  readonly ascent: number;
  readonly descent: number;
  readonly xHeight: number;
  readonly capHeight: number;
  readonly bbox: { minX: number; minY: number; maxX: number; maxY: number };
  readonly italicAngle = 0;
  readonly cff = false;
  readonly head = { macStyle: { italic: false } };
  readonly post = { isFixedPitch: false };
  readonly postscriptName = 'Font';
  readonly characterSet: readonly number[];
  readonly #tables: ReadonlyMap<string, DataView>;
  readonly #ids: ReadonlyMap<number, number>;

  constructor(bytes: Uint8Array) {
    this.#tables = tablesOf(bytes);
    const [head, hhea, os2] = [this.#table('head'), this.#table('hhea'), this.#table('OS/2')];
    this.unitsPerEm = head.getUint16(18);
    const [minX, minY, maxX, maxY] = [head.getInt16(36), head.getInt16(38), head.getInt16(40), head.getInt16(42)];
    this.bbox = { minX, minY, maxX, maxY };
    this.ascent = hhea.getInt16(4);
    this.descent = hhea.getInt16(6);
    this.xHeight = os2.getInt16(86);
    this.capHeight = os2.getInt16(88);
    this.#ids = charactersOf(this.#table('cmap'));
    this.characterSet = [...this.#ids.keys()];
  }

  /** The glyphs of a text, one a letter. A letter that the font lacks is a bug: characters.ts leaves none. */
  layout(text: string): { glyphs: Glyph[] } {
    const glyphs = Array.from(text, (char) => {
      const codePoint = char.codePointAt(0) ?? 0;
      const id = this.#ids.get(codePoint);
      if (id === undefined) throw new Error(`the font has no U+${codePoint.toString(16)}`);
      return { id, codePoints: [codePoint] as const, advanceWidth: this.#metrics(id).advance };
    });
    return { glyphs };
  }

  createSubset(): Subset {
    return new Subset(this);
  }

  /** What draws a glyph: nothing for a space. */
  outline(id: number): Uint8Array {
    const [glyf, loca] = [this.#table('glyf'), this.#table('loca')];
    const isLong = this.#table('head').getInt16(50) === 1;
    const at = (index: number) => (isLong ? loca.getUint32(index * 4) : loca.getUint16(index * 2) * 2);
    return new Uint8Array(glyf.buffer, glyf.byteOffset + at(id), at(id + 1) - at(id));
  }

  /** A font file of these glyphs, in this order, which `of` numbers. It may be told of more while it is made: parts of others. */
  file(ids: readonly number[], of: (id: number) => number): Uint8Array {
    const outlines: Uint8Array[] = [];
    // By index: the parts of a composed letter are put at the end of the list that this goes through.
    for (let i = 0; i < ids.length; i++) outlines.push(renumbered(this.outline(ids[i] ?? 0), of));
    const [hmtx, loca] = [
      new DataView(new ArrayBuffer(ids.length * 4)),
      new DataView(new ArrayBuffer(ids.length * 4 + 4)),
    ];
    const lengths = outlines.map(({ length }) => length + (length % 2));
    const glyf = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
    let end = 0;
    for (const [i, outline] of outlines.entries()) {
      glyf.set(outline, end);
      end += lengths[i] ?? 0;
      loca.setUint32(i * 4 + 4, end);
      const { advance, bearing } = this.#metrics(ids[i] ?? 0);
      hmtx.setUint16(i * 4, advance);
      hmtx.setInt16(i * 4 + 2, bearing);
    }
    const [head, hhea, maxp] = [copied(this.#table('head')), copied(this.#table('hhea')), copied(this.#table('maxp'))];
    // No sum of the whole file, which is no file of its own; long offsets.
    head.setUint32(8, 0);
    head.setInt16(50, 1);
    hhea.setUint16(34, ids.length);
    maxp.setUint16(4, ids.length);
    return fileOf({ glyf: new DataView(glyf.buffer), head, hhea, hmtx, loca, maxp });
  }

  #metrics(id: number): { advance: number; bearing: number } {
    const hmtx = this.#table('hmtx');
    // Glyphs past the last full entry share its width.
    const full = this.#table('hhea').getUint16(34);
    const bearing = id < full ? id * 4 + 2 : full * 4 + (id - full) * 2;
    return { advance: hmtx.getUint16(Math.min(id, full - 1) * 4), bearing: hmtx.getInt16(bearing) };
  }

  #table(tag: string): DataView {
    const table = this.#tables.get(tag);
    if (!table) throw new Error(`the font has no ${tag}`);
    return table;
  }
}

/** The glyphs that one document uses, numbered as they come. 0 is the one for what is missing. */
class Subset {
  readonly cff = false;
  readonly #font: TrueType;
  readonly #ids = [0];
  readonly #numbers = new Map([[0, 0]]);

  constructor(font: TrueType) {
    this.#font = font;
  }

  includeGlyph({ id }: Glyph): number {
    return this.#number(id);
  }

  /** What pdf-lib takes for a stream of Node's. */
  encodeStream() {
    const stream = {
      on: (event: string, listener: (bytes?: Uint8Array) => void) => {
        if (event === 'data') listener(this.#font.file(this.#ids, (id) => this.#number(id)));
        if (event === 'end') listener();
        return stream;
      },
    };
    return stream;
  }

  #number(id: number): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    this.#numbers.set(id, this.#ids.length);
    return this.#ids.push(id) - 1;
  }
}

function tablesOf(bytes: Uint8Array): Map<string, DataView> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== 0x00010000) throw new Error('not a TrueType font');
  const tables = Array.from({ length: view.getUint16(4) }, (_, i) => {
    const at = 12 + i * 16;
    const tag = String.fromCharCode(...bytes.subarray(at, at + 4));
    const table = new DataView(bytes.buffer, bytes.byteOffset + view.getUint32(at + 8), view.getUint32(at + 12));
    return [tag, table] as const;
  });
  return new Map(tables);
}

/** The glyph of each code point: Windows' table for the basic plane, which every font has. */
function charactersOf(cmap: DataView): Map<number, number> {
  const tables = Array.from({ length: cmap.getUint16(2) }, (_, i) => 4 + i * 8);
  const found = tables.find((at) => cmap.getUint16(at) === 3 && cmap.getUint16(at + 2) === 1);
  const start = found === undefined ? 0 : cmap.getUint32(found + 4);
  if (start === 0 || cmap.getUint16(start) !== 4) throw new Error('the font has no table of characters of format 4');
  const size = cmap.getUint16(start + 6);
  const [ends, starts, deltas, offsets] = [14, 16 + size, 16 + 2 * size, 16 + 3 * size].map((at) => start + at) as [
    number,
    number,
    number,
    number,
  ];
  const ids = new Map<number, number>();
  for (let segment = 0; segment < size; segment += 2) {
    const [first, last] = [cmap.getUint16(starts + segment), cmap.getUint16(ends + segment)];
    const [delta, offset] = [cmap.getUint16(deltas + segment), cmap.getUint16(offsets + segment)];
    for (let code = first; code <= last; code++) {
      const listed = offset === 0 ? code : cmap.getUint16(offsets + segment + offset + (code - first) * 2);
      const id = listed === 0 ? 0 : (listed + delta) % 0x10000;
      // The last segment is U+FFFF and ends the table: no letter.
      if (id !== 0 && code !== 0xffff) ids.set(code, id);
    }
  }
  return ids;
}

/** An outline with the glyphs that it is composed of by their new numbers. One that is drawn itself stays as it is. */
function renumbered(outline: Uint8Array, of: (id: number) => number): Uint8Array {
  const copy = Uint8Array.from(outline);
  const view = new DataView(copy.buffer);
  if (copy.length === 0 || view.getInt16(0) >= 0) return copy;
  for (let at = 10, more = true; more; ) {
    const flags = view.getUint16(at);
    view.setUint16(at + 2, of(view.getUint16(at + 2)));
    at += flags & COMPOSITE.wordArguments ? 8 : 6;
    at += flags & COMPOSITE.matrix ? 8 : flags & COMPOSITE.twoScales ? 4 : flags & COMPOSITE.scale ? 2 : 0;
    more = (flags & COMPOSITE.more) !== 0;
  }
  return copy;
}

function copied(table: DataView): DataView {
  return new DataView(table.buffer.slice(table.byteOffset, table.byteOffset + table.byteLength));
}

/** The tables behind their directory, which wants them in the order of their tags and each at a multiple of four. */
function fileOf(tables: Record<string, DataView>): Uint8Array {
  const named = Object.entries(tables).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const padded = (length: number) => Math.ceil(length / 4) * 4;
  const headBytes = 12 + named.length * 16;
  const bytes = new Uint8Array(named.reduce((sum, [, { byteLength }]) => sum + padded(byteLength), headBytes));
  const view = new DataView(bytes.buffer);
  const power = Math.floor(Math.log2(named.length));
  view.setUint32(0, 0x00010000);
  view.setUint16(4, named.length);
  view.setUint16(6, 2 ** power * 16);
  view.setUint16(8, power);
  view.setUint16(10, (named.length - 2 ** power) * 16);
  let at = headBytes;
  for (const [i, [tag, table]] of named.entries()) {
    bytes.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), at);
    const entry = 12 + i * 16;
    for (let letter = 0; letter < 4; letter++) bytes[entry + letter] = tag.charCodeAt(letter);
    let sum = 0;
    for (let word = at; word < at + table.byteLength; word += 4) sum = (sum + view.getUint32(word)) >>> 0;
    view.setUint32(entry + 4, sum);
    view.setUint32(entry + 8, at);
    view.setUint32(entry + 12, table.byteLength);
    at += padded(table.byteLength);
  }
  return bytes;
}
