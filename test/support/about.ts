import type { SettleRequest, Ticket } from '../../src/budgets/protocol.ts';
import type { AttemptAbout } from '../../src/budgets/usage-event.ts';
import { nanos, ZERO } from '../../src/money/nanos.ts';

/** What the attempts of tests are for. */
export const ABOUT: AttemptAbout = {
  requestId: 'req_test',
  endpoint: 'chat/completions',
  mapping: 'demo/words',
  canonicalModel: 'demo-words',
  provider: 'demo',
  app: 'test',
  streamed: false,
  priceVersion: 'demo@0',
};

/** What they settle with: so many nanodollars, all of them for output. */
export function settlementOf(ticket: Ticket, cost: number, changes: Partial<SettleRequest> = {}): SettleRequest {
  return {
    ticket,
    about: ABOUT,
    cost: nanos(cost),
    inputCost: ZERO,
    outputCost: nanos(cost),
    inputTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    outcome: 'completed',
    unresolved: ZERO,
    estimated: false,
    latencyMs: null,
    firstTokenMs: null,
    ...changes,
  };
}
