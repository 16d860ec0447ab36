/** What test files begin with: the started browser and Purser, and visits that end with their test, having said nothing they should not. */
import type { BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import { connect, type Visit, Visitors, type Who } from './browser.ts';

export function visiting() {
  const demo = inject('demo');
  let visitors: Visitors;
  let close: () => Promise<void>;
  const open: Visit[] = [];
  beforeAll(async () => {
    const browser = await connect(inject('browser'));
    close = () => browser.close();
    visitors = new Visitors(browser, demo);
  });
  afterEach(async () => {
    for (const { context, problems } of open.splice(0)) {
      await context.close();
      expect(problems).toEqual([]);
    }
  });
  afterAll(() => close());
  return {
    demo,
    dataDir: inject('dataDir'),
    /** Of the demo's organization. */
    inOrganization: (path: string) => `/dashboard/orgs/${demo.organizationId}${path}`,
    async visit(who: Who | null, options?: BrowserContextOptions): Promise<Visit> {
      const visit = await visitors.visit(who, options);
      open.push(visit);
      return visit;
    },
  };
}
