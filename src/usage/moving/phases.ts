/** What a move of an organization's usage goes through, in this order; docs/decisions/0026 tells why. */

export type MovePhase =
  /** What an earlier stay left in the target goes. */
  | 'clearing'
  /** Copied while shipments go on. */
  | 'copying'
  /** Shipments wait in the members' objects; what has changed since is copied again, and all is compared. */
  | 'closing'
  /** The target is where it lies; who has not heard of that may still read in the source. */
  | 'switched'
  /** The rows of the source go. */
  | 'emptying'
  | 'done';

export type FenceState = 'open' | 'arriving' | 'leaving' | 'gone';
