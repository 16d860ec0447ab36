/**
 * The money of an episode's wallet: charges and refunds that an operator records, by Purser's own transactions. Operators die
 * between any two steps, record the same again, or do so twice at once; what is left undone a cron finishes.
 *
 * In the end every completed transaction is in the wallet once, nothing else is, and numbers have neither gap nor double.
 * (What is spent of it is credit.ts's to check: so wallet = completed charges - refunds - what was spent.)
 */
import { openRefund } from '../src/billing/refunds.ts';
import type { Draft } from '../src/billing/transaction.ts';
import { readTransaction } from '../src/billing/transaction-rows.ts';
import { completeTransaction, openTransaction } from '../src/billing/transactions.ts';
import type { SeededRandom } from '../src/local/demo-random.ts';
import { minorUnits } from '../src/money/minor-units.ts';
import { nanos } from '../src/money/nanos.ts';
import { ApiError } from '../src/teams/api-error.ts';
import type { D1 } from './d1.ts';
import { BUDGET, ORGANIZATION } from './owner.ts';
import type { Host } from './platform.ts';
import type { Profile } from './profile.ts';
import { isExpected } from './simulation.ts';
import type { Witness } from './witness.ts';

/** What an operator does; it may be done again, and then changes nothing. */
export type Payment = (env: Env) => Promise<void>;

const PARTY = { name: 'X', addressLines: [], country: { code: '', name: '' }, taxId: null, email: null };

export class Billing {
  readonly #d1: D1;
  readonly #profile: Profile;
  readonly #random: SeededRandom;
  #payments = 0;

  constructor(d1: D1, profile: Profile, random: SeededRandom) {
    this.#d1 = d1;
    this.#profile = profile;
    this.#random = random;
  }

  draw(kind: 'top_up' | 'refund'): Payment {
    this.#payments += 1;
    const how = { paidThrough: 'manual', reference: `payment ${this.#payments}` } as const;
    const charges = this.#d1.rows<{ id: string; total: number }>(
      "SELECT id, total FROM transactions WHERE kind = 'top_up' AND status = 'completed' ORDER BY created_at, id",
    );
    const charge = charges[this.#random.between(0, Math.max(0, charges.length - 1))];
    if (kind === 'refund' && charge) {
      const amount = this.#random.fraction() < 0.3 ? null : minorUnits(this.#random.between(1, charge.total));
      return unlessRefused(async (env) => {
        const found = await readTransaction(env.DB, charge.id);
        if (!found) throw new Error(`${charge.id} is gone`);
        const { id } = await openRefund(env, found, { ...how, amount }, Date.now());
        await completeTransaction(env, id, Date.now());
      });
    }
    const draft = this.#drawCharge(how);
    return unlessRefused(async (env) => {
      const { id } = await openTransaction(env, draft, Date.now());
      await completeTransaction(env, id, Date.now());
    });
  }

  /** Some cents for a part of the budget: what was paid and what it is worth are two things. */
  #drawCharge(how: Pick<Draft, 'paidThrough' | 'reference'>): Draft {
    const part = this.#payments === 1 ? 1.5 * this.#profile.members : 0.6;
    const amount = minorUnits(this.#random.between(1, 300));
    const line = { description: 'Credit', period: null, quantity: '1', unitPrice: amount, taxPercent: null, amount };
    return {
      ...how,
      organizationId: ORGANIZATION,
      kind: 'top_up',
      credit: nanos(1 + Math.round(BUDGET * part * this.#random.fraction())),
      refundOf: null,
      snapshot: {
        kind: 'invoice',
        due: null,
        paidOn: null,
        servicePeriod: null,
        seller: PARTY,
        buyer: PARTY,
        currency: 'USD',
        lines: [line],
        fees: [],
        taxes: [],
        totals: { subtotal: amount, total: amount, paid: amount, due: minorUnits(0) },
        reverseCharge: false,
        notes: [],
        language: 'en',
      },
    };
  }
}

/** A refund of what is refunded already is refused; what else is thrown was simulated, or is a bug. */
function unlessRefused(payment: Payment): Payment {
  return async (env) => {
    try {
      await payment(env);
    } catch (error) {
      if (!(error instanceof ApiError) && !isExpected(String(error))) throw error;
    }
  };
}

interface Row {
  id: string;
  refund_of: string | null;
  total: number;
  credit: number;
  number: string | null;
  credited_at: number | null;
}

/** Nothing is on its way any more. */
export function checkBilling(witness: Witness, d1: D1, wallet: Host): void {
  const report = (what: string) => witness.report('every cent of a wallet has a transaction behind it', what);
  const completed = d1.rows<Row>("SELECT * FROM transactions WHERE status = 'completed' ORDER BY number");
  const credits = new Map(completed.map(({ id, credit }) => [id, credit]));
  const entries = wallet.disk.exec<{ id: string; amount: number }>('SELECT id, amount FROM entries');
  for (const { id, amount } of entries)
    if (credits.get(id) !== amount) report(`the wallet has ${amount} for ${id}, which is worth ${credits.get(id)}`);
  for (const { id, credit, credited_at } of completed) {
    if (credit !== 0 && !entries.some((entry) => entry.id === id)) report(`${id} is completed and not in the wallet`);
    if (credit !== 0 && credited_at === null) report(`${id} is in the wallet, and nobody noted it`);
  }
  for (const { id, total, credit } of completed) {
    const back = completed.filter((one) => one.refund_of === id);
    const sum = (of: 'total' | 'credit') => back.reduce((all, one) => all + one[of], 0);
    if (back.length > 0 && (total + sum('total') < 0 || credit + sum('credit') < 0))
      report(`more is given back of ${id} than was paid`);
  }
  for (const { kind, year, last } of d1.rows<{ kind: string; year: number; last: number }>(
    'SELECT * FROM document_series',
  )) {
    const prefix = `${kind === 'invoice' ? '' : 'CN-'}${year}-`;
    const given = completed.flatMap(({ number }) => (number?.startsWith(prefix) ? [number] : []));
    const expected = Array.from({ length: last }, (_, i) => prefix + String(i + 1).padStart(6, '0'));
    if (JSON.stringify(given) !== JSON.stringify(expected))
      witness.report('numbers have neither gap nor double', `${last} were given: ${given}`);
  }
}
