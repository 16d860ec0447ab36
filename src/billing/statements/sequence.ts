/**
 * Which of a member's ledger entries belong to a month, told for good, also when the entries themselves are pruned.
 *
 * A ledger numbers whatever it books from 1 on without a gap, and its clock does not go back: so the entries settled before an
 * instant are those with the first numbers, and the last of them has as its number how many they are. Running totals of the
 * member count them (`events`). Requests would not do: a correction is an entry and no request, a count of refusals is one
 * entry and many requests.
 *
 * Counting began with a migration, later than some ledgers. What was not counted has the lowest numbers, so numbers are told
 * from the newest backwards; and nothing is told of a month of which something may not have been counted.
 */

/** How many entries were counted, by when. */
export interface Counted {
  before: number;
  during: number;
  after: number;
}

/** First and last number, both included; null where none can be told. */
export type Sequence = { first: number; last: number } | null;

/** `newest`: the number of the last entry that is counted or would have been. */
export function sequenceOf({ before, during, after }: Counted, newest: number): Sequence {
  const uncounted = newest - before - during - after;
  if (during === 0 || (uncounted > 0 && before === 0)) return null;
  const last = newest - after;
  return { first: last - during + 1, last };
}
