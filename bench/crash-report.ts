/** The crash bench's claims, read off what each member's calls, books and upstream say. */
import { table } from './table.ts';
import type { Health } from './truth/books.ts';
import type { Bill, Booked } from './truth/compare.ts';

export interface CrashedMember {
  capNanos: number;
  health: Health;
  bills: Bill[];
  booked: Booked[];
  /** Reported as unresolved of no call in particular. */
  namelessNanos: number;
  /** Spending that was told once and was less later. */
  lost: { kill: number; fromNanos: number; toNanos: number }[];
  /** How often its spending was read. */
  reads: number;
  spentAfterNanos: number;
}

const MEANING = `Calls are those that reached the upstream. delivered: the client got some of the answer.
  settled: booked under their own request, by the Worker that served them. by expiry: the Worker died with the hold on
  disk; the object charged its last report and a slice. unresolved: died with a hold that was only in memory, or in the
  moment between the answer and its settlement; no event of their own. What such calls may have cost at most was under the
  object's durable ceiling: it stays held for a while, then is reported as unresolved.
made: by the upstream's own count. beyond the cap: made more than the cap; what of it is not reported as unresolved must
  be nothing. in no book: made beyond what was charged or reported as unresolved, call by call for expired holds, in sum for
  calls without an event of their own. (Bills of settled calls are the overshoot bench's business.)
spending told and lost: GET /v1/key told a sum before a kill that was less after it.`;

export function describeCrash(members: readonly CrashedMember[], kills: number): { text: string; broken: string[] } {
  const lines: string[][] = [];
  const line = (what: string, of: (member: CrashedMember) => number, show: (value: number) => string = String) =>
    lines.push([`  ${what}`, ...members.map((member) => show(of(member))), show(sum(members, of))]);
  lines.push([
    'The cap',
    ...members.map(({ capNanos }) => (capNanos > 1e10 ? 'never reached' : micro(capNanos))),
    'together',
  ]);
  lines.push([`Calls, ${kills} kills`]);
  line('reached the upstream', ({ bills }) => bills.length);
  line('delivered, at least in part', ({ bills }) => bills.filter(delivered).length);
  line('  settled', ({ bills }) => bills.filter((bill) => delivered(bill) && fate(bill) === 'settled').length);
  line(
    '  charged by expiry',
    ({ bills }) => bills.filter((bill) => delivered(bill) && fate(bill) === 'expired').length,
  );
  line('  unresolved', ({ bills }) => bills.filter((bill) => delivered(bill) && fate(bill) === 'unresolved').length);
  lines.push(['Micro-dollars']);
  line('made', made, micro);
  line('  by settled calls', (member) => madeBy(member, 'settled'), micro);
  line('  by calls charged by expiry', (member) => madeBy(member, 'expired'), micro);
  line('  by unresolved calls', (member) => madeBy(member, 'unresolved'), micro);
  line('charged', charged, micro);
  line('  by expiry', (member) => chargedBy(member, 'expired'), micro);
  line('reported as unresolved', unresolved, micro);
  line('  of no call in particular', ({ namelessNanos }) => namelessNanos, micro);
  line('  a kill, on average', (member) => unresolved(member) / kills, micro);
  lines.push(['Claims']);
  line('spending told and lost, times', ({ lost }) => lost.length);
  line('made beyond the cap', beyondCap, micro);
  line('  of it not reported as unresolved', (member) => Math.max(0, beyondCap(member) - unresolved(member)), micro);
  line('made under expired holds, in no book', expiredInNoBook, micro);
  line('made by unresolved calls, in no book', unresolvedInNoBook, micro);
  line('charged beyond the cap', (member) => Math.max(0, charged(member) - member.capNanos), micro);
  line('still held', ({ health }) => health.heldNanos, micro);
  line('difference in the books', ({ health }) => health.differenceNanos, micro);
  line('spending told beside the events', (member) => member.spentAfterNanos - charged(member), micro);

  const claims: [boolean, string][] = [
    [members.every(({ lost }) => lost.length === 0), 'Nothing that was settled was lost'],
    [
      members.every((member) => beyondCap(member) <= unresolved(member)),
      'Nothing was made beyond a cap that is not reported as unresolved',
    ],
    [members.every((member) => charged(member) <= member.capNanos), 'Nothing was charged beyond a cap'],
    [
      members.every((member) => expiredInNoBook(member) + unresolvedInNoBook(member) === 0),
      'All that was made under a hold whose Worker died is charged or reported as unresolved',
    ],
    [members.every(({ health }) => health.heldNanos === 0), 'No hold leaked'],
    [
      members.every(
        (member) =>
          member.health.differenceNanos === 0 &&
          member.health.stale.length === 0 &&
          member.spentAfterNanos === charged(member),
      ),
      'The books agree',
    ],
    [sum(members, ({ reads }) => reads) > 0, 'Spending was read'],
  ];
  return {
    text: [
      table(lines),
      MEANING,
      claims.map(([kept, claim]) => `${kept ? 'PASS' : 'FAIL'}  ${claim}.`).join('\n'),
    ].join('\n\n'),
    broken: claims.filter(([kept]) => !kept).map(([, claim]) => claim),
  };
}

type Fate = 'settled' | 'expired' | 'unresolved';

function fate({ outcome }: Bill): Fate {
  return outcome === null ? 'unresolved' : outcome === 'expired' ? 'expired' : 'settled';
}

function delivered({ tried }: Bill): boolean {
  return tried.told.receivedTokens > 0;
}

function made({ bills }: CrashedMember): number {
  return sum(bills, ({ trueNanos }) => trueNanos);
}

function madeBy({ bills }: CrashedMember, by: Fate): number {
  return sum(bills, (bill) => (fate(bill) === by ? bill.trueNanos : 0));
}

function charged({ booked }: CrashedMember): number {
  return sum(booked, ({ costNanos }) => costNanos);
}

function chargedBy({ booked }: CrashedMember, outcome: string): number {
  return sum(booked, (event) => (event.outcome === outcome ? event.costNanos : 0));
}

function unresolved({ booked }: CrashedMember): number {
  return sum(booked, ({ unresolvedNanos }) => unresolvedNanos);
}

function beyondCap(member: CrashedMember): number {
  return Math.max(0, made(member) - member.capNanos);
}

function expiredInNoBook({ bills }: CrashedMember): number {
  const inNoBook = (bill: Bill) => Math.max(0, bill.trueNanos - bill.chargedNanos - bill.unresolvedNanos);
  return sum(bills, (bill) => (fate(bill) === 'expired' ? inNoBook(bill) : 0));
}

function unresolvedInNoBook(member: CrashedMember): number {
  return Math.max(0, madeBy(member, 'unresolved') - member.namelessNanos);
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}

function micro(nanos: number): string {
  return (nanos / 1000).toFixed(1);
}
