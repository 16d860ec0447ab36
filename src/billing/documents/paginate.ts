/**
 * Puts blocks onto pages from top to bottom. It knows nothing of what they draw, so what may be parted is decided by the
 * blocks alone: one that keeps with the next is parted from it only where both would not fit onto a page of their own.
 */

export interface Block<Canvas> {
  height: number;
  /** Whether the next block belongs to this one: a row's second line, the totals after the last rows. */
  keepsWithNext: boolean;
  /** Of a row of a table: what stands above the first of its rows on each page. */
  tableHeader: Block<Canvas> | null;
  /** Left out at the top of a page: a space only parts it from what is above. */
  isSpace: boolean;
  draw(canvas: Canvas, top: number): void;
}

export interface Placed<Canvas> {
  block: Block<Canvas>;
  top: number;
}

export interface Frame {
  top: number;
  bottom: number;
}

export function paginate<Canvas>(blocks: readonly Block<Canvas>[], frame: Frame): Placed<Canvas>[][] {
  let page: Placed<Canvas>[] = [];
  const pages = [page];
  let top = frame.top;
  /** The last on this page. */
  let header: Block<Canvas> | null = null;

  const turn = () => {
    page = [];
    pages.push(page);
    top = frame.top;
    header = null;
  };
  const put = (block: Block<Canvas>) => {
    page.push({ block, top });
    top += block.height;
  };
  const heightOf = (chain: readonly Block<Canvas>[], above: Block<Canvas> | null) => {
    let [sum, last] = [0, above];
    for (const { height, tableHeader } of chain) {
      if (tableHeader && tableHeader !== last) sum += tableHeader.height;
      last = tableHeader ?? last;
      sum += height;
    }
    return sum;
  };
  const fits = (chain: readonly Block<Canvas>[]) => top + heightOf(chain, header) <= frame.bottom;
  const place = (block: Block<Canvas>) => {
    if (block.isSpace && (page.length === 0 || !fits([block]))) return;
    if (!fits([block]) && page.length > 0) turn();
    if (block.tableHeader && block.tableHeader !== header) {
      header = block.tableHeader;
      put(header);
    }
    put(block);
  };

  for (const chain of chains(blocks)) {
    const fitsAnywhere = frame.top + heightOf(chain, null) <= frame.bottom;
    if (!fits(chain) && fitsAnywhere && page.length > 0) turn();
    for (const block of chain) place(block);
  }
  return pages;
}

function chains<Canvas>(blocks: readonly Block<Canvas>[]): Block<Canvas>[][] {
  const found: Block<Canvas>[][] = [];
  let chain: Block<Canvas>[] = [];
  for (const block of blocks) {
    chain.push(block);
    if (block.keepsWithNext) continue;
    found.push(chain);
    chain = [];
  }
  return chain.length > 0 ? [...found, chain] : found;
}
