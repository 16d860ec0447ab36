/**
 * Invariant 7 as it is seen from outside: the organization's credit, from what was really posted, what is durable on the
 * wallet's disk and on its members', and what attempts were granted.
 *
 * Three links make the chain. The wallet never lends what was not posted. No total falls, and neither side believes of the
 * other what is not durable there: so all that is out at any moment is what the wallet granted and its members have not given
 * back. And each member keeps within that. Only overruns and refunds may pass it, by what they are.
 */
import type { MemberPolicy } from '../src/budgets/policy.ts';
import type { AuthorizeRequest, ExtendRequest } from '../src/budgets/protocol.ts';
import type { LedgerRefusal } from '../src/budgets/refusals.ts';
import type { Entry } from '../src/budgets/wallet.ts';
import { MINUTE_MS } from '../src/limits.ts';
import type { Disk } from './disk.ts';
import type { Instance } from './instance.ts';
import type { Answer, Call } from './network.ts';
import type { Member } from './truth.ts';
import type { Witness } from './witness.ts';

/** The totals of one lease, on either side. */
type Totals = { granted: number; returned: number; spent: number; reversed: number; ask: number };

const NOTHING: Totals = { granted: 0, returned: 0, spent: 0, reversed: 0, ask: 0 };
const NAMES = Object.keys(NOTHING) as (keyof Totals)[];

/** After a fault a call may fail that was sent before it, and one that waited behind that. */
const TROUBLE_MS = MINUTE_MS / 6;
/** No call to the wallet fails by itself where a write becomes durable within this. */
const COMMIT_SOON_MS = 100;

/** One member's side of its lease. */
class Side {
  /** As it is durable. */
  totals = NOTHING;
  /** What its events say that it spent and took back while it was metered. */
  spent = 0;
  reversed = 0;
  /** The events counted in that. */
  events = 0;
  /** Since which event it was metered, or no more. */
  readonly switches: { afterN: number; metered: boolean }[] = [];
  /** How much more its attempts may cost than its lease covers; null where that tells nothing yet. */
  uncovered: number | null = null;
  /** Runs on under a policy of before the last switch. */
  behind: Instance | null = null;

  get metered(): boolean {
    return this.switches.at(-1)?.metered ?? false;
  }

  meteredAt(n: number): boolean {
    return this.switches.findLast(({ afterN }) => n > afterN)?.metered ?? false;
  }
}

export class Credit {
  /** Refusals for want of credit since somebody last paid. */
  refusedSince = 0;
  readonly #witness: Witness;
  readonly #sides = new Map<string, Side>();
  /** The wallet's side, as it is durable. */
  #accounts = new Map<string, Totals>();
  /** What owners asked to post, by id, below 0 where it is a refund; and what of it is durable. */
  readonly #made = new Map<string, number>();
  readonly #posted = new Map<string, number>();
  /** What the wallet took its balance for, at every change. */
  readonly #balances = [{ atMs: 0, balance: 0 }];

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  /** What was posted, durably. */
  get credits(): number {
    return sum(this.#posted.values());
  }

  /** What of it nobody has spent. */
  get unspent(): number {
    return this.credits - sum([...this.#sides.values()].map(({ spent, reversed }) => spent - reversed));
  }

  /** What of it could still be set aside. */
  get left(): number {
    const members = [...this.#witness.members.values()].filter(({ id }) => this.#side(id).metered);
    return this.unspent - sum(members.map(mayCost));
  }

  /** Whether a refund or an overrun took what was lent already: no lease is broken for that. */
  get indebted(): boolean {
    return sum([...this.#accounts.values()].map(takenBy)) > this.credits;
  }

  isMetered(member: Member): boolean {
    return this.#side(member.id).metered;
  }

  isPosted(id: string): boolean {
    return this.#posted.has(id);
  }

  /** An owner wants it posted. */
  makes({ id, kind, amount }: Entry): void {
    this.#made.set(id, kind === 'top_up' ? amount : -amount);
  }

  /** A member's object goes by this policy from the event after `eventsBefore` on, durably. */
  adopt(member: Member, { metered }: MemberPolicy, eventsBefore: number): void {
    const side = this.#side(member.id);
    if (side.metered === metered) return;
    side.switches.push({ afterN: eventsBefore, metered });
    side.uncovered = null;
    side.behind = member.host?.superseded ?? null;
  }

  /** All that the wallet wrote so far is durable. */
  walletCommitted(disk: Disk): void {
    const refunded = this.#takeEntries(disk);
    const before = this.#accounts;
    this.#accounts = accountsOn(disk);
    this.#lookAtBalance(disk);
    let lent = 0;
    let overspent = 0;
    let grants = false;
    for (const [memberId, now] of this.#accounts) {
      const was = before.get(memberId) ?? NOTHING;
      const own = this.#side(memberId).totals;
      this.#checkTotals(`the wallet's side of ${memberId}`, was, now);
      for (const name of ['returned', 'spent', 'reversed'] as const) {
        if (now[name] > own[name]) {
          this.#report('the wallet is told what is durable', `${memberId} ${name} ${own[name]}, told was ${now[name]}`);
        }
      }
      if (now.granted > was.granted) grants = true;
      const covers = now.returned + now.spent - was.reversed;
      if (now.ask === was.ask && now.granted > Math.max(was.granted, covers)) {
        this.#report('an ask grants once', `${memberId} was granted ${was.granted}, and ${now.granted} unasked`);
      }
      lent += takenBy({ ...now, returned: own.returned });
      overspent += Math.max(0, Math.max(0, -unspentOf(now)) - Math.max(0, -unspentOf(was)));
    }
    // What was refunded, or heard to be overspent, since the grant is durable with it.
    if (grants && lent > this.credits + refunded + overspent) {
      this.#report('nothing is lent that was not posted', `${lent} is lent and spent, ${this.credits} was posted`);
    }
  }

  /** All that a member's object wrote so far is durable; nobody has heard of it. */
  memberCommitted(member: Member, disk: Disk): void {
    const side = this.#side(member.id);
    const [row] = disk.exec<Totals>('SELECT granted, returned, spent, reversed, ask FROM lease');
    const now = row ?? NOTHING;
    this.#checkTotals(member.id, side.totals, now);
    const { granted, ask } = this.#accounts.get(member.id) ?? NOTHING;
    if (now.granted > granted || now.ask > ask) {
      this.#report(
        'a member is granted what is durable',
        `${member.id} has ${now.granted}, the wallet gave ${granted}`,
      );
    }
    side.totals = now;
  }

  /** And all that waited for it has left, grants and a new policy among it. */
  memberOpened(member: Member): void {
    const side = this.#side(member.id);
    const excused = this.#takeEvents(member, side);
    const { spent, reversed } = side.totals;
    if (spent !== side.spent || reversed !== side.reversed) {
      const told = `${side.spent} less ${side.reversed}`;
      this.#report('what is spent is credit', `${member.id} spent ${told}, its lease says ${spent} less ${reversed}`);
    }
    if (side.behind && !side.behind.alive) side.behind = null;
    const { fair } = this.#witness;
    const uncovered = Math.max(0, mayCost(member) - Math.max(0, unspentOf(side.totals)));
    const allowed = (side.uncovered ?? uncovered) + excused;
    side.uncovered = fair && side.metered && !side.behind ? uncovered : null;
    if (side.uncovered !== null && uncovered > allowed) {
      this.#report('a member keeps within its lease', `${member.id} may cost ${uncovered} more, ${allowed} is excused`);
    }
  }

  /** A member's object refuses for want of credit, or because it could not ask for it. */
  refused({ method, argument, receivedAtMs }: Call, refusal: LedgerRefusal): void {
    if (refusal.kind !== 'insufficient_credits') return;
    const { simulation } = this.#witness;
    let needed = 0;
    if (method === 'extend') needed = (argument as ExtendRequest).toAmount;
    else {
      const { amount, otherwise } = argument as AuthorizeRequest;
      needed = otherwise?.amount ?? amount ?? 0;
    }
    const since = this.#balances.findLastIndex(({ atMs }) => atMs <= receivedAtMs);
    const least = Math.min(...this.#balances.slice(since).map(({ balance }) => balance));
    if (least > 0 && least >= needed) {
      const waitedMs = simulation.nowMs - receivedAtMs;
      this.#report('402 is true', `refused for ${needed} after ${waitedMs} ms, in which there always was ${least}`);
    }
  }

  /** The wallet could not be asked. */
  unanswered(): void {
    const { simulation, profile, members } = this.#witness;
    simulation.count('refused: the wallet does not answer');
    const sinceMs = simulation.nowMs - simulation.troubledAtMs;
    const behind = [...members.values()].some(({ host }) => host?.superseded);
    if (sinceMs > TROUBLE_MS && !behind && profile.commitMsMax <= COMMIT_SOON_MS) {
      this.#report('503 has a cause', `the wallet did not answer, and nothing has failed for ${sinceMs} ms`);
    }
  }

  /** The wallet has made its answer. */
  walletAnswered(instance: Instance, answer: Answer): void {
    if (!instance.superseded) this.#lookAtBalance(instance.disk);
    if ('error' in answer && !String(answer.error).includes('simulated')) {
      this.#witness.report('a throw is a bug', `the wallet: ${answer.error}`);
    }
  }

  /** An answer has left the wallet. */
  walletAnswerLeft({ method, argument }: Call): void {
    if (method !== 'post') return;
    const { id } = argument as Entry;
    if (!this.#posted.has(id)) this.#report('what was posted is never lost', `${id} was confirmed, and is not durable`);
  }

  /** Once all is quiet and the wallet has asked everybody: both sides say the same. */
  checkEnd(): void {
    for (const [id, amount] of this.#made) {
      if (this.#posted.get(id) !== amount) this.#report('what was posted is never lost', `${id} of ${amount}`);
    }
    for (const [memberId, side] of this.#sides) {
      const wallet = this.#accounts.get(memberId) ?? NOTHING;
      if (side.totals.granted === 0 && wallet.granted === 0 && side.spent === 0) continue;
      // What covered an overspent lease leaves nothing to spend: its member hears of that with the answer to its next ask.
      const covered = unspentOf(side.totals) < 0 && unspentOf(wallet) === 0;
      const compared = NAMES.filter((name) => name !== 'ask' && !(name === 'granted' && covered));
      const differs = compared.filter((name) => side.totals[name] !== wallet[name]);
      if (differs.length > 0) {
        const own = JSON.stringify(side.totals);
        this.#report('both sides agree', `${memberId} has ${own}, the wallet ${JSON.stringify(wallet)}`);
      }
      if (!side.metered && unspentOf(wallet) > 0) {
        this.#report('nothing is stranded', `${memberId} is metered no more and has ${unspentOf(wallet)}`);
      }
    }
  }

  /** Answers with what was refunded. */
  #takeEntries(disk: Disk): number {
    let refunded = 0;
    const rows = disk.exec<{ id: string; amount: number }>('SELECT id, amount FROM entries');
    for (const { id, amount } of rows) {
      if (this.#made.get(id) !== amount) {
        this.#report('what was posted is what was paid', `${id} of ${amount}, made was ${this.#made.get(id)}`);
      }
      if (this.#posted.has(id)) continue;
      this.#posted.set(id, amount);
      refunded += Math.max(0, -amount);
    }
    if (rows.length !== this.#posted.size) {
      this.#report('what was posted is never lost', `${rows.length} entries are left of ${this.#posted.size}`);
    }
    return refunded;
  }

  /** Answers with what new events cost beyond what was held for them, or what nobody but the ledger knew to be held. */
  #takeEvents(member: Member, side: Side): number {
    let excused = 0;
    for (const { n, attemptId, costNanos, overrunNanos } of member.events.slice(side.events)) {
      if (!side.meteredAt(n)) continue;
      if (costNanos >= 0) side.spent += costNanos;
      else side.reversed = Math.min(side.spent, side.reversed - costNanos);
      const attempt = member.attempts.get(attemptId);
      excused += attempt?.lost || attempt?.grantedAgain ? Math.max(0, costNanos) : overrunNanos;
    }
    side.events = member.events.length;
    return excused;
  }

  #checkTotals(whose: string, was: Totals, now: Totals): void {
    for (const name of NAMES) {
      if (now[name] < was[name]) this.#report('no total falls', `${whose}: ${name} was ${was[name]}, is ${now[name]}`);
    }
  }

  #lookAtBalance(disk: Disk): void {
    const entries = disk.exec<{ amount: number }>('SELECT amount FROM entries');
    const accounts = [...accountsOn(disk).values()];
    const balance =
      sum(entries.map(({ amount }) => amount)) - sum(accounts.map(({ spent, reversed }) => spent - reversed));
    if (balance === this.#balances.at(-1)?.balance) return;
    this.#balances.push({ atMs: this.#witness.simulation.nowMs, balance });
  }

  #side(memberId: string): Side {
    let side = this.#sides.get(memberId);
    if (!side) {
      side = new Side();
      this.#sides.set(memberId, side);
    }
    return side;
  }

  #report(rule: string, what: string): void {
    this.#witness.report(`7: ${rule}`, what);
  }
}

/** What the attempts of a member may still cost whose Workers can tell of it. */
function mayCost(member: Member): number {
  return sum([...member.attempts.values()].map((attempt) => (attempt.lost || attempt.resolved ? 0 : attempt.open)));
}

function accountsOn(disk: Disk): Map<string, Totals> {
  const rows = disk.exec<Totals & { memberId: string }>(
    'SELECT member_id AS memberId, granted, returned, spent, reversed, ask FROM accounts',
  );
  return new Map(rows.map(({ memberId, ...totals }) => [memberId, totals]));
}

/** What is gone to one member of what was posted: lent, or overspent beyond that. */
function takenBy({ granted, returned, spent, reversed }: Totals): number {
  return Math.max(granted - returned, spent - reversed);
}

function unspentOf({ granted, returned, spent, reversed }: Totals): number {
  return granted - returned - spent + reversed;
}

function sum(amounts: Iterable<number>): number {
  let all = 0;
  for (const amount of amounts) all += amount;
  return all;
}
