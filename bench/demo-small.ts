/** A small request of the demo provider, whose cost is known to the nanodollar; no upstream is asked. */
import { formatUsd, nanos } from '../src/money/nanos.ts';
import type { Traffic } from './traffic.ts';

/** Two words in at $1 per million, and out at $2: at most 32, in truth 16. */
export const HOLD_NANOS = 2_000 + 32 * 2_000;
export const COST_NANOS = 2_000 + 16 * 2_000;
export const DEMO_SMALL: Traffic = {
  body: JSON.stringify({
    model: 'demo/words',
    messages: [{ role: 'user', content: 'one two' }],
    max_tokens: 32,
    demo: { outputTokens: 16 },
  }),
  upstream: false,
  estimated: false,
  check(_, { status, body, headers }) {
    if (status !== 200) throw new Error(`answered ${status}: ${body}`);
    const cost = formatUsd(nanos(COST_NANOS));
    if (headers['x-purser-cost'] !== cost) throw new Error(`cost ${headers['x-purser-cost']}, not ${cost}`);
    return COST_NANOS;
  },
};
