/**
 * Bugs to be planted into Purser's code, each of which breaks an invariant of the design in a way that somebody could
 * think of as an improvement. The simulator is worth as much as it finds them: `npm run simulate -- --plant all`.
 */

interface Change {
  /** From the root of the repository. */
  file: string;
  /** Stands in it exactly once: a plant whose ground has changed must be looked at again. */
  instead: string;
  put: string;
}

export interface Plant {
  name: string;
  /** What is wrong with it, in a few words. */
  what: string;
  changes: readonly Change[];
}

const LEDGER = 'src/budgets/ledger.ts';
const MEMBER_CREDIT = 'src/budgets/member-credit.ts';
const YOUNG = 'src/budgets/young-holds.ts';
const TRANSACTIONS = 'src/billing/transactions.ts';
const RESOLUTIONS = 'src/budgets/resolutions.ts';

export const PLANTS: readonly Plant[] = [
  {
    name: 'extra-kept',
    what: 'what was granted until an instant counts for ever',
    changes: [
      {
        file: 'src/budgets/policy.ts',
        instead: 'limit === name && nowMs < untilMs',
        put: 'limit === name && untilMs > 0',
      },
    ],
  },
  {
    name: 'freed-before-its-write',
    what: 'what waits to be settled counts as held no more',
    changes: [
      {
        file: LEDGER,
        instead: 'const views = viewsOf(state, keyId, state.lastMs);',
        put: 'const views = withoutGathered(state, viewsOf(state, keyId, state.lastMs), keyId, this.#gathering.waiting);',
      },
    ],
  },
  {
    name: 'answered-before-its-write',
    what: 'a settlement is confirmed while it still waits to be written',
    changes: [
      {
        file: 'durable-objects/member-budget.ts',
        instead: 'this.#ledger.gather(resolution, resolve, reject);',
        put: 'this.#ledger.gather(resolution, () => {}, reject); resolve({ booked: true });',
      },
    ],
  },
  {
    name: 'handed-over-is-written',
    what: 'a carried settlement is forgotten once the object has it, written or not',
    changes: [
      {
        file: 'src/settlement-carrier.ts',
        instead: 'taken <= progress.written',
        put: 'taken <= progress.taken',
      },
    ],
  },
  {
    name: 'another-life-tells',
    what: 'a carried settlement is taken for written because a later life of its object has written as many',
    changes: [
      {
        file: 'src/settlement-carrier.ts',
        instead: 'if (life === progress.life && taken',
        put: 'if (taken',
      },
    ],
  },
  {
    name: 'tombstone-dropped-at-shipping',
    what: 'a tombstone goes as soon as its event is shipped',
    changes: [
      {
        file: LEDGER,
        instead: 'this.#tables.forgetTombstones(now - LIMITS.tombstoneMs, n);',
        put: 'this.#tables.forgetTombstones(now + 1, n);',
      },
    ],
  },
  {
    name: 'ghost-rearmed',
    what: 'the time of every ghost begins anew at every start',
    changes: [
      {
        file: YOUNG,
        instead: 'for (const ghost of tables.readGhosts()) keepGhost(state, ghost);',
        put: 'for (const ghost of tables.readGhosts()) keepGhost(state, { ...ghost, untilMs: nowMs + times.ttlMs + times.graceMs });',
      },
    ],
  },
  {
    name: 'ceiling-left-to-its-ghost',
    what: 'the ceiling stays up when its ghost is raised, which so comes again at the next start',
    changes: [{ file: YOUNG, instead: 'tables.writeCeiling(state.epoch, ZERO);', put: '' }],
  },
  {
    name: 'ghost-forgotten-by-keys',
    what: 'a ghost is held in the limits of the member only',
    changes: [
      {
        file: 'src/budgets/ledger-views.ts',
        instead: `    const { total, window, held: ofScope } = scopeOf(state, name);
    const held = addNanos(ofScope, state.ghostsHeld);`,
        put: `    const { total, window, held: ofScope } = scopeOf(state, name);
    const held = addNanos(ofScope, name === MEMBER_SCOPE ? state.ghostsHeld : (0 as typeof ofScope));`,
      },
    ],
  },
  {
    name: 'ghost-dissolved-too-early',
    what: 'a ghost is given up before its Workers must have stopped',
    changes: [
      {
        file: YOUNG,
        instead: 'const untilMs = nowMs + times.ttlMs + times.graceMs;',
        put: 'const untilMs = nowMs + times.ttlMs / 4;',
      },
    ],
  },
  {
    name: 'spent-by-another-window',
    what: 'money is spent in the window that its hold was opened in, and held in the one that is open',
    changes: [
      {
        file: RESOLUTIONS,
        instead: 'posting.spend(hold, request.cost);',
        put: 'posting.spend(hold, request.cost, hold.openedAtMs);',
      },
      {
        file: 'src/budgets/posting.ts',
        instead: 'spend(hold: Hold, amount: Nanos): void {',
        put: 'spend(hold: Hold, amount: Nanos, atMs = this.nowMs): void {',
      },
      {
        file: 'src/budgets/posting.ts',
        instead: 'this.#bucket(name, window.add(this.nowMs, amount));',
        put: 'this.#bucket(name, window.add(atMs, amount));',
      },
    ],
  },
  {
    name: 'extend-by-delta',
    what: 'a hold grows by what its Worker is short of, however often that is said',
    changes: [
      {
        file: LEDGER,
        instead: 'const more = nanos(Math.max(0, request.toAmount - hold.held));',
        put: 'const more = nanos(Math.max(0, request.toAmount - request.ticket.amount));',
      },
    ],
  },
  {
    name: 'outbox-row-lost',
    what: 'events are let go of before D1 has said that it has them',
    changes: [
      {
        file: 'durable-objects/member-budget.ts',
        instead: `      await ship(this.env, this.#ledger.member(), events, status);
      this.#ledger.confirmShipped(last.n);`,
        put: `      this.#ledger.confirmShipped(last.n);
      await ship(this.env, this.#ledger.member(), events, status);`,
      },
    ],
  },
  {
    name: 'shipped-twice',
    what: 'D1 adds a batch to its ledger whether it knows the events or not',
    changes: [
      {
        file: 'src/usage/shipping.ts',
        instead: "'$[' || (shipped + 1 - CAST(?3 AS INTEGER)) || ']",
        put: "'$[0]",
      },
      { file: 'src/usage/shipping.ts', instead: '    AND CAST(?4 AS INTEGER) > shipped\n', put: '' },
    ],
  },
  {
    name: 'off-by-one-at-the-limit',
    what: 'a nanodollar more than the limit is admitted',
    changes: [
      {
        file: 'src/budgets/admission.ts',
        instead: 'const occupied = tightest(scopes.filter((view) => view.spent + view.held + ask > view.limit));',
        put: 'const occupied = tightest(scopes.filter((view) => view.spent + view.held + ask > view.limit + 1));',
      },
    ],
  },
  {
    name: 'admitted-at-the-limit',
    what: 'what costs nothing, or nobody knows how much, passes a limit that is reached',
    changes: [
      {
        file: 'src/budgets/admission.ts',
        instead: 'const exhausted = scopes.filter((view) => view.spent >= view.limit);',
        put: 'const exhausted = scopes.filter((view) => view.spent > view.limit);',
      },
    ],
  },
  {
    name: 'young-hold-not-aged',
    what: 'nothing keeps the object awake for its young holds, or gives them rows',
    changes: [
      {
        file: LEDGER,
        instead: 'return Number.isFinite(oldest) ? oldest + LIMITS.youngHoldMsMax : null;',
        put: 'return Number.isFinite(oldest) ? null : null;',
      },
    ],
  },
  {
    name: 'ceiling-in-memory-only',
    what: 'the ceiling is raised, and the raise is not written',
    changes: [
      {
        file: YOUNG,
        instead: `    state.ceiling = nanos(needed + Math.max(0, room));
    tables.writeCeiling(state.epoch, state.ceiling);`,
        put: '    state.ceiling = nanos(needed + Math.max(0, room));',
      },
    ],
  },
  {
    name: 'ceiling-lowered-too-early',
    what: 'the ceiling is lowered to nothing while young holds are open',
    changes: [
      {
        file: YOUNG,
        instead: `  state.ceiling = state.youngHeld;
  tables.writeCeiling(state.epoch, state.ceiling);`,
        put: '  tables.writeCeiling(state.epoch, ZERO);',
      },
    ],
  },
  {
    name: 'old-ticket-claimed-twice',
    what: 'a renewal that comes after its own settlement claims the hold again',
    changes: [{ file: LEDGER, instead: 'if (this.#tables.readHold(ticket.attemptId)) return null;', put: '' }],
  },
  {
    name: 'expiry-charged-nothing',
    what: 'a hold whose Worker died is given back, not charged',
    changes: [
      {
        file: 'src/budgets/hold-records.ts',
        instead: 'const cost = hold.chargeAtExpiry;',
        put: 'const cost = ZERO;',
      },
    ],
  },
  {
    name: 'corrected-again',
    what: 'every repeat of a settlement after an expiry corrects it once more',
    changes: [
      {
        file: RESOLUTIONS,
        instead: "posting.tables.writeHold({ ...hold, state: 'settled', held: ZERO, charged: request.cost, n });",
        put: 'posting.tables.writeHold({ ...hold, held: ZERO, n });',
      },
    ],
  },
  {
    name: 'older-policy-taken',
    what: 'a delayed policy replaces a newer one',
    changes: [
      {
        file: LEDGER,
        instead: 'if (!isNewer(policy.version, state.policy.version)) return state.policy.version;',
        put: '',
      },
    ],
  },
  {
    name: 'settlement-behind-a-beat',
    what: 'a settlement waits for the timer of a young hold, if there is one',
    changes: [
      {
        file: 'durable-objects/member-budget.ts',
        instead: 'if (dueMs === null || dueMs >= this.#beatAtMs) return;',
        put: 'if (dueMs === null || Number.isFinite(this.#beatAtMs)) return;',
      },
    ],
  },
  {
    name: 'unknown-release-forgotten',
    what: 'a release that overtakes its authorize leaves no tombstone',
    changes: [
      {
        file: RESOLUTIONS,
        instead: 'const stub = unknownHold(attemptId, nowMs, madeAtMs ?? nowMs);',
        put: 'const stub = unknownHold(attemptId, nowMs, madeAtMs ?? nowMs); if (!known && !ticket) return { booked: false };',
      },
    ],
  },
  {
    name: 'rolled-up-twice',
    what: 'the last event that was rolled up is rolled up again',
    changes: [
      {
        file: 'src/usage/rollups.ts',
        instead: 'seq > (SELECT seq FROM rollup_watermark)\n',
        put: 'seq >= (SELECT seq FROM rollup_watermark)\n',
      },
    ],
  },
  {
    name: 'hold-lowered-by-a-renewal',
    what: 'a delayed renewal lowers a hold that has grown meanwhile',
    changes: [
      {
        file: LEDGER,
        instead: 'const more = nanos(Math.max(0, request.toAmount - hold.held));',
        put: 'const more = nanos(request.toAmount - hold.held);',
      },
    ],
  },
  {
    name: 'lent-twice',
    what: 'the wallet lends what is out with others already',
    changes: [
      {
        file: 'src/budgets/wallet.ts',
        instead: 'Math.min(size, balance - lent)',
        put: 'Math.min(size, balance)',
      },
    ],
  },
  {
    name: 'given-back-in-memory-only',
    what: 'the wallet is told what comes back before a member has written that it is gone',
    changes: [
      {
        file: MEMBER_CREDIT,
        instead: 'this.#ledger.write(() => this.#keep(giveBack(state.lease, held, returnTo)));',
        put: 'state.lease = giveBack(state.lease, held, returnTo);',
      },
    ],
  },
  {
    name: 'held-and-given-back',
    what: 'a recall takes what is held as well',
    changes: [
      {
        file: MEMBER_CREDIT,
        instead: 'const held = state.policy.metered ? heldOfLease(state) : ZERO;',
        put: 'const held = ZERO;',
      },
    ],
  },
  {
    name: 'own-keys-spend-the-lease',
    what: "the wallet pays for what the organization's own provider bills it for",
    changes: [
      {
        file: 'src/budgets/posting.ts',
        instead: '!this.state.policy.metered || !isWalletPaid(about)',
        put: '!this.state.policy.metered',
      },
    ],
  },
  {
    name: 'own-keys-need-credit',
    what: "an organization without credit is refused its own providers'",
    changes: [
      {
        file: 'src/budgets/credit.ts',
        instead: 'return state.policy.metered && isWalletPaid(about);',
        put: 'return state.policy.metered;',
      },
    ],
  },
  {
    name: 'own-keys-free-the-lease',
    what: 'a hold that was never of the lease gives it room when it ends',
    changes: [
      {
        file: 'src/budgets/ledger-state.ts',
        instead: 'if (!isWalletPaid(about)) return;',
        put: 'if (!isWalletPaid(about) && amount > 0) return; if (!isWalletPaid(about)) amount = Math.max(amount, -state.walletHeld) as Nanos;',
      },
    ],
  },
  {
    name: 'ghost-forgotten-by-the-lease',
    what: 'a ghost is held in the limits of budgets only',
    changes: [
      {
        file: 'src/budgets/credit.ts',
        instead: 'return addNanos(state.walletHeld, state.ghostsHeld);',
        put: 'return state.walletHeld;',
      },
    ],
  },
  {
    name: 'older-lease-believed',
    what: 'a delayed word of the wallet makes what was given back come back',
    changes: [
      {
        file: 'src/budgets/lease.ts',
        instead: 'returned: max(lease.returned, said.returned),',
        put: 'returned: said.returned,',
      },
    ],
  },
  {
    name: 'credit-noted-before-it-is-posted',
    what: 'a transaction is noted as credited before the wallet has answered',
    changes: [
      {
        file: TRANSACTIONS,
        instead: 'await postEntry(env, organizationId, {',
        put: "await env.DB.prepare('UPDATE transactions SET credited_at = 1 WHERE id = ?1').bind(id).run(); await postEntry(env, organizationId, {",
      },
    ],
  },
  {
    name: 'number-wasted-by-a-repeat',
    what: 'a completion that comes again takes one more number',
    changes: [
      {
        file: TRANSACTIONS,
        instead: 'total <> 0 AND number IS NULL AND',
        put: 'total <> 0 OR false AND',
      },
    ],
  },
];

export function plantNamed(name: string): Plant {
  const plant = PLANTS.find((known) => known.name === name);
  if (!plant)
    throw new Error(`There is no planted bug "${name}". There are: ${PLANTS.map((known) => known.name).join(', ')}.`);
  return plant;
}

/** The text of a file with the plant's changes to it. Throws where one of them does not fit. */
export function planted(plant: Plant, file: string, text: string): string {
  return plant.changes
    .filter((change) => change.file === file)
    .reduce((changed, { instead, put }) => {
      const places = changed.split(instead).length - 1;
      if (places !== 1) throw new Error(`${plant.name}: ${file} has ${places} places that read\n${instead}`);
      return changed.replace(instead, () => put);
    }, text);
}
