/** A ledger over SQLite with a clock of its own, and short words for what tests do with it. */
import { Ledger } from '../../src/budgets/ledger.ts';
import {
  type KeyPolicy,
  type MemberPolicy,
  NO_THROTTLES,
  type PeriodLimit,
  type ScopeLimits,
} from '../../src/budgets/policy.ts';
import type { Admission, AuthorizeRequest, Settlement, SettleRequest, Ticket } from '../../src/budgets/protocol.ts';
import { attemptIdFloor } from '../../src/ids.ts';
import { nanos, ZERO } from '../../src/money/nanos.ts';
import { ABOUT, settlementOf } from './about.ts';
import { SqliteStore } from './sqlite-store.ts';

export function limits(total: number | null = null, period: PeriodLimit | null = null): ScopeLimits {
  return { total: total === null ? null : nanos(total), period };
}

export const day = (limit: number): PeriodLimit => ({
  limit: nanos(limit),
  window: { kind: 'rolling', value: 1, unit: 'day', timeZone: 'UTC' },
});

export function keyPolicy(changes: Partial<KeyPolicy> = {}): KeyPolicy {
  return {
    keyId: 'key_a',
    hash: 'hash-a',
    name: 'A',
    masked: 'psr_…aaaa',
    projectId: 'prj_a',
    projectGranted: true,
    projectArchived: false,
    status: 'active',
    createdAtMs: 0,
    expiresAtMs: null,
    limits: limits(),
    throttles: NO_THROTTLES,
    ...changes,
  };
}

export class LedgerWorld {
  nowMs = Date.UTC(2026, 0, 5, 12);
  readonly store = new SqliteStore();
  ledger: Ledger;
  policy: MemberPolicy = {
    memberId: 'mem_a',
    organizationId: 'org_a',
    version: { generation: 1, n: 1 },
    active: true,
    metered: false,
    limits: limits(),
    throttles: NO_THROTTLES,
    cycle: 0,
    totalBasis: 'lifetime',
    keys: [keyPolicy()],
  };
  #attempts = 0;
  #lives = 0;
  /** The newest ticket of each attempt, as its Worker keeps it. */
  readonly #tickets = new Map<string, Ticket>();
  #reports = 0;

  constructor(changes: Partial<MemberPolicy> = {}) {
    this.policy = { ...this.policy, ...changes };
    this.ledger = this.#newLedger();
    this.ledger.open({ policy: this.policy, sequence: 0, lifetime: [], recent: [] });
  }

  /** A new object on the same disk, as after a crash, a deploy or ten idle seconds. */
  restart(): void {
    this.ledger = this.#newLedger();
  }

  #newLedger(): Ledger {
    return new Ledger(this.store, () => this.nowMs, { newEpoch: () => `life ${++this.#lives}` });
  }

  /** What the Worker of an attempt brings with every call; made up where the attempt was never granted. */
  ticket(attemptId: string): Ticket {
    const made = { keyId: 'key_a', projectId: 'prj_a', epoch: '', amount: ZERO, openedAtMs: this.nowMs, ttlMs: 0 };
    return this.#tickets.get(attemptId) ?? { attemptId, ...made };
  }

  change(changes: Partial<MemberPolicy>): void {
    const { generation, n } = this.policy.version;
    this.policy = { ...this.policy, ...changes, version: { generation, n: n + 1 } };
    this.ledger.configure(this.policy);
  }

  pass(ms: number): void {
    this.nowMs += ms;
  }

  newId(): string {
    this.#attempts += 1;
    return attemptIdFloor(this.nowMs) + String(this.#attempts).padStart(14, '0');
  }

  request(amount: number | null, changes: Partial<AuthorizeRequest> = {}): AuthorizeRequest {
    const asked = amount === null ? null : nanos(amount);
    return { attemptId: this.newId(), keyHash: 'hash-a', about: ABOUT, amount: asked, otherwise: null, ...changes };
  }

  /** As after the wallet was asked, where there is one. */
  authorize(amount: number | null, changes: Partial<AuthorizeRequest> = {}): Admission {
    return this.keepTicket(this.ledger.authorize(this.request(amount, changes), 'asked'));
  }

  keepTicket(admission: Admission): Admission {
    if (admission.granted) this.#tickets.set(admission.ticket.attemptId, admission.ticket);
    return admission;
  }

  /** Authorizes and answers with the attempt's id; throws where that is refused. */
  hold(amount: number, changes: Partial<AuthorizeRequest> = {}): string {
    const admission = this.authorize(amount, changes);
    if (!admission.granted) throw new Error(`refused: ${admission.refusal.kind}`);
    return admission.ticket.attemptId;
  }

  settle(attemptId: string, cost: number, changes: Partial<SettleRequest> = {}): Settlement {
    return this.ledger.settle(settlementOf(this.ticket(attemptId), cost, changes));
  }

  spend(amount: number): void {
    this.settle(this.hold(amount), amount);
  }

  member() {
    return this.ledger.status('member');
  }

  extend(attemptId: string, toAmount: number, chargeAtExpiry: number, report = ++this.#reports) {
    const extension = this.ledger.extend(
      {
        ticket: this.ticket(attemptId),
        about: ABOUT,
        toAmount: nanos(toAmount),
        chargeAtExpiry: nanos(chargeAtExpiry),
        report,
      },
      'asked',
    );
    if (extension.extended) this.#tickets.set(attemptId, extension.ticket);
    return extension;
  }

  /** `knows` false: the Worker never got its ticket. */
  release(attemptId: string, knows = true): void {
    this.ledger.release({ attemptId, ticket: knows ? this.ticket(attemptId) : null });
  }

  /** The refusal of an authorize, shortened; null where it was granted. */
  refusal(amount: number | null, changes: Partial<AuthorizeRequest> = {}): string | null {
    const admission = this.authorize(amount, changes);
    if (admission.granted) return null;
    const { refusal } = admission;
    return 'view' in refusal ? `${refusal.kind} ${refusal.view.scope}` : refusal.kind;
  }
}
