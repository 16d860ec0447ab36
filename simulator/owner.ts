/**
 * The organization of an episode, and its owner, who changes budgets and keys while everything runs: rows in D1, and real
 * pushes of the real policies to objects.
 */
import type { MemberPolicy } from '../src/budgets/policy.ts';
import { MINUTE_MS } from '../src/limits.ts';
import type { SeededRandom } from '../src/local/demo-random.ts';
import { formatUsd, nanos } from '../src/money/nanos.ts';
import {
  NO_BUDGET,
  NO_KEY_LIMITS,
  type PeriodFields,
  type StoredBudget,
  storedBudget,
} from '../src/teams/budget-body.ts';
import { enforced, standing } from '../src/teams/effective-budget.ts';
import { policyChange } from '../src/teams/policy.ts';
import type { D1, Query } from './d1.ts';
import type { Profile } from './profile.ts';
import { Member } from './truth.ts';

/** What a tight budget is about: amounts of attempts are parts of it. */
export const BUDGET = 1_000_000;

export const ORGANIZATION = 'org_simulated';
const PROJECT = 'prj_simulated';

const NO_PERIOD: PeriodFields = {
  periodUsageLimit: null,
  periodUsageDurationValue: null,
  periodUsageDurationUnit: null,
  periodAlignment: null,
};

export class Owner {
  readonly #d1: D1;
  readonly #profile: Profile;
  readonly #random: SeededRandom;
  /** The window of the episode: only its amount changes, mostly. */
  #period: PeriodFields;
  #grants = 0;

  constructor(d1: D1, profile: Profile, random: SeededRandom) {
    this.#d1 = d1;
    this.#profile = profile;
    this.#random = random;
    this.#period = this.#drawPeriod();
  }

  /** Founds the organization; answers with its members. */
  found(): Member[] {
    const { members, keysPerMember } = this.#profile;
    const insert = (table: string, row: Record<string, string | number | null>): Query => ({
      sql: `INSERT INTO ${table} (${Object.keys(row)}) VALUES (${Object.keys(row).map(() => '?')})`,
      values: Object.values(row),
    });
    const organization_id = ORGANIZATION;
    const queries = [
      insert('organizations', {
        id: ORGANIZATION,
        metered: this.#profile.metering === 'off' ? 0 : 1,
        name: '',
        kind: 'team',
        plan: 'enterprise',
        time_zone: 'UTC',
        created_at: 0,
      }),
      insert('projects', { id: PROJECT, organization_id, name: '', created_at: 0 }),
    ];
    const founded: Member[] = [];
    for (let i = 1; i <= members; i++) {
      const id = `mem_${i}`;
      const keys = Array.from({ length: keysPerMember }, (_, k) => ({
        keyId: `key_${i}_${k}`,
        hash: `hash ${i} ${k}`,
      }));
      const member = new Member(id, keys);
      founded.push(member);
      queries.push(
        insert('members', {
          id,
          organization_id,
          name: '',
          role: 'developer',
          created_at: 0,
          budget: JSON.stringify(this.#drawBudget(member)),
        }),
        insert('project_grants', { member_id: id, project_id: PROJECT }),
        ...keys.map(({ keyId, hash }) =>
          insert('api_keys', {
            id: keyId,
            organization_id,
            project_id: PROJECT,
            member_id: id,
            name: '',
            hash,
            masked: '',
            status: 'active',
            limits: JSON.stringify(this.#drawKeyLimits(member, keyId)),
            created_at: 0,
          }),
        ),
      );
    }
    this.#d1.batch(queries);
    return founded;
  }

  /** Turns metering on or off for the whole organization, to be pushed to all members. */
  changeMetering(db: D1Database, nowMs: number): void {
    const raised = policyChange(
      db,
      { sql: 'organization_id = ?1', values: [ORGANIZATION] },
      nowMs,
    ) as unknown as Query[];
    this.#d1.batch([
      ...raised,
      { sql: 'UPDATE organizations SET metered = 1 - metered WHERE id = ?', values: [ORGANIZATION] },
    ]);
  }

  /** Changes something of a member's policy in D1, to be pushed. */
  change(db: D1Database, member: Member, nowMs: number): void {
    const random = this.#random;
    const dice = random.fraction();
    const raised = policyChange(db, { sql: 'id = ?1', values: [member.id] }, nowMs) as unknown as Query[];
    const keyId = member.keys[random.between(0, member.keys.length - 1)]?.keyId ?? '';
    if (dice < 0.15) {
      this.#d1.batch([...raised, ...this.#drawGrant(member, nowMs)]);
    } else if (dice < 0.25) {
      const status = random.fraction() < 0.3 ? 'disabled' : 'active';
      this.#d1.batch([...raised, { sql: 'UPDATE api_keys SET status = ? WHERE id = ?', values: [status, keyId] }]);
    } else if (dice < 0.45) {
      const limits = JSON.stringify(this.#drawKeyLimits(member, keyId));
      this.#d1.batch([...raised, { sql: 'UPDATE api_keys SET limits = ? WHERE id = ?', values: [limits, keyId] }]);
    } else {
      if (random.fraction() < 0.2) this.#period = this.#drawPeriod();
      const budget = this.#drawBudget(member);
      const newCycle = budget.usageLimitBasis === 'cycle' && random.fraction() < 0.5 ? 1 : 0;
      const sql = 'UPDATE members SET budget = ?, budget_cycle = budget_cycle + ? WHERE id = ?';
      this.#d1.batch([...raised, { sql, values: [JSON.stringify(budget), newCycle, member.id] }]);
    }
  }

  /** An extra on one of the member's limits, for up to half a minute; none where there is no limit. */
  #drawGrant({ id }: Member, nowMs: number): Query[] {
    const random = this.#random;
    const [row] = this.#d1.rows<{ budget: string; budget_version: number; budget_cycle: number }>(
      'SELECT budget, budget_version, budget_cycle FROM members WHERE id = ?',
      id,
    );
    if (!row) throw new Error(`no member ${id}`);
    const limit = random.fraction() < 0.5 ? 'total' : 'period';
    const on = standing(row, enforced(storedBudget(row.budget), 'UTC'), limit);
    if (on === null) return [];
    const amount = formatUsd(nanos(1 + Math.round(BUDGET * 0.5 * random.fraction())));
    const untilMs = nowMs + Math.round(0.5 * MINUTE_MS * random.fraction() ** 2);
    return [
      {
        sql: `INSERT INTO budget_requests
                (id, organization_id, member_id, limit_name, created_at, decision, granted_amount, granted_until, granted_on)
              VALUES (?, ?, ?, ?, 0, 'granted', ?, ?, ?)`,
        values: [`brq_${++this.#grants}`, ORGANIZATION, id, limit, amount, untilMs, on],
      },
    ];
  }

  /** Near what is spent already, so that holds meet the limit; or so much that they never do. */
  #drawBudget(member: Member): StoredBudget {
    const random = this.#random;
    if (!this.#profile.tight && random.fraction() < 0.5) return NO_BUDGET;
    const spent = member.costUpTo(member.events.length);
    const basis = random.fraction() < 0.3 ? 'cycle' : 'lifetime';
    const total = {
      usageLimit: this.#amount(basis === 'lifetime' ? spent : spent / 2),
      usageLimitBasis: basis,
    } as const;
    const period = { ...this.#period, periodUsageLimit: this.#amount(0) };
    const dice = random.fraction();
    if (dice < (this.#profile.windows ? 0.1 : 0.6)) return { ...NO_BUDGET, ...total };
    if (dice < 0.7) return { ...NO_BUDGET, ...period };
    return { ...NO_BUDGET, ...total, ...period };
  }

  #drawKeyLimits(member: Member, keyId: string): typeof NO_KEY_LIMITS {
    const random = this.#random;
    const spent = member.pieces.reduce((sum, piece) => (piece.keyId === keyId ? sum + piece.amount : sum), 0);
    const dice = random.fraction();
    if (dice < 0.4) return NO_KEY_LIMITS;
    if (dice < 0.7) return { ...NO_KEY_LIMITS, usageLimit: this.#amount(spent, 0.7) };
    return { ...NO_KEY_LIMITS, ...this.#period, periodUsageLimit: this.#amount(0, 0.7) };
  }

  #amount(spent: number, part = 1): string {
    const room = BUDGET * part * (this.#profile.tight ? 0.2 + this.#random.fraction() : 100);
    return formatUsd(nanos(Math.round(spent + room)));
  }

  #drawPeriod(): PeriodFields {
    const random = this.#random;
    const alignments = ['rolling', 'rolling', 'first-use', 'calendar'] as const;
    const periodAlignment = this.#profile.windows ? (alignments[random.between(0, 3)] ?? 'rolling') : 'rolling';
    const day = random.fraction() < 0.2;
    return {
      ...NO_PERIOD,
      periodAlignment,
      periodUsageDurationValue: day ? 1 : random.between(1, 2),
      periodUsageDurationUnit: day ? 'day' : 'hour',
    };
  }
}

/** The policy's limits in a few words, for a trace. */
export function told({ limits, extras, keys, cycle }: MemberPolicy): string {
  return JSON.stringify({
    limits,
    extras,
    cycle,
    keys: keys.map(({ keyId, status, limits: ofKey }) => [keyId, status, ofKey]),
  });
}
