/**
 * What really happens, as nobody inside knows it: what each attempt was granted, what its provider charges, who is still
 * alive to tell of it, and what is durable of all that. Invariants are checked against this, never against the ledger's
 * own opinion.
 */
import type { MemberPolicy } from '../src/budgets/policy.ts';
import type { UsageEvent } from '../src/budgets/usage-event.ts';
import type { Instance } from './instance.ts';
import type { Host } from './platform.ts';
import type { Process } from './simulation.ts';

/**
 * asking: its Worker waits for the admission. running: its provider may charge up to what was granted. ending: its
 * provider has charged all it ever will, and its Worker tries to settle. gone: its Worker is dead, done or has given up.
 */
export type Phase = 'asking' | 'running' | 'ending' | 'gone';

interface Grant {
  atMs: number;
  /** When its hold was opened, by the clock of its object. */
  openedAtMs: number;
  /** The life of the object that granted it; null where that was superseded, so that all it grants is in a ghost. */
  life: Instance | null;
}

export class Attempt {
  readonly id: string;
  readonly member: Member;
  readonly keyId: string;
  /** It is made with a provider key of the organization's own, so no wallet pays for it. */
  readonly own: boolean;
  readonly worker: Process;
  phase: Phase = 'asking';
  /** The most that it asked for; 0 where its price is unknown. */
  asked: number;
  /** The first grant of it that was durable; null before. */
  admitted: Grant | null = null;
  /** The most that any grant of it set aside. */
  granted = 0;
  /** The truth: what the provider charges for it. */
  charged = 0;
  /** Another life granted it again, knowing nothing of the first time: that one's is in its ghost. */
  grantedAgain = false;
  /** Its Worker let it go, or tried to. */
  letGo = false;
  /** What its Worker settles it with. */
  settledWith: { cost: number; unresolved: number } | null = null;
  /** An answer that it is booked has left the object. */
  settled = false;
  /** An answer to its release left the object before anything was booked. */
  released = false;
  /** When the newest confirmed renewal was sent. */
  confirmedSentAtMs = Number.POSITIVE_INFINITY;
  /** What a report said that its object confirmed, or might have got; by number. */
  readonly reports = new Map<number, number>();
  reportConfirmed = 0;
  /** Durable events of it. */
  readonly events: UsageEvent[] = [];

  constructor(id: string, member: Member, keyId: string, own: boolean, worker: Process, asked: number) {
    this.id = id;
    this.member = member;
    this.keyId = keyId;
    this.own = own;
    this.worker = worker;
    this.asked = asked;
  }

  /** Nobody keeps its fence: its Worker is gone, or stood still. What it cost nobody may ever tell. */
  get lost(): boolean {
    return this.phase === 'gone' || this.worker.wasFrozen;
  }

  get booked(): number {
    return this.events.reduce((sum, event) => sum + event.costNanos, 0);
  }

  /** What its events say that nobody knows any more; below 0 where more is known than a ghost had told. */
  get unresolved(): number {
    return this.events.reduce((sum, event) => sum + event.unresolvedNanos, 0);
  }

  get resolved(): boolean {
    return this.events.length > 0;
  }

  /** What its provider may charge, or has charged, that no event tells of. Never more than it was granted. */
  get open(): number {
    const most =
      this.phase === 'asking' || this.phase === 'running' ? this.granted : Math.min(this.charged, this.granted);
    return Math.max(0, most - this.booked);
  }
}

/** A key, as its caller knows it. */
export interface Key {
  keyId: string;
  hash: string;
}

/** Money as it was booked: one event's, less what a correction took back and what was overrun. */
export interface Piece {
  n: number;
  keyId: string;
  /** As of its attempt. */
  own: boolean;
  atMs: number;
  amount: number;
}

export class Member {
  readonly id: string;
  readonly keys: readonly Key[];
  host: Host | null = null;
  readonly attempts = new Map<string, Attempt>();
  /** Durable events, in sequence. */
  readonly events: UsageEvent[] = [];
  readonly pieces: Piece[] = [];
  policy: MemberPolicy | null = null;
  /** When its object had learned its first policy, durably. */
  openedAtMs = Number.POSITIVE_INFINITY;
  /** Events up to this belong to earlier cycles. */
  cycleAfterN = 0;
  /** By scope: since when its period limit has the window that it has. */
  readonly windowSinceMs = new Map<string, number>();
  /** The ghosts of its object as they were durable last, by epoch. */
  readonly ghosts = new Map<string, { amount: number; untilMs: number }>();
  /** Refusals for money since its owner last changed anything. */
  refusedSince = 0;
  /** Whether anything changed since the last look at its limits. */
  touched = false;

  constructor(id: string, keys: readonly Key[]) {
    this.id = id;
    this.keys = keys;
  }

  /** What ghosts that nobody claimed left unresolved. */
  get ghostsUnresolved(): number {
    return this.events.reduce((sum, event) => (event.attemptId === '' ? sum + event.unresolvedNanos : sum), 0);
  }

  /** What events up to `n` cost. */
  costUpTo(n: number): number {
    return this.events.slice(0, n).reduce((sum, event) => sum + event.costNanos, 0);
  }

  /** Durable events that the wallet pays for. */
  get walletPaid(): UsageEvent[] {
    return this.events.filter(({ attemptId }) => !this.attempts.get(attemptId)?.own);
  }

  /** Takes the next durable event. */
  add(event: UsageEvent): void {
    this.events.push(event);
    const attempt = this.attempts.get(event.attemptId);
    const first = attempt?.events[0];
    attempt?.events.push(event);
    this.touched = true;
    const { n, keyId, settledAtMs: atMs, costNanos } = event;
    if (costNanos >= 0) {
      this.pieces.push({ n, keyId, own: attempt?.own ?? false, atMs, amount: costNanos - event.overrunNanos });
      return;
    }
    // Given back where it was charged.
    const piece = this.pieces.find((known) => known.n === first?.n);
    if (piece) piece.amount += costNanos;
  }
}
