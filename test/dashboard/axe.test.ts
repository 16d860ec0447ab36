/** What every page owes: nobody is shut out (axe, both themes), nothing is complained of, and the content security policy holds. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { settled } from './browser.ts';
import { PAGES } from './pages.ts';
import { visiting } from './visiting.ts';

interface Found {
  violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
}

const { visit, demo } = visiting();

/** When no colour is on its way to another any more. */
const SETTLED = `Promise.allSettled(document.getAnimations()
  .filter((each) => each.effect.getComputedTiming().iterations !== Infinity).map((each) => each.finished)).then(() => undefined)`;

it.each(PAGES)(
  'the page $name shuts nobody out in either theme, complains of nothing and fits a phone',
  async ({ who, path, ready }) => {
    const { page } = await visit(who, { colorScheme: 'light' });
    const answer = await page.goto(`/dashboard${path(demo)}`);
    const policy = answer?.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    await page.getByText(ready).first().waitFor();
    await settled(page);
    // By the debugger's own way in, which the policy does not bind; the page itself could not run it.
    await page.evaluate(`${axe.source}; undefined`);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.locator(`html[data-mode=${colorScheme}]`).waitFor();
      await page.evaluate(SETTLED);
      expect(await violations(page), colorScheme).toEqual([]);
    }
    await page.setViewportSize({ width: 360, height: 780 });
    // What slides out of the way takes its time.
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  },
);

async function violations(page: Page): Promise<string[]> {
  const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as Found;
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`),
  );
}
