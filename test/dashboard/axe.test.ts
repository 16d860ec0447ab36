/** What every page owes: nobody is shut out (axe, both themes), nothing is complained of, and the content security policy holds. */
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { PAGES } from './pages.ts';
import { visiting } from './visiting.ts';

interface Found {
  violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
}

const { visit, demo } = visiting();

describe.each(PAGES)('the page $name', ({ who, path, ready }) => {
  it.each(['light', 'dark'] as const)(
    'shuts nobody out and complains of nothing when it is %s',
    async (colorScheme) => {
      const { page } = await visit(who, { colorScheme });
      const answer = await page.goto(`/dashboard${path(demo)}`);
      const policy = answer?.headers()['content-security-policy'] ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain('unsafe');
      await page.getByText(ready).first().waitFor();
      await page.waitForLoadState('networkidle');
      // By the debugger's own way in, which the policy does not bind; the page itself could not run it.
      await page.evaluate(`${axe.source}; undefined`);
      const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as Found;
      const told = violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`),
      );
      expect(told).toEqual([]);
    },
  );

  it('fits a screen of 360 pixels', async () => {
    const { page } = await visit(who, { viewport: { width: 360, height: 780 } });
    await page.goto(`/dashboard${path(demo)}`);
    await page.getByText(ready).first().waitFor();
    await page.waitForLoadState('networkidle');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
});
