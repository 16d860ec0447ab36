/**
 * Exact amounts as cents that add up. The whole is rounded to the nearest cent, half away from zero. Each part is rounded
 * down or up to a whole cent, up where the most is cut off, so many of them that the parts add up to the whole. So no part is
 * shown a cent or more from what it is, on any level: parts of parts are made the same way of what their whole is shown as.
 */
import { type MinorUnits, minorUnits } from '../../money/minor-units.ts';

/** What usage costs is USD, whose minor unit is so many nanodollars. */
const CENT = 10_000_000n;

export function nearestCent(nanos: bigint): MinorUnits {
  const size = nanos < 0n ? -nanos : nanos;
  const cents = (size + CENT / 2n) / CENT;
  return minorUnits(Number(nanos < 0n ? -cents : cents));
}

/** `whole` is less than a cent from the sum of the parts, which is what the two functions here make of them. */
export function shareCents(whole: MinorUnits, parts: readonly bigint[]): MinorUnits[] {
  const floors = parts.map((nanos) => (nanos - remainder(nanos)) / CENT);
  const left = whole - Number(floors.reduce((sum, cents) => sum + cents, 0n));
  const most = parts
    .map((nanos, i) => ({ i, cut: remainder(nanos) }))
    .filter(({ cut }) => cut > 0n)
    .sort((a, b) => (a.cut === b.cut ? a.i - b.i : a.cut > b.cut ? -1 : 1));
  if (left < 0 || left > most.length) throw new Error(`${whole} cents cannot be shared by ${parts.join(', ')}`);
  const up = new Set(most.slice(0, left).map(({ i }) => i));
  return floors.map((cents, i) => minorUnits(Number(cents) + (up.has(i) ? 1 : 0)));
}

/** What rounding down cuts off, also below zero: from 0 up to a cent. */
function remainder(nanos: bigint): bigint {
  return ((nanos % CENT) + CENT) % CENT;
}
