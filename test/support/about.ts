import type { AttemptAbout } from '../../src/budgets/usage-event.ts';

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
